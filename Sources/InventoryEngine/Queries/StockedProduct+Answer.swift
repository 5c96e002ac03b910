public import Bytes
internal import ColumnStore
public import InventoryModel

extension InventoryState {
    /// Resolves an encoded `ProductKey`, which must be all that remains to be read.
    ///
    /// - Parameter reader: Positioned at the key.
    /// - Returns: The product; `nil` if there is none.
    /// - Throws: `ByteReaderError` if the bytes are not a key.
    /// - Complexity: O(1)
    public func resolve(encoded reader: inout ByteReader) throws(ByteReaderError) -> ProductID? {
        var ahead = reader
        let tag = try ahead.readUInt8()
        if tag == ProductKey.idTag {
            let id = try ahead.readProductID()
            try ahead.finish()
            reader = ahead
            return self.tables.products.contains(id) ? id : nil
        }
        if tag == ProductKey.skuTag {
            let count = try ahead.readCount(limit: Limits.skuByteCountMax)
            let text = try ahead.readBytes(count)
            let keys = self.tables.products.skuKeys
            if ahead.remaining == 0, let found = self.indexes.find(plain: text, in: keys) {
                reader = ahead
                return found
            }
        }
        // A key that is not found as sent may be found when trimmed and composed.
        let key = try ProductKey(from: &reader)
        try reader.finish()
        return self.resolve(key)
    }

    /// Appends a product, which must exist, encoded as `StockedProduct` is.
    ///
    /// - Complexity: O(locations)
    public func encodeStocked(_ id: ProductID, into writer: inout ByteWriter) {
        writer.write(self.lsn)
        self.tables.products.encode(id, strings: self.tables.strings, into: &writer)
        let locations = 1..<max(self.tables.locations.rowCount, 1)
        var count: UInt64 = 0
        for location in locations
        where self.tables.levels.row(id, LocationID(UInt16(location))) != nil {
            count += 1
        }
        writer.writeVarint(count)
        for location in locations {
            let location = LocationID(UInt16(location))
            guard let row = self.tables.levels.row(id, location) else { continue }
            self.tables.levels.level(row, of: id, at: location).encode(into: &writer, at: self.lsn)
        }
        self.tables.products.encodeExtensions(id, into: &writer)
    }
}
