internal import Bytes
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire
internal import NIOCore

/// A dry run of one connection: an engine with a copy of the state, which decides the connection's requests in
/// place of the server's.
///
///     beginDryRun ─▶ view of the state ─▶ query thread: a state of its own, with its indexes
///                                              │
///     command, read, query ─▶ DryRun.engine ◀──┘        decided and applied there, logged nowhere
///
/// The copy shares the segments of the tables with the server's state until either changes them, so taking it
/// costs the loop what a query of the whole state does. It has the sessions and keys too, so that a retry is
/// recognized as one. The indexes, which a view does not have, are built on a query thread, by a job like that
/// of a long query of the connection: shorter work runs at its checkpoints, it has the same limit of time, and it
/// ends when the connection is closed. The requests then run on the loop in the turns of their connection, as those
/// of a real import would.
///
/// Nothing that was decided can be undone or lost, since nothing of it leaves the copy. Answers wait until the
/// state that was copied is durable, and for nothing else. The copy ends with its connection.
///
/// ``DryRunMachine`` decides; this performs. Used on the engine's loop.
final class DryRun {
    /// The making of the copy.
    private struct Build {
        let job: QueryJob
        let view: ReadView
    }

    // Waiting work of a query thread retains the dry run, but must not retain its server.
    unowned let upstream: any DryRunUpstream
    unowned let runs: DryRuns
    let writer: ConnectionWriter
    /// The request that began it.
    private let requestID: UInt64
    /// The session that the connection had open before.
    let sessionBefore: UInt32?
    var machine = DryRunMachine()
    /// `nil` once the copy is complete, or was given up.
    private var build: Build?
    /// The complete copy, until requests run on it.
    private var copy: Handed<InventoryState>?
    /// `nil` unless it has begun.
    var engine: Engine?

    /// A dry run that begins once a copy is complete, unless there are too many.
    init(
        of upstream: any DryRunUpstream,
        among runs: DryRuns,
        writer: ConnectionWriter,
        sessionBefore: UInt32?,
        to requestID: UInt64
    ) {
        self.upstream = upstream
        self.runs = runs
        self.writer = writer
        self.sessionBefore = sessionBefore
        self.requestID = requestID
        self.perform(runs.count { self.machine.requested(&$0) })
    }

    /// How it counts among the dry runs of the server.
    var share: DryRunMachine.Share { self.machine.share }

    func checkInvariants() {
        self.machine.checkInvariants(
            isBuilding: self.build != nil,
            hasCopy: self.hasEngine
        )
        precondition(self.copy == nil, "a copy that neither begins nor is freed")
    }

    private var hasEngine: Bool {
        switch self.engine {
        case .some: true
        case .none: false
        }
    }

    private func perform(_ action: DryRunMachine.Action) {
        switch action {
        case .build: self.startBuild()
        case .begin: self.begin()
        case .refuse(let refusal): self.answer(.refused(refusal), at: 0)
        case .cancelBuild: self.cancelBuild()
        case .free: self.freeCopy()
        case .nothing: break
        }
    }

    // MARK: - The copy

    private func startBuild() {
        let scheduler = self.runs.runner.scheduler
        let job = QueryJob(
            self.writer.id.owner,
            scheduler,
            advice: "dry runs of so much data need a higher --query-milliseconds of invd"
        )
        let view = self.upstream.wholeView().limited(by: job.token)
        // Answers reflect no step of the log beyond the copied state.
        self.writer.pending.lsnMax = view.lsn
        self.build = Build(job: job, view: view)
        let loop = self.runs.context.loop
        let bound = NIOLoopBound(self, eventLoop: loop)
        scheduler.submit(job, as: .scan) {
            do throws(Refusal) {
                let copy = Handed(try InventoryState(from: view))
                loop.execute { bound.value.built(copy) }
            } catch {
                let refusal = error
                loop.execute { bound.value.buildFailed(refusal) }
            }
        }
    }

    private func built(_ copy: Handed<InventoryState>) {
        self.freeBuild()
        self.copy = copy
        self.perform(self.machine.built())
    }

    private func buildFailed(_ refusal: Refusal) {
        self.freeBuild()
        self.perform(self.runs.count { self.machine.buildFailed(refusal, &$0) })
    }

    /// Frees what the copy was made from.
    private func freeBuild() {
        guard let build = self.build.take() else {
            preconditionFailure("the copy of a dry run was made twice")
        }
        self.runs.runner.free(build)
    }

    private func begin() {
        guard let state = self.copy.take()?.take() else {
            preconditionFailure("a dry run begins without a copy")
        }
        let lsn = state.lsn
        self.engine = Engine(state: state, keys: self.upstream.keys)
        self.answer(.pong(durable: lsn, time: self.runs.context.now()), at: lsn)
    }

    /// Answers the request that began it.
    private func answer(_ message: ServerMessage, at lsn: LSN) {
        self.writer.reply(message, to: self.requestID, at: lsn)
        self.writer.releaseSoon()
    }

    private func cancelBuild() {
        guard let build = self.build else {
            preconditionFailure("a dry run that has not begun makes no copy")
        }
        build.job.token.cancel()
        if self.runs.runner.scheduler.withdraw(build.job) {
            self.perform(self.machine.buildWithdrawn())
        }
    }

    private func freeCopy() {
        if let build = self.build.take() {
            self.free(Handed(build))
        } else if let copy = self.copy.take() {
            self.free(copy)
        } else if let state = self.engine.take()?.state {
            self.free(Handed(state))
        } else {
            preconditionFailure("a dry run has no copy to free")
        }
    }

    /// Frees a copy, or what it was to be made from, on a query thread; then another dry run may begin.
    private func free(_ copy: Handed<some Any>) {
        let bound = NIOLoopBound(self, eventLoop: self.runs.context.loop)
        self.runs.runner.free(copy) { bound.value.freed() }
    }

    /// The connection is closed.
    func closed() { self.perform(self.runs.count { self.machine.closed(&$0) }) }

    private func freed() { self.runs.count { self.machine.freed(&$0) } }
}
