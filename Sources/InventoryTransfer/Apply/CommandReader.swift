internal import InventoryModel

/// Makes a command of its fields.
typealias CommandRead = @Sendable (CommandFields) throws(CommandProblem) -> Command

/// Reads a command from a line of NDJSON: what it is called, and its fields in the names of the domain.
///
///     {"command":"sell","lines":[{"product":"LAP-01","quantity":2}],"reference":"POS-7781"}
///
/// A product is its SKU or, as a number, its id; so is a location its code, a category its name. Money is
/// a text or a number with the currency's decimals, a quantity with those of the product's unit.
package struct CommandReader {
    private let names: CommandNames
    private let moneyDecimals: UInt8

    init(_ names: CommandNames, moneyDecimals: UInt8) {
        self.names = names
        self.moneyDecimals = moneyDecimals
    }

    /// The command of an object, all of whose names were looked up.
    func command(_ value: JSONValue) throws(CommandProblem) -> (name: String, command: Command) {
        let fields = try CommandFields(value, self.names, moneyDecimals: self.moneyDecimals)
        let name = try fields.text("command")
        guard let read = Self.readers[name] else {
            let near = Nearness.nearest(to: name, among: Self.readers.keys.sorted())
            let hint = near.isEmpty ? "" : "; did you mean \(near.joined(separator: " or "))?"
            throw fields.problem("command", "there is no \"\(name)\"\(hint)")
        }
        let command = try read(fields)
        try fields.finish()
        return (name, command)
    }

    /// Every command, by its name.
    static let readers: [String: CommandRead] = Self.ofCatalog.merging(Self.ofStock) { first, _ in
        first
    }
    .merging(Self.ofPromises) { first, _ in first }

    /// Each command with its fields, as the page of help shows them.
    package static let shapes: [(name: String, fields: String)] = [
        ("createCategory", "name"), ("renameCategory", "category, name, ifRevision?"),
        ("archiveCategory", "category, ifRevision?"),
        ("createLocation", "code, name, zone?, kind?"),
        ("updateLocation", "location, code?, name?, zone?, kind?, ifRevision?"),
        ("archiveLocation", "location, ifRevision?"),
        (
            "createProduct",
            "sku, name, category, price, priceBasis?, barcode?, unit?, unitDecimals?, status?, "
                + "reorderPoint?, reorderTarget?, packSize?, leadTimeDays?, "
                + "opening? {quantity, location?, unitCost?, occurredAt?}"
        ),
        ("updateProduct", "product, any field of createProduct but opening, ifRevision?"),
        ("deleteProduct", "product, ifRevision?"),
        (
            "sell",
            "lines [product, quantity, location?, price?, ifRevision?], reference?, note?, "
                + "occurredAt?, imported?"
        ),
        ("returnSale", "as sell, and to? (available, unavailable), originalLsn?"),
        (
            "restock",
            "lines [product, quantity, location?, unitCost?, ifRevision?], fromIncoming?, "
                + "reference?, note?, occurredAt?, imported?"
        ),
        (
            "adjust",
            "product, delta, reason, location?, reference?, note?, occurredAt?, imported?, "
                + "ifRevision?"
        ),
        ("count", "product, counted, location?, reference?, note?, ifRevision?"),
        ("setUnavailable", "product, delta, reason, location?, reference?, note?, ifRevision?"),
        ("expectIncoming", "product, delta, location?, eta?, reference?, note?, ifRevision?"),
        ("setFloor", "product, floor, location?, ifRevision?"), ("reverse", "lsn, reason, note?"),
        (
            "reserve",
            "lines [product, quantity, location?, ifRevision?], expiresAfterSeconds or expiresAt, "
                + "reference?, note?"
        ),
        (
            "extendReservation",
            "lines [reservation, ifRevision?], expiresAfterSeconds or expiresAt"
        ),
        (
            "commitReservation",
            "lines [reservation, quantity?, price?, ifRevision?], reference?, note?, "
                + "occurredAt?, imported?"
        ),
        ("releaseReservation", "lines [reservation, quantity?, ifRevision?], note?"),
        (
            "dispatchTransfer",
            "from, to, lines [product, quantity, ifRevision?], reference?, note?"
        ), ("receiveTransfer", "lines [transfer, quantity?, ifRevision?], note?"),
        ("cancelTransfer", "as receiveTransfer"),
    ]
}
