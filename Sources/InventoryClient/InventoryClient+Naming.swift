public import InventoryModel

extension InventoryClient {
    /// Returns the product that people and scanners name so: that with the SKU, else that with the barcode;
    /// `nil` if there is none.
    ///
    /// It sends a second request only if no product has the SKU.
    public func product(named name: String) async throws(ClientError) -> StockedProduct? {
        if let found = try await self.product(.sku(name)) { return found }
        guard !name.isEmpty, name.utf8.count <= Limits.barcodeByteCountMax else { return nil }
        return try await self.product(.barcode(name))
    }
}
