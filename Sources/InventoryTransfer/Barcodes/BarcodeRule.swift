internal import InventoryModel

/// How a shop's own barcodes of 13 digits are read: labels of scales, with a weight or a price in them.
///
///     weight:21IIIIINNDDDC     2112345012506 is item 12345, 1.250 of its unit
///     price:22IIIIIXNNDDC      a price with a digit X before it that is ignored
///
///     a digit   is itself: the prefix 20 to 29 that GS1 leaves to shops, or 02
///     I         a digit of the item code
///     N, D      a digit of the number before and behind its decimal point
///     X, C      an ignored digit; the check digit, which is the last one
struct BarcodeRule: Sendable, Hashable {
    enum Kind: String, CaseIterable, Sendable {
        case weight, price
    }

    private static let digitCount = 13
    /// The prefixes that GS1 leaves to shops.
    private static let prefixes = ["02"] + (20...29).map { String($0) }

    let kind: Kind
    private let pattern: [UInt8]

    /// Parses a rule.
    ///
    /// - Throws: The reason why it is none.
    init(_ text: String) throws(ScannedCodeProblem) {
        let parts = text.split(separator: ":", maxSplits: 1).map { String($0) }
        guard parts.count == 2, let kind = Kind(rawValue: parts[0]) else {
            throw ScannedCodeProblem(
                "'\(text)' is neither gs1 nor weight:PATTERN nor price:PATTERN"
            )
        }
        let pattern = Array(parts[1].utf8)
        let prefix = pattern.prefix { 0x30...0x39 ~= $0 }
        guard pattern.count == Self.digitCount else {
            throw ScannedCodeProblem("'\(parts[1])' has \(pattern.count) digits, not 13")
        }
        guard Self.prefixes.contains(String(decoding: prefix.prefix(2), as: UTF8.self)) else {
            throw ScannedCodeProblem("'\(parts[1])' does not begin with 02 or 20 to 29")
        }
        let letters = String(decoding: pattern.dropFirst(prefix.count), as: UTF8.self)
        guard letters.wholeMatch(of: /X*I+X*N*D*X*C/) != nil,
            letters.contains("N") || letters.contains("D")
        else {
            throw ScannedCodeProblem(
                "'\(parts[1])' is not a prefix, then I, N, D and C, such as 21IIIIINNDDDC"
            )
        }
        self.kind = kind
        self.pattern = pattern
    }

    /// Reads a code.
    ///
    /// - Parameter code: The digits of a GTIN.
    /// - Returns: What it says; `nil` if it does not begin as the rule does.
    /// - Throws: The problem if its check digit is wrong.
    func read(_ code: String) throws(ScannedCodeProblem) -> ScannedCode? {
        var digits = Array(code.utf8)
        // A UPC-A is an EAN-13 with a 0 before it.
        if digits.count == 12 { digits.insert(0x30, at: 0) }
        guard digits.count == Self.digitCount, GTIN.hasForm(digits),
            zip(self.pattern, digits).allSatisfy({ $0 == $1 || !(0x30...0x39 ~= $0) })
        else { return nil }
        if let problem = GTIN.problem(code) { throw ScannedCodeProblem(problem) }
        let (whole, decimals) = (self.digits("N", of: digits), self.digits("D", of: digits))
        let number = (whole.isEmpty ? "0" : whole) + (decimals.isEmpty ? "" : "." + decimals)
        let item = self.digits("I", of: digits)
        let short = String(item.drop { $0 == "0" })
        return ScannedCode(
            names: [item, self.base(of: digits)] + (short.isEmpty || short == item ? [] : [short]),
            measure: self.kind == .weight ? .quantity(number) : .amount(number)
        )
    }

    private func digits(_ letter: Unicode.Scalar, of code: [UInt8]) -> String {
        let chosen = zip(self.pattern, code).filter { $0.0 == UInt8(ascii: letter) }
        return String(decoding: chosen.map { $0.1 }, as: UTF8.self)
    }

    /// The code of the item itself: the same with zeros for all but the prefix and the item.
    private func base(of code: [UInt8]) -> String {
        let item = UInt8(ascii: "I")
        var base = zip(self.pattern, code).dropLast().map { letter, digit in
            letter == item || 0x30...0x39 ~= letter ? digit : 0x30
        }
        base.append(GTIN.checkDigit(behind: base))
        return String(decoding: base, as: UTF8.self)
    }
}
