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
///     building ──▶ begun ──closed──▶ ended: a query thread frees the copy
///        │ ├──closed, build ends──────▲
///        │ └──takes too long──▶ refused
///        └ too many ──────────────▲
///
/// Used on the engine's loop.
final class DryRun {
    private enum Phase { case building, begun, refused, ended }

    /// The making of the copy.
    private struct Build {
        let job: QueryJob
        let view: ReadView
    }

    private let server: EngineDriver
    private let writer: ConnectionWriter
    /// The session that the connection had open before.
    private let sessionBefore: UInt32?
    private var phase: Phase
    /// `nil` once the copy is complete, or was given up.
    private var build: Build?
    /// `nil` unless it has begun.
    private var engine: Engine?
    /// Bytes of the log entries that its commands would have made.
    private var byteCount = 0

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
        do throws(Refusal) {
            try server.dryRuns.begin()
            self.phase = .building
            self.startBuild(to: requestID)
        } catch {
            self.phase = .refused
            writer.reply(.refused(error), to: requestID, at: 0)
        }
    }

    /// Whether it counts among the open dry runs of the server.
    var isCounted: Bool { self.phase == .building || self.phase == .begun }

    private var hasBegun: Bool { self.phase == .begun }

    // MARK: - The copy

    private func startBuild(to requestID: UInt64) {
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
            let built = Handed(
                Result { () throws(Refusal) in try InventoryState(from: view) }
            )
            loop.execute { bound.value.buildEnded(built, to: requestID) }
        }
    }

    private func buildEnded(
        _ built: Handed<Result<InventoryState, Refusal>>,
        to requestID: UInt64
    ) {
        guard let build = self.build.take() else {
            preconditionFailure("the copy of a dry run was made twice")
        }
        let lsn = build.view.lsn
        self.server.queries.free(build)
        guard self.phase == .building, let result = built.take() else { return self.free(built) }
        switch result {
        case .success(let state):
            self.phase = .begun
            self.engine = Engine(state: state, keys: self.server.host.engine.keys)
            let now = self.server.context.now()
            self.writer.reply(.pong(durable: lsn, time: now), to: requestID, at: lsn)
        case .failure(let refusal):
            self.phase = .refused
            self.server.dryRuns.close()
            self.server.dryRuns.free()
            self.writer.reply(.refused(refusal), to: requestID, at: 0)
        }
        self.writer.releaseSoon()
    }

    /// Frees a copy, or what it was to be made from, on a query thread; then another dry run may begin.
    private func free(_ copy: Handed<some Any>) {
        let server = self.server
        server.queries.free(copy) { server.dryRuns.free() }
    }

    /// Ends the dry run, whose connection is closed.
    private func end() {
        defer { self.phase = .ended }
        switch self.phase {
        case .refused: return
        case .ended: preconditionFailure("a dry run ended twice")
        case .begun:
            self.server.dryRuns.close()
            if let state = self.engine.take()?.state { self.free(Handed(state)) }
        case .building:
            self.server.dryRuns.close()
            guard let build = self.build else {
                preconditionFailure("a dry run that has not begun makes no copy")
            }
            build.job.token.cancel()
            if self.server.queries.scheduler.withdraw(build.job) {
                self.build = nil
                self.free(Handed(build))
            }
        }
    }

    // MARK: - Requests

    /// The refusal of a request that is not one of a dry run.
    private func refusal(of opcode: Opcode) -> Refusal {
        let problem =
            switch self.phase {
            case .building: "came before the dry run began"
            case .begun: "\(opcode) is not part of a dry run"
            case .refused, .ended: "belongs to a dry run that was refused"
            }
        return Refusal(.invalidField, .field("request", problem: problem))
    }

    /// Forgets what would have been logged.
    private func discardEntries() {
        guard let block = self.engine?.beginBlock() else { return }
        self.byteCount += block.bytes.count
        self.engine?.blockWritten()
    }

    private func context(of principal: Principal) -> Engine.Context {
        var context = self.server.writeContext(of: principal)
        if self.byteCount > WireLimits.dryRunByteCountMax {
            context.refusal = Refusal(
                .tooManyLines,
                .range(
                    "bytes of a dry run's changes",
                    value: Int64(self.byteCount),
                    lowest: 0,
                    highest: Int64(WireLimits.dryRunByteCountMax)
                )
            )
        }
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
        guard self.hasBegun, Engine.runsNext(of: frames) else { return try frames.next() }
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
            guard let opened else { throw self.refusal(of: .openSession) }
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
        case .query(let query) where self.hasBegun:
            self.server.metrics.queries += 1
            self.server.queries.answer(query, to: id, of: queries, holding: held, in: self)
        default:
            self.writer.reply(.refused(self.refusal(of: request.opcode)), to: id)
        }
    }

    func beginDryRun(
        of writer: ConnectionWriter,
        sessionBefore: UInt32?,
        to requestID: UInt64
    ) -> (any RequestService)? {
        writer.reply(.refused(self.refusal(of: .beginDryRun)), to: requestID)
        return nil
    }

    func takeSnapshot(_ completion: @escaping (Result<SnapshotTaken, Refusal>) -> Void) {
        completion(.failure(self.refusal(of: .takeSnapshot)))
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
        self.end()
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
