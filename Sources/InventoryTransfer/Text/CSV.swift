/// Comma-separated values (RFC 4180).
package enum CSV {
    /// Returns a field, quoted if it has commas, quotes or line ends.
    package static func quoted(_ text: String) -> String {
        let needsQuotes = text.utf8.contains {
            $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D
        }
        guard needsQuotes else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}
