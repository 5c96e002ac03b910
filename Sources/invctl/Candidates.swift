import Inventory
import InventoryClient

/// What can be completed: looked up at the server, quickly or not at all.
///
/// A shell that asks for completions waits for them, so a server that does not answer in a fraction of a
/// second has none.
enum Candidates {
    private static let timeoutMilliseconds: Int64 = 300
    private static let candidatesMax: UInt32 = 200

    static func contexts() -> [String] { (try? ConfigurationFile())?.contexts ?? [] }

    /// SKUs that begin with what was typed.
    static func skus(_ prefix: String) async -> [String] {
        await self.texts(
            .products(ProductSearch(skuPrefix: prefix, sort: .sku, limit: self.candidatesMax)),
            "sku"
        )
    }

    static func categories() async -> [String] {
        await self.texts(.categories(includingArchived: false), "name")
    }

    static func locations() async -> [String] {
        await self.texts(.locations(includingArchived: false), "code")
    }

    private static func texts(_ query: Query, _ field: String) async -> [String] {
        guard let settings = try? Settings(flags: [:], context: nil),
            var configuration = try? settings.client()
        else { return [] }
        configuration.timeoutMilliseconds = self.timeoutMilliseconds
        let client = InventoryClient(configuration)
        let table = try? await client.query(query).table
        try? await client.close()
        guard let table else { return [] }
        return (0..<table.rowCount).map { table.text($0, field) }
    }
}
