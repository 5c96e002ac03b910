/// Reading the picked rows of a segment: as codes that form slots, or as values.
extension LedgerColumn {
    /// Replaces each slot by `slot · multiplier + code`, where the code is the row's value.
    ///
    /// With a multiplier of 0 the slot is the code alone. Slots wrap on overflow; the caller bounds the
    /// codes.
    package func appendCodes(
        _ segment: Int,
        _ pick: RowPick,
        multiplier: UInt32,
        to slots: UnsafeMutablePointer<UInt32>
    ) {
        var kernel = CodeKernel(multiplier: multiplier, slots: slots)
        self.withNarrowed(segment) { $0.run(&kernel, pick) }
    }

    /// Replaces each slot by `slot · multiplier + code`, where the row's value is mapped to the code.
    ///
    /// The map must contain every value.
    package func appendCodes(
        _ segment: Int,
        _ pick: RowPick,
        multiplier: UInt32,
        map: CodeMap,
        to slots: UnsafeMutablePointer<UInt32>
    ) {
        precondition(Int(self.zoneMap(ofSegment: segment).highest) < map.count, "beyond the map")
        func run<Code: FixedWidthInteger>(_ codes: [Code]) {
            codes.withUnsafeBufferPointer {
                guard let map = $0.baseAddress else { return }
                var kernel = MapKernel(multiplier: multiplier, map: map, slots: slots)
                self.withNarrowed(segment) { $0.run(&kernel, pick) }
            }
        }
        switch map.codes {
        case .bytes(let codes): run(codes)
        case .shorts(let codes): run(codes)
        case .words(let codes): run(codes)
        }
    }

    /// Writes the picked values to `values`.
    package func read(
        _ segment: Int,
        _ pick: RowPick,
        into values: UnsafeMutablePointer<Int64>
    ) {
        var kernel = ReadKernel(values: values)
        self.withNarrowed(segment) { $0.run(&kernel, pick) }
    }
}

private struct CodeKernel: NarrowedKernel {
    let multiplier: UInt32
    let slots: UnsafeMutablePointer<UInt32>

    @inline(__always)
    mutating func run<Offset: FixedWidthInteger & UnsignedInteger, Rows: RowOffsets>(
        _ offsets: UnsafePointer<Offset>,
        base: UInt64,
        rows: Rows
    ) {
        let base = UInt32(truncatingIfNeeded: base)
        for index in 0..<rows.count {
            let offset = Offset(littleEndian: offsets[rows[index]])
            let code = base &+ UInt32(truncatingIfNeeded: offset)
            self.slots[index] = self.slots[index] &* self.multiplier &+ code
        }
    }

    @inline(__always)
    mutating func run<Rows: RowOffsets>(base: UInt64, rows: Rows) {
        let base = UInt32(truncatingIfNeeded: base)
        for index in 0..<rows.count {
            self.slots[index] = self.slots[index] &* self.multiplier &+ base
        }
    }
}

private struct MapKernel<Code: FixedWidthInteger>: NarrowedKernel {
    let multiplier: UInt32
    let map: UnsafePointer<Code>
    let slots: UnsafeMutablePointer<UInt32>

    @inline(__always)
    mutating func run<Offset: FixedWidthInteger & UnsignedInteger, Rows: RowOffsets>(
        _ offsets: UnsafePointer<Offset>,
        base: UInt64,
        rows: Rows
    ) {
        let map = self.map + Int(truncatingIfNeeded: base)
        for index in 0..<rows.count {
            let value = Int(truncatingIfNeeded: Offset(littleEndian: offsets[rows[index]]))
            let code = UInt32(truncatingIfNeeded: map[value])
            self.slots[index] = self.slots[index] &* self.multiplier &+ code
        }
    }

    @inline(__always)
    mutating func run<Rows: RowOffsets>(base: UInt64, rows: Rows) {
        let code = UInt32(truncatingIfNeeded: self.map[Int(truncatingIfNeeded: base)])
        for index in 0..<rows.count {
            self.slots[index] = self.slots[index] &* self.multiplier &+ code
        }
    }
}

private struct ReadKernel: NarrowedKernel {
    let values: UnsafeMutablePointer<Int64>

    @inline(__always)
    mutating func run<Offset: FixedWidthInteger & UnsignedInteger, Rows: RowOffsets>(
        _ offsets: UnsafePointer<Offset>,
        base: UInt64,
        rows: Rows
    ) {
        let base = Int64(bitPattern: base)
        for index in 0..<rows.count {
            let offset = Offset(littleEndian: offsets[rows[index]])
            self.values[index] = base &+ Int64(truncatingIfNeeded: offset)
        }
    }

    @inline(__always)
    mutating func run<Rows: RowOffsets>(base: UInt64, rows: Rows) {
        let base = Int64(bitPattern: base)
        for index in 0..<rows.count { self.values[index] = base }
    }
}
