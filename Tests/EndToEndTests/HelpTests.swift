import ArgumentParser
import Foundation
import TerminalKit
import Testing

@testable import invctl

/// The program's help: examples that parse, topics, the manual page.
@Suite struct HelpTests {
    /// Returns each command with its path, without groups.
    private static func commands(
        _ command: any ParsableCommand.Type,
        _ path: [String] = []
    ) -> [(path: [String], command: any ParsableCommand.Type)] {
        let children = command.configuration.subcommands
        if children.isEmpty { return [(path, command)] }
        return children.flatMap { self.commands($0, path + [$0.name]) }
    }

    private static func examples(_ command: any ParsableCommand.Type) -> [[String]] {
        command.configuration.discussion.split { "\n;".contains($0) }.compactMap { line in
            let words = CommandWords(String(line)).strings
            return words.first == "invctl" ? Array(words.dropFirst()) : nil
        }
    }

    @Test func `every command has an example of itself, and every example parses`() throws {
        for (path, command) in Self.commands(Invctl.self) {
            let examples = Self.examples(command)
            let isShown =
                examples.contains { $0.starts(with: path) }
                || command.configuration.discussion
                    .contains("invctl " + path.joined(separator: " "))
            #expect(isShown, "\(path) has no example")
            for words in examples {
                let typed = words.prefix { !["|", ">", "<", ";"].contains($0) }
                #expect(throws: Never.self, "invctl \(words.joined(separator: " "))") {
                    _ = try Invctl.parseAsRoot(Array(typed))
                }
            }
        }
    }

    @Test func `no line of a help text is longer than 80 columns or broken in its middle`() throws {
        for (path, command) in [([], Invctl.self)] + Self.commands(Invctl.self) {
            let text = HelpText.fitted(Invctl.helpMessage(for: command, columns: 80))
            for line in text.split(separator: "\n") {
                #expect(line.count <= 80, "\(path): \(line)")
            }
            let lines = command.configuration.discussion.split(
                separator: "\n",
                omittingEmptySubsequences: false
            )
            for (line, next) in zip(lines, lines.dropFirst()) {
                if line.hasPrefix(" ") {
                    #expect(line.count < 80, "\(path): \(line)")
                } else if !line.isEmpty, !next.isEmpty, !next.hasPrefix(" ") {
                    // The parser breaks the lines of a paragraph; one of several lines is a list.
                    #expect(line.hasSuffix(".") || line.hasSuffix(":"), "\(path): \(line)")
                }
            }
        }
        let ping = try Daemon.run("invctl", ["ping", "--help"])
        #expect(ping.output.contains("\nUSAGE: invctl ping [<options>]\n"), "\(ping.output)")
        let add = try Daemon.run("invctl", ["product", "add"])
        #expect(add.lines.allSatisfy { $0.count <= 80 }, "\(add.errors)")
    }

    @Test func `help explains commands and topics, and suggests similar names`() throws {
        let all = try Daemon.run("invctl", ["help"])
        #expect(all.code == 0)
        for topic in HelpTopic.allCases {
            #expect(all.output.contains("  \(topic.rawValue)"))
            let page = try Daemon.run("invctl", ["help", topic.rawValue])
            #expect(page.output.hasPrefix("\(topic.rawValue): \(topic.abstract)\n"))
            for line in page.lines { #expect(line.count <= 80, "\(topic): \(line)") }
        }
        let command = try Daemon.run("invctl", ["help", "stock", "restock"])
        #expect(
            command.output == (try Daemon.run("invctl", ["stock", "restock", "--help"]).output)
        )
        #expect(command.output.contains("invctl stock restock LAP-01=5@700.00 --ref PO-118"))
        #expect(try Daemon.run("invctl", ["help", "erors"]).errors.contains("Did you mean errors"))
    }

    @Test func `the help lists all exit codes, formats and settings`() throws {
        let codes = HelpTopic.errors.text
        for code in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 130] {
            #expect(codes.contains("\n  \(code) "), "exit code \(code)")
        }
        for format in OutputFormat.allCases {
            #expect(HelpTopic.output.text.contains("\n  \(format.rawValue) "))
        }
        for key in Setting.Key.allCases {
            #expect(HelpTopic.configuration.text.contains(key.variable))
        }
    }

    @Test func `the manual page has every command, and roff control characters are escaped`()
        throws
    {
        let page = try Daemon.run("invctl", ["help", "--man"])
        #expect(page.code == 0)
        #expect(page.lines.first?.hasPrefix(".TH INVCTL 1") ?? false)
        for (path, _) in Self.commands(Invctl.self) {
            let head = ".SS \"" + path.joined(separator: " ").replacing("-", with: "\\-")
            #expect(page.lines.contains { $0.hasPrefix(head) }, "\(path)")
        }
        let macros: Set<Substring> = [".TH", ".SH", ".SS", ".TP", ".PP", ".nf", ".fi"]
        for line in page.lines where line.hasPrefix(".") || line.hasPrefix("'") {
            #expect(macros.contains(line.split(separator: " ")[0]), "\(line)")
        }
    }
}
