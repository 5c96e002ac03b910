internal import ColumnStore
internal import Glibc
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire
internal import Synchronization

/// Does the work of queries on the query threads, in the order that ``QueryQueue`` decides.
///
///     loop     submit ──▶ queue ──▶ thread: run ───▶ done
///                           │                │
///                           └── shorter ──▶ checkpoint: done in between, on the same thread
///
/// Nothing is preempted: work reaches a checkpoint every thousand rows, and there, once its slice
/// is over, whatever shorter work waits is done first, and a scan of a connection that was served less. So
/// one thread is enough for short requests to get in beside scans of seconds, whoever has sent how many of
/// those, and no core is taken from the engine's loop for it. Parts of answers
/// (slices) return at the end of their slice and queue again.
///
/// `@unchecked Sendable`: the queue is behind a lock, and a job belongs to the thread that runs it.
final class QueryScheduler: Worker, @unchecked Sendable {
    private struct Waiting {
        var job: QueryJob
        var body: @Sendable () -> Void
    }

    private struct State {
        var queue = QueryQueue()
        var costs = QueryCosts()
        var waiting: [QueryQueue.Ticket: Waiting] = [:]

        mutating func begin(_ ticket: QueryQueue.Ticket) -> Waiting {
            guard let next = self.waiting.removeValue(forKey: ticket) else {
                preconditionFailure("work waited without a body")
            }
            next.job.ticket = nil
            return next
        }
    }

    private let state = Guarded(State())
    private let threads: any Worker
    /// Nanoseconds of a clock that only rises: slices and limits go by it.
    fileprivate let now: @Sendable () -> UInt64
    /// Nanoseconds of CPU time of the calling thread: what work cost goes by it, however busy the machine
    /// was meanwhile.
    private let work: @Sendable () -> UInt64
    /// Nanoseconds of work after which a query ends with `deadline_exceeded`.
    fileprivate let limit: UInt64

    /// Nanoseconds of a slice: how long shorter work waits for longer at the least.
    static let slice: UInt64 = 5_000_000
    /// Pieces of shorter work done at one checkpoint, so that longer work gets on too.
    private static let betweenMax = 4
    /// Work inside work at most: what is taken for short may be long, and each keeps what it holds.
    private static let depthMax = 4

    init(
        _ threads: any Worker,
        limitMilliseconds: Int,
        now: @escaping @Sendable () -> UInt64,
        work: @escaping @Sendable () -> UInt64
    ) {
        self.threads = threads
        self.now = now
        self.work = work
        self.limit = UInt64(limitMilliseconds) * 1_000_000
    }

    // MARK: - Submitting

    /// Work of the server itself that takes milliseconds at most.
    func submit(_ work: @escaping @Sendable () -> Void) {
        self.submit(QueryJob(.server, self), as: .slice, body: work)
    }

    /// A further part of a job that was admitted, or a job of the server's own.
    func submit(_ job: QueryJob, as kind: QueryQueue.Class, body: @escaping @Sendable () -> Void) {
        do throws(Refusal) {
            try self.enqueue(job, as: kind, isContinuation: true, body: body)
        } catch {
            preconditionFailure("a continuation was refused: \(error)")
        }
    }

    /// A client's request.
    ///
    /// - Throws: `overloaded`.
    func admit(_ job: QueryJob, _ body: @escaping @Sendable () -> Void) throws(Refusal) {
        var kind = QueryQueue.Class.slice
        if let cost = job.cost {
            let owner = job.owner
            kind = self.state.withLock { $0.costs.kind(cost.kind, rows: cost.rows, of: owner) }
        }
        try self.enqueue(job, as: kind, isContinuation: false, body: body)
    }

    private func enqueue(
        _ job: QueryJob,
        as kind: QueryQueue.Class,
        isContinuation: Bool,
        body: @escaping @Sendable () -> Void
    ) throws(Refusal) {
        try self.state.withLock { (state) throws(Refusal) in
            let ticket = try state.queue.add(job.owner, kind, isContinuation: isContinuation)
            state.waiting[ticket] = Waiting(job: job, body: body)
            job.ticket = ticket
            job.isScan = kind == .scan
        }
        self.threads.submit { self.runNext() }
    }

    // MARK: - Ending

    /// Takes back work that hasn't begun.
    ///
    /// - Returns: Whether it hadn't.
    func withdraw(_ job: QueryJob) -> Bool {
        self.state.withLock { state in
            guard let ticket = job.ticket, state.queue.withdraw(ticket) else { return false }
            state.waiting[ticket] = nil
            job.ticket = nil
            return true
        }
    }

    /// Drops all that waits of a connection that is gone.
    func remove(_ owner: QueryQueue.Owner) {
        // Let go of outside of the lock.
        _ = self.state.withLock { state in
            state.costs.forget(owner)
            return state.queue.remove(owner).map { state.waiting.removeValue(forKey: $0) }
        }
    }

    /// How much waits for a thread.
    var waitingCount: Int { self.state.withLock { $0.queue.count } }

    // MARK: - Running, on a query thread

    private func runNext() {
        // It was withdrawn, or done at a checkpoint, if there is none.
        guard let next = self.take(.scan) else { return }
        self.run(next, depth: 0)
    }

    private func take(_ longest: QueryQueue.Class) -> Waiting? {
        self.state.withLock { state in
            state.queue.next(upTo: longest).map { state.begin($0.ticket) }
        }
    }

    /// What goes before the rest of a scan though it is not short, and of what was not taken for one and is by
    /// now; its work up to `work` is counted first.
    private func takeLonger(before job: QueryJob, at work: UInt64) -> Waiting? {
        if !job.isScan, job.took(by: work) <= UInt64(QueryCosts.mediumMax) { return nil }
        let took = job.count(at: work)
        return self.state.withLock { state in
            state.queue.ran(job.owner, for: took)
            var next = state.queue.next(upTo: .medium)
            if next == nil, job.depth < QueryQueue.scanDepthMax {
                next = state.queue.nextScan(before: job.owner)
            }
            return next.map { state.begin($0.ticket) }
        }
    }

    private func run(_ waiting: Waiting, depth: Int) {
        let job = waiting.job
        let start = self.work()
        job.begin(at: self.now(), work: start, depth: depth, limit: self.limit)
        waiting.body()
        let took = self.work() - start - job.between
        let cost = job.takeCost()
        self.state.withLock { state in
            state.queue.ran(job.owner, for: took - job.counted)
            if let cost, !job.token.isCancelled, state.queue.knows(job.owner) {
                state.costs.ran(cost.kind, rows: cost.rows, of: job.owner, for: took)
            }
        }
    }

    /// A job has reached a checkpoint: shorter work first, if its slice is over.
    fileprivate func pause(_ job: QueryJob) throws(Refusal) {
        let now = self.now()
        if now > job.endsAt { throw self.deadlineExceeded }
        guard job.isOnItsThread, now >= job.sliceEndsAt else { return }
        let work = self.work()
        if job.depth < Self.depthMax {
            for _ in 0..<Self.betweenMax {
                guard let next = self.take(.short) else { break }
                self.run(next, depth: job.depth + 1)
            }
            if let next = self.takeLonger(before: job, at: work) {
                self.run(next, depth: job.depth + 1)
            }
        }
        job.resumed(after: now, at: self.now(), between: self.work() - work)
        if job.token.isCancelled { throw WorkToken.cancellation }
    }

    private var deadlineExceeded: Refusal {
        let seconds = self.limit / 1_000_000_000
        return Refusal(
            .deadlineExceeded,
            .message(
                "took longer than \(seconds) s of work; ask for less, by a window, a filter or a limit"
            )
        )
    }
}

/// One request's work on the query threads, in one piece or in several.
///
/// `@unchecked Sendable`: what is not atomic belongs to the thread that runs it, and to the scheduler's
/// lock while it waits.
final class QueryJob: @unchecked Sendable {
    /// What it is expected to cost: its kind, and the rows there are.
    struct Cost: Sendable {
        var kind: QueryCosts.Kind
        var rows: Int
    }

    let owner: QueryQueue.Owner
    private(set) var cost: Cost?
    /// While it waits.
    fileprivate var ticket: QueryQueue.Ticket?
    fileprivate var isScan = false
    fileprivate private(set) var depth = 0
    /// When its slice is over.
    private let slice = Atomic<UInt64>(0)
    /// When its time is up; moved by what is done in between.
    private let end = Atomic<UInt64>(0)
    /// Nanoseconds of CPU time of this run that other work took at its checkpoints.
    private(set) var between: UInt64 = 0
    /// By the thread's CPU time.
    private var startedAt: UInt64 = 0
    /// Nanoseconds of CPU time of this run that its owner was charged for.
    fileprivate private(set) var counted: UInt64 = 0
    private var thread = pthread_self()
    private unowned let scheduler: QueryScheduler

    /// By which it is ended.
    private(set) lazy var token = self.makeToken()

    init(_ owner: QueryQueue.Owner, _ scheduler: QueryScheduler, cost: Cost? = nil) {
        self.owner = owner
        self.scheduler = scheduler
        self.cost = cost
        _ = self.token
    }

    private func makeToken() -> WorkToken {
        WorkToken(
            onCheckpoint: { [weak self] () throws(Refusal) in
                if let self { try self.scheduler.pause(self) }
            },
            isPauseWanted: { [weak self] in
                self.map { $0.scheduler.now() >= $0.sliceEndsAt } ?? false
            }
        )
    }

    fileprivate var sliceEndsAt: UInt64 { self.slice.load(ordering: .relaxed) }
    fileprivate var endsAt: UInt64 { self.end.load(ordering: .relaxed) }

    /// Whether the thread that asks is the one that runs it: others may do a part of a scan, but
    /// nothing in between.
    fileprivate var isOnItsThread: Bool { pthread_equal(self.thread, pthread_self()) != 0 }

    fileprivate func begin(at now: UInt64, work: UInt64, depth: Int, limit: UInt64) {
        self.thread = pthread_self()
        self.depth = depth
        self.between = 0
        self.startedAt = work
        self.counted = 0
        self.slice.store(now + QueryScheduler.slice, ordering: .relaxed)
        self.end.store(now + limit, ordering: .relaxed)
    }

    /// Its own work up to `work`.
    fileprivate func took(by work: UInt64) -> UInt64 { work - self.startedAt - self.between }

    /// - Returns: What was not charged yet of its own work up to `work`, which now is.
    fileprivate func count(at work: UInt64) -> UInt64 {
        let took = self.took(by: work)
        defer { self.counted = took }
        return took - self.counted
    }

    fileprivate func resumed(after start: UInt64, at now: UInt64, between: UInt64) {
        self.between += between
        self.slice.store(now + QueryScheduler.slice, ordering: .relaxed)
        self.end.store(self.endsAt + (now - start), ordering: .relaxed)
    }

    /// What it was expected to cost, once: later runs are parts of its answer.
    fileprivate func takeCost() -> Cost? {
        defer { self.cost = nil }
        return self.cost
    }
}
