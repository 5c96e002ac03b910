public import Bytes

/// Encoded `createProduct` commands whose categories have no id yet.
///
///     … sku · name · barcode │ category │ unit · price · …    the category is inserted when it is sent
///
/// An importer reads a category's name before the server has assigned its id. It encodes a product as it is
/// read and keeps no value of it.
public struct EncodedProducts: ~Copyable, Sendable {
    /// The offsets of one command.
    private struct Place {
        /// Where its bytes begin, where the category is inserted, and where they end.
        var start: Int
        var middle: Int
        var end: Int
    }

    private var bytes = ByteWriter(capacity: 1 << 16)
    private var places: [Place] = []

    /// Creates an empty list.
    public init() {}

    /// The number of products.
    public var count: Int { self.places.count }

    /// Removes all products and keeps the memory.
    public mutating func removeAll() {
        self.bytes.removeAll()
        self.places.removeAll(keepingCapacity: true)
    }

    /// Appends a product.
    ///
    /// - Parameters:
    ///   - fields: The encoded fields of the command, without the category.
    ///   - categoryOffset: The offset in `fields` where the category is inserted.
    ///   - extensions: The encoded extension fields; empty for none.
    ///   - opening: The opening stock; `nil` for none.
    public mutating func append(
        _ fields: borrowing ByteWriter,
        categoryAt categoryOffset: Int,
        extensions: borrowing ByteWriter,
        opening: OpeningStock?
    ) {
        let isExtended = extensions.count > 0
        self.bytes.writeCase(isExtended ? CommandTag.createExtendedProduct : .createProduct)
        let start = self.bytes.count
        fields.withBytes { self.bytes.write(bytes: $0) }
        var opening = opening
        self.bytes.part("opening", &opening)
        extensions.withBytes { self.bytes.write(bytes: $0) }
        self.places.append(
            Place(start: start - 1, middle: start + categoryOffset, end: self.bytes.count)
        )
    }

    /// Returns the SKU of a product.
    public func sku(_ index: Int) -> String {
        let place = self.places[index]
        return self.bytes.withBytes { bytes in
            var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[(place.start + 1)...]))
            do throws(ByteReaderError) {
                return try reader.readText(limit: .max)
            } catch {
                preconditionFailure(
                    "product \(index) has no SKU that it was written with: \(error)"
                )
            }
        }
    }

    /// Appends the encoded command for a product in `category`.
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
