/// A system whose files are read by the documented names of their columns.
///
///     Variant SKU, Variant Price, …  ─▶  PresetReader  ─▶  sku, price, stock@depot, …
///
/// A ``PresetLayout`` says which columns there are; a file of another shape is an error before the first row.
package enum Preset: String, CaseIterable, Sendable {
    case shopify, woocommerce, square, odoo, erpnext, inventree, lightspeed

    /// What the rows of a file are.
    enum Content: Sendable {
        /// Products to create.
        case products
        /// Products to change, or to create if they do not exist.
        case upserts
        /// Stock of existing products.
        case stock
    }

    /// Returns the layout of the system's files of products or of stock.
    func layout(_ content: Content) -> PresetLayout {
        switch (self, content == .stock ? Content.stock : .products) {
        case (_, .upserts): preconditionFailure("upserts have the layout of products")
        case (.shopify, .products): .shopifyProducts
        case (.shopify, .stock): .shopifyInventory
        case (.woocommerce, _): .woocommerce
        case (.square, .products): .square("Current Quantity ")
        case (.square, .stock): .square("New Quantity ", else: "Current Quantity ")
        case (.odoo, .products): .odooProducts
        case (.odoo, .stock): .odooStock
        case (.erpnext, .products): .erpnextItems
        case (.erpnext, .stock): .erpnextReconciliation
        case (.inventree, .products): .inventreeParts
        case (.inventree, .stock): .inventreeStock
        case (.lightspeed, _): .lightspeed
        }
    }
}

/// The columns of a system's file, and what its rows mean.
struct PresetLayout: Sendable {
    /// Columns with a location's name in theirs.
    struct ShopColumns: Sendable {
        var field: String
        /// What comes before the location's code or name; empty if that is the whole name.
        var prefix: String
    }

    /// What becomes of a row.
    enum Verdict: Equatable {
        case row
        /// It is no row: a picture, or a parent that cannot be sold.
        case passed
        /// Why the row cannot be imported.
        case refused(String)
    }

    /// The columns of each field: the first one with a value counts.
    var columns: [String: [String]]
    var shops: [ShopColumns] = []
    /// The columns that the rule makes the status of.
    var statusColumns: [String] = []
    /// Columns with the parts of the name behind the product's, such as a colour and a size.
    var nameParts: [String] = []
    /// Columns whose value says that a row is about a lot or a serial number.
    var lots: [String] = []
    /// The price if there is no column for it; `nil` if there must be one.
    var standardPrice: String?
    /// Decides about a row and adjusts its fields.
    var rule: @Sendable (_ row: PresetRow, _ fields: inout PresetFields) -> Verdict = { _, _ in .row
    }

    /// The fields without whose columns a file is not of this layout.
    func needed(_ content: Preset.Content) -> [String] {
        if content == .stock { return ["sku"] }
        return self.standardPrice == nil ? ["sku", "name", "price"] : ["sku", "name"]
    }
}

/// The values of a row by the names of its columns, and what earlier rows said.
struct PresetRow {
    let values: [String: String]
    let memory: PresetMemory

    /// Returns the value of a column; empty if there is no such column.
    subscript(column: String) -> String { self.values[column.lowercased()] ?? "" }

    /// Whether the value of a column says no: `0`, `FALSE`, `N`, `no`.
    func isNo(_ column: String) -> Bool {
        ["0", "false", "n", "no", "-1"].contains(self[column].lowercased())
    }

    /// Whether the value of a column says yes.
    func isYes(_ column: String) -> Bool {
        ["1", "true", "y", "yes"].contains(self[column].lowercased())
    }
}

/// Fields of parents that later rows refer to.
final class PresetMemory {
    private var fields: [String: PresetFields] = [:]

    /// The fields of a parent; empty if there is none.
    subscript(parent: String) -> PresetFields {
        get { self.fields[parent] ?? PresetFields() }
        set { self.fields[parent] = newValue }
    }

    func removeAll() { self.fields.removeAll() }
}

/// The values of a row by field.
struct PresetFields {
    private var values: [String: String] = [:]

    /// Accesses the value of a field; empty if it has none.
    subscript(field: String) -> String {
        get { self.values[field] ?? "" }
        set { self.values[field] = newValue }
    }

    /// Sets a field that has no value.
    mutating func fill(_ field: String, _ value: String) {
        if self[field].isEmpty { self[field] = value }
    }

    /// Appends a part to the name unless its words are in the name already.
    mutating func extendName(_ part: String) {
        let (name, words) = (Self.words(self["name"]), Self.words(part))
        guard !part.isEmpty, !name.contains(words) else { return }
        self["name"] += self["name"].isEmpty ? part : " \(part)"
    }

    /// The words of a text in lowercase, with a blank around each.
    private static func words(_ text: String) -> String {
        let words = text.lowercased().split { !$0.isLetter && !$0.isNumber }
        return " " + words.joined(separator: " ") + " "
    }
}
