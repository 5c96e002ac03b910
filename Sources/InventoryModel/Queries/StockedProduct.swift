public import Bytes

/// One product with its stock at every location where it ever was: the fast path of tills, shelves and carts.
///
/// The query ``Query/product(_:asOf:)`` returns rows and columns, also for the past. This reply is one frame,
/// encoded directly from the columns without creating values or strings.
public struct StockedProduct: Hashable, Sendable {
    /// The LSN of the state that it reflects.
    public var lsn: LSN
    /// The product.
    public var product: Product
    /// Its levels, by ascending location.
    public var levels: [Level]

    /// Creates a reply.
    public init(lsn: LSN, product: Product, levels: [Level]) {
        self.lsn = lsn
        self.product = product
        self.levels = levels
    }

    /// The available stock over all locations, in base units.
    public var available: Quantity { self.levels.reduce(0) { $0 + $1.available } }

    /// Writes the reply's encoding.
    public func encode(into writer: inout ByteWriter) {
        writer.write(self.lsn)
        self.product.encode(into: &writer)
        writer.writeVarint(UInt64(self.levels.count))
        for level in self.levels { level.encode(into: &writer, at: self.lsn) }
        self.product.fields.encodeExtensions(into: &writer)
    }

    /// Reads what ``encode(into:)`` wrote, which must be all that remains to be read.
    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        let lsn = try reader.readLSN()
        var product = try Product(from: &reader)
        let levels = try reader.readList(limit: Int(Limits.locationsMax)) {
            (reader: inout ByteReader) throws(ByteReaderError) -> Level in
            try Level(from: &reader, at: lsn)
        }
        if reader.remaining > 0 { try product.fields.readExtensions(from: &reader) }
        self.init(lsn: lsn, product: product, levels: levels)
    }
}
