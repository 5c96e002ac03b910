/// The number of distinct values seen by each slot.
///
/// A value is a number plus a second one with few distinct values. Adjacent numbers, such as string codes and
/// step numbers assigned at about the same time, share an entry: 64 of them one word of bits.
struct DistinctValues: Sendable {
    private struct Chunk: Hashable {
        var slot: UInt32
        var other: UInt32
        /// The number without its last 6 bits.
        var number: UInt64

        func hash(into hasher: inout Hasher) {
            let rest = UInt64(self.other) << 32 | UInt64(self.slot)
            hasher.combine(self.number &* 0x9E37_79B9_7F4A_7C15 ^ rest)
        }
    }

    private var chunks: [Chunk: UInt64] = [:]
    private var counts: [Int64] = []
    /// The last used chunk, which is not among the others.
    private var recent: (chunk: Chunk, bits: UInt64)?

    /// The number of entries of all slots.
    var entryCount: Int { self.chunks.count + (self.recent == nil ? 0 : 1) }

    var isEmpty: Bool { self.counts.isEmpty }

    func count(_ slot: Int) -> Int64 { slot < self.counts.count ? self.counts[slot] : 0 }

    mutating func insert(_ number: UInt64, _ slot: Int) {
        self.insert(number, other: 0, slot: slot)
    }

    mutating func insert(_ number: UInt64, other: UInt32, slot: Int) {
        self.insert(
            1 << (number & 63),
            Chunk(slot: UInt32(slot), other: other, number: number >> 6)
        )
    }

    mutating func merge(_ other: DistinctValues, _ slot: (Int) -> Int) {
        for (chunk, bits) in other.chunks {
            var moved = chunk
            moved.slot = UInt32(slot(Int(chunk.slot)))
            self.insert(bits, moved)
        }
        if let recent = other.recent {
            let chunk = recent.chunk
            var moved = chunk
            moved.slot = UInt32(slot(Int(chunk.slot)))
            self.insert(recent.bits, moved)
        }
    }

    private mutating func insert(_ bits: UInt64, _ chunk: Chunk) {
        if self.recent?.chunk != chunk { self.moveOn(to: chunk) }
        let known = self.recent?.bits ?? 0
        let new = bits & ~known
        guard new != 0 else { return }
        self.recent = (chunk, known | bits)
        let slot = Int(chunk.slot)
        if slot >= self.counts.count {
            self.counts += [Int64](repeating: 0, count: slot + 1 - self.counts.count)
        }
        self.counts[slot] += Int64(new.nonzeroBitCount)
    }

    private mutating func moveOn(to chunk: Chunk) {
        if let recent = self.recent { self.chunks[recent.chunk] = recent.bits }
        self.recent = (chunk, self.chunks.removeValue(forKey: chunk) ?? 0)
    }

    /// Stops the process unless each slot counts the values of its entries, and there are no more slots than
    /// `slotCount`.
    ///
    /// - Complexity: O(entries)
    func checkInvariants(slotCount: Int) {
        var counts = [Int64](repeating: 0, count: self.counts.count)
        for (chunk, bits) in self.chunks {
            counts[Int(chunk.slot)] += Int64(bits.nonzeroBitCount)
        }
        if let recent = self.recent {
            precondition(self.chunks[recent.chunk] == nil, "the last chunk is among the others")
            counts[Int(recent.chunk.slot)] += Int64(recent.bits.nonzeroBitCount)
        }
        precondition(counts == self.counts, "\(self.counts) values are counted of \(counts)")
        precondition(counts.count <= slotCount, "slot \(counts.count - 1) of \(slotCount)")
    }
}
