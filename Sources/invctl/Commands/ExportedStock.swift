internal import Bytes
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
    private var bases: [ProductID: Quantity] = [:]

    /// Queries the price bases of all products.
    init(_ client: InventoryClient) async throws {
        let search = ProductSearch(statuses: [.active, .inactive, .archived])
        for try await part in client.rows(of: .products(search)) {
            for product in try part.rows(as: Priced.self) {
                self.bases[product.id] = product.basis
            }
        }
    }

    /// Returns a table of levels with the columns `priceBasis` and `cost`.
    ///
    /// - Throws: `ClientError` if the table has other columns than those of levels.
    func adding(to table: ResultTable) throws(ClientError) -> ResultTable {
        var basisColumn = ResultColumn(ResultField("priceBasis", .quantity))
        var costColumn = ResultColumn(ResultField("cost", .money))
        for level in try table.rows(as: Held.self) {
            let basis = self.bases[level.product] ?? 1
            basisColumn.append(.integer(basis.baseUnits))
            costColumn.append(level.cost(of: basis).map { .integer($0.minorUnits) } ?? .none)
        }
        return ResultTable(
            columns: table.columns + [basisColumn, costColumn],
            rowCount: table.rowCount
        )
    }

    /// A product's price basis.
    private struct Priced: AnswerRow {
        let id: ProductID
        let basis: Quantity

        init(from row: inout RowReader) throws(ClientError) {
            self.id = try row.id("id")
            self.basis = try row.quantity("priceBasis")
        }
    }

    /// What is on hand at a level, and worth.
    private struct Held: AnswerRow {
        let product: ProductID
        let onHand: Quantity
        let value: Money

        init(from row: inout RowReader) throws(ClientError) {
            self.product = try row.id("productId")
            self.onHand = try row.quantity("onHand")
            self.value = try row.money("value")
        }

        /// What a quantity of it costs; `nil` if nothing is on hand.
        func cost(of quantity: Quantity) -> Money? {
            guard self.onHand > 0 else { return nil }
            return Price(self.value, for: self.onHand).amount(of: quantity)
        }
    }
}
