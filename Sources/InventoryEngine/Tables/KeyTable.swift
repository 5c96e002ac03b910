internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// The outcomes under idempotency keys: found by key, forgotten by age.
///
///     fingerprint ──▶ KeyShard ──▶ address ──▶ KeyLog: digest, time, outcome
///                     1 of 256
///
/// Like sessions, keys are state: added by the step that executes their request, forgotten by a step of
/// its own, and saved in snapshots. The index is not in a snapshot: it is rebuilt from the entries.
struct KeyTable: Sendable {
    private(set) var log = KeyLog()
    private var shards = [KeyShard](repeating: KeyShard(), count: Self.shardCount)
    /// The number of keys forgotten since this table was created or loaded.
    private(set) var forgottenCount: UInt64 = 0

    /// Each shard grows independently, so that no resize moves many keys at once.
    private static let shardCount = 256
    /// The cost of a key beside its entry: 8 bytes of index at a load of 37 to 75 per cent, 16 on average.
    static let indexByteCount = 16

    init() {}

    var count: Int { self.log.count }

    /// Bytes of memory that the keys occupy, as counted against the limit.
    var byteCount: Int { self.log.byteCount + self.log.count * Self.indexByteCount }

    /// Bytes that one more key with an outcome of `count` bytes occupies.
    static func byteCount(ofOutcome count: Int) -> Int {
        KeyLog.byteCount(ofOutcome: count) + Self.indexByteCount
    }

    private static func shard(_ fingerprint: KeyFingerprint) -> Int {
        Int(fingerprint.low >> 56)
    }

    /// The address of a key's entry.
    ///
    /// - Complexity: O(1) on average
    func find(_ fingerprint: KeyFingerprint) -> KeyLog.Address? {
        self.shards[Self.shard(fingerprint)].find(fingerprint, in: self.log)
    }

    /// Remembers the outcome of a request under a key, which must be new.
    ///
    /// - Complexity: O(bytes) amortised
    mutating func remember(
        _ fingerprint: KeyFingerprint,
        digest: UInt64,
        at time: Instant,
        _ outcome: UnsafeRawBufferPointer
    ) {
        precondition(self.find(fingerprint) == nil, "the key \(fingerprint) is remembered already")
        let address = self.log.append(fingerprint, digest: digest, at: time, outcome)
        self.shards[Self.shard(fingerprint)].insert(fingerprint, address)
    }

    /// Forgets the `count` oldest keys; there must be at least as many.
    ///
    /// - Complexity: O(count) on average
    mutating func forget(_ count: Int) {
        precondition(count <= self.count, "\(count) of \(self.count) keys cannot be forgotten")
        for _ in 0..<count {
            let (fingerprint, address) = self.log.forgetOldest()
            self.shards[Self.shard(fingerprint)].remove(fingerprint, address)
        }
        self.forgottenCount += UInt64(count)
    }

    mutating func beginEpoch(_ epoch: UInt64) { self.log.beginEpoch(epoch) }

    /// Stops the process unless the index finds every entry of the log, and no more.
    ///
    /// - Complexity: O(keys)
    func checkInvariants() {
        self.log.checkInvariants()
        var indexed = 0
        for shard in self.shards { indexed += shard.checkedCount() }
        precondition(indexed == self.count, "\(indexed) of \(self.count) keys are in the index")
        self.log.forEachKey { fingerprint, address in
            precondition(self.find(fingerprint) == address, "\(fingerprint) is not found")
        }
    }
}

// MARK: - Snapshots

extension KeyTable {
    /// Creates the table from the chunks and the head in a snapshot.
    ///
    /// - Complexity: O(keys)
    init(_ log: KeyLog, head reader: inout ByteReader) throws(ByteReaderError) {
        self.init()
        self.log = log
        try self.log.completeLoading(&reader)
        guard self.buildIndex({}) else {
            throw .unknownCode(offset: reader.offset, code: 0, what: "duplicate key")
        }
    }

    /// Creates a table of the entries of another's log, which it shares until either changes them.
    ///
    /// - Throws: The errors of `checkpoint`.
    /// - Complexity: O(keys)
    init<Failure: Error>(
        _ log: KeyLog,
        _ checkpoint: () throws(Failure) -> Void
    ) throws(Failure) {
        self.init()
        self.log = log
        let isUnique = try self.buildIndex(checkpoint)
        precondition(isUnique, "a key is remembered twice")
    }

    /// Builds the index from the entries, with a checkpoint every thousand of them.
    ///
    /// - Returns: Whether each key has one entry.
    private mutating func buildIndex<Failure: Error>(
        _ checkpoint: () throws(Failure) -> Void
    ) throws(Failure) -> Bool {
        var shards = self.shards
        var isUnique = true
        var step = 0
        try self.log.forEachKey { (fingerprint, address) throws(Failure) in
            if step & 1_023 == 0 { try checkpoint() }
            step += 1
            let shard = Self.shard(fingerprint)
            if shards[shard].find(fingerprint, in: self.log) != nil { isUnique = false }
            shards[shard].insert(fingerprint, address)
        }
        self.shards = shards
        return isUnique
    }
}

/// A part of the index of keys: open addressing over the entries in the log.
///
///     slot   [ 32 bits of the fingerprint | address + 1 ]      0 is free
///
/// So it can grow, and close gaps, without reading entries.
struct KeyShard: Sendable {
    private var slots: [UInt64] = []
    private var count = 0

    private var mask: Int { self.slots.count - 1 }

    private static func tag(_ fingerprint: KeyFingerprint) -> UInt64 {
        fingerprint.high & ~0xFFFF_FFFF
    }

    private func home(_ stored: UInt64) -> Int { ProbedSlots.home(stored, mask: self.mask) }

    private static func slot(_ fingerprint: KeyFingerprint, _ address: KeyLog.Address) -> UInt64 {
        self.tag(fingerprint) | (UInt64(address.raw) + 1)
    }

    /// Its count; stops the process unless as many slots are used, and at least one is free if there are any.
    ///
    ///
    /// - Complexity: O(slots)
    func checkedCount() -> Int {
        let taken = self.slots.count { $0 != 0 }
        precondition(taken == self.count, "\(taken) slots are used for \(self.count) keys")
        precondition(self.slots.isEmpty || taken < self.slots.count, "no slot is free")
        return taken
    }

    func find(_ fingerprint: KeyFingerprint, in log: KeyLog) -> KeyLog.Address? {
        guard self.count > 0 else { return nil }
        let tag = Self.tag(fingerprint)
        var slot = self.home(tag)
        while self.slots[slot] != 0 {
            let stored = self.slots[slot]
            if stored & ~0xFFFF_FFFF == tag {
                let address = KeyLog.Address(raw: UInt32(truncatingIfNeeded: stored &- 1))
                if log.holds(fingerprint, at: address) { return address }
            }
            slot = (slot + 1) & self.mask
        }
        return nil
    }

    mutating func insert(_ fingerprint: KeyFingerprint, _ address: KeyLog.Address) {
        if (self.count + 1) * 4 > self.slots.count * 3 {
            self.resize(max(16, self.slots.count * 2))
        }
        self.place(Self.slot(fingerprint, address))
        self.count += 1
    }

    private mutating func place(_ stored: UInt64) {
        var slot = self.home(stored)
        while self.slots[slot] != 0 { slot = (slot + 1) & self.mask }
        self.slots[slot] = stored
    }

    private mutating func resize(_ slotCount: Int) {
        self.slots = ProbedSlots.resized(self.slots, to: slotCount)
    }

    /// Removes the key with an address.
    mutating func remove(_ fingerprint: KeyFingerprint, _ address: KeyLog.Address) {
        let entry = Self.slot(fingerprint, address)
        var slot = self.home(entry)
        while self.slots[slot] != entry {
            precondition(self.slots[slot] != 0, "\(fingerprint) is not in the index")
            slot = (slot + 1) & self.mask
        }
        ProbedSlots.free(slot, of: &self.slots)
        self.count -= 1
        // Release the memory once all keys are gone.
        if self.count == 0 {
            self.slots = []
        } else if self.slots.count > 16, self.count * 8 < self.slots.count {
            self.resize(self.slots.count / 4)
        }
    }
}
