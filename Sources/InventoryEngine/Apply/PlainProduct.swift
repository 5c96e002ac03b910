internal import Bytes
internal import ColumnStore
public import InventoryModel

/// The creation of a product as nearly all of a catalog are created, in the bytes of its request.
///
/// A catalog has a million of them, so they have a fast path through the same rules, as a
/// ``PlainSale`` has: no text is made of its bytes, there is no draft and no list of changes.
///
///     batch's bytes ──▶ PlainProduct ──▶ PlainProduct.Step ──▶ reply, log, state
///           └──────────────┴── anything unusual ──▶ slow path
///
/// What it makes is the very step, byte for byte, that ``InventoryState/decide(_:at:)`` makes of the
/// same command. It accepts, and it refuses a SKU that is taken, as are all of a catalog that is imported
/// again. What may have to be refused for anything else, or has a text that would have to be trimmed,
/// composed or folded by Unicode, falls back to the slow path, and nothing has changed.
///
/// Valid where its request's bytes are.
public struct PlainProduct {
    /// What the fast path makes of a creation.
    public enum Decision {
        /// The step is filled in.
        case created
        /// There is nothing against it but that its SKU is taken.
        case refused(Refusal)
        /// It is for the slow path.
        case slowPath
    }

    /// The fields in the bytes of the request, which the log has as well.
    let fields: UnsafeRawBufferPointer
    /// In the order of the fields.
    let texts: PlainFields.Texts
    /// Whether the texts are what they are stored as, and all is within its bounds.
    fileprivate let isPlain: Bool
    let numbers: ProductNumbers
    let opening: OpeningStock
    let hasOpening: Bool

    /// What the texts are found by, once ``Batch`` has made it.
    fileprivate(set) var skuKey = UnsafeRawBufferPointer(start: nil, count: 0)
    fileprivate(set) var skuHash: UInt64 = 0
    fileprivate(set) var barcodeKey = UnsafeRawBufferPointer(start: nil, count: 0)
    fileprivate(set) var barcodeHash: UInt64 = 0

    /// Reads what follows the tag of the command, as ``ProductDraft`` does.
    ///
    /// That texts are UTF-8 is not looked at: see ``isPlain``.
    fileprivate init(from reader: inout ByteReader) throws(ByteReaderError) {
        var start = reader
        var visitor = PlainFields(reader)
        var fields = ProductFields()
        try fields.visit(&visitor)
        self.numbers = ProductNumbers(fields)
        self.texts = visitor.texts
        self.isPlain = visitor.arePlain
        reader = visitor.reader
        self.fields = try start.readBytes(reader.offset - start.offset)
        self.hasOpening = try reader.readBool()
        guard self.hasOpening else {
            self.opening = OpeningStock(quantity: 0)
            return
        }
        self.opening = OpeningStock(
            location: try reader.readLocationID(),
            quantity: try reader.readSignedVarint(),
            unitCost: Money(try reader.readSignedVarint()),
            occurredAt: try reader.readOptionalInstant()
        )
    }

    var sku: UnsafeRawBufferPointer { self.texts[0] }
    var name: UnsafeRawBufferPointer { self.texts[1] }
    /// Empty for none.
    var barcode: UnsafeRawBufferPointer { self.texts[2] }
    var unit: UnsafeRawBufferPointer { self.texts[3] }

    /// The same as a draft of the slow path.
    fileprivate var draft: ProductDraft {
        var reader = ByteReader(self.fields)
        var fields = ProductFields()
        do throws(ByteReaderError) {
            try fields.visit(&reader)
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
    /// Valid where the request's bytes are.
    public struct Batch: ~Copyable {
        public let count: Int
        /// Whether only refusals are answered one by one.
        public let isErrorsOnly: Bool
        private let products: UnsafeMutablePointer<PlainProduct>
        /// Those that cannot be plain, whatever the state.
        private var drafts: [Int: ProductDraft] = [:]
        /// The keys of all products.
        private let keys: UnsafeMutableRawPointer

        private init(_ head: BatchHead, byteCount: Int) {
            self.count = head.count
            self.isErrorsOnly = head.isErrorsOnly
            self.products = .allocate(capacity: head.count)
            // Only the key of a barcode may be longer than what it is made of.
            let keyByteCountMax = byteCount + head.count * NormalizedText.gtinByteCount
            self.keys = .allocate(byteCount: keyByteCountMax, alignment: 8)
        }

        /// Reads an encoded batch, errors-only or not.
        ///
        /// - Returns: Nothing unless all of its commands are creations and there is a permitted number
        ///   of them.
        /// - Complexity: O(bytes)
        public static func reading(_ command: UnsafeRawBufferPointer) -> Batch? {
            var reader = ByteReader(command)
            do throws(ByteReaderError) {
                guard let head = try BatchHead(&reader) else { return nil }
                var next = reader
                guard try next.readUInt8() == CommandTag.createProduct.rawValue else { return nil }
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
                guard try reader.readUInt8() == CommandTag.createProduct.rawValue else {
                    return false
                }
                var again = reader
                var product = try PlainProduct(from: &reader)
                if product.isPlain {
                    key = product.makeKeys(at: key)
                } else {
                    self.drafts[index] = try ProductDraft(from: &again)
                }
                (self.products + index).initialize(to: product)
            }
            return reader.remaining == 0
        }

        /// The product of that number; `nil` where the slow path takes it whatever the state.
        @inline(__always)
        func product(_ index: Int) -> UnsafePointer<PlainProduct>? {
            if !self.drafts.isEmpty, self.drafts[index] != nil { return nil }
            return UnsafePointer(self.products + index)
        }

        /// What ``KeyIndex/hash(_:)`` gives of the SKU's key; of no meaning without ``product(_:)``.
        func skuHash(_ index: Int) -> UInt64 { self.products[index].skuHash }

        /// The refusal of a product whose SKU another one has.
        func skuTaken(_ index: Int, by holder: ProductID) -> Refusal {
            let sku = String(decoding: self.products[index].sku, as: UTF8.self)
            return .skuTaken(sku, by: holder)
        }

        /// A creation of the batch as a command of the slow path.
        public func command(_ index: Int) -> Command {
            .createProduct(self.drafts[index] ?? self.products[index].draft)
        }
    }

    /// Puts the keys together, and gives where they end.
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
