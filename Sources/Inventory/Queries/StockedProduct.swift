public import ColumnStore

/// One product as it is, with its stock at every location it ever was at: the answer to the question
/// that tills, shelves and carts ask all day.
///
/// The query ``Query/product(_:asOf:)`` answers in rows and columns, for people and for any moment of
/// the past. This is the short way for programs: one frame each way, encoded from the columns without a
/// value or a text being made.
public struct StockedProduct: Hashable, Sendable {
    /// The state it reflects.
    public var lsn: UInt64
    public var product: Product
    /// By location, ascending.
    public var levels: [Level]

    public init(lsn: UInt64, product: Product, levels: [Level]) {
        self.lsn = lsn
        self.product = product
        self.levels = levels
    }

    /// On hand less what is held and promised, over all locations.
    public var available: Int64 { self.levels.reduce(0) { $0 + $1.available } }

    public func encode(into writer: inout ByteWriter) {
        writer.write(self.lsn)
        self.product.encode(into: &writer)
        writer.writeVarint(UInt64(self.levels.count))
        for level in self.levels { level.encode(into: &writer, at: self.lsn) }
    }

    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        let lsn = try reader.readUInt64()
        let product = try Product(from: &reader)
        let levels = try reader.readList(limit: Int(Limits.locationsMax)) {
            (reader: inout ByteReader) throws(ByteReaderError) -> Level in
            try Level(from: &reader, at: lsn)
        }
        self.init(lsn: lsn, product: product, levels: levels)
    }
}

extension InventoryState {
    /// The product that an encoded ``ProductKey`` names, which must be all that is left to read.
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

    /// Appends a product, which must exist, as ``StockedProduct`` is encoded.
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
