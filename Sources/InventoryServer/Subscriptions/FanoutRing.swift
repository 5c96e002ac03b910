/// The round-robin order of connections with work, served in passes, for a bounded time.
///
///     pass:  [7][3] [9][1] [5][8]    each is served once, some 64 KiB at most;
///     parts: 1      2      3         each sends the steps up to the LSN durable when it begins
///     next:  [3][1]                  those with more work, and those that joined, wait for the next pass
///
/// All connections of a part receive the steps up to one LSN, so those at the same position stay together and
/// share every encoding; the following parts receive it as a piece too. A step waits half a pass for a
/// subscriber that is always served in the same part, where it would wait a whole one if it were left for the
/// next pass. A turn costs what it sends, not what there is to send; the rest of a pass is left for the next
/// turn. A plain value.
struct FanoutRing: Equatable {
    private var pass: [UInt32] = []
    private var head = 0
    /// Where the current part ends; serving need not stop exactly there.
    private var partEnd = 0
    private var next: [UInt32] = []
    private var waiting: Set<UInt32> = []

    /// Whether the pass is over.
    var isPassOver: Bool { self.head == self.pass.count }
    /// Whether the next connection belongs to another part.
    var isPartOver: Bool { self.head >= self.partEnd }
    /// Whether any connection waits for the next pass.
    var hasNext: Bool { !self.next.isEmpty }
    var isIdle: Bool { self.isPassOver && !self.hasNext }

    /// Adds a connection to the next pass; adding it again has no effect.
    mutating func add(_ number: UInt32) {
        if self.waiting.insert(number).inserted { self.next.append(number) }
    }

    mutating func beginPass() {
        precondition(self.isPassOver, "a pass begins with \(self.pass.count - self.head) to serve")
        (self.pass, self.next) = (self.next, [])
        self.head = 0
        self.waiting.removeAll(keepingCapacity: true)
        self.beginPart()
    }

    mutating func beginPart() {
        let count = FanoutLimits.partsOfPass
        self.partEnd = self.head + (self.pass.count + count - 1) / count
    }

    /// Returns the next connection to serve; `nil` once the pass is over.
    mutating func take() -> UInt32? {
        guard self.head < self.pass.count else { return nil }
        defer { self.head += 1 }
        return self.pass[self.head]
    }

    func checkInvariants() {
        precondition(self.head <= self.pass.count, "\(self.head) of \(self.pass.count) served")
        precondition(Set(self.next) == self.waiting, "a connection waits outside of the next pass")
        precondition(self.next.count == self.waiting.count, "a connection waits twice")
    }
}

/// The budget of a turn: bytes and time.
///
/// A plain value; the time is passed in, in nanoseconds.
struct TurnBudget: Equatable {
    let byteCountMax: Int
    let endsAt: UInt64
    private(set) var byteCount = 0

    init(byteCountMax: Int, from start: UInt64, nanosecondsMax: UInt64) {
        precondition(byteCountMax > 0, "a turn of \(byteCountMax) bytes does nothing")
        self.byteCountMax = byteCountMax
        self.endsAt = start + nanosecondsMax
    }

    mutating func use(_ byteCount: Int) { self.byteCount += byteCount }

    func isUsedUp(at now: UInt64) -> Bool {
        self.byteCount >= self.byteCountMax || now >= self.endsAt
    }
}
