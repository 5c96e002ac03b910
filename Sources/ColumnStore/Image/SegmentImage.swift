internal import Bytes

/// The bytes of one segment of integers: a head of 16, then the values.
///
///     offset  size  field
///          0     4  count    values in the segment, 1 to ``SegmentSize/capacity``
///          4     1  width    bytes per value: 0, 1, 2, 4 or 8; 0 if all equal the base
///          5     3  zero
///          8     8  base     added to every value, wrapping
///         16        count × width bytes of little-endian unsigned offsets
enum SegmentImage {
    struct Head {
        var count: Int
        var width: Int
        var base: UInt64

        /// Writes the segment's values to memory for ``count`` of them.
        func read<Value: FixedWidthInteger>(
            _ offsets: UnsafeRawBufferPointer,
            into target: UnsafeMutablePointer<Value>
        ) {
            SegmentKernels.widen(
                offsets,
                width: self.width,
                base: self.base,
                count: self.count,
                valueSize: MemoryLayout<Value>.size,
                into: UnsafeMutableRawPointer(target)
            )
        }
    }

    static func writeHead(count: Int, width: Int, base: UInt64, into writer: inout ByteWriter) {
        writer.write(UInt32(count))
        writer.write(UInt8(width))
        writer.writeZeros(3)
        writer.write(base)
    }

    static func write<Value: FixedWidthInteger>(
        _ values: UnsafeBufferPointer<Value>,
        into writer: inout ByteWriter
    ) {
        self.writeHead(count: values.count, width: MemoryLayout<Value>.size, base: 0, into: &writer)
        writer.write(bytes: UnsafeRawBufferPointer(values))
    }

    static func readHead(
        _ reader: inout ByteReader,
        valueSize: Int
    ) throws(ByteReaderError) -> Head {
        let start = reader.offset
        let count = try reader.readUInt32()
        guard count >= 1, count <= SegmentSize.capacity else {
            throw .tooLong(offset: start, length: UInt64(count), limit: SegmentSize.capacity)
        }
        let width = try reader.readUInt8()
        guard [0, 1, 2, 4, 8].contains(width), Int(width) <= valueSize else {
            throw .unknownCode(offset: start + 4, code: UInt64(width), what: "width")
        }
        let zeros = try reader.readBytes(3)
        guard zeros.allSatisfy({ $0 == 0 }) else {
            throw .unknownCode(offset: start + 5, code: 1, what: "reserved byte")
        }
        let base = try reader.readUInt64()
        return Head(count: Int(count), width: Int(width), base: base)
    }
}
