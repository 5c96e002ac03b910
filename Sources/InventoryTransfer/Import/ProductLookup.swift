import InventoryClient
internal import InventoryModel

/// Looks up products of the server by SKU or barcode, with pipelined queries.
enum ProductLookup {
    /// The most queries in flight.
    private static let inFlightMax = 256

    /// Returns a product for each SKU, in order; `nil` for a SKU that does not exist.
    static func find(
        _ skus: [String],
        _ client: InventoryClient
    ) async throws -> [StockedProduct?] {
        try await self.find(keys: skus.map { .sku($0) }, client)
    }

    /// Returns a product for each name, in order: that with the SKU, else that with the barcode.
    static func find(
        named names: [String],
        _ client: InventoryClient
    ) async throws -> [StockedProduct?] {
        var found = try await self.find(names, client)
        let missing = found.indices.filter { found[$0] == nil }
        let others = try await self.find(keys: missing.map { .barcode(names[$0]) }, client)
        for (index, product) in zip(missing, others) { found[index] = product }
        return found
    }

    /// Returns a product for each key, in order; `nil` for a key that no product has.
    static func find(
        keys: [ProductKey],
        _ client: InventoryClient
    ) async throws -> [StockedProduct?] {
        var found = [StockedProduct?](repeating: nil, count: keys.count)
        try await withThrowingTaskGroup(of: (Int, StockedProduct?).self) { group in
            for (index, key) in keys.enumerated() {
                if index >= Self.inFlightMax, let (answered, product) = try await group.next() {
                    found[answered] = product
                }
                group.addTask { (index, try await Self.find(key, client)) }
            }
            for try await (answered, product) in group { found[answered] = product }
        }
        return found
    }

    /// Looks up one key; an invalid SKU or barcode is a missing one.
    private static func find(
        _ key: ProductKey,
        _ client: InventoryClient
    ) async throws(ClientError) -> StockedProduct? {
        let (text, byteCountMax) =
            switch key {
            case .id: ("id", Int.max)
            case .sku(let sku): (sku, Limits.skuByteCountMax)
            case .barcode(let barcode): (barcode, Limits.barcodeByteCountMax)
            }
        guard !text.isEmpty, text.utf8.count <= byteCountMax else { return nil }
        return try await client.product(key)
    }
}
