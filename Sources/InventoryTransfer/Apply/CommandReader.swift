internal import InventoryModel

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
        guard let tag = CommandTag.described.first(where: { "\($0)" == name }) else {
            let names = CommandTag.described.map { "\($0)" }.sorted()
            let near = Nearness.nearest(to: name, among: names)
            let hint = near.isEmpty ? "" : "; did you mean \(near.joined(separator: " or "))?"
            throw fields.problem("command", "there is no \"\(name)\"\(hint)")
        }
        var visitor = GivenFields(fields)
        let command = try Command(tag, visiting: &visitor)
        try fields.finish()
        return (name, command)
    }

    /// Each command with its fields, as the page of help shows them.
    package static let shapes: [(name: String, fields: String)] = CommandTag.described.map {
        ("\($0)", Self.shape($0))
    }

    private static func shape(_ tag: CommandTag) -> String {
        switch tag {
        case .updateProduct: "product, any field of createProduct but opening, ifRevision?"
        case .returnSale: "as sell, and " + Self.ofReturnsAlone.joined(separator: ", ")
        case .cancelTransfer: "as receiveTransfer"
        default: tag.fields.shape
        }
    }

    /// What a return has and a sale has not, a choice with its words.
    private static var ofReturnsAlone: [String] {
        let ofSales = CommandTag.sell.fields.members
        let words = ReturnTarget.allCases.map { "\($0)" }.joined(separator: ", ")
        return CommandTag.returnSale.fields.members.filter { !ofSales.contains($0) }
            .map { $0 == "to?" ? "\($0) (\(words))" : $0 }
    }
}
