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

    /// Waiting work of a query thread retains the dry run, but must not retain its server.
    private unowned let server: EngineDriver
    private let writer: ConnectionWriter
    /// The request that began it.
    private let requestID: UInt64
    /// The session that the connection had open before.
    private let sessionBefore: UInt32?
    private var machine = DryRunMachine()
    /// `nil` once the copy is complete, or was given up.
    private var build: Build?
    /// The complete copy, until requests run on it.
    private var copy: Handed<InventoryState>?
    /// `nil` unless it has begun.
    private var engine: Engine?

    /// A dry run that begins once a copy is complete, unless there are too many.
    init(
        of server: EngineDriver,
        writer: ConnectionWriter,
        sessionBefore: UInt32?,
        to requestID: UInt64
    ) {
        self.server = server
        self.writer = writer
        self.sessionBefore = sessionBefore
        self.requestID = requestID
        self.perform(self.machine.requested(&server.dryRuns))
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
        let queries = self.server.queries
        let job = QueryJob(
            self.writer.id.owner,
            queries.scheduler,
            advice: "dry runs of so much data need a higher --query-milliseconds of invd"
        )
        let view = self.server.host.wholeView().limited(by: job.token)
        // Answers reflect no step of the log beyond the copied state.
        self.writer.pending.lsnMax = view.lsn
        self.build = Build(job: job, view: view)
        let loop = self.server.context.loop
        let bound = NIOLoopBound(self, eventLoop: loop)
        queries.scheduler.submit(job, as: .scan) {
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
        self.perform(self.machine.buildFailed(refusal, &self.server.dryRuns))
    }

    /// Frees what the copy was made from.
    private func freeBuild() {
        guard let build = self.build.take() else {
            preconditionFailure("the copy of a dry run was made twice")
        }
        self.server.queries.free(build)
    }

    private func begin() {
        guard let state = self.copy.take()?.take() else {
            preconditionFailure("a dry run begins without a copy")
        }
        let lsn = state.lsn
        self.engine = Engine(state: state, keys: self.server.host.engine.keys)
        self.answer(.pong(durable: lsn, time: self.server.context.now()), at: lsn)
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
        if self.server.queries.scheduler.withdraw(build.job) {
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
        let bound = NIOLoopBound(self, eventLoop: self.server.context.loop)
        self.server.queries.free(copy) { bound.value.freed() }
    }

    private func freed() { self.machine.freed(&self.server.dryRuns) }

    // MARK: - Requests

    /// Forgets what would have been logged.
    private func discardEntries() {
        guard let block = self.engine?.beginBlock() else { return }
        self.machine.decided(block.bytes.count)
        self.engine?.blockWritten()
    }

    private func context(of principal: Principal) -> Engine.Context {
        var context = self.server.writeContext(of: principal)
        if let refusal = self.machine.writeRefusal { context.refusal = refusal }
        return context
    }
}

extension DryRun: RequestService {
    // The server's, not the copy's: what a connection counts by them are steps of the log.
    var lsn: LSN { self.server.lsn }
    var durable: LSN { self.server.durable }
    var pong: ServerMessage { self.server.pong }
    func accepted() -> HelloAccepted { self.server.accepted() }

    func run(
        _ frames: inout FrameReader,
        session: UInt32?,
        machine: inout ConnectionStateMachine,
        isInUse: ((UInt64) -> Bool)?,
        into pending: inout PendingReplies,
        share: inout KeyShare
    ) throws(WireError) -> Frame? {
        guard self.machine.runsRequests, Engine.runsNext(of: frames) else {
            return try frames.next()
        }
        var context = self.context(of: machine.principal)
        context.session = session
        defer { self.discardEntries() }
        return try self.engine?.run(
            &frames,
            session: session,
            context: context,
            machine: &machine,
            isInUse: isInUse,
            into: &pending,
            share: &share,
            countingIn: self.server.metrics
        )
    }

    func openSession(
        _ id: SessionID,
        mayCreate: Bool,
        for principal: Principal,
        in session: inout ConnectionSession,
        to requestID: UInt64,
        of writer: ConnectionWriter
    ) {
        do throws(Refusal) {
            let context = self.context(of: principal)
            let opened = try self.engine?.openSession(
                id,
                mayCreate: mayCreate,
                in: &session,
                context,
                unless: { _ in false }
            )
            guard let opened else { throw self.machine.refusal(of: .openSession) }
            self.discardEntries()
            writer.reply(.sessionOpened(opened.status), to: requestID)
        } catch {
            writer.reply(.refused(error), to: requestID)
        }
    }

    func answer(
        _ request: Request,
        to id: UInt64,
        of queries: ConnectionQueries,
        holding held: Int
    ) {
        switch request {
        case .query(.stats), .unsubscribe, .cancel, .ping:
            self.server.answer(request, to: id, of: queries, holding: held)
        case .query(let query) where self.machine.runsRequests:
            self.server.metrics.queries += 1
            self.server.queries.answer(query, to: id, of: queries, holding: held, in: self)
        default:
            self.writer.reply(.refused(self.machine.refusal(of: request.opcode)), to: id)
        }
    }

    func beginDryRun(
        of writer: ConnectionWriter,
        sessionBefore: UInt32?,
        to requestID: UInt64
    ) -> (any RequestService)? {
        writer.reply(.refused(self.machine.refusal(of: .beginDryRun)), to: requestID)
        return nil
    }

    func takeSnapshot(_ completion: @escaping (Result<SnapshotTaken, Refusal>) -> Void) {
        completion(.failure(self.machine.refusal(of: .takeSnapshot)))
    }

    // MARK: - Subscriptions and backups

    func hasStreams(_ id: ConnectionID) -> Bool { self.server.hasStreams(id) }

    func isStreamed(_ requestID: UInt64, of id: ConnectionID) -> Bool {
        self.server.isStreamed(requestID, of: id)
    }

    func endBackup(over id: ConnectionID) { self.server.endBackup(over: id) }

    func unsubscribeAll(of writer: ConnectionWriter, _ reason: Refusal?) {
        self.server.unsubscribeAll(of: writer, reason)
    }

    func subscriptionEnded(_ requestID: UInt64, of id: ConnectionID) {
        self.server.subscriptionEnded(requestID, of: id)
    }

    func becameWritable(_ id: ConnectionID) { self.server.becameWritable(id) }

    func connectionClosed(_ id: ConnectionID, session: UInt32?) {
        // The session is one of the copy.
        self.server.connectionClosed(id, session: self.sessionBefore)
        self.perform(self.machine.closed(&self.server.dryRuns))
    }
}

/// The copy as what queries read.
extension DryRun: StateReader {
    private func read<Value>(_ body: (borrowing InventoryState) -> Value) -> Value {
        guard let state = self.engine?.state else {
            preconditionFailure("a dry run is read before it began")
        }
        return body(state)
    }

    func readView() -> ReadView { self.read { $0.readView() } }
    func wholeView() -> ReadView { self.read { $0.wholeView() } }
    var selectionKeys: SelectionKeys { self.read { $0.selectionKeys } }
    func resolve(_ key: ProductKey) -> ProductID? { self.read { $0.resolve(key) } }
}

extension EngineDriver {
    func beginDryRun(
        of writer: ConnectionWriter,
        sessionBefore: UInt32?,
        to requestID: UInt64
    ) -> (any RequestService)? {
        DryRun(of: self, writer: writer, sessionBefore: sessionBefore, to: requestID)
    }
}
