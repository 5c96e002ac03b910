public import Bytes

extension Column: ColumnImaging {
    public var imageSegmentCount: Int { self.full.count + (self.tail.count > 0 ? 1 : 0) }

    public func imageSegmentStride(_ segment: Int) -> Int { MemoryLayout<Value>.size }

    public func imageSegmentEpoch(_ segment: Int) -> UInt64 { self.open(segment).epoch }

    public func writeImageSegment(_ segment: Int, into writer: inout ByteWriter) {
        self.open(segment).withValues { SegmentImage.write($0, into: &writer) }
    }

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

    public mutating func beginEpoch(_ epoch: UInt64) { self.epoch = epoch }
}
