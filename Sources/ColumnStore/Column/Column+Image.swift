public import Bytes

extension Column: ColumnImaging {
    /// The number of values.
    public var imageRowCount: Int? { self.count }

    /// The number of sealed segments, plus one for an open segment with rows.
    public var imageSegmentCount: Int { self.full.count + (self.tail.count > 0 ? 1 : 0) }

    /// The byte count of the type.
    public func imageSegmentStride(_ segment: Int) -> Int { MemoryLayout<Value>.size }

    /// The epoch of the segment's last change; 0 if it came from a snapshot unchanged.
    public func imageSegmentEpoch(_ segment: Int) -> UInt64 { self.open(segment).epoch }

    /// Writes a 16-byte head (count, width, base 0) and the values in the width of the type.
    public func writeImageSegment(_ segment: Int, into writer: inout ByteWriter) {
        self.open(segment).withValues { SegmentImage.write($0, into: &writer) }
    }

    /// Appends a segment, which must follow full ones only; throws if the bytes are no segment of this type.
    public mutating func appendImageSegment(_ reader: inout ByteReader) throws(ByteReaderError) {
        let start = reader.offset
        guard self.tail.count == 0 || self.tail.isFull else {
            throw .unknownCode(offset: start, code: 0, what: "segment after the last one")
        }
        let head = try SegmentImage.readHead(&reader, valueSize: MemoryLayout<Value>.size)
        let bytes = try reader.readBytes(head.count * head.width)
        try reader.finish()
        if self.tail.isFull { self.closeTail() }
        self.tail = OpenSegment(head, bytes)
        if self.tail.isFull { self.closeTail() }
    }

    /// Starts an epoch; later changes of segments belong to it.
    public mutating func beginEpoch(_ epoch: UInt64) { self.epoch = epoch }
}
