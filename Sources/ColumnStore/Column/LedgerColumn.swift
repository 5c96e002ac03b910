public import Bytes

/// An append-only sequence of integers.
///
/// Full segments are sealed: narrowed, and never changed again.
///
/// A copy is a read view: the writer appends beyond the rows that a view can see, so no values are
/// copied for it. Indexing outside `0..<count` stops the process.
public struct LedgerColumn<Value: FixedWidthInteger & Sendable>: Sendable {
    @usableFromInline var sealed: [SealedSegment<Value>] = []
    @usableFromInline var tail = OpenSegment<Value>()
    @usableFromInline var epoch: UInt64 = 1
    /// The epoch in which each sealed segment was sealed; 0 if it came from a snapshot.
    @usableFromInline var sealedIn: [UInt64] = []

    /// Creates an empty column in epoch 1.
    public init() {}

    /// The number of rows.
    @inlinable
    public var count: Int { self.sealed.count << SegmentSize.shift &+ self.tail.count }

    /// The value at `row`, from 0.
    @inlinable
    public subscript(row: Int) -> Value {
        let segment = row >> SegmentSize.shift
        let offset = row & SegmentSize.mask
        return segment == self.sealed.count ? self.tail[offset] : self.sealed[segment][offset]
    }

    /// Appends a value as the next row.
    ///
    /// - Complexity: O(1) amortised; O(segment) when it fills and seals one.
    @inlinable @inline(__always)
    public mutating func append(_ value: Value) {
        self.tail.append(value, epoch: self.epoch)
        if self.tail.isFull { self.seal() }
    }

    /// Appends rows.
    ///
    /// - Parameters:
    ///   - count: Their number.
    ///   - value: Returns the value of a row by its number, from 0.
    /// - Complexity: O(count), plus O(segment) for each filled segment.
    @inlinable @inline(__always)
    public mutating func append(count: Int, _ value: (Int) -> Value) {
        var start = 0
        while start < count {
            let end = min(count, start + SegmentSize.capacity - self.tail.count)
            self.tail.append(start..<end, value, epoch: self.epoch)
            if self.tail.isFull { self.seal() }
            start = end
        }
    }

    /// Appends `count` rows of the same value.
    ///
    /// - Complexity: O(count), plus O(segment) for each filled segment.
    @inlinable
    public mutating func append(repeating value: Value, count: Int) {
        var rest = count
        while rest > 0 {
            let part = min(rest, SegmentSize.capacity - self.tail.count)
            self.tail.append(repeating: value, count: part, epoch: self.epoch)
            if self.tail.isFull { self.seal() }
            rest -= part
        }
    }

    /// Seals the full segment; without overwrites its zone map is exact.
    @inlinable @inline(never)
    mutating func seal() {
        let zone = self.tail.zone
        self.sealed.append(self.tail.withValues { SealedSegment(sealing: $0, within: zone) })
        self.sealedIn.append(self.epoch)
        self.tail.restart()
    }

    @inlinable
    func zone(_ segment: Int) -> ZoneMap<Value> {
        segment == self.sealed.count ? self.tail.zone : self.sealed[segment].zone
    }
}

extension LedgerColumn: ColumnImaging {
    /// The number of values.
    public var imageRowCount: Int? { self.count }

    /// The number of sealed segments, plus one for an open segment with rows.
    public var imageSegmentCount: Int { self.sealed.count + (self.tail.count > 0 ? 1 : 0) }

    /// The byte count of a sealed segment's offsets, or of the type for the open one.
    public func imageSegmentStride(_ segment: Int) -> Int {
        guard segment < self.sealed.count else { return MemoryLayout<Value>.size }
        return max(1, self.sealed[segment].width)
    }

    /// The epoch in which the segment was sealed or last appended to; 0 if it came from a snapshot.
    public func imageSegmentEpoch(_ segment: Int) -> UInt64 {
        segment < self.sealed.count ? self.sealedIn[segment] : self.tail.epoch
    }

    /// Writes a 16-byte head (count, width, base) and the offsets.
    ///
    /// An open segment has base 0 and the width of its type.
    public func writeImageSegment(_ segment: Int, into writer: inout ByteWriter) {
        guard segment < self.sealed.count else {
            self.tail.withValues { SegmentImage.write($0, into: &writer) }
            return
        }
        let sealed = self.sealed[segment]
        SegmentImage.writeHead(
            count: SegmentSize.capacity,
            width: sealed.width,
            base: UInt64(truncatingIfNeeded: sealed.base),
            into: &writer
        )
        writer.write(bytes: sealed.bytes)
    }

    /// Appends a segment, which must follow full ones only; throws if the bytes are no segment of this type.
    public mutating func appendImageSegment(_ reader: inout ByteReader) throws(ByteReaderError) {
        let start = reader.offset
        guard self.tail.count == 0 else {
            throw .unknownCode(offset: start, code: 0, what: "segment after the last one")
        }
        let head = try SegmentImage.readHead(&reader, valueSize: MemoryLayout<Value>.size)
        let bytes = try reader.readBytes(head.count * head.width)
        try reader.finish()
        if let sealed = SealedSegment<Value>(head, bytes) {
            self.sealed.append(sealed)
            self.sealedIn.append(0)
            return
        }
        let segment = OpenSegment<Value>(head, bytes)
        if segment.isFull {
            let zone = segment.zone
            self.sealed.append(segment.withValues { SealedSegment(sealing: $0, within: zone) })
            self.sealedIn.append(0)
        } else {
            self.tail = segment
        }
    }

    /// Starts an epoch; later changes of segments belong to it.
    public mutating func beginEpoch(_ epoch: UInt64) { self.epoch = epoch }
}
