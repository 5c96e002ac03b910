internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// The outcomes under idempotency keys: found by key, forgotten by age.
///
///     fingerprint ──▶ ProbedShards ──▶ address ──▶ KeyLog: digest, time, outcome
///
/// Like sessions, keys are state: added by the step that executes their request, forgotten by a step of
/// its own, and saved in snapshots. The index is not in a snapshot: it is rebuilt from the entries.
struct KeyTable: Sendable {
    private(set) var log = KeyLog()
    /// By the hash of a key, its address + 1.
    private var addresses = ProbedShards()
    /// The number of keys forgotten since this table was created or loaded.
    private(set) var forgottenCount: UInt64 = 0

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

    private static func hash(_ fingerprint: KeyFingerprint) -> UInt64 {
        fingerprint.high & ~0xFFFF_FFFF | fingerprint.low >> 32
    }

    private static func reference(_ address: KeyLog.Address) -> UInt32 { address.raw + 1 }

    /// The address of a key's entry.
    ///
    /// - Complexity: O(1) on average
    func find(_ fingerprint: KeyFingerprint) -> KeyLog.Address? {
        self.find(fingerprint, in: self.addresses)
    }

    private func find(
        _ fingerprint: KeyFingerprint,
        in addresses: ProbedShards
    ) -> KeyLog.Address? {
        let found = addresses.find(Self.hash(fingerprint)) {
            self.log.holds(fingerprint, at: KeyLog.Address(raw: $0 - 1))
        }
        return found.map { KeyLog.Address(raw: $0 - 1) }
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
        self.addresses.insert(Self.reference(address), hash: Self.hash(fingerprint))
    }

    /// Forgets the `count` oldest keys; there must be at least as many.
    ///
    /// - Complexity: O(count) on average
    mutating func forget(_ count: Int) {
        precondition(count <= self.count, "\(count) of \(self.count) keys cannot be forgotten")
        for _ in 0..<count {
            let (fingerprint, address) = self.log.forgetOldest()
            self.addresses.remove(Self.reference(address), hash: Self.hash(fingerprint))
        }
        self.forgottenCount += UInt64(count)
    }

    mutating func beginEpoch(_ epoch: UInt64) { self.log.beginEpoch(epoch) }

    /// Stops the process unless the index finds every entry of the log, and no more.
    ///
    /// - Complexity: O(keys)
    func checkInvariants() {
        self.log.checkInvariants()
        self.addresses.checkInvariants()
        let indexed = self.addresses.count
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
        var addresses = self.addresses
        var isUnique = true
        var step = 0
        try self.log.forEachKey { (fingerprint, address) throws(Failure) in
            if step & 1_023 == 0 { try checkpoint() }
            step += 1
            if self.find(fingerprint, in: addresses) != nil { isUnique = false }
            addresses.insert(Self.reference(address), hash: Self.hash(fingerprint))
        }
        self.addresses = addresses
        return isUnique
    }
}
