/// The rules by which codes are read that are neither a SKU nor a barcode of a product.
///
///     gs1 weight:21IIIIINNDDDC price:22IIIIINNNDDC
///
///     gs1              element strings of GS1 with a GTIN, a net weight, an expiration date, a lot
///     weight:PATTERN   labels of a shop's scales with a quantity
///     price:PATTERN    labels of a shop's scales with an amount
package struct BarcodeRules: Sendable {
    /// The default rules.
    package static let standard = "gs1"
    private static let gs1 = "gs1"
    /// The text of no rules.
    private static let none = "none"

    private let readsElements: Bool
    private let rules: [BarcodeRule]

    /// Parses rules, separated by blanks or commas; `none` or an empty text for none.
    ///
    /// - Throws: ``ScannedCodeProblem`` with the reason why one is invalid.
    package init(_ text: String) throws(ScannedCodeProblem) {
        let words = text.split { $0.isWhitespace || $0 == "," }.map { String($0) }
        self.readsElements = words.contains(Self.gs1)
        var rules: [BarcodeRule] = []
        for word in words where word != Self.gs1 && word != Self.none {
            rules.append(try BarcodeRule(word))
        }
        self.rules = rules
    }

    /// Reads a code by the first rule that applies.
    ///
    /// - Returns: What it says; `nil` if no rule applies.
    /// - Throws: ``ScannedCodeProblem`` if a rule applies, but the code is invalid.
    package func read(_ code: String) throws(ScannedCodeProblem) -> ScannedCode? {
        for rule in self.rules {
            if let scanned = try rule.read(code) { return scanned }
        }
        guard self.readsElements, let elements = try ElementString(code) else { return nil }
        return try elements.scanned()
    }
}
