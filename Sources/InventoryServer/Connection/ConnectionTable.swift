internal import InventoryWire

/// The connections that there are, and what they share: the sessions that are open, and the space for large
/// frames that were begun.
///
/// Of the engine's loop.
final class ConnectionTable {
    private(set) var all: [ConnectionID: ConnectionHandler] = [:]
    /// How many connections have each session open: those never make space for another.
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

    /// - Returns: Whether it was there.
    func remove(_ connection: ConnectionHandler) -> Bool {
        self.all.removeValue(forKey: connection.id) != nil
    }

    // MARK: - Sessions

    /// A connection has another session open, or none any more.
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

    /// A connection has begun a frame of so many bytes.
    ///
    /// - Returns: Whether there is space for it; if not, the connection is told once there is.
    func begunFrame(_ id: ConnectionID, _ byteCount: Int) -> Bool {
        self.frameSpace.begun(id, byteCount)
    }

    /// A connection's large frame is whole, or will never be.
    func endedFrame(_ id: ConnectionID) {
        for next in self.frameSpace.ended(id) { self.all[next]?.spaceFound() }
    }

    func checkInvariants() {
        self.frameSpace.checkInvariants()
        precondition(self.openSessions.values.allSatisfy { $0 > 0 }, "a session open nowhere")
        precondition(self.all.allSatisfy { $0.key == $0.value.id }, "a connection under another id")
    }
}
