/// A sequence of integers of one type with append and overwrite, in segments of fixed capacity.
///
/// A column has value semantics: a copy is a read view. Copying shares the segments; a later append
/// copies nothing, a later overwrite copies only the segment that it changes.
///
///     column: [ segment 0 | segment 1 | open segment ... ]
///     view:   [     ^     |     ^     |      ^ (fewer rows) ]   shared until overwritten
///
/// Indexing outside `0..<count` stops the process.
public struct Column<Value: FixedWidthInteger & Sendable>: Sendable {
    @usableFromInline var full: [OpenSegment<Value>] = []
    @usableFromInline var tail = OpenSegment<Value>()
    @usableFromInline var epoch: UInt64 = 1

    /// Creates an empty column in epoch 1.
    public init() {}

    /// The number of rows.
    @inlinable public var count: Int { self.full.count << SegmentSize.shift &+ self.tail.count }

    /// The value at `row`, from 0.
    ///
    /// - Complexity: O(1) to read. O(1) to write, or O(segment) for the first write to a segment
    ///   that a view still shares.
    @inlinable
    public subscript(row: Int) -> Value {
        @inline(__always) get {
            let segment = row >> SegmentSize.shift
            let offset = row & SegmentSize.mask
            return segment == self.full.count ? self.tail[offset] : self.full[segment][offset]
        }
        set {
            let segment = row >> SegmentSize.shift
            let offset = row & SegmentSize.mask
            if segment == self.full.count {
                self.tail.replace(at: offset, with: newValue, epoch: self.epoch)
            } else {
                self.full[segment].replace(at: offset, with: newValue, epoch: self.epoch)
            }
        }
    }

    /// Appends a value as the next row.
    ///
    /// - Complexity: O(1) amortised, even if the column is shared.
    @inlinable
    public mutating func append(_ value: Value) {
        if self.tail.isFull { self.closeTail() }
        self.tail.append(value, epoch: self.epoch)
    }

    /// Appends rows.
    ///
    /// - Parameters:
    ///   - count: Their number.
    ///   - value: Returns the value of a row by its number, from 0.
    /// - Complexity: O(count)
    @inlinable @inline(__always)
    public mutating func append(count: Int, _ value: (Int) -> Value) {
        var start = 0
        while start < count {
            if self.tail.isFull { self.closeTail() }
            let end = min(count, start + SegmentSize.capacity - self.tail.count)
            self.tail.append(start..<end, value, epoch: self.epoch)
            start = end
        }
    }

    /// Appends `count` rows of the same value.
    ///
    /// - Complexity: O(count)
    @inlinable
    public mutating func append(repeating value: Value, count: Int) {
        var rest = count
        while rest > 0 {
            if self.tail.isFull { self.closeTail() }
            let part = min(rest, SegmentSize.capacity - self.tail.count)
            self.tail.append(repeating: value, count: part, epoch: self.epoch)
            rest -= part
        }
    }

    /// Closes a full segment; shares the memory of the preceding one if both hold the same single value.
    ///
    /// Half of a product's columns are equal in nearly all rows. The first overwrite copies the memory.
    @inlinable @inline(never)
    mutating func closeTail() {
        if let last = self.full.last { self.tail.share(with: last) }
        self.full.append(self.tail)
        self.tail = OpenSegment(capacity: SegmentSize.capacity)
    }

    /// Returns the zone map of a segment, which must have rows.
    @inlinable
    func zone(_ segment: Int) -> ZoneMap<Value> {
        segment == self.full.count ? self.tail.zone : self.full[segment].zone
    }

    func open(_ segment: Int) -> OpenSegment<Value> {
        segment == self.full.count ? self.tail : self.full[segment]
    }
}

extension Column {
    /// Checks the invariants of a column; tests call it after every step.
    ///
    /// - Complexity: O(n)
    package func checkInvariants() {
        for (index, segment) in self.full.enumerated() {
            precondition(segment.isFull, "segment \(index) has \(segment.count) values")
        }
        for segment in self.full + [self.tail] {
            precondition(segment.count <= segment.storage.filled, "more values than were claimed")
            for offset in 0..<segment.count {
                let value = segment[offset]
                precondition(segment.zone.mayContain(value...value), "zone map without \(value)")
            }
        }
    }
}
