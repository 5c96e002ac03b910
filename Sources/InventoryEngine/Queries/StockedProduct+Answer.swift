public import Bytes
internal import ColumnStore
public import InventoryModel

extension InventoryState {
    /// The product that an encoded `ProductKey` names, which must be all that is left to read.
    ///
    /// - Returns: Nothing if there is none.
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
        // What is not found as it was sent may be there when it is trimmed and composed.
        let key = try ProductKey(from: &reader)
        try reader.finish()
        return self.resolve(key)
    }

    /// Appends a product, which must exist, as `StockedProduct` is encoded.
    ///
    /// - Complexity: O(locations)
    public func encodeStocked(_ id: ProductID, into writer: inout ByteWriter) {
        writer.write(self.lsn)
        self.tables.products.encode(id, texts: self.tables.texts, into: &writer)
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
    }
}
