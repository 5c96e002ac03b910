internal import Bytes
internal import Durability
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire

/// The server as the place where connections live.
extension EngineDriver: ConnectionHost {
    func connectionParts() -> ConnectionParts {
        let writer = ConnectionWriter(
            self.connections.nextID(),
            of: self.host,
            fanout: self.fanout,
            among: self.connections
        )
        return ConnectionParts(
            writer: writer,
            queries: ConnectionQueries(self.queries, writer)
        )
    }

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

    func connected(_ connection: ConnectionHandler) {
        self.connections.add(connection)
        self.metrics.connections += 1
        self.metrics.connectionsAccepted += 1
    }

    func disconnected(_ connection: ConnectionHandler) {
        guard self.connections.remove(connection) else { return }
        self.metrics.connections -= 1
        if self.connections.count == 0 { self.turns.forgetWaiting() }
        self.finishDrainIfDone()
    }

    var idleSeconds: Int { self.configuration.idleSeconds }
    var milliseconds: Int64 { self.context.milliseconds }
    func endRound() { self.log.tick() }

    var isSpaceWanted: Bool { self.connections.isSpaceWanted }

    func begunFrame(_ id: ConnectionID, _ byteCount: Int) -> Bool {
        self.connections.begunFrame(id, byteCount)
    }

    func endedFrame(_ id: ConnectionID) { self.connections.endedFrame(id) }
}

/// The server as the sender of subscriptions and backups.
extension EngineDriver: ConnectionStreams {
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

    func forgetStreams(of id: ConnectionID) {
        self.events.forgetAll(of: id)
        self.insights.unsubscribeAll(of: id, nil)
        self.backups.forget(id)
    }
}
