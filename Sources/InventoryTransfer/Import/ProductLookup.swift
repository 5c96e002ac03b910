import InventoryClient
internal import InventoryModel

/// Looks up products of the server by SKU, with pipelined queries.
enum ProductLookup {
    /// The most queries in flight.
    private static let inFlightMax = 256

    /// Returns a product for each SKU, in order; `nil` for a SKU that does not exist.
    static func find(
        _ skus: [String],
        _ client: InventoryClient
    ) async throws -> [StockedProduct?] {
        var found = [StockedProduct?](repeating: nil, count: skus.count)
        try await withThrowingTaskGroup(of: (Int, StockedProduct?).self) { group in
            for (index, sku) in skus.enumerated() {
                if index >= Self.inFlightMax, let (answered, product) = try await group.next() {
                    found[answered] = product
                }
                group.addTask { (index, try await Self.find(sku, client)) }
            }
            for try await (answered, product) in group { found[answered] = product }
        }
        return found
    }

    /// Looks up one SKU; an invalid SKU is a missing one.
    private static func find(
        _ sku: String,
        _ client: InventoryClient
    ) async throws(ClientError) -> StockedProduct? {
        guard !sku.isEmpty, sku.utf8.count <= Limits.skuByteCountMax else { return nil }
        return try await client.product(.sku(sku))
    }
}
