private import CKernels

/// Asking for memory before it is needed.
///
/// A look-up in a table that is larger than the cache waits some hundred nanoseconds for memory, several times
/// over. Of a run of look-ups that are known beforehand the processor can wait for many at once.
@usableFromInline
enum Prefetch {
    @usableFromInline
    static func begin(_ address: UnsafeRawPointer) { invd_prefetch(address) }
}

extension Column {
    /// Asks for the memory of a row that is read or written soon; of none if there is no such row.
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
