import InventoryClient
internal import InventoryModel
import InventoryTransfer

/// What an export of products has beside the columns of the answer: the location of each product's first level.
///
/// An import creates a product with a level at its `location`, so that it has none at another.
struct ExportedProducts {
    /// The code of the location by product.
    private var locations: [Int64: String] = [:]

    /// Queries the levels of all products, which come by ascending product and location.
    init(_ client: InventoryClient) async throws {
        for try await part in client.rows(of: .levels(LevelQuery())) {
            guard let product = part.table.column(named: "productId"),
                let location = part.table.column(named: "location")
            else { continue }
            for row in 0..<part.table.rowCount {
                guard case .integer(let id) = part.table.cell(row, product),
                    case .text(let code) = part.table.cell(row, location),
                    self.locations[id] == nil
                else { continue }
                self.locations[id] = code
            }
        }
    }

    /// Returns a table of products with the column `location`.
    func adding(to table: ResultTable) -> ResultTable {
        var column = ResultColumn(ResultField("location", .text))
        let ids = table.column(named: "id").map { table.columns[$0].integers } ?? []
        for id in ids { column.append(self.locations[id].map { .text($0) } ?? .none) }
        return ResultTable(columns: table.columns + [column], rowCount: table.rowCount)
    }
}
