internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryTransfer

/// What an export of products has beside the columns of the answer: the location of each product's first level.
///
/// An import creates a product with a level at its `location`, so that it has none at another.
struct ExportedProducts {
    /// The code of the location by product.
    private var locations: [ProductID: String] = [:]

    /// Queries the levels of all products, which come by ascending product and location.
    init(_ client: InventoryClient) async throws {
        for try await part in client.rows(of: .levels(LevelQuery())) {
            for level in try part.rows(as: Place.self) where self.locations[level.product] == nil {
                self.locations[level.product] = level.location
            }
        }
    }

    /// Returns a table of products with the column `location`.
    ///
    /// - Throws: `ClientError` if the table has no ids of products.
    func adding(to table: ResultTable) throws(ClientError) -> ResultTable {
        var column = ResultColumn(ResultField("location", .text))
        for product in try table.rows(as: Listed.self) {
            column.append(self.locations[product.id].map { .text($0) } ?? .none)
        }
        return ResultTable(columns: table.columns + [column], rowCount: table.rowCount)
    }

    /// Where a level is.
    private struct Place: AnswerRow {
        let product: ProductID
        let location: String

        init(from row: inout RowReader) throws(ClientError) {
            self.product = try row.id("productId")
            self.location = try row.text("location")
        }
    }

    /// A row of the products.
    private struct Listed: AnswerRow {
        let id: ProductID

        init(from row: inout RowReader) throws(ClientError) { self.id = try row.id("id") }
    }
}
