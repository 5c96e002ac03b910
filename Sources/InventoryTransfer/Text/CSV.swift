/// Comma-separated values as RFC 4180 has them: quotes around what has commas, quotes or line ends.
package enum CSV {
    package static func quoted(_ text: String) -> String {
        let needsQuotes = text.utf8.contains {
            $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D
        }
        guard needsQuotes else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}
