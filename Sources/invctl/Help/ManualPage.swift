import InventoryTransfer
import TerminalKit

/// The manual page: every command, topic and exit code, from the same declarations as `--help`.
///
/// The text is roff with the macros of man(7). A line that begins with a dot is a macro, so lines of text
/// are escaped.
struct ManualPage {
    private let tree: CommandTree

    init(_ tree: CommandTree) { self.tree = tree }

    var text: String {
        var lines = [
            ".TH INVCTL 1 \"\" \"invctl \(InvctlVersion.current)\"", ".SH NAME",
            Self.plain("invctl - \(self.tree.abstract ?? "")"), ".SH SYNOPSIS",
            "\\fBinvctl\\fR COMMAND [OPTIONS]", ".SH OPTIONS OF EVERY COMMAND",
        ]
        let shared = self.shared
        for argument in shared.sorted(by: { $0.key < $1.key }) {
            lines += Self.lines(argument.value)
        }
        lines.append(".SH COMMANDS")
        lines += Self.lines(self.tree, path: [], omitting: Set(shared.keys))
        for topic in HelpTopic.allCases {
            lines.append(".SH \(topic.rawValue.uppercased())")
            lines += Self.verbatim(topic.text)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The options of nearly every command, by name, which are documented once.
    private var shared: [String: CommandTree.Argument] {
        let arguments = self.tree["product"]?["list"]?.arguments ?? []
        let ping = Set((self.tree["ping"]?.arguments ?? []).compactMap { $0.longName })
        var shared: [String: CommandTree.Argument] = [:]
        for argument in arguments where argument.shouldDisplay {
            if let name = argument.longName, ping.contains(name) { shared[name] = argument }
        }
        return shared
    }

    private static func lines(
        _ node: CommandTree,
        path: [String],
        omitting shared: Set<String>
    ) -> [String] {
        var lines: [String] = []
        for child in node.subcommands ?? [] {
            let words = path + [child.commandName]
            let arguments = (child.arguments ?? []).filter { argument in
                argument.shouldDisplay && argument.longName.map { !shared.contains($0) } ?? true
            }
            let positionals = arguments.filter { $0.kind == .positional }.map { argument in
                let name = (argument.valueName ?? "value").uppercased()
                return (argument.isOptional ? "[\(name)]" : name)
                    + (argument.isRepeating ? " ..." : "")
            }
            lines.append(".SS \"\(Self.escaped((words + positionals).joined(separator: " ")))\"")
            lines.append(Self.plain(child.abstract ?? ""))
            if let discussion = child.discussion { lines += [".PP"] + Self.verbatim(discussion) }
            for argument in arguments where argument.kind != .positional {
                lines += Self.lines(argument)
            }
            lines += Self.lines(child, path: words, omitting: shared)
        }
        return lines
    }

    private static func lines(_ argument: CommandTree.Argument) -> [String] {
        let names = (argument.names ?? []).map { "\\fB\(Self.escaped($0.text))\\fR" }
        let value = argument.kind == .option ? " \\fI\(argument.valueName ?? "value")\\fR" : ""
        return [
            ".TP", names.joined(separator: ", ") + value, Self.plain(argument.abstract ?? ""),
        ]
    }

    /// Returns the lines without filling.
    private static func verbatim(_ text: String) -> [String] {
        [".nf"]
            + text.split(separator: "\n", omittingEmptySubsequences: false).map {
                Self.plain(String($0))
            } + [".fi"]
    }

    /// Returns text that cannot be read as a macro.
    private static func plain(_ text: String) -> String {
        let escaped = Self.escaped(text)
        return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" + escaped : escaped
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
    }
}
