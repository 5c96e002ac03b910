internal import Bytes
internal import ColumnStore
internal import Glibc
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire
internal import Synchronization

/// Runs the work of queries on the query threads, in the order that ``QueryQueue`` decides.
///
///     loop     submit ──▶ queue ──▶ thread: run ───▶ done
///                           │                │
///                           └── shorter ──▶ checkpoint: run in between, on the same thread
///
/// Scheduling is cooperative: work reaches a checkpoint every thousand rows. There, once its slice is over,
/// shorter work that waits runs first, and so does a scan of a connection that was served less. So one thread
/// is enough for short requests to run beside scans of seconds, however many there are of those, and it takes
/// no core from the engine's loop. Parts of answers (slices) return at the end of their slice and queue
/// again.
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
                preconditionFailure("queued work has no body")
            }
            next.job.ticket = nil
            return next
        }
    }

    private let state = Guarded(State())
    private let threads: any Worker
    /// Nanoseconds of a monotonic clock, by which slices and limits are measured.
    fileprivate let now: @Sendable () -> UInt64
    /// Nanoseconds of CPU time of the calling thread, by which the cost of work is measured, however busy the
    /// machine is.
    private let work: @Sendable () -> UInt64
    /// Nanoseconds of work after which a query ends with `deadline_exceeded`.
    fileprivate let limit: UInt64

    /// Nanoseconds of a slice, for which work runs before shorter work may interrupt it.
    static let slice: UInt64 = 5_000_000
    /// Pieces of shorter work run at one checkpoint, so that longer work progresses too.
    private static let betweenMax = 4
    /// The limit of nested work: work counted as short may be long, and each level retains its memory.
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

    /// Submits work of the server itself that takes milliseconds at most.
    func submit(_ work: @escaping @Sendable () -> Void) {
        self.submit(QueryJob(.server, self), as: .slice, body: work)
    }

    /// Submits a further part of an admitted job, or a job of the server itself.
    func submit(_ job: QueryJob, as kind: QueryQueue.Class, body: @escaping @Sendable () -> Void) {
        do throws(Refusal) {
            try self.enqueue(job, as: kind, isContinuation: true, body: body)
        } catch {
            preconditionFailure("a continuation was refused: \(error)")
        }
    }

    /// Submits a client's request.
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

    /// Withdraws work that has not begun.
    ///
    /// - Returns: Whether it had not.
    func withdraw(_ job: QueryJob) -> Bool {
        self.state.withLock { state in
            guard let ticket = job.ticket, state.queue.withdraw(ticket) else { return false }
            state.waiting[ticket] = nil
            job.ticket = nil
            return true
        }
    }

    /// Drops all waiting work of a closed connection.
    func remove(_ owner: QueryQueue.Owner) {
        // Freed outside of the lock.
        _ = self.state.withLock { state in
            state.costs.forget(owner)
            return state.queue.remove(owner).map { state.waiting.removeValue(forKey: $0) }
        }
    }

    /// Traps unless exactly the work in the queue has a body and a job that knows its ticket.
    ///
    /// - Complexity: O(waiting jobs)
    func checkInvariants() {
        self.state.withLock { state in
            state.queue.checkInvariants()
            state.costs.checkInvariants()
            precondition(
                state.waiting.count == state.queue.count,
                "\(state.waiting.count) bodies of \(state.queue.count) jobs"
            )
            for (ticket, waiting) in state.waiting {
                precondition(waiting.job.ticket == ticket, "a job waits under another ticket")
                waiting.job.checkInvariants()
            }
        }
    }

    /// The number of jobs that wait for a thread.
    var waitingCount: Int { self.state.withLock { $0.queue.count } }

    // MARK: - Running, on a query thread

    private func runNext() {
        // Without one, the work was withdrawn or run at a checkpoint.
        guard let next = self.take(.scan) else { return }
        self.run(next, depth: 0)
    }

    private func take(_ longest: QueryQueue.Class) -> Waiting? {
        self.state.withLock { state in
            state.queue.next(upTo: longest).map { state.begin($0.ticket) }
        }
    }

    /// Takes work that goes before the rest of a scan though it is not short.
    ///
    /// That holds for work not classified as a scan too, once it has become one. Its work up to `work` is counted
    /// first.
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
            if let cost, !job.token.isCancelled, state.queue.isTracked(job.owner) {
                state.costs.ran(cost.kind, rows: cost.rows, of: job.owner, for: took)
            }
        }
    }

    /// Handles a job's checkpoint: runs shorter work first, if its slice is over.
    fileprivate func pause(_ job: QueryJob) throws(Refusal) {
        let now = self.now()
        if now > job.endsAt { throw self.deadlineExceeded(job) }
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

    private func deadlineExceeded(_ job: QueryJob) -> Refusal {
        let milliseconds = self.limit / 1_000_000
        let isWhole = milliseconds.isMultiple(of: 1_000)
        let limit = isWhole ? "\(milliseconds / 1_000) s" : "\(milliseconds) ms"
        return Refusal(
            .deadlineExceeded,
            .message("took longer than \(limit) of work; \(job.advice)")
        )
    }
}

/// One request's work on the query threads, in one piece or in several.
///
/// `@unchecked Sendable`: fields that are not atomic belong to the thread that runs it, and to the
/// scheduler's lock while it waits.
final class QueryJob: @unchecked Sendable {
    /// The expected cost: the kind of query, and the number of rows.
    struct Cost: Sendable {
        var kind: QueryCosts.Kind
        var rows: Int
    }

    let owner: QueryQueue.Owner
    private(set) var cost: Cost?
    /// What its client can do if it takes too long.
    fileprivate let advice: String
    /// Its ticket while it waits.
    fileprivate var ticket: QueryQueue.Ticket?
    fileprivate var isScan = false
    fileprivate private(set) var depth = 0
    /// When its slice is over.
    private let slice = Atomic<UInt64>(0)
    /// When its time limit is reached; extended by other work run in between.
    private let end = Atomic<UInt64>(0)
    /// Nanoseconds of CPU time of this run that other work took at its checkpoints.
    private(set) var between: UInt64 = 0
    /// By the thread's CPU time.
    private var startedAt: UInt64 = 0
    /// Nanoseconds of CPU time of this run that its owner was charged for.
    fileprivate private(set) var counted: UInt64 = 0
    private var thread = pthread_self()
    private unowned let scheduler: QueryScheduler

    /// Cancels the job.
    private(set) lazy var token = self.makeToken()

    init(
        _ owner: QueryQueue.Owner,
        _ scheduler: QueryScheduler,
        cost: Cost? = nil,
        advice: String = "ask for less, by a window, a filter or a limit"
    ) {
        self.owner = owner
        self.scheduler = scheduler
        self.cost = cost
        self.advice = advice
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

    /// Whether the calling thread is the one that runs it: others may do a part of a scan, but run no work in
    /// between.
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

    /// - Returns: The part of its own work up to `work` that was not charged yet, which now is.
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

    /// Traps if its times contradict each other; valid while no thread runs it.
    func checkInvariants() {
        precondition(self.depth >= 0, "a job runs \(self.depth) deep")
        precondition(
            (self.sliceEndsAt == 0) == (self.endsAt == 0),
            "a slice until \(self.sliceEndsAt) of a job until \(self.endsAt)"
        )
        precondition(
            self.sliceEndsAt > 0 || (self.between == 0 && self.counted == 0),
            "a job that never ran has taken time"
        )
    }

    /// Returns the expected cost once: later runs are parts of its answer.
    fileprivate func takeCost() -> Cost? {
        defer { self.cost = nil }
        return self.cost
    }
}
