internal import CKernels

/// Totals of the picked rows of a segment: one total, or one per slot.
extension LedgerColumn where Value == Int64 {
    /// Returns the sum of the values, wrapping.
    package func sum(_ segment: Int, _ pick: RowPick) -> Int64 {
        if case .run(let run) = pick {
            return self.withNarrowed(segment) { Int64(bitPattern: $0.sum(run)) }
        }
        var kernel = SumKernel()
        self.withNarrowed(segment) { $0.run(&kernel, pick) }
        return Int64(bitPattern: kernel.total)
    }

    /// Adds each value to the total of its slot, wrapping, and marks the slot as seen.
    ///
    /// `slots` has a slot for each picked row, in their order.
    package func add(
        _ segment: Int,
        _ pick: RowPick,
        slots: UnsafePointer<UInt32>,
        to totals: UnsafeMutablePointer<Int64>,
        marking seen: UnsafeMutablePointer<UInt8>
    ) {
        var kernel = SlotKernel(slots: slots, totals: totals, seen: seen)
        self.withNarrowed(segment) { $0.run(&kernel, pick) }
    }
}

extension NarrowedValues {
    /// Returns the sum of a run of values, wrapping.
    fileprivate func sum(_ run: Range<Int>) -> UInt64 {
        precondition(run.lowerBound >= 0 && run.upperBound <= self.count, "\(run)")
        let bases = self.base &* UInt64(run.count)
        guard let start = self.bytes.baseAddress, self.width > 0 else { return bases }
        return bases &+ invd_sum(start + run.lowerBound * self.width, self.width, run.count)
    }
}

private struct SumKernel: NarrowedKernel {
    var total: UInt64 = 0

    @inline(__always)
    mutating func run<Offset: FixedWidthInteger & UnsignedInteger, Rows: RowOffsets>(
        _ offsets: UnsafePointer<Offset>,
        base: UInt64,
        rows: Rows
    ) {
        var total: UInt64 = 0
        for index in 0..<rows.count {
            total &+= UInt64(truncatingIfNeeded: Offset(littleEndian: offsets[rows[index]]))
        }
        self.total &+= total &+ base &* UInt64(rows.count)
    }

    @inline(__always)
    mutating func run<Rows: RowOffsets>(base: UInt64, rows: Rows) {
        self.total &+= base &* UInt64(rows.count)
    }
}

private struct SlotKernel: NarrowedKernel {
    let slots: UnsafePointer<UInt32>
    let totals: UnsafeMutablePointer<Int64>
    let seen: UnsafeMutablePointer<UInt8>

    @inline(__always)
    mutating func run<Offset: FixedWidthInteger & UnsignedInteger, Rows: RowOffsets>(
        _ offsets: UnsafePointer<Offset>,
        base: UInt64,
        rows: Rows
    ) {
        let base = Int64(bitPattern: base)
        for index in 0..<rows.count {
            let offset = Int64(truncatingIfNeeded: Offset(littleEndian: offsets[rows[index]]))
            let slot = Int(self.slots[index])
            self.totals[slot] &+= base &+ offset
            self.seen[slot] = 1
        }
    }

    @inline(__always)
    mutating func run<Rows: RowOffsets>(base: UInt64, rows: Rows) {
        let base = Int64(bitPattern: base)
        for index in 0..<rows.count {
            let slot = Int(self.slots[index])
            self.totals[slot] &+= base
            self.seen[slot] = 1
        }
    }
}
