internal import InventoryModel
internal import InventoryWire

/// The session that a connection has open, and how many it has created.
///
///     none ──opened──▶ a session ──opened──▶ another ──closed──▶ none
///
/// A plain value; the sessions themselves belong to the database.
struct ConnectionSession: Equatable {
    /// The number of the open session; `nil` for none.
    private(set) var number: UInt32?
    private var createdCount = 0
    private let createdMax: Int

    init(createdMax: Int = WireLimits.sessionsPerConnectionMax) {
        precondition(createdMax > 0, "at most \(createdMax) sessions")
        self.createdMax = createdMax
    }

    /// The refusal of opening a session, which exists or may be created; `nil` if it may be opened.
    func refusal(exists: Bool, mayCreate: Bool) -> Refusal? {
        guard mayCreate, !exists, self.createdCount >= self.createdMax else { return nil }
        let highest = Int64(self.createdMax)
        return Refusal(
            .overloaded,
            .range("sessions of a connection", value: highest + 1, lowest: 0, highest: highest)
        )
    }

    /// Records that a session was opened, and created if it is new.
    ///
    /// - Returns: The session that it replaces; `nil` for none.
    mutating func opened(_ number: UInt32, isNew: Bool) -> UInt32? {
        defer { self.number = number }
        if isNew {
            self.createdCount += 1
            self.checkInvariants()
        }
        return self.number
    }

    /// The connection is closed.
    ///
    /// - Returns: The session that was open; `nil` for none.
    mutating func closed() -> UInt32? {
        defer { self.number = nil }
        return self.number
    }

    /// Traps if more sessions were created than one connection may.
    func checkInvariants() {
        precondition(
            self.createdCount <= self.createdMax,
            "\(self.createdCount) of \(self.createdMax) sessions were created"
        )
    }
}
