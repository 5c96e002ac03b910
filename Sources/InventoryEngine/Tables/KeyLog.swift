internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// The outcomes remembered under idempotency keys, oldest first, as bytes in chunks.
///
///     chunk 7  [ forgotten … | entry | entry ]   chunk 8  [ entry | entry | … ]   chunk 9  [ entry | ]
///                            ▲ front                                                              ▲ end
///     entry    fingerprint 16 · digest 8 · time 8 · count 4 · outcome · zeros up to a multiple of 8
///
/// Entries are appended and forgotten in the order of their times, and never change. A chunk occupies a
/// slot, which is reused once all of its entries are forgotten; an entry's address is its slot and offset.
/// A snapshot writes only chunks that changed since the last one.
struct KeyLog: Sendable {
    struct Chunk: Sendable {
        /// Counted from 1 since the database was created; 0 in a free slot.
        var number: UInt64 = 0
        var bytes: [UInt8] = []
        /// The epoch of its last change.
        var epoch: UInt64 = 0
    }

    /// The address of an entry: its slot, and its offset there in units of 8 bytes.
    struct Address: Hashable, Sendable {
        let raw: UInt32

        init(raw: UInt32) { self.raw = raw }

        init(slot: Int, offset: Int) {
            self.raw = UInt32(slot * KeyLog.unitsPerChunk + offset / KeyLog.unit)
        }

        var slot: Int { Int(self.raw) / KeyLog.unitsPerChunk }
        var offset: Int { Int(self.raw) % KeyLog.unitsPerChunk * KeyLog.unit }
    }

    static let unit = 8
    /// The size of a chunk; a single entry that is larger gets its own chunk.
    static let chunkByteCount = 256 << 10
    static let unitsPerChunk = Self.chunkByteCount / Self.unit
    /// Bytes of an entry before its outcome.
    static let headByteCount = KeyFingerprint.byteCount + 8 + 8 + 4
    /// The number of chunks that an address can distinguish, without the largest, which is reserved: 32 GiB.
    private static let slotsMax = 1 << 17 - 1

    private(set) var chunks: [Chunk] = []
    /// The slots of the chunks, oldest first, from ``firstOrder`` on.
    private var order: [Int] = []
    private var firstOrder = 0
    private var free: [Int] = []
    private(set) var nextNumber: UInt64 = 1
    /// The offset of the oldest entry in the oldest chunk.
    private(set) var front = 0
    private(set) var count = 0
    /// Bytes of the remembered entries.
    private(set) var byteCount = 0
    /// When the oldest entry was decided; the end of time if there are none.
    private(set) var oldestTime = Instant(microseconds: .max)
    /// When the newest forgotten entry was decided; the beginning of time if none was forgotten.
    private(set) var forgottenThrough = Instant(microseconds: .min)
    private var epoch: UInt64 = 1

    init() {}

    static func byteCount(ofOutcome count: Int) -> Int {
        (Self.headByteCount + count + Self.unit - 1) / Self.unit * Self.unit
    }

    // MARK: - Entries

    /// Appends an entry, which must be newer than all others.
    ///
    /// - Complexity: O(bytes) amortised
    mutating func append(
        _ fingerprint: KeyFingerprint,
        digest: UInt64,
        at time: Instant,
        _ outcome: UnsafeRawBufferPointer
    ) -> Address {
        let byteCount = Self.byteCount(ofOutcome: outcome.count)
        let slot = self.slot(for: byteCount)
        let offset = self.chunks[slot].bytes.count
        self.chunks[slot].epoch = self.epoch
        self.chunks[slot].bytes.appendInteger(fingerprint.high)
        self.chunks[slot].bytes.appendInteger(fingerprint.low)
        self.chunks[slot].bytes.appendInteger(digest)
        self.chunks[slot].bytes.appendInteger(UInt64(bitPattern: time.microseconds))
        self.chunks[slot].bytes.appendInteger(UInt32(outcome.count))
        self.chunks[slot].bytes.append(contentsOf: outcome)
        let padding = offset + byteCount - self.chunks[slot].bytes.count
        for _ in 0..<padding { self.chunks[slot].bytes.append(0) }
        if self.count == 0 {
            self.oldestTime = time
            self.front = offset
        }
        self.count += 1
        self.byteCount += byteCount
        return Address(slot: slot, offset: offset)
    }

    /// The slot of a chunk with space for `byteCount` more bytes.
    private mutating func slot(for byteCount: Int) -> Int {
        if self.firstOrder < self.order.count, let last = self.order.last,
            self.chunks[last].bytes.count + byteCount <= Self.chunkByteCount
        {
            return last
        }
        let slot = self.free.popLast() ?? self.chunks.count
        if slot == self.chunks.count { self.chunks.append(Chunk()) }
        precondition(slot < Self.slotsMax, "slot \(slot) of the keys")
        self.chunks[slot].number = self.nextNumber
        self.nextNumber += 1
        self.order.append(slot)
        return slot
    }

    func digest(_ address: Address) -> UInt64 { self.word(address, 2) }

    func holds(_ fingerprint: KeyFingerprint, at address: Address) -> Bool {
        self.word(address, 0) == fingerprint.high && self.word(address, 1) == fingerprint.low
    }

    func outcome(_ address: Address) -> ArraySlice<UInt8> {
        let start = address.offset + Self.headByteCount
        return self.chunks[address.slot].bytes[start..<start + self.outcomeByteCount(address)]
    }

    private func outcomeByteCount(_ address: Address) -> Int {
        Int(UInt32(truncatingIfNeeded: self.word(address, 4, ofBytes: 4)))
    }

    /// Up to eight bytes of an entry's head.
    private func word(_ address: Address, _ index: Int, ofBytes count: Int = 8) -> UInt64 {
        self.chunks[address.slot].bytes.withUnsafeBytes { bytes in
            let offset = address.offset + index * 8
            guard count == 8 else {
                return UInt64(
                    UInt32(
                        littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
                    )
                )
            }
            return UInt64(
                littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            )
        }
    }

    private func fingerprint(_ address: Address) -> KeyFingerprint {
        KeyFingerprint(high: self.word(address, 0), low: self.word(address, 1))
    }

    private func time(_ address: Address) -> Instant {
        Instant(microseconds: Int64(bitPattern: self.word(address, 3)))
    }

    private func byteCount(_ address: Address) -> Int {
        Self.byteCount(ofOutcome: self.outcomeByteCount(address))
    }

    // MARK: - Forgetting

    /// The number of oldest entries decided at `time` or before, at most `limit`.
    ///
    /// - Complexity: O(limit)
    func countOfEntries(through time: Instant, limit: Int) -> Int {
        guard self.oldestTime <= time else { return 0 }
        var due = 0
        self.forEachEntry { address in
            guard due < limit, self.time(address) <= time else { return false }
            due += 1
            return true
        }
        return due
    }

    /// Forgets the oldest entry; there must be one.
    ///
    /// - Returns: Its fingerprint and its former address.
    mutating func forgetOldest() -> (KeyFingerprint, Address) {
        precondition(self.count > 0, "there is no key to forget")
        let slot = self.order[self.firstOrder]
        let oldest = Address(slot: slot, offset: self.front)
        let fingerprint = self.fingerprint(oldest)
        let byteCount = self.byteCount(oldest)
        self.forgottenThrough = self.time(oldest)
        self.front += byteCount
        self.byteCount -= byteCount
        self.count -= 1
        if self.front == self.chunks[slot].bytes.count { self.release(slot) }
        self.oldestTime =
            self.count == 0
            ? Instant(microseconds: .max)
            : self.time(Address(slot: self.order[self.firstOrder], offset: self.front))
        return (fingerprint, oldest)
    }

    private mutating func release(_ slot: Int) {
        self.chunks[slot] = Chunk(epoch: self.epoch)
        self.free.append(slot)
        self.front = 0
        self.firstOrder += 1
        if self.firstOrder == self.order.count {
            self.order.removeAll(keepingCapacity: true)
            self.firstOrder = 0
        } else if self.firstOrder > 1_024, self.firstOrder * 2 > self.order.count {
            self.order.removeFirst(self.firstOrder)
            self.firstOrder = 0
        }
    }

    /// Visits the entries, oldest first, until `visit` returns false.
    func forEachEntry<Failure: Error>(
        _ visit: (Address) throws(Failure) -> Bool
    ) throws(Failure) {
        var offset = self.front
        for slot in self.order[self.firstOrder...] {
            while offset < self.chunks[slot].bytes.count {
                let address = Address(slot: slot, offset: offset)
                guard try visit(address) else { return }
                offset += self.byteCount(address)
            }
            offset = 0
        }
    }

    /// ``forEachEntry(_:)`` with the fingerprint of each.
    func forEachKey<Failure: Error>(
        _ visit: (KeyFingerprint, Address) throws(Failure) -> Void
    ) throws(Failure) {
        try self.forEachEntry { (address) throws(Failure) in
            try visit(self.fingerprint(address), address)
            return true
        }
    }
}

extension KeyLog {
    /// Stops the process unless the chunks are in order and the counters agree with them.
    ///
    /// - Complexity: O(keys)
    func checkInvariants() {
        var (count, byteCount, number) = (0, 0, UInt64(0))
        var times: [Instant] = []
        self.forEachEntry { address in
            count += 1
            byteCount += self.byteCount(address)
            times.append(self.time(address))
            return true
        }
        precondition(count == self.count, "\(count) keys, not \(self.count)")
        precondition(byteCount == self.byteCount, "\(byteCount) bytes, not \(self.byteCount)")
        let oldest = times.first ?? Instant(microseconds: .max)
        precondition(oldest == self.oldestTime, "oldest at \(oldest), not \(self.oldestTime)")
        precondition(times == times.sorted(), "keys are not in the order of their times")
        for slot in self.order[self.firstOrder...] {
            precondition(self.chunks[slot].number > number, "chunk \(slot) after \(number)")
            number = self.chunks[slot].number
        }
        precondition(number < self.nextNumber, "chunk \(number), next \(self.nextNumber)")
        for slot in self.free {
            precondition(self.chunks[slot].bytes.isEmpty, "the free chunk \(slot) has bytes")
        }
    }
}

// MARK: - Snapshots

extension KeyLog: ColumnImaging {
    var imageRowCount: Int? { nil }

    var imageSegmentCount: Int { self.chunks.count }

    func imageSegmentStride(_ segment: Int) -> Int { 1 }

    func imageSegmentEpoch(_ segment: Int) -> UInt64 { self.chunks[segment].epoch }

    func writeImageSegment(_ segment: Int, into writer: inout ByteWriter) {
        writer.write(self.chunks[segment].number)
        writer.write(bytes: self.chunks[segment].bytes)
    }

    mutating func appendImageSegment(_ reader: inout ByteReader) throws(ByteReaderError) {
        let number = try reader.readUInt64()
        let bytes = [UInt8](try reader.readBytes(reader.remaining))
        guard self.chunks.count < Self.slotsMax, number > 0 || bytes.isEmpty else {
            throw .unknownCode(offset: 0, code: number, what: "chunk of keys")
        }
        self.chunks.append(Chunk(number: number, bytes: bytes))
    }

    /// The sum of the keys in a state checksum: a row is an entry, wherever its chunk places it.
    func checksum(ofPart part: UInt32) -> UInt64 {
        var sum = StateChecksum.count(self.count, ofPart: part)
        let forgotten = UInt64(bitPattern: self.forgottenThrough.microseconds)
        sum &+= StateChecksum.cell(ofPart: part, row: 0, value: forgotten)
        self.forEachEntry { address in
            let start = address.offset
            let hash = self.chunks[address.slot].bytes.withUnsafeBytes {
                Hash64.hash(
                    UnsafeRawBufferPointer(rebasing: $0[start..<start + self.byteCount(address)])
                )
            }
            sum &+= StateChecksum.cell(ofPart: part, row: 1, value: hash)
            return true
        }
        return sum
    }

    mutating func beginEpoch(_ epoch: UInt64) { self.epoch = epoch }

    /// Encodes what the chunks do not contain: where the oldest entry is, and up to when others were
    /// forgotten.
    func encodeHead(into writer: inout ByteWriter) {
        writer.writeVarint(self.nextNumber)
        writer.writeVarint(UInt64(self.front))
        writer.write(self.forgottenThrough.microseconds)
    }

    /// Reads the head, after all chunks were read.
    ///
    /// - Complexity: O(entries)
    mutating func completeLoading(_ reader: inout ByteReader) throws(ByteReaderError) {
        let offset = reader.offset
        self.nextNumber = try reader.readVarint()
        self.front = try reader.readCount(limit: Self.chunkByteCount)
        self.forgottenThrough = try reader.readInstant()
        let slots = self.chunks.indices
        self.free = slots.filter { self.chunks[$0].number == 0 }
        self.order = slots.filter { self.chunks[$0].number > 0 }
            .sorted { self.chunks[$0].number < self.chunks[$1].number }
        let newest = self.order.last.map { self.chunks[$0].number } ?? 0
        guard newest < self.nextNumber, try self.countEntries() else {
            throw .unknownCode(offset: offset, code: self.nextNumber, what: "keys")
        }
    }

    /// Counts the entries, and checks that they fill their chunks.
    private mutating func countEntries() throws(ByteReaderError) -> Bool {
        var offset = self.front
        for slot in self.order {
            let end = self.chunks[slot].bytes.count
            while offset < end {
                let address = Address(slot: slot, offset: offset)
                guard end - offset >= Self.headByteCount, end - offset >= self.byteCount(address)
                else { return false }
                if self.count == 0 { self.oldestTime = self.time(address) }
                self.count += 1
                self.byteCount += self.byteCount(address)
                offset += self.byteCount(address)
            }
            guard offset == end else { return false }
            offset = 0
        }
        return true
    }
}

extension [UInt8] {
    /// Appends an integer, little-endian.
    fileprivate mutating func appendInteger<Value: FixedWidthInteger>(_ value: Value) {
        Swift.withUnsafeBytes(of: value.littleEndian) { self.append(contentsOf: $0) }
    }
}
