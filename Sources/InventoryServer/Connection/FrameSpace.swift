internal import InventoryWire

/// Back-pressure on large frames: all incomplete large frames share a limited space, and connections that
/// find none wait for it in order.
///
///     space    ▓ a ▓▓▓▓▓▓ b ▓▓░░      a ends ──▶ ▓▓▓▓ b ▓▓▓▓ c ▓▓▓
///     waiting  c d e                             d e
///
/// A waiting connection is not read, and so sends no more; one with space must use it in time, or is closed.
/// Small frames need none. A plain value.
struct FrameSpace<Owner: Hashable> {
    private typealias WaitingOwners = WithdrawableQueue<(owner: Owner, byteCount: Int)>

    private let byteCountMax: Int
    /// The largest frame in bytes, header included, that needs no space.
    private let freeByteCount: Int
    /// Bytes taken by all large frames that were begun.
    private(set) var byteCount = 0
    private var taken: [Owner: Int] = [:]
    /// The connections that wait, in order, with the bytes that each needs.
    private var waiting = WaitingOwners()
    /// Their places.
    private var places: [Owner: WaitingOwners.Place] = [:]

    init(
        byteCountMax: Int = WireLimits.begunFrameByteCountMax,
        freeByteCount: Int = WireLimits.smallFrameByteCountMax,
        frameByteCountMax: Int = WireLimits.requestByteCountMax
    ) {
        precondition(
            byteCountMax >= frameByteCountMax + FrameHeader.byteCount,
            "\(byteCountMax) bytes of space for a frame of \(frameByteCountMax)"
        )
        self.byteCountMax = byteCountMax
        self.freeByteCount = freeByteCount
    }

    /// Whether a connection waits for space.
    var hasWaiting: Bool { !self.waiting.isEmpty }
    /// The number of places stored for those that wait, those of closed ones included.
    var storedCount: Int { self.waiting.storedCount }

    /// Claims space for an incomplete frame of `byteCount` bytes.
    ///
    /// - Returns: Whether the connection may be read; if not, ``ended(_:)`` returns it once it may.
    /// - Complexity: O(1)
    mutating func begun(_ owner: Owner, _ byteCount: Int) -> Bool {
        if byteCount <= self.freeByteCount || self.taken[owner] != nil { return true }
        if self.places[owner] != nil { return false }
        if !self.hasWaiting, self.take(owner, byteCount) { return true }
        self.places[owner] = self.waiting.append((owner, byteCount))
        return false
    }

    private mutating func take(_ owner: Owner, _ byteCount: Int) -> Bool {
        guard self.byteCount + byteCount <= self.byteCountMax else { return false }
        self.taken[owner] = byteCount
        self.byteCount += byteCount
        return true
    }

    /// Releases the space of a connection whose frame is complete, or that is gone.
    ///
    /// - Returns: The connections that may be read now.
    /// - Complexity: O(1) for each of those, amortized
    mutating func ended(_ owner: Owner) -> [Owner] {
        if let byteCount = self.taken.removeValue(forKey: owner) { self.byteCount -= byteCount }
        if let place = self.places.removeValue(forKey: owner) { _ = self.waiting.withdraw(place) }
        var granted: [Owner] = []
        while let next = self.waiting.first, self.take(next.owner, next.byteCount) {
            _ = self.waiting.popFirst()
            self.places[next.owner] = nil
            granted.append(next.owner)
        }
        return granted
    }

    func checkInvariants() {
        let taken = self.taken.values.reduce(0, +)
        precondition(self.byteCount == taken, "\(self.byteCount) bytes, \(taken) taken")
        precondition(taken <= self.byteCountMax, "\(taken) of \(self.byteCountMax) bytes")
        precondition(
            Set(self.waiting.elements.map { $0.owner }) == Set(self.places.keys),
            "\(self.places.count) places of \(self.waiting.count) waiting connections"
        )
        precondition(self.places.keys.allSatisfy { self.taken[$0] == nil }, "waits with space")
        self.waiting.checkInvariants()
    }
}
