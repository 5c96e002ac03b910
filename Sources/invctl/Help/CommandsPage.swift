import InventoryTransfer

/// The page of help on commands that are written as NDJSON.
enum CommandsPage {
    static var text: String {
        """
        invctl apply FILE carries out commands, one JSON object a line:

          {"command":"sell","lines":[{"product":"LAP-01","quantity":2}]}
          {"command":"adjust","product":"LAP-01","delta":-1,"reason":"damaged"}

        A product is its SKU, or as a number its id; a location its code, a category
        its name. Money is a text or a number ("19.99"), a quantity has the decimals of
        the product's unit, a time is 2026-03-01T12:30:00Z. ? marks what may be left
        out.

        \(Self.list)

        Lines are carried out one after the other; --atomic makes them one step, of at
        most 8,190, in which none can name what another one makes.
        """
    }

    /// Each command with its fields, wrapped.
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
