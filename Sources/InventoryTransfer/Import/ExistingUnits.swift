import InventoryClient
internal import InventoryModel
import InventoryWire

/// The decimals that products of a file that exist are counted with, by the file's numbers.
///
/// A product in pieces need not be in the list, unless the file has quantities with decimals: it is then the
/// same whether it exists or not.
struct ExistingUnits: Sendable {
    private var decimals: [Int: UInt8] = [:]

    /// The most products that are looked up one by one; for more, all products of the server are read.
    private static let lookupMax = 4_096

    subscript(product: Int) -> UInt8? { self.decimals[product] }

    init(of products: SoldProducts, _ client: InventoryClient) async throws {
        guard products.lines.count > Self.lookupMax else {
            let found = try await ProductLookup.find(products.lines.map { $0.sku }, client)
            for (index, product) in found.enumerated() {
                guard let product = product?.product else { continue }
                self.decimals[index] = product.unit.decimals
            }
            return
        }
        let needsAll = products.lines.contains { $0.quantityDecimals > 0 }
        for try await part in client.rows(of: .products(ProductSearch())) {
            self.add(part.table, products, needsAll: needsAll)
        }
    }

    private mutating func add(_ table: ResultTable, _ products: SoldProducts, needsAll: Bool) {
        guard let sku = table.column(named: "sku"),
            let decimals = table.column(named: "unitDecimals")
        else { return }
        for row in 0..<table.rowCount {
            guard case .integer(let decimals) = table.cell(row, decimals),
                needsAll || decimals != 0, case .text(let sku) = table.cell(row, sku),
                let product = products.number(of: sku)
            else { continue }
            self.decimals[product] = UInt8(clamping: decimals)
        }
    }
}
