/// The memory of one open segment: values up to the segment's capacity.
///
/// Copies of a column share it. This is safe because a copy reads only the values below its own count,
/// and the single writer writes only beyond what any copy may read. An append therefore never copies
/// values for a view; an overwrite copies the segment once.
///
/// `@unchecked Sendable`: values below a view's count are never written while the view shares the
/// storage, since writers first check that they hold the only reference. ``filled`` belongs to the
/// copies that append; those stay on one thread at a time.
@usableFromInline
final class SegmentStorage<Value: FixedWidthInteger & Sendable>: @unchecked Sendable {
    @usableFromInline let base: UnsafeMutablePointer<Value>
    @usableFromInline let capacity: Int
    /// Separate memory ahead of the values: the exclusivity check of a stored property measured as much
    /// time per append as the append itself.
    @usableFromInline let claimed: UnsafeMutablePointer<Int>

    /// The number of values claimed by appends of any copy; a copy with a lower count must not append here.
    @inlinable var filled: Int {
        get { self.claimed.pointee }
        set { self.claimed.pointee = newValue }
    }

    @inlinable static var headByteCount: Int { 16 }

    @inlinable
    init(capacity: Int, copying source: UnsafePointer<Value>?, count: Int) {
        precondition(count <= capacity, "\(count) values in space for \(capacity)")
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: Self.headByteCount + capacity * MemoryLayout<Value>.stride,
            alignment: 16
        )
        self.claimed = memory.bindMemory(to: Int.self, capacity: 1)
        self.base = (memory + Self.headByteCount).bindMemory(to: Value.self, capacity: capacity)
        self.capacity = capacity
        self.claimed.initialize(to: count)
        if let source, count > 0 { self.base.update(from: source, count: count) }
    }

    deinit { self.claimed.deallocate() }
}

/// The last, open segment of a column: its storage, this copy's count, and its zone map.
@usableFromInline
struct OpenSegment<Value: FixedWidthInteger & Sendable>: Sendable {
    @usableFromInline var storage: SegmentStorage<Value>
    @usableFromInline var count = 0
    @usableFromInline var zone = ZoneMap<Value>(of: 0)
    /// The epoch of its last change, for snapshots.
    @usableFromInline var epoch: UInt64 = 0

    /// The initial capacity is small, as few rows are common (a shop has a handful of categories).
    @usableFromInline static var capacityAtFirst: Int { 64 }

    @inlinable
    init() { self.init(capacity: Self.capacityAtFirst) }

    @inlinable
    init(capacity: Int) {
        self.storage = SegmentStorage(capacity: capacity, copying: nil, count: 0)
    }

    /// Starts the next, empty segment in the same memory, which is warm in the cache, unless a view still
    /// reads it.
    @inlinable
    mutating func restart() {
        guard isKnownUniquelyReferenced(&self.storage) else {
            self = OpenSegment(capacity: SegmentSize.capacity)
            return
        }
        self.storage.filled = 0
        self.count = 0
        self.epoch = 0
    }

    /// Creates a segment from its image, unchanged since.
    init(_ head: SegmentImage.Head, _ offsets: UnsafeRawBufferPointer) {
        var capacity = Self.capacityAtFirst
        while capacity < head.count { capacity *= 4 }
        self.storage = SegmentStorage(
            capacity: min(capacity, SegmentSize.capacity),
            copying: nil,
            count: 0
        )
        head.read(offsets, into: self.storage.base)
        self.storage.filled = head.count
        self.count = head.count
        let (lowest, highest) = self.withValues { SegmentKernels.extremes(of: $0) }
        self.zone = ZoneMap(lowest: lowest, highest: highest)
    }

    @inlinable var isFull: Bool { self.count == SegmentSize.capacity }

    @inlinable @inline(__always)
    subscript(offset: Int) -> Value {
        if offset >= self.count { self.stop(offset) }
        return self.storage.base[offset]
    }

    /// A separate function, because building the message would prevent inlining of the bounds check.
    @inline(never) @usableFromInline
    func stop(_ offset: Int) -> Never {
        preconditionFailure("offset \(offset) of \(self.count)")
    }

    @inlinable @inline(__always)
    mutating func append(_ value: Value, epoch: UInt64) {
        if self.count == self.storage.capacity || self.storage.filled != self.count {
            self.moveStorage(toHold: self.count + 1)
        }
        self.storage.base[self.count] = value
        if self.count == 0 { self.zone = ZoneMap(of: value) } else { self.zone.include(value) }
        self.count += 1
        self.storage.filled = self.count
        self.epoch = epoch
    }

    /// Appends the values for a nonempty range of numbers, for which the segment has space.
    @inlinable @inline(__always)
    mutating func append(_ numbers: Range<Int>, _ value: (Int) -> Value, epoch: UInt64) {
        self.makeSpace(for: numbers.count)
        let target = self.storage.base + self.count
        let first = value(numbers.lowerBound)
        var lowest = first
        var highest = first
        for number in numbers {
            let value = value(number)
            target[number - numbers.lowerBound] = value
            lowest = min(lowest, value)
            highest = max(highest, value)
        }
        self.appended(ZoneMap(lowest: lowest, highest: highest), count: numbers.count, epoch: epoch)
    }

    /// Appends the same value `count` times; the segment must have space for them.
    @inlinable
    mutating func append(repeating value: Value, count: Int, epoch: UInt64) {
        self.makeSpace(for: count)
        (self.storage.base + self.count).update(repeating: value, count: count)
        self.appended(ZoneMap(of: value), count: count, epoch: epoch)
    }

    @inlinable @inline(__always)
    mutating func appended(_ zone: ZoneMap<Value>, count: Int, epoch: UInt64) {
        if self.count == 0 {
            self.zone = zone
        } else {
            self.zone.include(zone.lowest)
            self.zone.include(zone.highest)
        }
        self.count += count
        self.storage.filled = self.count
        self.epoch = epoch
    }

    @inlinable @inline(__always)
    mutating func makeSpace(for count: Int) {
        precondition(
            self.count + count <= SegmentSize.capacity,
            "\(count) values after \(self.count)"
        )
        let needed = self.count + count
        if needed > self.storage.capacity || self.storage.filled != self.count {
            self.moveStorage(toHold: needed)
        }
    }

    /// Moves to unshared storage, larger if this one cannot hold `needed` values.
    @inlinable @inline(never)
    mutating func moveStorage(toHold needed: Int) {
        var capacity = self.storage.capacity
        while capacity < needed { capacity *= 4 }
        self.storage = SegmentStorage(
            capacity: min(capacity, SegmentSize.capacity),
            copying: self.storage.base,
            count: self.count
        )
    }

    @inlinable
    mutating func replace(at offset: Int, with value: Value, epoch: UInt64) {
        if offset >= self.count { self.stop(offset) }
        if !isKnownUniquelyReferenced(&self.storage) { self.copyStorage() }
        self.storage.base[offset] = value
        self.zone.include(value)
        self.epoch = epoch
    }

    /// Shares the memory of another full segment if both hold only one value, and the same.
    @inlinable
    mutating func share(with other: OpenSegment) {
        // A zone map that is too wide only misses the chance; one of a single value is exact.
        guard self.isFull, other.isFull, self.zone.lowest == self.zone.highest,
            self.zone == other.zone
        else { return }
        self.storage = other.storage
    }

    @inlinable @inline(never)
    mutating func copyStorage() {
        self.storage = SegmentStorage(
            capacity: self.storage.capacity,
            copying: self.storage.base,
            count: self.count
        )
    }

    /// Calls `body` with the values, which are valid only inside it.
    @inlinable
    func withValues<Result>(_ body: (UnsafeBufferPointer<Value>) -> Result) -> Result {
        body(UnsafeBufferPointer(start: self.storage.base, count: self.count))
    }
}
