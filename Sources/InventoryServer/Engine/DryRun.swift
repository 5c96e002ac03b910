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
/// recognized as one. The indexes, which a view does not have, are built on a query thread. The
/// requests then run on the loop in the turns of their connection, as those of a real import would.
///
/// Nothing that was decided can be undone or lost, since nothing of it leaves the copy. Answers wait until the
/// state that was copied is durable, and for nothing else. The copy ends with its connection.
///
/// Used on the engine's loop.
final class DryRun {
    private let server: EngineDriver
    private let writer: ConnectionWriter
    /// The session that the connection had open before.
    private let sessionBefore: UInt32?
    /// `nil` until the copy is complete.
    private var engine: Engine?
    /// Bytes of the log entries that its commands would have made.
    private var byteCount = 0

    init(of server: EngineDriver, writer: ConnectionWriter, sessionBefore: UInt32?) {
        self.server = server
        self.writer = writer
        self.sessionBefore = sessionBefore
    }

    /// Begins with a complete copy.
    func begin(_ state: InventoryState) {
        precondition(self.engine == nil, "a dry run begins twice")
        self.engine = Engine(state: state, keys: self.server.host.engine.keys)
    }

    private var hasBegun: Bool { self.engine != nil }

    /// The refusal of a request that is not one of a dry run.
    private func refusal(of opcode: Opcode) -> Refusal {
        let problem =
            self.hasBegun ? "\(opcode) is not part of a dry run" : "came before the dry run began"
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

    /// Ends the dry run; a query thread frees the copy.
    private func end() {
        if let state = self.engine.take()?.state { self.server.queries.free(state) }
        self.server.dryRunEnded()
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
        guard self.hasBegun, let opcode = frames.nextOpcode, Engine.runs(opcode) != nil else {
            return try frames.next()
        }
        let context = self.context(of: machine.principal)
        var counts = Engine.RunCounts()
        defer {
            self.server.metrics.count(counts)
            self.discardEntries()
        }
        return try self.engine?.run(
            &frames,
            session: session,
            context: context,
            machine: &machine,
            isInUse: isInUse,
            into: &pending,
            share: &share,
            counting: &counts
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
            let status = try self.engine?.openSession(
                id,
                mayCreate: mayCreate,
                context,
                unless: { _ in false }
            )
            guard let status else { throw self.refusal(of: .openSession) }
            self.discardEntries()
            _ = session.opened(status.number, isNew: false)
            writer.reply(.sessionOpened(status), to: requestID)
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
        guard self.dryRunCount < WireLimits.dryRunsMax else {
            let refusal = Refusal(
                .overloaded,
                .range(
                    "dry runs",
                    value: Int64(self.dryRunCount + 1),
                    lowest: 0,
                    highest: Int64(WireLimits.dryRunsMax)
                )
            )
            writer.reply(.refused(refusal), to: requestID, at: 0)
            return nil
        }
        self.dryRunCount += 1
        let dryRun = DryRun(of: self, writer: writer, sessionBefore: sessionBefore)
        let view = self.host.wholeView()
        // Answers reflect no step of the log beyond the copied state.
        writer.pending.lsnMax = view.lsn
        let bound = NIOLoopBound((dryRun, writer), eventLoop: self.context.loop)
        self.queries.scheduler.submit {
            let state = InventoryState(from: view)
            self.context.loop.execute {
                let (dryRun, writer) = bound.value
                guard writer.isOpen else { return self.queries.free(state) }
                dryRun.begin(state)
                writer.reply(
                    .pong(durable: view.lsn, time: self.context.now()),
                    to: requestID,
                    at: view.lsn
                )
                writer.releaseSoon()
            }
        }
        return dryRun
    }

    /// A dry run has ended, and another may begin.
    func dryRunEnded() {
        precondition(self.dryRunCount > 0, "a dry run ended that never began")
        self.dryRunCount -= 1
    }
}
