import ArgumentParser
import Foundation
import TerminalKit
import Testing

@testable import invctl

/// How a shell parses its lines: a repeated one once, and each as the parser of all commands would.
@Suite struct ParsedCommandsTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private static func text(_ command: any ParsableCommand) -> String {
        var text = ""
        dump(command, to: &text)
        return text
    }

    /// The command lines of the README, of the help texts, and of the table of all commands.
    private static func lines() throws -> Set<[String]> {
        var lines = CommandRow.all.map { $0.line }
        let readme = try String(contentsOf: self.root.appending(path: "README.md"), encoding: .utf8)
        for line in readme.split(separator: "\n") {
            for start in ["$ invctl ", "invctl "] where line.hasPrefix(start) {
                lines.append(String(line.dropFirst(start.count)))
            }
        }
        lines += self.examples(of: Invctl.self)
        return Set(lines.map { CommandWords($0).strings })
    }

    private static func examples(of command: any ParsableCommand.Type) -> [String] {
        let lines = command.configuration.discussion.split(separator: "\n")
            .filter { $0.hasPrefix("  invctl ") }.map { String($0.dropFirst(9)) }
        return command.configuration.subcommands.reduce(lines) { $0 + self.examples(of: $1) }
    }

    @Test func `a command parsed by itself is what the parser of all commands returns`()
        async throws
    {
        var count = 0
        for words in try Self.lines() {
            // Negative numbers and leading options are not the parser's.
            guard let expected = try? await Invctl.asyncParseAsRoot(words) else { continue }
            let line = try await Invctl.line(words)
            #expect(Self.text(line.command) == Self.text(expected), "\(words)")
            count += 1
        }
        #expect(count > 100)
    }

    @Test func `a repeated line is parsed once, one with an error or of many bytes each time`()
        async throws
    {
        var parsed = ParsedCommands()
        var parseCount = 0
        func parse(_ words: [String]) async throws {
            _ = try await parsed.line(words) {
                parseCount += 1
                return try await Invctl.line($0)
            }
        }
        for _ in 0..<3 { try await parse(["product", "list"]) }
        #expect(parseCount == 1 && parsed.count == 1)
        for _ in 0..<2 { try? await parse(["product", "--nonsense"]) }
        #expect(parseCount == 3 && parsed.count == 1)
        let short = String(repeating: "x", count: ParsedCommands.lineByteCountMax - 4)
        for _ in 0..<2 { try await parse(["sell", short]) }
        #expect(parseCount == 4 && parsed.count == 2)
        for _ in 0..<2 { try await parse(["sell", short + "x"]) }
        #expect(parseCount == 6 && parsed.count == 2)
    }

    @Test func `no more than the maximum of lines are kept`() async throws {
        var parsed = ParsedCommands()
        let line = try await Invctl.line(["ping"])
        for number in 0..<ParsedCommands.countMax {
            _ = try await parsed.line(["\(number)"]) { _ in line }
        }
        #expect(parsed.count == ParsedCommands.countMax)
        _ = try await parsed.line(["one more"]) { _ in line }
        #expect(parsed.count == 1)
    }

    @Test func `a repeated line has the settings of its moment, and reads anew`() throws {
        let daemon = try Daemon()
        let script = """
            category list
            category add A
            \\o json
            category list
            category list
            \\o csv
            category list --fields name

            """
        let done = try daemon.invctl(["shell"], input: Data(script.utf8))
        #expect(done.code == 0, "\(done.errors)")
        let lines = done.output.split(separator: "\n")
        #expect(lines.count { $0.contains("\"name\":\"A\"") } == 2, "\(done.output)")
        #expect(lines.suffix(2) == ["name", "A"], "\(done.output)")
    }
}
