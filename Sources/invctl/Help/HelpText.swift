import InventoryTransfer
import TerminalKit

/// The parser's help and usage in lines that fit a terminal.
///
///     USAGE: invctl ping [--context <name>] [--server …   ─▶   USAGE: invctl ping [<options>]
///
/// The parser breaks all lines but those of the usage, which it writes with up to a dozen options. On a
/// terminal narrower than 80 columns it writes a page for 80, which `PageText` fits.
enum HelpText {
    /// The width of the terminal that a page is for; without one, that of a page.
    static var screenWidth: Int {
        Terminal.isOutput ? Terminal.size.columns : PageText.columnCount
    }

    /// The width that the parser is to use; `nil` for its own choice.
    static var parserWidth: Int? {
        self.screenWidth < PageText.columnCount ? PageText.columnCount : nil
    }

    /// Prints a page of help.
    static func show(_ page: String) {
        let width = self.screenWidth
        Terminal.print(PageText.fitted(self.fitted(page, to: width), to: width))
    }

    /// Returns a text with its usage in lines of at most `width` columns, and at most those of a page.
    static func fitted(_ text: String, to width: Int = PageText.columnCount) -> String {
        let width = min(width, PageText.columnCount)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.map { line in
            let isUsage = line.hasPrefix("USAGE: ") || line.hasPrefix("Usage: ")
            return isUsage && line.count > width ? Self.usage(String(line), width) : String(line)
        }.joined(separator: "\n")
    }

    /// Optional options, one after another.
    private static var options: Regex<AnyRegexOutput> {
        Regex(#/\[-[^\]]*\](?: \[-[^\]]*\])*/#)
    }

    private static var furtherOption: Regex<AnyRegexOutput> { Regex(#/\ \[-[^\]]*\]/#) }

    private static func usage(_ line: String, _ width: Int) -> String {
        let short = line.replacing(Self.options, with: "[<options>]", maxReplacements: 1)
            .replacing(Self.furtherOption, with: "")
        return Self.broken(short, to: width, indent: "USAGE: ".count)
    }

    /// Breaks a line between its words; an option stays beside its value.
    private static func broken(_ line: String, to width: Int, indent: Int) -> String {
        var lines = [""]
        for part in line.split(separator: #/\ (?![<.])/#) {
            let last = lines[lines.count - 1]
            if last.isEmpty || last.count + 1 + part.count <= width {
                lines[lines.count - 1] += (last.isEmpty ? "" : " ") + part
            } else {
                lines.append(String(repeating: " ", count: indent) + part)
            }
        }
        return lines.joined(separator: "\n")
    }
}
