internal import InventoryWire

/// The open connections and what they share: open sessions, and the space for large frames.
///
/// Used on the engine's loop.
final class ConnectionTable {
    private(set) var all: [ConnectionID: ConnectionHandler] = [:]
    /// The number of connections by open session; such sessions are never evicted.
    private var openSessions: [UInt32: Int] = [:]
    private var frameSpace = FrameSpace<ConnectionID>()
    private var nextNumber: UInt64 = 0

    var count: Int { self.all.count }
    /// Bytes of the large frames that were begun.
    var begunFrameByteCount: Int { self.frameSpace.byteCount }

    func nextID() -> ConnectionID {
        defer { self.nextNumber += 1 }
        return ConnectionID(number: self.nextNumber)
    }

    func add(_ connection: ConnectionHandler) {
        precondition(self.all[connection.id] == nil, "\(connection.id) is connected")
        self.all[connection.id] = connection
    }

    /// - Returns: Whether it was in the table.
    func remove(_ connection: ConnectionHandler) -> Bool {
        self.all.removeValue(forKey: connection.id) != nil
    }

    // MARK: - Sessions

    /// Records that a connection has changed its open session.
    func changedSession(from old: UInt32?, to new: UInt32?) {
        guard old != new else { return }
        if let old, let count = self.openSessions[old] {
            self.openSessions[old] = count > 1 ? count - 1 : nil
        }
        if let new { self.openSessions[new, default: 0] += 1 }
    }

    /// Whether a connection has that session open.
    func isOpen(_ session: UInt32) -> Bool { self.openSessions[session] != nil }

    // MARK: - Space

    /// Whether a connection waits for space.
    var isSpaceWanted: Bool { self.frameSpace.hasWaiting }

    /// Claims space for a large frame that a connection has begun.
    ///
    /// - Returns: Whether there is space; if not, the connection is notified once there is.
    func begunFrame(_ id: ConnectionID, _ byteCount: Int) -> Bool {
        self.frameSpace.begun(id, byteCount)
    }

    /// Releases the space of a connection's large frame, which is complete or abandoned.
    func endedFrame(_ id: ConnectionID) {
        for next in self.frameSpace.ended(id) { self.all[next]?.spaceFound() }
    }

    func checkInvariants() {
        self.frameSpace.checkInvariants()
        precondition(self.openSessions.values.allSatisfy { $0 > 0 }, "a session is open nowhere")
        precondition(self.all.allSatisfy { $0.key == $0.value.id }, "a connection under another ID")
    }
}
