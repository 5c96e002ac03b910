/// The memory of one open segment: a run of values that grows to the segment's capacity.
///
/// Copies of a column share it. What keeps that safe is who touches what: a copy reads only the
/// values below its own count, and the one writer writes only beyond what any copy may read. An
/// append therefore never copies values for a view; overwriting one does, once, for the segment.
///
/// `@unchecked Sendable`: values below a view's count are never written while the view shares the
/// storage, since writers check that they are the only holder first. ``filled`` belongs to the
/// copies that append; those stay on one thread at a time.
@usableFromInline
final class SegmentStorage<Value: FixedWidthInteger & Sendable>: @unchecked Sendable {
    @usableFromInline let base: UnsafeMutablePointer<Value>
    @usableFromInline let capacity: Int
    /// Values that some copy has claimed by appending; a copy whose count is below must not append
    /// here, since another has.
    @usableFromInline var filled: Int

    @inlinable
    init(capacity: Int, copying source: UnsafePointer<Value>?, count: Int) {
        precondition(count <= capacity, "\(count) values in room for \(capacity)")
        self.base = .allocate(capacity: capacity)
        self.capacity = capacity
        self.filled = count
        if let source, count > 0 { self.base.update(from: source, count: count) }
    }

    deinit { self.base.deallocate() }
}

/// The last, open segment of a column: its storage, how much of it is this copy's, and its zone map.
@usableFromInline
struct OpenSegment<Value: FixedWidthInteger & Sendable>: Sendable {
    @usableFromInline var storage: SegmentStorage<Value>
    @usableFromInline var count = 0
    @usableFromInline var zone = ZoneMap<Value>(of: 0)
    /// The epoch of its last change, for snapshots.
    @usableFromInline var epoch: UInt64 = 0

    /// Few rows are common (a shop has a handful of categories), so storage begins small.
    @usableFromInline static var capacityAtFirst: Int { 64 }

    @inlinable
    init() {
        self.storage = SegmentStorage(capacity: Self.capacityAtFirst, copying: nil, count: 0)
    }

    /// A segment as an image has it, not changed since.
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

    @inlinable
    subscript(offset: Int) -> Value {
        precondition(offset < self.count, "offset \(offset) of \(self.count)")
        return self.storage.base[offset]
    }

    @inlinable
    mutating func append(_ value: Value, epoch: UInt64) {
        if self.count == self.storage.capacity || self.storage.filled != self.count {
            self.makeRoom()
        }
        self.storage.base[self.count] = value
        if self.count == 0 { self.zone = ZoneMap(of: value) } else { self.zone.include(value) }
        self.count += 1
        self.storage.filled = self.count
        self.epoch = epoch
    }

    /// Moves to storage of its own, larger if this one is full.
    @inlinable @inline(never)
    mutating func makeRoom() {
        let isFull = self.count == self.storage.capacity
        let capacity = isFull ? self.storage.capacity * 4 : self.storage.capacity
        self.storage = SegmentStorage(
            capacity: min(capacity, SegmentSize.capacity),
            copying: self.storage.base,
            count: self.count
        )
    }

    @inlinable
    mutating func replace(at offset: Int, with value: Value, epoch: UInt64) {
        precondition(offset < self.count, "offset \(offset) of \(self.count)")
        if !isKnownUniquelyReferenced(&self.storage) { self.copyStorage() }
        self.storage.base[offset] = value
        self.zone.include(value)
        self.epoch = epoch
    }

    @inlinable @inline(never)
    mutating func copyStorage() {
        self.storage = SegmentStorage(
            capacity: self.storage.capacity,
            copying: self.storage.base,
            count: self.count
        )
    }

    /// Lends the values; valid inside `body` only.
    @inlinable
    func withValues<Result>(_ body: (UnsafeBufferPointer<Value>) -> Result) -> Result {
        body(UnsafeBufferPointer(start: self.storage.base, count: self.count))
    }
}
