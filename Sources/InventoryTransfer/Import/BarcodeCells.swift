internal import InventoryModel

/// The barcodes of a row: in a column of the first one, in one of further ones, and in columns of one each.
///
///     barcode         4006381333931
///     moreBarcodes    4006381333948 96385074      separated by blanks or semicolons
///     barcode2, …     SHELF-7
///
/// What a spreadsheet makes of a barcode that it takes for a number is refused with the reason: digits that
/// were cut off cannot be brought back.
struct BarcodeCells: Sendable {
    /// The fields of columns with one further barcode each.
    static let furtherFields = (2...5).map { "barcode\($0)" }

    let first: Int
    let more: Int
    private let further: [Int]

    init(_ mapping: ColumnMapping?) {
        func column(_ name: String) -> Int { mapping?.column(name) ?? .max }
        (self.first, self.more) = (column("barcode"), column("moreBarcodes"))
        self.further = Self.furtherFields.map { column($0) }.filter { $0 != .max }
    }

    /// Whether there is a column of further barcodes.
    var hasMore: Bool { self.more != .max || !self.further.isEmpty }

    /// Whether the row has further barcodes.
    func hasMore(_ records: borrowing RecordReader) -> Bool {
        if !records.withBytes(self.more, { $0.isEmpty }) { return true }
        return self.further.contains { column in !records.withBytes(column) { $0.isEmpty } }
    }

    /// Returns the further barcodes, in the order of the columns.
    func more(_ records: borrowing RecordReader) -> [String] {
        var all = records.text(self.more).split { $0.isWhitespace || $0 == ";" }.map { String($0) }
        for column in self.further {
            let text = records.text(column)
            if !text.isEmpty { all.append(text) }
        }
        return all
    }

    // MARK: - Problems

    /// Checks the first barcode of the row.
    ///
    /// - Throws: Why it is invalid.
    @inline(__always)
    func checkFirst(_ records: borrowing RecordReader) throws(ProductRow.Problem) {
        if self.first == .max { return }
        let isSound = records.withBytes(self.first) { bytes in
            bytes.allSatisfy { 0x30...0x39 ~= $0 } && GTIN.isSound(bytes)
        }
        if isSound { return }
        try Self.check(records.text(self.first), "barcode")
    }

    /// Checks one barcode.
    ///
    /// - Throws: Why it is invalid.
    static func check(_ barcode: String, _ field: String) throws(ProductRow.Problem) {
        guard let problem = self.damage(barcode) ?? GTIN.problem(barcode) else { return }
        throw ProductRow.Problem(text: "\(field): \(problem)")
    }

    /// Returns what a spreadsheet did to a barcode; `nil` for nothing.
    static func damage(_ barcode: String) -> String? {
        let hint = "; format the column as text and export it again"
        if barcode.hasPrefix("=") {
            return "\(barcode) is a formula of a spreadsheet" + hint
        }
        if barcode.hasPrefix("'") {
            return "\(barcode) begins with the apostrophe of a spreadsheet" + hint
        }
        if barcode.wholeMatch(of: /[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+/) != nil {
            return "\(barcode) is a rounded number, whose other digits a spreadsheet has lost"
                + hint
        }
        if barcode.wholeMatch(of: /[0-9]{8,}[.,]0+/) != nil {
            return "\(barcode) is a number with decimals" + hint
        }
        return nil
    }
}
