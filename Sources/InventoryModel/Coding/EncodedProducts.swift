public import Bytes

/// Creations of products that are encoded before it is known what number their categories have.
///
///     … sku · name · barcode │ category │ unit · price · …          the category goes in when it is sent
///
/// Whoever brings in a catalog meets a category's name before the server has given it a number. What is
/// known of a product is put in its bytes as it is read, and no value is kept of it.
public struct EncodedProducts: ~Copyable, Sendable {
    private struct Place {
        /// Where its bytes begin, where the category goes, and where they end.
        var start: Int
        var middle: Int
        var end: Int
    }

    private var bytes = ByteWriter(capacity: 1 << 16)
    private var places: [Place] = []

    public init() {}

    public var count: Int { self.places.count }

    /// Forgets the products and keeps the memory.
    public mutating func removeAll() {
        self.bytes.removeAll()
        self.places.removeAll(keepingCapacity: true)
    }

    /// Appends a product's creation.
    ///
    /// - Parameters:
    ///   - fields: As a command has them, but for the category.
    ///   - categoryOffset: Where in `fields` the category goes.
    ///   - opening: The stock that it begins with.
    public mutating func append(
        _ fields: borrowing ByteWriter,
        categoryAt categoryOffset: Int,
        opening: OpeningStock?
    ) {
        self.bytes.writeCase(CommandTag.createProduct)
        let start = self.bytes.count
        fields.withBytes { self.bytes.write(bytes: $0) }
        var opening = opening
        self.bytes.part("opening", &opening)
        self.places.append(
            Place(start: start - 1, middle: start + categoryOffset, end: self.bytes.count)
        )
    }

    /// The SKU of a product.
    public func sku(_ index: Int) -> String {
        let place = self.places[index]
        return self.bytes.withBytes { bytes in
            // What was written here can be read again.
            var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[(place.start + 1)...]))
            return (try? reader.readText(limit: .max)) ?? ""
        }
    }

    /// Appends a product's creation, as a command is encoded.
    func encode(
        _ index: Int,
        in category: CategoryID,
        into writer: inout ByteWriter
    ) {
        let place = self.places[index]
        self.bytes.withBytes { bytes in
            writer.write(bytes: UnsafeRawBufferPointer(rebasing: bytes[place.start..<place.middle]))
            writer.writeVarint(UInt64(category.value))
            writer.write(bytes: UnsafeRawBufferPointer(rebasing: bytes[place.middle..<place.end]))
        }
    }
}
