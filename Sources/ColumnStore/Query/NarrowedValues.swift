/// The values of one segment in their memory layout: a base and unsigned offsets from it.
///
///     sealed   base + offsets of 0, 1, 2, 4 or 8 bytes
///     open     0 + the values themselves, in the bytes of their type
///
/// Kernels work on the offsets directly, since a scan is bound by the number of bytes it reads. All
/// arithmetic is 64-bit and wraps; a caller that needs exact sums first checks the headroom with
/// ``LedgerColumn/largestMagnitude(ofSegment:)``.
struct NarrowedValues {
    let bytes: UnsafeRawBufferPointer
    let width: Int
    let base: UInt64
    let count: Int
}

/// A kernel, generic over the offset type so that each width gets a specialized loop.
protocol NarrowedKernel {
    mutating func run<Offset: FixedWidthInteger & UnsignedInteger, Rows: RowOffsets>(
        _ offsets: UnsafePointer<Offset>,
        base: UInt64,
        rows: Rows
    )

    /// Runs over rows whose values all equal the base.
    mutating func run<Rows: RowOffsets>(base: UInt64, rows: Rows)
}

extension NarrowedValues {
    /// Runs a kernel over the picked rows, which must exist.
    @inline(__always)
    func run<Kernel: NarrowedKernel>(_ kernel: inout Kernel, _ pick: RowPick) {
        switch pick {
        case .run(let run):
            precondition(run.lowerBound >= 0 && run.upperBound <= self.count, "\(run)")
            self.run(&kernel, rows: RunOffsets(start: run.lowerBound, count: run.count))
        case .list(let list):
            guard let base = list.baseAddress, list.count > 0 else { return }
            self.run(&kernel, rows: ListOffsets(base: base, count: list.count))
        }
    }

    @inline(__always)
    private func run<Kernel: NarrowedKernel, Rows: RowOffsets>(
        _ kernel: inout Kernel,
        rows: Rows
    ) {
        guard let start = self.bytes.baseAddress, self.width > 0 else {
            kernel.run(base: self.base, rows: rows)
            return
        }
        let count = self.count
        switch self.width {
        case 1:
            let offsets = start.bindMemory(to: UInt8.self, capacity: count)
            kernel.run(offsets, base: self.base, rows: rows)
        case 2:
            let offsets = start.bindMemory(to: UInt16.self, capacity: count)
            kernel.run(offsets, base: self.base, rows: rows)
        case 4:
            let offsets = start.bindMemory(to: UInt32.self, capacity: count)
            kernel.run(offsets, base: self.base, rows: rows)
        default:
            let offsets = start.bindMemory(to: UInt64.self, capacity: count)
            kernel.run(offsets, base: self.base, rows: rows)
        }
    }
}

extension LedgerColumn {
    /// Calls `body` with a segment's values, valid only inside it.
    func withNarrowed<Result>(_ segment: Int, _ body: (NarrowedValues) -> Result) -> Result {
        guard segment == self.sealed.count else {
            let sealed = self.sealed[segment]
            return sealed.bytes.withUnsafeBytes {
                body(
                    NarrowedValues(
                        bytes: $0,
                        width: sealed.width,
                        base: UInt64(truncatingIfNeeded: sealed.base),
                        count: SegmentSize.capacity
                    )
                )
            }
        }
        // A signed type can be read as unsigned only if it is as wide as the offset.
        precondition(!Value.isSigned || MemoryLayout<Value>.size == 8, "\(Value.self)")
        return self.tail.withValues {
            body(
                NarrowedValues(
                    bytes: UnsafeRawBufferPointer($0),
                    width: MemoryLayout<Value>.size,
                    base: 0,
                    count: $0.count
                )
            )
        }
    }

    /// Returns the largest possible magnitude of a value of the segment, by its zone map.
    @inlinable
    package func largestMagnitude(ofSegment segment: Int) -> UInt64 {
        let zone = self.zoneMap(ofSegment: segment)
        return UInt64(max(zone.lowest.magnitude, zone.highest.magnitude))
    }
}
