internal import Bytes
internal import InventoryModel

/// The strings of a record: copied to the bytes of a creation, or assigned to the fields of an upsert.
extension ProductCellReader {
    // MARK: - Creating

    /// Writes the text in a column, or the field's default.
    @inline(__always)
    mutating func write(_ column: Int, _ field: Field<String>) throws(Problem) {
        if field.isExtension, field.name == "moreBarcodes" { return try self.writeMoreBarcodes() }
        try self.checkLength(column, field.name, in: field.byteCount)
        let isWritten = self.records.withUTF8(column) { utf8 in
            if utf8.isEmpty { return false }
            self.bytes.writeVarint(UInt64(utf8.count))
            self.bytes.write(bytes: utf8)
            return true
        }
        if !isWritten { self.bytes.writeText(field.standard ?? "") }
    }

    /// Writes the further barcodes of the record as the text of their field.
    private mutating func writeMoreBarcodes() throws(Problem) {
        let text = try self.moreBarcodes().joined(separator: " ")
        guard text.utf8.count <= FieldBounds.moreBarcodes.upperBound else {
            throw Problem(text: "moreBarcodes: there are more than \(Limits.moreBarcodesMax)")
        }
        self.bytes.writeText(text)
    }

    /// Rejects a text that is too long, as the server would; it might not even fit a request.
    func checkLength(
        _ column: Int,
        _ name: String,
        in byteCount: ClosedRange<Int>
    ) throws(Problem) {
        guard self.records.withUTF8(column, { $0.count > byteCount.upperBound }) else { return }
        try Self.checkLength(
            NormalizedText.trimmed(self.records.text(column)),
            name,
            in: byteCount
        )
    }

    private static func checkLength(
        _ trimmed: String,
        _ name: String,
        in byteCount: ClosedRange<Int>
    ) throws(Problem) {
        let (count, most) = (trimmed.utf8.count, byteCount.upperBound)
        guard count > most else { return }
        throw ProductCells.tooLong(name, byteCount: count, atMost: Int64(most))
    }

    // MARK: - Upserts

    /// Assigns the text in a column to a field, unless it is the same key however it is written.
    mutating func assign(
        _ column: Int,
        _ field: Field<String>,
        to value: inout String
    ) throws(Problem) {
        if field.name == "moreBarcodes" { return try self.assignMoreBarcodes(to: &value) }
        if self.isCleared(column) {
            guard field.standard == "" else { throw Self.notClearable(field.name) }
            value = ""
            return
        }
        let text = NormalizedText.trimmed(self.records.text(column))
        try Self.checkLength(text, field.name, in: field.byteCount)
        if !self.isKey(text, equalTo: value, of: field.name) { value = text }
    }

    /// Whether a key is the same however it is written: such a key stays as it is.
    private func isKey(_ text: String, equalTo value: String, of name: String) -> Bool {
        switch name {
        case "sku": NormalizedText.key(text) == NormalizedText.key(value)
        case "barcode":
            // Any of its barcodes identifies a product; it need not be the first one.
            self.oldBarcodeKeys.contains(NormalizedText.barcodeKey(text))
        default: false
        }
    }

    /// Assigns the further barcodes, without that of the first column.
    private func assignMoreBarcodes(to value: inout String) throws(Problem) {
        func keys(_ barcodes: [String]) -> [String] {
            barcodes.map { NormalizedText.barcodeKey($0) }
        }
        let first = NormalizedText.barcodeKey(self.firstBarcode)
        let more = try self.moreBarcodes().filter { NormalizedText.barcodeKey($0) != first }
        let old = ProductFields.split(value)
        if keys(more) != keys(old) { value = more.joined(separator: " ") }
    }

    /// The further barcodes of the record; none if they are cleared.
    ///
    /// - Throws: Why one is invalid.
    func moreBarcodes() throws(Problem) -> [String] {
        if self.isCleared(self.barcodes.more) { return [] }
        let more = self.barcodes.more(self.records)
        for barcode in more { try BarcodeCells.check(barcode, "moreBarcodes") }
        return more
    }
}
