/// The character before the decimals of a number.
package enum DecimalMark: String, CaseIterable, Sendable {
    case point
    case comma

    var byte: UInt8 { self == .point ? 0x2E : 0x2C }
    var other: DecimalMark { self == .point ? .comma : .point }
}

/// A number as people and spreadsheets write it: a sign, a currency, digits in groups, decimals.
///
///     -1.234,50 €      sign −, currency €, body 1.234,50
///     (EUR 12)         sign −, currency EUR, body 12
///
/// The body is digits and separators. Blanks and apostrophes always part thousands; what a point or a comma
/// is follows from its ``form`` or, if that leaves it open, from the other numbers of the column.
struct WrittenNumber: Equatable {
    /// What the separators of a number say about the decimal mark.
    enum Form: Equatable {
        /// There is no point and no comma.
        case digits
        /// Only this decimal mark makes a number of it.
        case decimal(DecimalMark)
        /// One point or comma with three digits behind: it can part thousands or decimals.
        case unclear(DecimalMark)
        /// It is a number with neither mark.
        case invalid
    }

    private(set) var isNegative = false
    /// The text of the currency; empty without one.
    private(set) var currency = ""
    /// The digits, points and commas, without blanks and apostrophes.
    private var body: [UInt8] = []
    /// Whether blanks and apostrophes part groups of three digits.
    private var isGrouped = true

    /// Reads a text; `nil` if it has no digits or more than a number and a currency.
    init?(_ text: String) {
        var rest = Substring(text)
        rest.trimBlanks()
        if rest.hasPrefix("("), rest.hasSuffix(")") {
            self.isNegative = true
            rest = rest.dropFirst().dropLast()
        }
        guard let first = rest.firstIndex(where: { $0.isDigit }),
            let last = rest.lastIndex(where: { $0.isDigit })
        else { return nil }
        var head = rest[..<first]
        var tail = rest[rest.index(after: last)...]
        // A point or a comma may come before or after all digits: .5, 5,
        var start = first
        if let mark = head.last, mark == "." || mark == "," {
            head.removeLast()
            start = rest.index(before: first)
        }
        self.takeSign(&head)
        self.takeSign(&tail)
        head.trimBlanks()
        tail.trimBlanks()
        guard head.isEmpty || tail.isEmpty else { return nil }
        self.currency = String(head.isEmpty ? tail : head)
        guard self.takeBody(rest[start...last]) else { return nil }
    }

    /// Removes one minus or plus sign from the text before or after the digits.
    private mutating func takeSign(_ text: inout Substring) {
        guard let index = text.firstIndex(where: { "-+\u{2212}".contains($0) }) else { return }
        if text[index] != "+" { self.isNegative.toggle() }
        text = Substring(text[..<index] + text[text.index(after: index)...])
    }

    private mutating func takeBody(_ text: Substring) -> Bool {
        var groups: [Int] = []
        var digits = 0
        for character in text {
            if character.isDigit || character == "." || character == "," {
                if let byte = character.asciiValue { self.body.append(byte) }
                digits += character.isDigit ? 1 : 0
                if !character.isDigit, !groups.isEmpty {
                    // The last group ends where the decimals begin.
                    self.isGrouped = self.isGrouped && digits == 3
                    groups = []
                    digits = .min / 2
                }
                continue
            }
            guard character.isBlank || "'\u{2019}".contains(character), digits >= 0 else {
                return false
            }
            self.isGrouped = self.isGrouped && (groups.isEmpty ? 1...3 : 3...3).contains(digits)
            groups.append(digits)
            digits = 0
        }
        if !groups.isEmpty { self.isGrouped = self.isGrouped && digits == 3 }
        return self.isGrouped
    }

    // MARK: - The decimal mark

    var form: Form {
        let points = self.body.count { $0 == 0x2E }
        let commas = self.body.count { $0 == 0x2C }
        if points == 0, commas == 0 { return .digits }
        let used: DecimalMark = commas == 0 ? .point : .comma
        if points == 0 || commas == 0, max(points, commas) == 1 {
            return self.groups(by: used) != nil ? .unclear(used) : .decimal(used)
        }
        let fits = DecimalMark.allCases.filter { self.parts($0) != nil }
        return fits.count == 1 ? .decimal(fits[0]) : .invalid
    }

    /// Returns the digits before and after a decimal mark; `nil` if they are no number with it.
    private func parts(_ mark: DecimalMark) -> (whole: [UInt8], fraction: ArraySlice<UInt8>)? {
        let split = self.body.firstIndex(of: mark.byte) ?? self.body.endIndex
        let fraction = self.body[split...].dropFirst()
        guard fraction.allSatisfy({ $0.isDigit }) else { return nil }
        var whole = self
        whole.body = Array(self.body[..<split])
        guard whole.body.contains(mark.other.byte) else {
            return (whole.body, fraction)
        }
        return whole.groups(by: mark.other).map { ($0, fraction) }
    }

    /// Returns the digits of a number whose thousands are parted by a mark; `nil` if it is none.
    private func groups(by mark: DecimalMark) -> [UInt8]? {
        let groups = self.body.split(separator: mark.byte, omittingEmptySubsequences: false)
        guard let first = groups.first, (1...3).contains(first.count), first.first != 0x30,
            groups.allSatisfy({ $0.allSatisfy { $0.isDigit } }),
            groups.dropFirst().allSatisfy({ $0.count == 3 })
        else { return nil }
        return groups.flatMap { $0 }
    }

    /// Returns the number in smallest units; `nil` if it is none with this mark, has more than `decimals`
    /// decimals that are not zero, or overflows.
    func units(_ mark: DecimalMark, decimals: UInt8) -> Int64? {
        guard let plain = self.plain(mark) else { return nil }
        return plain.withUnsafeBytes { DecimalText.parse($0, decimals: decimals) }
    }

    /// The number's digits with a sign and a point; `nil` if it is none with this mark.
    func plain(_ mark: DecimalMark) -> [UInt8]? {
        guard let parts = self.parts(mark) else { return nil }
        return (self.isNegative ? [0x2D] : []) + parts.whole + [0x2E] + parts.fraction
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { self >= 0x30 && self <= 0x39 }
}

extension Character {
    fileprivate var isDigit: Bool { self.asciiValue?.isDigit ?? false }
    /// A space of any width that does not break the line, too.
    fileprivate var isBlank: Bool {
        self == " " || self == "\u{A0}" || self == "\u{202F}" || self == "\u{2009}"
    }
}

extension Substring {
    fileprivate mutating func trimBlanks() {
        while let first, first.isBlank || first.isWhitespace { self.removeFirst() }
        while let last, last.isBlank || last.isWhitespace { self.removeLast() }
    }
}
