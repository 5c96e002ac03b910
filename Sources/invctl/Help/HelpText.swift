/// The parser's help and usage in lines that fit a terminal.
///
///     USAGE: invctl ping [--context <name>] [--server …   ─▶   USAGE: invctl ping [<options>]
///
/// The parser breaks all lines but those of the usage, which it writes with up to a dozen options.
enum HelpText {
    /// The width that the parser uses without a terminal.
    static let columnCount = 80

    /// Returns a text with its usage in lines of at most ``columnCount`` columns.
    static func fitted(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.map { line in
            let isUsage = line.hasPrefix("USAGE: ") || line.hasPrefix("Usage: ")
            return isUsage && line.count > Self.columnCount
                ? Self.usage(String(line)) : String(line)
        }.joined(separator: "\n")
    }

    /// Optional options, one after another.
    private static var options: Regex<AnyRegexOutput> {
        Regex(#/\[-[^\]]*\](?: \[-[^\]]*\])*/#)
    }

    private static var furtherOption: Regex<AnyRegexOutput> { Regex(#/\ \[-[^\]]*\]/#) }

    private static func usage(_ line: String) -> String {
        let short = line.replacing(Self.options, with: "[<options>]", maxReplacements: 1)
            .replacing(Self.furtherOption, with: "")
        return Self.broken(short, indent: "USAGE: ".count)
    }

    /// Breaks a line between its words; an option stays beside its value.
    private static func broken(_ line: String, indent: Int) -> String {
        var lines = [""]
        for part in line.split(separator: #/\ (?![<.])/#) {
            let last = lines[lines.count - 1]
            if last.isEmpty || last.count + 1 + part.count <= Self.columnCount {
                lines[lines.count - 1] += (last.isEmpty ? "" : " ") + part
            } else {
                lines.append(String(repeating: " ", count: indent) + part)
            }
        }
        return lines.joined(separator: "\n")
    }
}
