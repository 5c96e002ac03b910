/// Records that are no rows, or are damaged.
extension RecordReader {
    /// Words with which the label of a row of totals begins.
    private static let totals: Set<String> = [
        "total", "totals", "subtotal", "sum", "grand total", "summe", "gesamt", "gesamtsumme",
        "zwischensumme", "totale", "total général", "suma", "totaal", "totalt", "итого",
    ]

    /// Returns whether the record read last is no row although it has values.
    ///
    /// Without a value in `key` it is a row of totals if a field has such a label, and a second line of the
    /// header if it follows the header and has no digit. With a label in `key`, as in `Total,,,98.50`, it is
    /// a row of totals if it is the last record.
    func isBesideRows(key: Int) -> Bool {
        if self.lineProblem != nil { return false }
        if self.withBytes(key, { $0.isEmpty }) {
            return self.fields.indices.contains { self.isTotal($0) }
                || self.recordStart <= self.start + 1 && !self.hasDigit
        }
        return self.isTotal(key)
            && self.bytes[min(self.offset, self.bytes.count)...].allSatisfy { $0 <= 0x20 }
    }

    private func isTotal(_ column: Int) -> Bool {
        let text = self.text(column).lowercased()[...].trimmingSuffix { !$0.isLetter }
        return Self.totals.contains(String(text))
    }

    private var hasDigit: Bool {
        self.fields.indices.contains {
            self.withBytes($0) { $0.contains { $0 >= 0x30 && $0 < 0x3A } }
        }
    }

    /// Why the record read last cannot be read; `nil` if it can.
    var problem: String? {
        if let problem = self.lineProblem { return problem }
        if self.isUTF8, self.problems.isEmpty { return nil }
        return self.problems[self.number] ?? (self.isUTF8 ? nil : self.invalidBytes)
    }

    private var invalidBytes: String? {
        let record = UnsafeRawBufferPointer(
            rebasing: self.bytes[self.recordStart..<min(self.offset, self.bytes.count)]
        )
        guard let first = UTF8Check(record).firstInvalid else { return nil }
        let column = self.fields.firstIndex { field in
            !field.isInScratch && self.recordStart + first < field.range.upperBound
        }
        let name = column.flatMap { $0 < self.header.count ? self.header[$0] : nil } ?? "row"
        return "\(name): has a byte that is no character of the file's encoding; see --encoding"
    }
}

extension Substring {
    /// The string without the characters at its end for which `isDropped` holds.
    fileprivate func trimmingSuffix(_ isDropped: (Character) -> Bool) -> Substring {
        var rest = self
        while let last = rest.last, isDropped(last) { rest.removeLast() }
        return rest
    }
}
