import InventoryClient
internal import InventoryModel
import InventoryWire

/// The products that exist among those of a file, by the file's numbers: what they are counted in, and which of
/// them the file names by a barcode.
///
///     the file's code ─▶ the product with this SKU ─▶ else the one with this barcode ─▶ else it is created
///
/// A product in pieces need not be in the list, unless the file has quantities with decimals: it is then the
/// same whether it exists or not.
struct ExistingUnits: Sendable {
    private var decimals: [Int: UInt8] = [:]
    /// The products that the file names by a barcode.
    private(set) var namedByBarcode: [Int: ProductID] = [:]

    /// The most products that are looked up one by one; for more, all products of the server are read.
    private static let lookupMax = 4_096

    subscript(product: Int) -> UInt8? { self.decimals[product] }

    init(of products: SoldProducts, _ client: InventoryClient) async throws {
        guard products.lines.count > Self.lookupMax else {
            let codes = products.lines.map { $0.sku }
            for (index, found) in try await ProductLookup.find(named: codes, client).enumerated() {
                guard let product = found?.product else { continue }
                self.decimals[index] = product.unit.decimals
                if !product.isNamed(codes[index]) { self.namedByBarcode[index] = product.id }
            }
            return
        }
        try await self.readAll(products, client)
    }

    private mutating func readAll(
        _ products: SoldProducts,
        _ client: InventoryClient
    ) async throws {
        var codes: [String: [Int]] = [:]
        for (index, line) in products.lines.enumerated() {
            codes[NormalizedText.barcodeKey(line.sku), default: []].append(index)
        }
        let needsAll = products.lines.contains { $0.quantityDecimals > 0 }
        var named: Set<Int> = []
        var barcoded: [Int: Product] = [:]
        for try await part in client.rows(of: .products(ProductSearch())) {
            for product in try part.rows(as: ListedProduct.self).map({ $0.product }) {
                if let index = products.number(of: product.sku) {
                    named.insert(index)
                    if needsAll || product.unit.decimals != 0 {
                        self.decimals[index] = product.unit.decimals
                    }
                }
                for index in product.fields.barcodeKeys.flatMap({ codes[$0] ?? [] }) {
                    barcoded[index] = product
                }
            }
        }
        // A SKU decides, whichever of the two products is read first.
        for (index, product) in barcoded where !named.contains(index) {
            self.namedByBarcode[index] = product.id
            self.decimals[index] = product.unit.decimals
        }
    }
}

extension Product {
    /// Whether a code is the product's SKU, so that it is not looked for among barcodes.
    fileprivate func isNamed(_ code: String) -> Bool {
        NormalizedText.key(code) == NormalizedText.key(self.sku)
    }
}
