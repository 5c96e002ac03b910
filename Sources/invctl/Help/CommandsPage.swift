import InventoryTransfer

/// The help page on commands in NDJSON.
enum CommandsPage {
    static var text: String {
        """
        invctl apply FILE executes commands, one JSON object per line:

          {"command":"sell","lines":[{"product":"LAP-01","quantity":2}]}
          {"command":"adjust","product":"LAP-01","delta":-1,"reason":"damaged"}

        A product is given by its SKU, or its id as a number; a location by its code,
        a category by its name. Money is a string or a number ("19.99"), a quantity
        has the decimals of the product's unit, a time is 2026-03-01T12:30:00Z. ? marks
        optional fields.

        \(Self.list)

        Lines are executed in order; --atomic makes them one step of at most 8,190
        commands, in which none can refer to what another one creates.
        """
    }

    /// The commands with their fields, wrapped.
    private static var list: String {
        CommandReader.shapes.map { "  \($0.name)\n" + Self.wrapped($0.fields) }
            .joined(separator: "\n")
    }

    private static let width = 72

    private static func wrapped(_ text: String) -> String {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > Self.width {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        return (lines + [line]).map { "      " + $0 }.joined(separator: "\n")
    }
}
