internal import InventoryModel

/// Reads a command from a line of NDJSON: its name and its fields.
///
///     {"command":"sell","lines":[{"product":"LAP-01","quantity":2}],"reference":"POS-7781"}
///
/// A product is given by its SKU or its numeric id, a location by its code or id, a category by its name
/// or id. Money is a string or a number with the currency's decimals, a quantity one with those of the
/// product's unit.
package struct CommandReader {
    private let names: CommandNames
    private let moneyDecimals: UInt8

    init(_ names: CommandNames, moneyDecimals: UInt8) {
        self.names = names
        self.moneyDecimals = moneyDecimals
    }

    /// Returns the command of an object whose names were looked up.
    ///
    /// - Throws: ``CommandProblem`` naming the invalid field.
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

    /// Each command with its fields, as the help page shows them.
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

    /// The fields that a return has and a sale does not; a choice with its values.
    private static var ofReturnsAlone: [String] {
        let ofSales = CommandTag.sell.fields.members
        let words = ReturnTarget.allCases.map { "\($0)" }.joined(separator: ", ")
        return CommandTag.returnSale.fields.members.filter { !ofSales.contains($0) }
            .map { $0 == "to?" ? "\($0) (\(words))" : $0 }
    }
}
