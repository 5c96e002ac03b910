import InventoryClient
internal import InventoryModel

/// Products of the server by SKU, many asked for at once.
enum ProductLookup {
    /// Questions on their way at once.
    private static let inFlightMax = 256

    /// One for each SKU, in order; nothing where there is none.
    static func find(
        _ skus: [String],
        _ client: InventoryClient
    ) async throws -> [StockedProduct?] {
        var found = [StockedProduct?](repeating: nil, count: skus.count)
        try await withThrowingTaskGroup(of: (Int, StockedProduct?).self) { group in
            for (index, sku) in skus.enumerated() {
                if index >= Self.inFlightMax, let (asked, product) = try await group.next() {
                    found[asked] = product
                }
                group.addTask { (index, try await Self.find(sku, client)) }
            }
            for try await (asked, product) in group { found[asked] = product }
        }
        return found
    }

    /// A SKU that is none at all names nothing either.
    private static func find(
        _ sku: String,
        _ client: InventoryClient
    ) async throws(ClientError) -> StockedProduct? {
        guard !sku.isEmpty, sku.utf8.count <= Limits.skuByteCountMax else { return nil }
        return try await client.product(.sku(sku))
    }
}
