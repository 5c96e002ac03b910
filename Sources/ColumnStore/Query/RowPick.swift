/// Selected rows of one segment by their offsets: a run or a list.
///
/// Kernels have a loop for each, so that a whole segment costs only reading its bytes.
package enum RowPick {
    case run(Range<Int>)
    /// Offsets below ``SegmentSize/capacity``.
    case list(UnsafeBufferPointer<UInt16>)

    @inlinable package var count: Int {
        switch self {
        case .run(let run): run.count
        case .list(let list): list.count
        }
    }
}

/// The offsets of a kernel's rows.
protocol RowOffsets {
    var count: Int { get }
    subscript(index: Int) -> Int { get }
}

struct RunOffsets: RowOffsets {
    let start: Int
    let count: Int
    @inline(__always) subscript(index: Int) -> Int { self.start &+ index }
}

struct ListOffsets: RowOffsets {
    let base: UnsafePointer<UInt16>
    let count: Int
    @inline(__always) subscript(index: Int) -> Int { Int(self.base[index]) }
}
