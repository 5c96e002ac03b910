internal import Bytes
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire

/// The dry run as what runs the requests of its connection: on the copy, except those that are about the connection.
extension DryRun: RequestService {
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
            countingIn: self.runs.context.metrics
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
            self.upstream.answer(request, to: id, of: queries, holding: held)
        case .query(let query) where self.machine.runsRequests:
            self.runs.context.metrics.queries += 1
            self.runs.runner.answer(query, to: id, of: queries, holding: held, in: self)
        case .query, .subscribe, .insight, .subscribeInsight, .backup, .openSession, .command,
            .keyedCommand, .keyedOutcome, .getProduct, .takeSnapshot, .beginDryRun:
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

    /// `session` is one of the copy.
    func connectionClosed(session: UInt32?) {
        self.upstream.closeSession(self.sessionBefore)
        self.closed()
    }

    /// Forgets what would have been logged.
    private func discardEntries() {
        guard let block = self.engine?.beginBlock() else { return }
        self.machine.decided(block.bytes.count)
        self.engine?.blockWritten()
    }

    private func context(of principal: Principal) -> Engine.Context {
        var context = self.upstream.writeContext(of: principal)
        if let refusal = self.machine.writeRefusal { context.refusal = refusal }
        return context
    }
}

/// The copy as what queries read.
extension DryRun: ViewSource {
    private func read<Value>(_ body: (borrowing InventoryState) -> Value) -> Value {
        guard let state = self.engine?.state else {
            preconditionFailure("a dry run is read before it began")
        }
        return body(state)
    }

    func readView() -> ReadView { self.read { $0.readView() } }
    func wholeView() -> ReadView { self.read { $0.wholeView() } }
    func resolve(_ key: ProductKey) -> ProductID? { self.read { $0.resolve(key) } }
}
