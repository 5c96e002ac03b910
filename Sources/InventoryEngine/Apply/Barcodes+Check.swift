internal import InventoryModel

/// The rules of a product's barcodes, apart from being unique among products.
extension ProductFields {
    /// Reports barcodes that are invalid, too many, or given twice.
    ///
    /// The check digits of barcodes that the product has already are not checked: an earlier version of the
    /// program accepted any.
    func checkBarcodes(from old: ProductFields?, _ findings: inout Findings) {
        let more = Self.split(self.moreBarcodes)
        findings.check("moreBarcodes", Int64(more.count), in: 0...Int64(Limits.moreBarcodesMax))
        if more.count > Limits.moreBarcodesMax { return }
        let known = Set(old?.barcodeKeys ?? [])
        var seen: Set<String> = []
        for barcode in self.barcodes {
            let field = seen.isEmpty && barcode == self.barcode ? "barcode" : "moreBarcodes"
            let key = NormalizedText.barcodeKey(barcode)
            findings.check(field, barcode, byteCount: 1...FieldBounds.barcode.upperBound)
            if !known.contains(key), let problem = GTIN.problem(barcode) {
                findings.addInvalid(field, problem)
            }
            if !seen.insert(key).inserted {
                findings.addInvalid("moreBarcodes", "has a barcode twice")
            }
        }
    }
}
