internal import Bytes
internal import InventoryModel

/// A batch of independent commands that are all plain sales.
///
///     batch's bytes ──▶ part, part, part …      each part: prefetched ──▶ decided one by one
///
/// A catalog of a million products is far larger than the cache. The memory that the sales of a part read
/// is therefore prefetched before the first of them is decided, so that the part waits for memory once
/// and not at each of seven places per sale.
public struct PlainSaleBatch: Sendable {
    /// The sales in the order of the batch.
    public let sales: [PlainSale]
    /// Whether only refusals are answered one by one.
    public let isErrorsOnly: Bool

    /// Sales whose memory is prefetched together: few enough that it is still cached for the last one.
    public static let partCount = 32

    /// The number of products from which prefetching pays off: the data of fewer stays in the cache.
    static let largeCatalogCount = 1 << 15

    /// Reads an encoded batch, errors-only or not; `nil` unless all of its commands are plain sales and their
    /// number is permitted.
    public init?(_ command: UnsafeRawBufferPointer) {
        var reader = ByteReader(command)
        do throws(ByteReaderError) {
            guard let head = try BatchHead(&reader) else { return nil }
            var sales: [PlainSale] = []
            sales.reserveCapacity(head.count)
            for _ in 0..<head.count {
                guard let sale = PlainSale.read(&reader) else { return nil }
                sales.append(sale)
            }
            guard reader.remaining == 0 else { return nil }
            self.sales = sales
            self.isErrorsOnly = head.isErrorsOnly
        } catch {
            return nil
        }
    }
}

extension InventoryState {
    /// Prefetches the memory that deciding and applying the next sales of a batch reads, from `start` on.
    ///
    /// - Complexity: O(``PlainSaleBatch/partCount``)
    public func prefetch(_ batch: borrowing PlainSaleBatch, from start: Int) {
        guard self.tables.products.rowCount >= PlainSaleBatch.largeCatalogCount else { return }
        let part = start..<min(start + PlainSaleBatch.partCount, batch.sales.count)
        batch.sales.withUnsafeBufferPointer { sales in
            for index in part {
                let line = sales[index].line
                self.tables.products.prefetchSale(line.product)
                self.tables.levels.prefetchRow(line.product, line.location)
            }
            for index in part {
                let line = sales[index].line
                if let row = self.tables.levels.row(line.product, line.location) {
                    self.tables.levels.prefetchSale(row)
                }
                let reference = sales[index].reference
                if !reference.isEmpty,
                    index == part.lowerBound || sales[index - 1].reference != reference
                {
                    self.indexes.prefetch(reference: reference)
                }
            }
        }
    }
}
