public import Bytes

/// One product as it is, with its stock at every location it ever was at: the answer to the question
/// that tills, shelves and carts ask all day.
///
/// The query ``Query/product(_:asOf:)`` answers in rows and columns, for people and for any moment of
/// the past. This is the short way for programs: one frame each way, encoded from the columns without a
/// value or a text being made.
public struct StockedProduct: Hashable, Sendable {
    /// The state it reflects.
    public var lsn: LSN
    public var product: Product
    /// By location, ascending.
    public var levels: [Level]

    public init(lsn: LSN, product: Product, levels: [Level]) {
        self.lsn = lsn
        self.product = product
        self.levels = levels
    }

    /// On hand less what is held and promised, over all locations.
    public var available: Quantity { self.levels.reduce(0) { $0 + $1.available } }

    public func encode(into writer: inout ByteWriter) {
        writer.write(self.lsn)
        self.product.encode(into: &writer)
        writer.writeVarint(UInt64(self.levels.count))
        for level in self.levels { level.encode(into: &writer, at: self.lsn) }
    }

    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        let lsn = try reader.readLSN()
        let product = try Product(from: &reader)
        let levels = try reader.readList(limit: Int(Limits.locationsMax)) {
            (reader: inout ByteReader) throws(ByteReaderError) -> Level in
            try Level(from: &reader, at: lsn)
        }
        self.init(lsn: lsn, product: product, levels: levels)
    }
}
