/// The barcodes of a product: the first one, and further ones in a text, separated by blanks.
///
///     barcode        4006381333931
///     moreBarcodes   4006381333948 96385074
extension ProductFields {
    /// All barcodes, the first one first.
    public var barcodes: [String] {
        (self.barcode.isEmpty ? [] : [self.barcode]) + Self.split(self.moreBarcodes)
    }

    /// Returns the barcodes of a text in which white space separates them.
    package static func split(_ barcodes: String) -> [String] {
        if barcodes.isEmpty { return [] }
        return barcodes.split { $0.isWhitespace }.map { String($0) }
    }

    /// Returns ``barcodes`` in the form in which they are compared; see ``NormalizedText/barcodeKey(_:)``.
    package var barcodeKeys: [String] { self.barcodes.map { NormalizedText.barcodeKey($0) } }

    /// Puts one blank between further barcodes.
    package mutating func normalizeBarcodes() {
        if self.moreBarcodes.isEmpty { return }
        self.moreBarcodes = Self.split(self.moreBarcodes).joined(separator: " ")
    }
}
