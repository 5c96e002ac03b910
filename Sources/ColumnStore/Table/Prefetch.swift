private import CKernels

/// Prefetching memory.
///
/// A look-up in a table larger than the cache waits about a hundred nanoseconds for memory, several times.
/// In a batch of look-ups known beforehand, the processor can wait for many at once.
@usableFromInline
enum Prefetch {
    @usableFromInline
    static func begin(_ address: UnsafeRawPointer) { invd_prefetch(address) }
}

extension Column {
    /// Prefetches the memory of a row before it is read or written; does nothing if there is no such row.
    @inlinable
    public func prefetch(_ row: Int) {
        let segment = row >> SegmentSize.shift
        let offset = row & SegmentSize.mask
        if segment < self.full.count {
            Prefetch.begin(self.full[segment].storage.base + offset)
        } else if segment == self.full.count, offset < self.tail.count {
            Prefetch.begin(self.tail.storage.base + offset)
        }
    }
}
