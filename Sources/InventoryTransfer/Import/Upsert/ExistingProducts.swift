import InventoryClient
internal import InventoryModel
import InventoryWire

/// The products of the server that the rows of a file may mean, found by SKU or barcode.
///
///     a short file   its SKUs and barcodes are looked up one by one, pipelined
///     a longer one   the whole catalog is streamed, and so is the stock if the file has some
///
/// Both are as of the start of the import; a later change by someone else is not seen.
struct ExistingProducts {
    /// The most rows of a file whose products are looked up one by one.
    private static let lookupMax = 4_096

    private var products: [Product] = []
    private var skus = NumberedStrings()
    private var barcodes = NumberedStrings()
    private var onHand: [Place: Quantity] = [:]

    private struct Place: Hashable {
        var product: ProductID
        var location: LocationID
    }

    /// Finds the products of a file.
    ///
    /// - Parameters:
    ///   - records: The file's rows.
    ///   - sku: The column of SKUs.
    ///   - barcodes: The columns of barcodes.
    ///   - hasStock: Whether the rows have stock, which is compared with what is on hand.
    ///   - client: The client to query with.
    /// - Throws: ``Failure`` if the file is malformed, or the client's error.
    init(
        of records: RecordReader,
        sku: Int,
        barcodes: BarcodeCells,
        hasStock: Bool,
        _ client: InventoryClient
    ) async throws {
        guard let keys = try Self.keys(of: records.fromStart, sku: sku, barcodes) else {
            try await self.readAll(hasStock: hasStock, client)
            return
        }
        for found in try await ProductLookup.find(keys: keys, client).compactMap({ $0 }) {
            self.add(found.product)
            for level in found.levels {
                self.set(level.onHand, of: found.product.id, at: level.location)
            }
        }
    }

    /// Returns the SKUs and barcodes of a file; `nil` if it has more than ``lookupMax`` rows.
    private static func keys(
        of records: RecordReader,
        sku: Int,
        _ barcodes: BarcodeCells
    ) throws -> [ProductKey]? {
        var records = records
        var keys: [ProductKey] = []
        while try records.next() {
            guard records.recordCount <= Self.lookupMax else { return nil }
            let all = [records.text(barcodes.first)] + barcodes.more(records)
            keys.append(.sku(records.text(sku)))
            keys += all.map { .barcode($0) }
        }
        return keys
    }

    private mutating func readAll(hasStock: Bool, _ client: InventoryClient) async throws {
        for try await part in client.rows(of: .products(ProductSearch())) {
            for row in try part.rows(as: ListedProduct.self) { self.add(row.product) }
        }
        guard hasStock else { return }
        for try await part in client.rows(of: .levels(LevelQuery())) {
            for row in try part.rows(as: ListedLevel.self) {
                self.set(row.onHand, of: row.product, at: row.location)
            }
        }
    }

    private mutating func add(_ product: Product) {
        guard self.skus.findOrInsert(NormalizedText.key(product.sku), self.products.count) == nil
        else { return }
        for key in product.fields.barcodeKeys {
            _ = self.barcodes.findOrInsert(key, self.products.count)
        }
        self.products.append(product)
    }

    private mutating func set(
        _ stock: Quantity,
        of product: ProductID,
        at location: LocationID
    ) {
        self.onHand[Place(product: product, location: location)] = stock
    }

    // MARK: - Lookup

    /// Returns the product with a SKU; `nil` if there is none.
    func product(sku: String) -> Product? {
        self.skus.number(of: NormalizedText.key(sku)).map { self.products[$0] }
    }

    /// Returns the product with a barcode; `nil` if there is none.
    func product(barcode: String) -> Product? {
        self.barcodes.number(of: NormalizedText.barcodeKey(barcode)).map { self.products[$0] }
    }

    /// Returns what is on hand of a product at a location, in base units.
    func onHand(_ product: ProductID, at location: LocationID) -> Quantity {
        self.onHand[Place(product: product, location: location)] ?? 0
    }
}
