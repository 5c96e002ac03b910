internal import Bytes

/// Loops over a whole segment of integers, compiled once for each width.
///
/// Code that reaches a column through ``ColumnImaging`` is generic: the type is known only at run time,
/// and each operation on a value is a call. Over millions of values that costs a hundred times as much.
/// Such code calls a kernel once per segment, which runs a loop over plain integers.
enum SegmentKernels {
    // MARK: - Offsets from a base

    /// Writes `count` values of `valueSize` bytes: the base plus each offset of `width` bytes, wrapping.
    static func widen(
        _ offsets: UnsafeRawBufferPointer,
        width: Int,
        base: UInt64,
        count: Int,
        valueSize: Int,
        into target: UnsafeMutableRawPointer
    ) {
        precondition(offsets.count == count * width, "\(offsets.count) bytes for \(count) offsets")
        switch valueSize {
        case 1:
            self.widen(
                offsets,
                width: width,
                base: UInt8(truncatingIfNeeded: base),
                count: count,
                into: target
            )
        case 2:
            self.widen(
                offsets,
                width: width,
                base: UInt16(truncatingIfNeeded: base),
                count: count,
                into: target
            )
        case 4:
            self.widen(
                offsets,
                width: width,
                base: UInt32(truncatingIfNeeded: base),
                count: count,
                into: target
            )
        default: self.widen(offsets, width: width, base: base, count: count, into: target)
        }
    }

    @inline(__always)
    private static func widen<Value: FixedWidthInteger & UnsignedInteger>(
        _ offsets: UnsafeRawBufferPointer,
        width: Int,
        base: Value,
        count: Int,
        into target: UnsafeMutableRawPointer
    ) {
        switch width {
        case 0: target.initializeMemory(as: Value.self, repeating: base, count: count)
        case 1: self.add(UInt8.self, offsets: offsets, base: base, count: count, into: target)
        case 2: self.add(UInt16.self, offsets: offsets, base: base, count: count, into: target)
        case 4: self.add(UInt32.self, offsets: offsets, base: base, count: count, into: target)
        default: self.add(UInt64.self, offsets: offsets, base: base, count: count, into: target)
        }
    }

    @inline(__always)
    private static func add<
        Offset: FixedWidthInteger & UnsignedInteger,
        Value: FixedWidthInteger & UnsignedInteger
    >(
        _ type: Offset.Type,
        offsets: UnsafeRawBufferPointer,
        base: Value,
        count: Int,
        into target: UnsafeMutableRawPointer
    ) {
        for index in 0..<count {
            let stored = offsets.loadUnaligned(
                fromByteOffset: index * MemoryLayout<Offset>.size,
                as: Offset.self
            )
            let value = base &+ Value(truncatingIfNeeded: Offset(littleEndian: stored))
            target.storeBytes(
                of: value,
                toByteOffset: index * MemoryLayout<Value>.size,
                as: Value.self
            )
        }
    }

    /// Writes each value's offset from the base in `width` bytes.
    ///
    /// It is the inverse of ``widen(_:width:base:count:valueSize:into:)``.
    static func narrow(
        _ values: UnsafeRawBufferPointer,
        valueSize: Int,
        base: UInt64,
        width: Int,
        into target: UnsafeMutableRawBufferPointer
    ) {
        let count = values.count / valueSize
        precondition(target.count == count * width, "\(target.count) bytes for \(count) offsets")
        switch valueSize {
        case 1:
            self.narrow(
                values,
                base: UInt8(truncatingIfNeeded: base),
                width: width,
                count: count,
                into: target
            )
        case 2:
            self.narrow(
                values,
                base: UInt16(truncatingIfNeeded: base),
                width: width,
                count: count,
                into: target
            )
        case 4:
            self.narrow(
                values,
                base: UInt32(truncatingIfNeeded: base),
                width: width,
                count: count,
                into: target
            )
        default: self.narrow(values, base: base, width: width, count: count, into: target)
        }
    }

    @inline(__always)
    private static func narrow<Value: FixedWidthInteger & UnsignedInteger>(
        _ values: UnsafeRawBufferPointer,
        base: Value,
        width: Int,
        count: Int,
        into target: UnsafeMutableRawBufferPointer
    ) {
        switch width {
        case 0: break
        case 1: self.subtract(UInt8.self, values: values, base: base, count: count, into: target)
        case 2: self.subtract(UInt16.self, values: values, base: base, count: count, into: target)
        case 4: self.subtract(UInt32.self, values: values, base: base, count: count, into: target)
        default: self.subtract(UInt64.self, values: values, base: base, count: count, into: target)
        }
    }

    @inline(__always)
    private static func subtract<
        Offset: FixedWidthInteger & UnsignedInteger,
        Value: FixedWidthInteger & UnsignedInteger
    >(
        _ type: Offset.Type,
        values: UnsafeRawBufferPointer,
        base: Value,
        count: Int,
        into target: UnsafeMutableRawBufferPointer
    ) {
        for index in 0..<count {
            let value = values.loadUnaligned(
                fromByteOffset: index * MemoryLayout<Value>.size,
                as: Value.self
            )
            target.storeBytes(
                of: Offset(truncatingIfNeeded: value &- base).littleEndian,
                toByteOffset: index * MemoryLayout<Offset>.size,
                as: Offset.self
            )
        }
    }

    // MARK: - Values

    /// Returns the smallest and largest of at least one value.
    static func extremes<Value: FixedWidthInteger>(
        of values: UnsafeBufferPointer<Value>
    ) -> (lowest: Value, highest: Value) {
        let bytes = UnsafeRawBufferPointer(values)
        let (lowest, highest) =
            switch (Value.isSigned, MemoryLayout<Value>.size) {
            case (true, 1): self.extremes(Int8.self, bytes)
            case (true, 2): self.extremes(Int16.self, bytes)
            case (true, 4): self.extremes(Int32.self, bytes)
            case (true, _): self.extremes(Int64.self, bytes)
            case (false, 1): self.extremes(UInt8.self, bytes)
            case (false, 2): self.extremes(UInt16.self, bytes)
            case (false, 4): self.extremes(UInt32.self, bytes)
            case (false, _): self.extremes(UInt64.self, bytes)
            }
        return (Value(truncatingIfNeeded: lowest), Value(truncatingIfNeeded: highest))
    }

    /// Returns the smallest and largest of a segment's offsets of `width` bytes; 0 for width 0.
    static func extremes(
        ofOffsets bytes: UnsafeRawBufferPointer,
        width: Int
    ) -> (lowest: UInt64, highest: UInt64) {
        switch width {
        case 0: (0, 0)
        case 1: self.extremes(UInt8.self, bytes)
        case 2: self.extremes(UInt16.self, bytes)
        case 4: self.extremes(UInt32.self, bytes)
        default: self.extremes(UInt64.self, bytes)
        }
    }

    @inline(__always)
    private static func extremes<Value: FixedWidthInteger>(
        _ type: Value.Type,
        _ bytes: UnsafeRawBufferPointer
    ) -> (UInt64, UInt64) {
        var lowest = Value.max
        var highest = Value.min
        for index in 0..<(bytes.count / MemoryLayout<Value>.size) {
            let value = bytes.loadUnaligned(
                fromByteOffset: index * MemoryLayout<Value>.size,
                as: Value.self
            )
            lowest = min(lowest, value)
            highest = max(highest, value)
        }
        return (UInt64(truncatingIfNeeded: lowest), UInt64(truncatingIfNeeded: highest))
    }

    /// Returns the sum of the hashes of values in the rows from `row` on.
    static func checksum<Value: FixedWidthInteger>(
        _ values: UnsafeBufferPointer<Value>,
        ofPart part: UInt32,
        from row: Int
    ) -> UInt64 {
        let bytes = UnsafeRawBufferPointer(values)
        return switch (Value.isSigned, MemoryLayout<Value>.size) {
        case (true, 1): self.checksum(Int8.self, bytes, part: part, row: row)
        case (true, 2): self.checksum(Int16.self, bytes, part: part, row: row)
        case (true, 4): self.checksum(Int32.self, bytes, part: part, row: row)
        case (true, _): self.checksum(Int64.self, bytes, part: part, row: row)
        case (false, 1): self.checksum(UInt8.self, bytes, part: part, row: row)
        case (false, 2): self.checksum(UInt16.self, bytes, part: part, row: row)
        case (false, 4): self.checksum(UInt32.self, bytes, part: part, row: row)
        case (false, _): self.checksum(UInt64.self, bytes, part: part, row: row)
        }
    }

    @inline(__always)
    private static func checksum<Value: FixedWidthInteger>(
        _ type: Value.Type,
        _ bytes: UnsafeRawBufferPointer,
        part: UInt32,
        row: Int
    ) -> UInt64 {
        var sum: UInt64 = 0
        for index in 0..<(bytes.count / MemoryLayout<Value>.size) {
            let value = bytes.loadUnaligned(
                fromByteOffset: index * MemoryLayout<Value>.size,
                as: Value.self
            )
            sum &+= StateChecksum.cell(
                ofPart: part,
                row: row + index,
                value: UInt64(truncatingIfNeeded: value)
            )
        }
        return sum
    }
}
