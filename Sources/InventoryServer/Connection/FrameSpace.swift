internal import DequeModule
internal import InventoryWire

/// Which connections may be read on, that have begun a large frame: all such frames together have so much
/// space, and whoever finds none waits for it, in order.
///
///     space    ▓ a ▓▓▓▓▓▓ b ▓▓░░      a ends ──▶ ▓▓▓▓ b ▓▓▓▓ c ▓▓▓
///     waiting  c d e                             d e
///
/// Who waits is not read, and so sends no more; who has space has to use it in time, or loses it with the
/// connection. Small frames need none. A plain value.
struct FrameSpace<Owner: Hashable> {
    private let byteCountMax: Int
    /// A frame of so many bytes, header included, needs no space.
    private let freeByteCount: Int
    /// What is taken, of all who have begun a large frame.
    private(set) var byteCount = 0
    private var taken: [Owner: Int] = [:]
    private var wanted: [Owner: Int] = [:]
    /// Those that wait, in order; some may have gone.
    private var line: Deque<Owner> = []

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

    /// Whether somebody waits for space.
    var hasWaiting: Bool { !self.wanted.isEmpty }

    /// A connection has begun a frame of so many bytes, which has not come whole.
    ///
    /// - Returns: Whether it may be read on; if not, it is named when it may.
    /// - Complexity: O(1)
    mutating func begun(_ owner: Owner, _ byteCount: Int) -> Bool {
        if byteCount <= self.freeByteCount || self.taken[owner] != nil { return true }
        if self.wanted[owner] != nil { return false }
        if !self.hasWaiting, self.take(owner, byteCount) { return true }
        self.wanted[owner] = byteCount
        self.line.append(owner)
        return false
    }

    private mutating func take(_ owner: Owner, _ byteCount: Int) -> Bool {
        guard self.byteCount + byteCount <= self.byteCountMax else { return false }
        self.taken[owner] = byteCount
        self.byteCount += byteCount
        return true
    }

    /// A connection's frame has come whole, or the connection is gone.
    ///
    /// - Returns: Those who may be read on now.
    /// - Complexity: O(1) for each of those, amortized
    mutating func ended(_ owner: Owner) -> [Owner] {
        if let byteCount = self.taken.removeValue(forKey: owner) { self.byteCount -= byteCount }
        self.wanted[owner] = nil
        var granted: [Owner] = []
        while let next = self.line.first {
            if let byteCount = self.wanted[next] {
                guard self.take(next, byteCount) else { break }
                self.wanted[next] = nil
                granted.append(next)
            }
            self.line.removeFirst()
        }
        return granted
    }

    func checkInvariants() {
        let taken = self.taken.values.reduce(0, +)
        precondition(self.byteCount == taken, "\(self.byteCount) bytes, \(taken) taken")
        precondition(taken <= self.byteCountMax, "\(taken) of \(self.byteCountMax) bytes")
        precondition(
            Set(self.line).isSuperset(of: self.wanted.keys),
            "somebody waits outside of the line"
        )
        precondition(self.wanted.keys.allSatisfy { self.taken[$0] == nil }, "waits with space")
    }
}
