/// What a scanned code says beside the product: a quantity, a weight or an amount.
package struct ScannedCode: Sendable, Hashable {
    /// What the code measures, as decimal numbers.
    package enum Measure: Sendable, Hashable {
        /// A quantity in the unit of the product.
        case quantity(String)
        /// A net weight in kilograms.
        case kilograms(String)
        /// The amount of the line in the currency of the database.
        case amount(String)
    }

    /// The SKUs or barcodes by which to look for the product, in this order.
    package var names: [String]
    /// What the code measures; `nil` for nothing.
    package var measure: Measure?
    /// The batch or lot number; `nil` for none.
    package var lot: String?
    /// The expiration date as `2026-12-31`; `nil` for none.
    package var expires: String?

    /// Creates the content of a code.
    package init(
        names: [String],
        measure: Measure? = nil,
        lot: String? = nil,
        expires: String? = nil
    ) {
        self.names = names
        self.measure = measure
        self.lot = lot
        self.expires = expires
    }
}

/// Why a code that a rule reads is invalid.
package struct ScannedCodeProblem: Error, Hashable, Sendable {
    /// The reason, for people.
    package var text: String

    /// Creates a problem.
    package init(_ text: String) { self.text = text }
}
