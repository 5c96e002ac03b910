internal import InventoryModel

/// The latest outcomes of a session, as encoded bytes one after another.
///
///     bytes   [ forgotten … | outcome 41 | outcome 42 | outcome 43 ]
///                           ▲ front      ▲            ▲            ▲
///     marks   by number modulo the window: the digest of the request, where its outcome ends
///
/// Remembering is a copy and forgetting moves ``front``, so a session with a million requests per second
/// allocates nothing. When the space is used up, the remembered outcomes move to its start.
struct OutcomeWindow: Sendable {
    private struct Mark: Sendable {
        var digest: UInt64
        /// Counted from the first byte ever written.
        var end: UInt64
    }

    /// The last number that was decided.
    private(set) var sequence: UInt64
    /// The oldest number whose outcome is remembered; ``sequence`` + 1 if there is none.
    private(set) var oldest: UInt64
    private var marks: [Mark] = []
    /// The outcomes, and free space behind them.
    private var bytes: [UInt8] = []
    private var used = 0
    /// The positions of the start of `bytes` and of the oldest outcome.
    private var base: UInt64 = 0
    private var front: UInt64 = 0

    private static let capacity = UInt64(Limits.sessionWindow)
    private static let byteCountAtFirst = 256

    /// An empty window of a session whose last decided number is `sequence`.
    init(beginningAfter sequence: UInt64) {
        self.sequence = sequence
        self.oldest = sequence + 1
    }

    /// Bytes of the remembered outcomes.
    var byteCount: Int { self.used - Int(self.front - self.base) }

    private func slot(_ sequence: UInt64) -> Int { Int((sequence - 1) % Self.capacity) }

    func remembers(_ sequence: UInt64) -> Bool {
        sequence >= self.oldest && sequence <= self.sequence
    }

    /// The digest of a remembered request.
    func digest(_ sequence: UInt64) -> UInt64 {
        precondition(self.remembers(sequence), "\(sequence) is not remembered")
        return self.marks[self.slot(sequence)].digest
    }

    /// The outcome of a remembered request.
    func outcome(_ sequence: UInt64) -> ArraySlice<UInt8> {
        precondition(self.remembers(sequence), "\(sequence) is not remembered")
        let start = sequence == self.oldest ? self.front : self.marks[self.slot(sequence - 1)].end
        let end = self.marks[self.slot(sequence)].end
        return self.bytes[Int(start - self.base)..<Int(end - self.base)]
    }

    /// Remembers the next number's outcome, and forgets the oldest ones beyond the limits.
    ///
    /// - Complexity: O(bytes) amortised.
    mutating func remember(_ sequence: UInt64, digest: UInt64, _ outcome: UnsafeRawBufferPointer) {
        precondition(sequence == self.sequence + 1, "\(sequence) after \(self.sequence)")
        if sequence - self.oldest == Self.capacity { self.forgetOldest() }
        if self.bytes.count - self.used < outcome.count { self.makeSpace(outcome.count) }
        if let source = outcome.baseAddress {
            self.bytes.withUnsafeMutableBytes { bytes in
                guard let base = bytes.baseAddress else { return }
                (base + self.used).copyMemory(from: source, byteCount: outcome.count)
            }
        }
        self.used += outcome.count
        self.sequence = sequence
        self.mark(Mark(digest: digest, end: self.base + UInt64(self.used)))
        while self.byteCount > Limits.sessionOutcomeByteCountMax, self.oldest < sequence {
            self.forgetOldest()
        }
    }

    /// Makes space behind the outcomes: over forgotten ones, if they are larger than the rest.
    private mutating func makeSpace(_ byteCount: Int) {
        let forgotten = Int(self.front - self.base)
        if forgotten >= byteCount, forgotten * 2 > self.used {
            self.bytes.withUnsafeMutableBytes { bytes in
                guard let base = bytes.baseAddress else { return }
                base.copyMemory(from: base + forgotten, byteCount: self.used - forgotten)
            }
            self.used -= forgotten
            self.base = self.front
            return
        }
        let byteCountNeeded = max(
            self.used + byteCount,
            self.bytes.count * 2,
            Self.byteCountAtFirst
        )
        self.bytes += [UInt8](repeating: 0, count: byteCountNeeded - self.bytes.count)
    }

    private mutating func mark(_ mark: Mark) {
        let slot = self.slot(self.sequence)
        // A window that starts at a later number is addressed by number all the same.
        while self.marks.count < slot { self.marks.append(Mark(digest: 0, end: 0)) }
        if slot == self.marks.count {
            self.marks.append(mark)
        } else {
            self.marks[slot] = mark
        }
    }

    private mutating func forgetOldest() {
        self.front = self.marks[self.slot(self.oldest)].end
        self.oldest += 1
    }
}

extension OutcomeWindow {
    /// Stops the process unless the outcomes are consecutive, within both limits.
    ///
    /// - Complexity: O(window)
    func checkInvariants() {
        precondition(self.oldest <= self.sequence + 1, "\(self.oldest) after \(self.sequence)")
        precondition(
            self.sequence + 1 - self.oldest <= Self.capacity,
            "\(self.oldest) to \(self.sequence) are remembered"
        )
        precondition(
            self.base <= self.front && self.used <= self.bytes.count && self.byteCount >= 0,
            "\(self.used) of \(self.bytes.count) bytes from \(self.base), front \(self.front)"
        )
        precondition(
            self.byteCount <= Limits.sessionOutcomeByteCountMax || self.oldest == self.sequence,
            "\(self.byteCount) bytes are remembered"
        )
        guard self.oldest <= self.sequence else { return }
        var end = self.front
        for sequence in self.oldest...self.sequence {
            let next = self.marks[self.slot(sequence)].end
            precondition(next >= end, "\(sequence) ends at \(next), before \(end)")
            end = next
        }
        precondition(end == self.base + UInt64(self.used), "the last outcome ends at \(end)")
    }
}
