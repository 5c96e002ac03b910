internal import Bytes
internal import ColumnStore
public import InventoryModel

/// The creation of a product with the usual fields, in the bytes of its request.
///
/// Nearly all products of a catalog, of which there may be a million, are created like this, so they have a
/// fast path through the same rules, like a ``PlainSale``: it creates no strings, draft or list of changes.
///
///     batch's bytes ──▶ PlainProduct ──▶ PlainProduct.Step ──▶ reply, log, state
///           └──────────────┴── anything unusual ──▶ slow path
///
/// The step is the same, byte for byte, as that of ``InventoryState/decide(_:at:)`` for the same
/// command. The fast path accepts the command, or refuses a SKU that is taken, as all are when a catalog
/// is imported again. A command that may be refused for another reason, or has a string that must be
/// trimmed, composed or folded by Unicode, falls back to the slow path, and nothing has changed.
///
/// Valid as long as its request's bytes are.
public struct PlainProduct {
    /// The result of the fast path for a creation.
    public enum Decision {
        /// The step is filled in.
        case created
        /// The creation is sound, but its SKU is taken.
        case refused(Refusal)
        /// It is for the slow path.
        case slowPath
    }

    /// The fields in the bytes of the request; the log contains the same bytes.
    let fields: UnsafeRawBufferPointer
    /// The mask of the extension fields and these, in the bytes of the request; empty for none.
    let extensions: UnsafeRawBufferPointer
    /// The strings in the order of the fields.
    let strings: PlainFields.Strings
    /// The code of the unit.
    let unit: UnsafeRawBufferPointer
    /// Whether the strings are in their stored form, and all values are within their bounds.
    fileprivate let isPlain: Bool
    let numbers: ProductNumbers
    /// What the rules need of them.
    let category: CategoryID
    let facts: ProductTable.Facts
    let opening: OpeningStock
    let hasOpening: Bool

    /// The keys and hashes by which the product is found, once ``Batch`` has made them.
    fileprivate(set) var skuKey = UnsafeRawBufferPointer(start: nil, count: 0)
    fileprivate(set) var skuHash: UInt64 = 0
    fileprivate(set) var barcodeKey = UnsafeRawBufferPointer(start: nil, count: 0)
    fileprivate(set) var barcodeHash: UInt64 = 0

    /// Reads what follows the tag of the command, as ``ProductDraft`` does.
    ///
    /// Does not validate UTF-8: see ``isPlain``. The reader moves past a plain product only.
    fileprivate init(from reader: inout ByteReader, _ tag: CommandTag) throws(ByteReaderError) {
        let start = reader
        var visitor = PlainFields(reader)
        var fields = ProductFields()
        try fields.visitFirstLayout(&visitor)
        self.fields = try start.bytes(until: visitor.reader)
        self.hasOpening = try visitor.reader.readBool()
        self.opening =
            self.hasOpening
            ? OpeningStock(
                location: try visitor.reader.readLocationID(),
                quantity: try visitor.reader.readQuantity(),
                unitCost: Money(try visitor.reader.readSignedVarint()),
                occurredAt: try visitor.reader.readOptionalInstant()
            ) : OpeningStock(quantity: 0)
        let end = visitor.reader
        var hasPlainExtensions = true
        if tag != .createProduct {
            hasPlainExtensions = try fields.visitPlainExtensions(&visitor)
        }
        self.extensions = try end.bytes(until: visitor.reader)
        // Numbers may be among the extension fields too.
        self.numbers = ProductNumbers(&fields)
        self.category = fields.category
        self.facts = ProductTable.Facts(
            status: fields.status,
            price: fields.price,
            reorderPoint: fields.reorderPoint
        )
        self.strings = visitor.strings
        self.unit = visitor.unitCode
        // A wrong check digit is refused.
        self.isPlain =
            visitor.arePlain && hasPlainExtensions && GTIN.isSound(visitor.strings[2])
        reader = visitor.reader
    }

    var sku: UnsafeRawBufferPointer { self.strings[0] }
    var name: UnsafeRawBufferPointer { self.strings[1] }
    /// Empty for none.
    var barcode: UnsafeRawBufferPointer { self.strings[2] }

    /// The same as a draft for the slow path.
    fileprivate var draft: ProductDraft {
        var reader = ByteReader(self.fields)
        var fields = ProductFields()
        do throws(ByteReaderError) {
            try fields.visitFirstLayout(&reader)
            if !self.extensions.isEmpty {
                reader = ByteReader(self.extensions)
                try fields.readExtensions(from: &reader)
            }
        } catch {
            preconditionFailure("plain fields cannot be read again: \(error)")
        }
        return ProductDraft(fields, opening: self.hasOpening ? self.opening : nil)
    }
}

// MARK: - Batches

extension PlainProduct {
    /// A batch of independent commands all of which create products.
    ///
    /// Valid as long as the request's bytes are.
    public struct Batch: ~Copyable {
        /// Commands in the batch.
        public let count: Int
        /// Whether only refusals are answered one by one.
        public let isErrorsOnly: Bool
        private let products: UnsafeMutablePointer<PlainProduct>
        /// The products that are not plain in any state.
        private var drafts: [Int: ProductDraft] = [:]
        /// The keys of all products.
        private let keys: UnsafeMutableRawPointer

        private init(_ head: BatchHead, byteCount: Int) {
            self.count = head.count
            self.isErrorsOnly = head.isErrorsOnly
            self.products = .allocate(capacity: head.count)
            // Only the key of a barcode may be longer than its source.
            let keyByteCountMax = byteCount + head.count * NormalizedText.gtinByteCount
            self.keys = .allocate(byteCount: keyByteCountMax, alignment: 8)
        }

        /// Reads an encoded batch, errors-only or not.
        ///
        /// - Returns: `nil` unless all commands are creations and their number is
        ///   permitted.
        /// - Complexity: O(bytes)
        public static func reading(_ command: UnsafeRawBufferPointer) -> Batch? {
            var reader = ByteReader(command)
            do throws(ByteReaderError) {
                guard let head = try BatchHead(&reader) else { return nil }
                var next = reader
                guard try next.readCreationTag() != nil else { return nil }
                var batch = Batch(head, byteCount: command.count)
                guard try batch.readProducts(&reader) else { return nil }
                return batch
            } catch {
                return nil
            }
        }

        deinit {
            self.products.deallocate()
            self.keys.deallocate()
        }

        private mutating func readProducts(
            _ reader: inout ByteReader
        ) throws(ByteReaderError) -> Bool {
            var key = self.keys
            for index in 0..<self.count {
                var again = reader
                guard let tag = try reader.readCreationTag() else { return false }
                var product = try PlainProduct(from: &reader, tag)
                if product.isPlain {
                    key = product.makeKeys(at: key)
                } else {
                    guard case .createProduct(let draft) = try Command(from: &again) else {
                        return false
                    }
                    self.drafts[index] = draft
                    reader = again
                }
                (self.products + index).initialize(to: product)
            }
            return reader.remaining == 0
        }

        /// The product with that index; `nil` if it takes the slow path in any state.
        @inline(__always)
        func product(_ index: Int) -> UnsafePointer<PlainProduct>? {
            if !self.drafts.isEmpty, self.drafts[index] != nil { return nil }
            return UnsafePointer(self.products + index)
        }

        /// The ``KeyIndex/hash(_:)`` of the SKU's key; undefined if ``product(_:)`` is `nil`.
        func skuHash(_ index: Int) -> UInt64 { self.products[index].skuHash }

        /// The refusal of a product whose SKU belongs to another one.
        func skuTaken(_ index: Int, by holder: ProductID) -> Refusal {
            let sku = String(decoding: self.products[index].sku, as: UTF8.self)
            return .skuTaken(sku, by: holder)
        }

        /// A creation of the batch as a command for the slow path.
        public func command(_ index: Int) -> Command {
            .createProduct(self.drafts[index] ?? self.products[index].draft)
        }
    }

    /// Builds the keys at `start`, and returns their end.
    fileprivate mutating func makeKeys(
        at start: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        NormalizedText.fold(self.sku, to: start)
        self.skuKey = UnsafeRawBufferPointer(start: start, count: self.sku.count)
        self.skuHash = KeyIndex.hash(self.skuKey)
        let next = start + self.sku.count
        if self.barcode.isEmpty { return next }
        let count = NormalizedText.foldBarcode(self.barcode, to: next)
        self.barcodeKey = UnsafeRawBufferPointer(start: next, count: count)
        self.barcodeHash = KeyIndex.hash(self.barcodeKey)
        return next + count
    }
}

extension ByteReader {
    /// Reads the tag of a command; `nil` if it does not create a product.
    fileprivate mutating func readCreationTag() throws(ByteReaderError) -> CommandTag? {
        let tag = CommandTag(rawValue: try self.readUInt8())
        return tag == .createProduct || tag == .createExtendedProduct ? tag : nil
    }

    /// Returns the bytes from this position to that of `other`.
    fileprivate func bytes(
        until other: ByteReader
    ) throws(ByteReaderError) -> UnsafeRawBufferPointer {
        var reader = self
        return try reader.readBytes(other.offset - self.offset)
    }
}

extension ProductFields {
    /// An extension field on the fast path.
    private struct PlainExtension {
        var field: ProductField
        /// Whether it is a string, which has a place of its own behind those of the first layout.
        var isText: Bool

        init(_ field: ProductField) {
            self.field = field
            self.isText = ProductFields.descriptions[Int(field.rawValue) - 1].kind == .text
        }
    }

    /// The extension fields that fall back to the slow path: the further barcodes, which are rare, and each of
    /// which must be unique.
    private static let slowExtensions = FieldSet<ProductField>(.moreBarcodes)
    private static let plainExtensions = ProductFields.extensionFields.fields
        .filter { !slowExtensions.contains($0) }
        .map { PlainExtension($0) }

    /// Reads a mask and the extension fields in it, if the fast path accepts all of them.
    ///
    /// - Returns: Whether it does; if not, the fields are not read.
    fileprivate mutating func visitPlainExtensions(
        _ visitor: inout PlainFields
    ) throws(ByteReaderError) -> Bool {
        let given = FieldSet<ProductField>(rawValue: try visitor.reader.readVarint())
        var rest = given
        for plain in Self.plainExtensions { rest.remove(plain.field) }
        guard rest.isEmpty, !given.isEmpty else { return false }
        visitor.isInExtensions = true
        for plain in Self.plainExtensions {
            if given.contains(plain.field) {
                try self.visit(&visitor, only: FieldSet(plain.field))
            } else if plain.isText {
                visitor.skipString()
            }
        }
        return true
    }
}
