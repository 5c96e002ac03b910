internal import InventoryModel

/// Which row of the file has which product, so that a second row of the same product is refused.
struct UpsertClaims {
    private var products: [ProductID: Int] = [:]
    /// The SKUs and barcodes that rows give a product, by their keys.
    private var skus = NumberedStrings()
    private var barcodes = NumberedStrings()

    /// Claims a product, or the SKU of a new one, for a row.
    ///
    /// - Throws: The problem if an earlier row has it.
    mutating func claim(
        _ product: Product?,
        sku: String,
        for row: Int
    ) throws(ProductRow.Problem) {
        if let product {
            if let first = self.products.updateValue(row, forKey: product.id) {
                self.products[product.id] = first
                throw ProductRow.Problem(
                    text: "sku: duplicate of row \(first) (\"\(product.sku)\")"
                )
            }
            if NormalizedText.key(product.sku) == NormalizedText.key(sku) || sku.isEmpty { return }
        }
        guard sku.utf8.count <= Limits.skuByteCountMax else {
            throw ProductRow.Problem(
                text: "sku: \"\(sku)\" is longer than \(Limits.skuByteCountMax) bytes"
            )
        }
        if let first = self.skus.findOrInsert(NormalizedText.key(sku), row) {
            throw ProductRow.Problem(text: "sku: duplicate of row \(first) (\"\(sku)\")")
        }
    }

    /// Claims a barcode that a row gives its product.
    ///
    /// - Throws: The problem if an earlier row has it.
    mutating func claim(barcode: String, for row: Int) throws(ProductRow.Problem) {
        let key = NormalizedText.barcodeKey(barcode)
        guard !barcode.isEmpty, let first = self.barcodes.findOrInsert(key, row) else { return }
        throw ProductRow.Problem(text: "barcode: duplicate of row \(first) (\"\(barcode)\")")
    }
}
