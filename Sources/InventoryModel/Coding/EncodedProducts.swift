internal import Bytes

/// Creations of products that are encoded before it is known what number their categories have.
///
///     … sku · name · barcode │ category │ unit · price · …          the category goes in when it is sent
///
/// Whoever brings in a catalog meets a category's name before the server has given it a number. What is
/// known of a product is put in its bytes as it is read, and no value is kept of it.
public struct EncodedProducts: ~Copyable, Sendable {
    /// What a product has beside its texts and its category: see ``ProductDraft``.
    public struct Numbers: Sendable {
        /// Of the unit.
        public var decimals: UInt8 = 0
        public var price: Price
        public var status = ProductStatus.active
        public var reorderPoint: Int64 = 10
        public var reorderTarget: Int64 = 0
        public var packSize: Int64 = 1
        public var leadTimeDays: UInt16 = 0
        public var opening: OpeningStock?

        public init(price: Price) { self.price = price }
    }

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

    /// Appends a product; its texts are in UTF-8.
    public mutating func append(
        sku: UnsafeRawBufferPointer,
        name: UnsafeRawBufferPointer,
        barcode: UnsafeRawBufferPointer,
        unit: UnsafeRawBufferPointer,
        _ numbers: Numbers
    ) {
        let start = self.bytes.count
        var middle = 0
        let textByteCount = sku.count + name.count + barcode.count + unit.count
        // Four counts of texts, and fourteen numbers at most.
        self.bytes.append(atMost: 18 * VarintCoding.byteCountMax + textByteCount) { cursor in
            cursor.write(CommandTag.createProduct.rawValue)
            cursor.writeText(utf8: sku)
            cursor.writeText(utf8: name)
            cursor.writeText(utf8: barcode)
            middle = cursor.count
            cursor.writeText(utf8: unit)
            cursor.write(numbers.decimals)
            cursor.writeVarint(UInt64(bitPattern: numbers.price.minorUnits))
            cursor.writeVarint(UInt64(bitPattern: numbers.price.basis))
            cursor.write(numbers.status.rawValue)
            cursor.writeVarint(numbers.reorderPoint)
            cursor.writeVarint(numbers.reorderTarget)
            cursor.writeVarint(numbers.packSize)
            cursor.writeVarint(UInt64(numbers.leadTimeDays))
            guard let opening = numbers.opening else {
                cursor.write(0 as UInt8)
                return
            }
            cursor.write(1 as UInt8)
            cursor.writeVarint(UInt64(opening.location.value))
            cursor.writeVarint(opening.quantity)
            cursor.writeVarint(opening.unitCost.minorUnits)
            cursor.write(opening.occurredAt == nil ? 0 as UInt8 : 1)
            if let occurredAt = opening.occurredAt { cursor.write(occurredAt.microseconds) }
        }
        self.places.append(Place(start: start, middle: start + middle, end: self.bytes.count))
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
