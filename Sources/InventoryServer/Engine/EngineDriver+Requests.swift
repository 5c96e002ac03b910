internal import Bytes
internal import Durability
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire

/// The server as what runs requests: each goes to the object that owns its state.
extension EngineDriver: RequestService {
    var lsn: LSN { self.host.lsn }
    var durable: LSN { self.host.durable }

    func accepted() -> HelloAccepted {
        let currency = self.host.engine.state.currency
        return HelloAccepted(
            version: ProtocolVersion.newest,
            databaseHigh: self.database.bytes.0,
            databaseLow: self.database.bytes.1,
            currencyCode: currency?.code ?? "",
            currencyDecimals: currency?.decimals ?? 0,
            durable: self.host.durable,
            serverTime: self.context.now(),
            software: "invd \(InvdVersion.current)"
        )
    }

    var pong: ServerMessage { .pong(durable: self.host.durable, time: self.context.now()) }

    // MARK: - The engine's

    func run(
        _ frames: inout FrameReader,
        session: UInt32?,
        machine: inout ConnectionStateMachine,
        isInUse: ((UInt64) -> Bool)?,
        into pending: inout PendingReplies,
        share: inout KeyShare
    ) throws(WireError) -> Frame? {
        guard Engine.runsNext(of: frames) else { return try frames.next() }
        var context = self.writeContext(of: machine.principal)
        context.session = session
        return try self.host.engine.run(
            &frames,
            session: session,
            context: context,
            machine: &machine,
            isInUse: isInUse,
            into: &pending,
            share: &share,
            countingIn: self.metrics
        )
    }

    func writeContext(of principal: Principal) -> Engine.Context {
        Engine.Context(
            principal: principal,
            now: self.context.now(),
            refusal: self.writeRefusal()
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
            let (status, replaced) = try self.host.engine.openSession(
                id,
                mayCreate: mayCreate,
                in: &session,
                self.writeContext(of: principal),
                unless: { self.connections.isOpen($0) }
            )
            self.connections.changedSession(from: replaced, to: status.number)
            writer.reply(.sessionOpened(status), to: requestID)
        } catch {
            // A retryable refusal does not depend on the state, so it waits for no LSN.
            writer.reply(.refused(error), to: requestID, at: error.code.isRetryable ? 0 : nil)
        }
    }

    // MARK: - Dispatch

    func answer(
        _ request: Request,
        to id: UInt64,
        of queries: ConnectionQueries,
        holding held: Int
    ) {
        let writer = queries.writer
        switch request {
        case .openSession, .command, .keyedCommand, .keyedOutcome, .getProduct, .takeSnapshot,
            .beginDryRun:
            preconditionFailure("\(request.opcode) has a function of its own")
        case .query(.stats):
            self.metrics.queries += 1
            self.answerStats(to: id, of: writer)
        case .query(let query):
            self.metrics.queries += 1
            self.queries.answer(query, to: id, of: queries, holding: held)
        case .subscribe(let subscription):
            self.events.subscribe(subscription, id, of: writer, holding: held)
        case .insight(let insight):
            self.metrics.queries += 1
            self.queries.answer(insight, to: id, of: queries, holding: held)
        case .subscribeInsight(let insight):
            self.insights.subscribe(insight, id, of: writer, holding: held)
        case .unsubscribe(let subscription):
            let reason = Refusal(.clientClosed, .message("unsubscribed"))
            self.insights.unsubscribe(subscription, of: writer.id, reason)
            self.events.unsubscribe(subscription, of: writer, reason)
            writer.reply(self.pong, to: id)
        case .cancel(let query):
            queries.cancel(query)
            self.backups.cancel(query, of: writer.id)
            writer.reply(self.pong, to: id)
        case .ping:
            writer.reply(self.pong, to: id, at: 0)
        case .backup(let bytesPerSecondMax):
            self.backups.begin(bytesPerSecondMax: bytesPerSecondMax, to: id, of: writer)
        }
    }

    func takeSnapshot(_ completion: @escaping (Result<SnapshotTaken, Refusal>) -> Void) {
        self.snapshots.take { result in
            completion(
                result.mapError { error in
                    let code: RefusalCode =
                        if case .full = error { .storageFull } else { .internal }
                    return Refusal(code, .message("\(error)"))
                }
            )
        }
    }

    // MARK: - Subscriptions and backups

    func hasStreams(_ id: ConnectionID) -> Bool {
        self.events.registry.hasAny(of: id) || self.backups.isSent(over: id)
    }

    func isStreamed(_ requestID: UInt64, of id: ConnectionID) -> Bool {
        self.events.registry.contains(requestID, of: id)
            || self.backups.contains(requestID, of: id)
    }

    func endBackup(over id: ConnectionID) { self.backups.forget(id) }

    func unsubscribeAll(of writer: ConnectionWriter, _ reason: Refusal?) {
        self.events.unsubscribeAll(of: writer, reason)
        self.insights.unsubscribeAll(of: writer.id, reason)
    }

    func subscriptionEnded(_ requestID: UInt64, of id: ConnectionID) {
        self.events.ended(requestID, of: id)
    }

    func becameWritable(_ id: ConnectionID) {
        self.insights.becameWritable(id)
        self.backups.becameWritable(id)
    }

    func connectionClosed(_ id: ConnectionID, session: UInt32?) {
        self.events.forgetAll(of: id)
        self.insights.unsubscribeAll(of: id, nil)
        self.backups.forget(id)
        self.connections.changedSession(from: session, to: nil)
    }
}
