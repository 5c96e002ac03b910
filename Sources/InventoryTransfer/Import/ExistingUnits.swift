import InventoryClient
internal import InventoryModel
import InventoryWire

/// What the products of a file that exist are counted and priced in, by the file's numbers.
///
/// A product in pieces with a price for one need not be in the list, unless the file has quantities with
/// decimals, costs or prices for another quantity: it is then the same whether it exists or not.
struct ExistingUnits: Sendable {
    struct Unit: Sendable {
        var decimals: UInt8
        /// The base units that the price is for.
        var basis: Int64
    }

    private var units: [Int: Unit] = [:]

    /// The most products that are looked up one by one; for more, all products of the server are read.
    private static let lookupMax = 4_096

    subscript(product: Int) -> Unit? { self.units[product] }

    init(of products: SoldProducts, _ client: InventoryClient) async throws {
        guard products.lines.count > Self.lookupMax else {
            let found = try await ProductLookup.find(products.lines.map { $0.sku }, client)
            for (index, product) in found.enumerated() {
                guard let product = product?.product else { continue }
                self.units[index] = Unit(
                    decimals: product.unit.decimals,
                    basis: product.price.basis
                )
            }
            return
        }
        let needsAll = products.lines.contains { $0.needsUnit }
        for try await part in client.rows(of: .products(ProductSearch())) {
            self.add(part.table, products, needsAll: needsAll)
        }
    }

    private mutating func add(_ table: ResultTable, _ products: SoldProducts, needsAll: Bool) {
        guard let sku = table.column(named: "sku"),
            let decimals = table.column(named: "unitDecimals"),
            let basis = table.column(named: "priceBasis")
        else { return }
        for row in 0..<table.rowCount {
            guard case .integer(let decimals) = table.cell(row, decimals),
                case .integer(let basis) = table.cell(row, basis),
                needsAll || decimals != 0 || basis != 1, case .text(let sku) = table.cell(row, sku),
                let product = products.number(of: sku)
            else { continue }
            self.units[product] = Unit(decimals: UInt8(clamping: decimals), basis: basis)
        }
    }
}

extension SoldProducts.Line {
    /// Whether its rows depend on the unit of the product, if it exists.
    fileprivate var needsUnit: Bool {
        self.quantityDecimals > 0 || self.per != FileQuantity.perUnit || self.costedQuantity > 0
    }
}
