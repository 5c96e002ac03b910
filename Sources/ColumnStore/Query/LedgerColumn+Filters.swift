/// Filters over the rows of a segment: each takes a pick and writes a list that is no longer.
extension LedgerColumn {
    /// Lists the picked rows whose value is in a range, and returns their number.
    ///
    /// `list` has space for all picked rows; it may be the list of the pick itself.
    package func filter(
        _ segment: Int,
        _ pick: RowPick,
        in range: ClosedRange<Int64>,
        into list: UnsafeMutablePointer<UInt16>
    ) -> Int {
        var kernel = RangeFilter(range: range, list: list)
        self.withNarrowed(segment) { $0.run(&kernel, pick) }
        return kernel.count
    }

    /// Lists the picked rows whose value has a nonzero mark; each value must be an index of `mask`.
    package func filter(
        _ segment: Int,
        _ pick: RowPick,
        mask: UnsafeBufferPointer<UInt8>,
        into list: UnsafeMutablePointer<UInt16>
    ) -> Int {
        precondition(Int(self.zoneMap(ofSegment: segment).highest) < mask.count, "beyond the mask")
        guard let mask = mask.baseAddress else { return 0 }
        var kernel = MaskFilter(mask: mask, list: list)
        self.withNarrowed(segment) { $0.run(&kernel, pick) }
        return kernel.count
    }
}

private struct RangeFilter: NarrowedKernel {
    let range: ClosedRange<Int64>
    let list: UnsafeMutablePointer<UInt16>
    var count = 0

    @inline(__always)
    mutating func run<Offset: FixedWidthInteger & UnsignedInteger, Rows: RowOffsets>(
        _ offsets: UnsafePointer<Offset>,
        base: UInt64,
        rows: Rows
    ) {
        let base = Int64(bitPattern: base)
        var count = 0
        for index in 0..<rows.count {
            let row = rows[index]
            let offset = Offset(littleEndian: offsets[row])
            let value = base &+ Int64(truncatingIfNeeded: offset)
            self.list[count] = UInt16(truncatingIfNeeded: row)
            count &+= value >= self.range.lowerBound && value <= self.range.upperBound ? 1 : 0
        }
        self.count = count
    }

    @inline(__always)
    mutating func run<Rows: RowOffsets>(base: UInt64, rows: Rows) {
        guard self.range.contains(Int64(bitPattern: base)) else { return }
        for index in 0..<rows.count { self.list[index] = UInt16(truncatingIfNeeded: rows[index]) }
        self.count = rows.count
    }
}

private struct MaskFilter: NarrowedKernel {
    let mask: UnsafePointer<UInt8>
    let list: UnsafeMutablePointer<UInt16>
    var count = 0

    @inline(__always)
    mutating func run<Offset: FixedWidthInteger & UnsignedInteger, Rows: RowOffsets>(
        _ offsets: UnsafePointer<Offset>,
        base: UInt64,
        rows: Rows
    ) {
        let mask = self.mask + Int(truncatingIfNeeded: base)
        var count = 0
        for index in 0..<rows.count {
            let row = rows[index]
            let value = Int(truncatingIfNeeded: Offset(littleEndian: offsets[row]))
            self.list[count] = UInt16(truncatingIfNeeded: row)
            count &+= mask[value] != 0 ? 1 : 0
        }
        self.count = count
    }

    @inline(__always)
    mutating func run<Rows: RowOffsets>(base: UInt64, rows: Rows) {
        guard self.mask[Int(truncatingIfNeeded: base)] != 0 else { return }
        for index in 0..<rows.count { self.list[index] = UInt16(truncatingIfNeeded: rows[index]) }
        self.count = rows.count
    }
}
