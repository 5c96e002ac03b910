import InventoryClient
internal import InventoryModel
import InventoryTransfer

/// What an export of stock has beside the columns of the answer: what the price basis of each product costs.
///
///     onHand 5000   value 4.50   priceBasis 1000  ──▶  cost 0.90
///
/// The cost is rounded; an import takes it from the value, which is exact.
struct ExportedStock {
    /// The price bases by product.
    private var bases: [Int64: Int64] = [:]

    /// Queries the price bases of all products.
    init(_ client: InventoryClient) async throws {
        let search = ProductSearch(statuses: [.active, .inactive, .archived])
        for try await part in client.rows(of: .products(search)) {
            guard let id = part.table.column(named: "id"),
                let basis = part.table.column(named: "priceBasis")
            else { continue }
            let (ids, bases) = (part.table.columns[id].integers, part.table.columns[basis].integers)
            for (id, basis) in zip(ids, bases) { self.bases[id] = basis }
        }
    }

    /// Returns a table of levels with the columns `priceBasis` and `cost`.
    func adding(to table: ResultTable) -> ResultTable {
        var basisColumn = ResultColumn(ResultField("priceBasis", .quantity))
        var costColumn = ResultColumn(ResultField("cost", .money))
        func integers(_ name: String) -> [Int64] {
            table.column(named: name).map { table.columns[$0].integers } ?? []
        }
        let levels = zip(integers("onHand"), integers("value"))
        for (product, level) in zip(integers("productId"), levels) {
            let basis = self.bases[product] ?? 1
            basisColumn.append(.integer(basis))
            let (onHand, value) = level
            let cost =
                onHand > 0 ? Price(value, per: onHand).amount(of: Quantity(basis)) : nil
            costColumn.append(cost.map { .integer($0.minorUnits) } ?? .none)
        }
        return ResultTable(
            columns: table.columns + [basisColumn, costColumn],
            rowCount: table.rowCount
        )
    }
}
