/// Records that are no rows, or are damaged.
extension RecordReader {
    /// Words that are the label of a row of totals.
    private static let totals: Set<String> = [
        "total", "totals", "subtotal", "sub-total", "sub total", "sum", "grand total", "summe",
        "gesamt", "gesamtsumme", "endsumme", "zwischensumme", "totale", "subtotale", "somme",
        "total général", "sous-total", "suma", "total general", "totaal", "subtotaal", "totalt",
        "итого",
    ]

    /// Returns whether the record read last, which is no valid row, is no row although it has values.
    ///
    ///     key     other values             it is
    ///     none    one of them a label      totals
    ///     none    numbers, some empty      totals, as the last record
    ///     none    no digit                 a second line of the header, right behind it
    ///     label   numbers only             totals or a subtotal, as in `Total,,98.50`
    ///     label   any                      totals, as the last record
    ///
    /// A number without a key elsewhere is a row that lost its key.
    func isBesideRows(key: Int) -> Bool {
        if self.lineProblem != nil { return false }
        guard self.withBytes(key, { $0.isEmpty }) else {
            return self.isTotal(key) && (self.isLast || self.hasOnlyNumbers(besides: key))
        }
        return self.fields.indices.contains { self.isTotal($0) }
            || self.recordStart <= self.start + 1 && !self.hasDigit
            || !self.isJSON && self.isLast && self.hasEmptyValue(besides: key)
                && self.hasOnlyNumbers(besides: key)
    }

    /// Whether no record follows the one read last.
    private var isLast: Bool {
        self.bytes[min(self.offset, self.bytes.count)...].allSatisfy { $0 <= 0x20 }
    }

    private func hasEmptyValue(besides key: Int) -> Bool {
        self.header.indices.contains { column in
            column != key && self.withBytes(column) { $0.isEmpty }
        }
    }

    private func hasOnlyNumbers(besides key: Int) -> Bool {
        self.fields.indices.allSatisfy { $0 == key || Self.isNumber(self.text($0)) }
    }

    /// Whether a text is empty or a number with a sign, a currency or thousands, rather than a date.
    private static func isNumber(_ text: String) -> Bool {
        let digits = text.drop { !$0.isNumber && ("+-(".contains($0) || $0.isCurrencyOrSpace) }
            .trimmingSuffix { !$0.isNumber && ("-)%".contains($0) || $0.isCurrencyOrSpace) }
        let groups = digits.split(omittingEmptySubsequences: false) {
            ".,'\u{2019}".contains($0) || $0.isWhitespace
        }
        // Thousands have three digits; the decimals behind them any number.
        return groups.allSatisfy { $0.allSatisfy { $0.isASCII && $0.isNumber } }
            && groups.dropFirst().dropLast().allSatisfy { $0.count == 3 }
    }

    /// Whether a field of the record read last is the label of a row of totals.
    func isTotal(_ column: Int) -> Bool {
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
        if self.fields.count > self.header.count, let problem = self.surplus { return problem }
        if self.isUTF8, self.problems.isEmpty { return nil }
        return self.problems[self.number] ?? (self.isUTF8 ? nil : self.invalidBytes)
    }

    /// Why a record with more values than the header has names cannot be read: they are in the wrong columns;
    /// `nil` if those behind the last name are empty.
    private var surplus: String? {
        let last = self.fields.indices.last { self.withBytes($0) { !$0.isEmpty } } ?? 0
        guard last >= self.header.count else { return nil }
        let delimiter = FieldDelimiter(byte: self.separator).nameInSentence
        return "has \(last + 1) fields, the header has \(self.header.count); "
            + "a text with \(delimiter) needs quotes"
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

extension Character {
    fileprivate var isCurrencyOrSpace: Bool { self.isCurrencySymbol || self.isWhitespace }
}

extension Substring {
    /// The string without the characters at its end for which `isDropped` holds.
    fileprivate func trimmingSuffix(_ isDropped: (Character) -> Bool) -> Substring {
        var rest = self
        while let last = rest.last, isDropped(last) { rest.removeLast() }
        return rest
    }
}
