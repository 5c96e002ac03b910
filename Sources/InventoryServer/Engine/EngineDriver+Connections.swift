internal import Bytes
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
