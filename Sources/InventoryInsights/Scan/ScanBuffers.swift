internal import ColumnStore

/// The buffers of one thread of a scan: memory for the rows of one segment, written before it is read.
///
/// `@unchecked Sendable`: they belong to one scan, which runs on one thread at a time.
final class ScanBuffers: @unchecked Sendable {
    let slots = UnsafeMutablePointer<UInt32>.allocate(capacity: SegmentSize.capacity)
    let values = UnsafeMutablePointer<Int64>.allocate(capacity: SegmentSize.capacity)
    let blocks = UnsafeMutablePointer<UInt32>.allocate(capacity: SegmentSize.capacity)
    let groups = GroupSpace()
    /// Rows that pass the filter, and of those the sold, the returned, those of late cost, and reversals.
    let passed = UnsafeMutablePointer<UInt16>.allocate(capacity: SegmentSize.capacity)
    let sold = UnsafeMutablePointer<UInt16>.allocate(capacity: SegmentSize.capacity)
    let returned = UnsafeMutablePointer<UInt16>.allocate(capacity: SegmentSize.capacity)
    let late = UnsafeMutablePointer<UInt16>.allocate(capacity: SegmentSize.capacity)
    let undoing = UnsafeMutablePointer<UInt16>.allocate(capacity: SegmentSize.capacity)

    deinit {
        self.slots.deallocate()
        self.values.deallocate()
        self.blocks.deallocate()
        for list in [self.passed, self.sold, self.returned, self.late, self.undoing] {
            list.deallocate()
        }
    }
}
