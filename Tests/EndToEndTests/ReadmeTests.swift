import ArgumentParser
import Bytes
import Foundation
import InventoryTestSupport
import TerminalKit
import Testing

@testable import invctl

/// The README's commands, run verbatim on a terminal.
///
/// The lines after a line that begins with `$ invctl` are its expected output, except for the numbers
/// after LSN and revision, which are not guaranteed.
@Suite struct ReadmeTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private struct Step {
        var command: String
        /// The expected output; `nil` if the README shows none.
        var output: String?
    }

    /// Returns the commands of the README's code blocks, in order.
    private static func steps() throws -> [Step] {
        let text = try String(contentsOf: self.root.appending(path: "README.md"), encoding: .utf8)
        var isCode = false
        var steps: [Step] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                isCode.toggle()
            } else if isCode, line.hasPrefix("$ invctl ") {
                steps.append(Step(command: String(line.dropFirst(2)), output: ""))
            } else if isCode, line.hasPrefix("invctl ") || line.hasPrefix("invd restore ") {
                steps.append(Step(command: String(line)))
            } else if isCode, let last = steps.indices.last, steps[last].output != nil {
                steps[last].output? += line + "\n"
            }
        }
        return steps
    }

    /// Removes LSNs and revisions.
    private static func comparable(_ text: String) -> String {
        text.replacing("\r\n", with: "\n").replacing(/(LSN|revision) \d+/) { "\($0.output.1) n" }
    }

    @Test func `every command of the tour prints what the README says`() throws {
        let daemon = try Daemon()
        let catalog = Self.root.appending(path: "Catalog/sample.csv").path
        #expect(try daemon.invctl("import", catalog).code == 0)
        let steps = try Self.steps()
        #expect(steps.count { $0.output != nil } >= 8)
        let folder = TemporaryDirectory()
        for step in steps {
            let tail = " ; echo \"exit $?\""
            let saysExit = step.command.hasSuffix(tail)
            let line = saysExit ? String(step.command.dropLast(tail.count)) : step.command
            let words = CommandWords(line).strings.dropFirst().map { word in
                word.hasPrefix("Tests/")
                    ? Self.root.appending(path: word).path
                    : word.hasPrefix("/tmp/") ? folder.path + word.dropFirst(4) : word
            }
            guard !line.hasPrefix("invd ") else {
                let finished = try Daemon.run("invd", Array(words))
                #expect(finished.code == 0, "\(line): \(finished.errors)")
                continue
            }
            let terminal = try daemon.terminal(
                Array(words),
                columns: 120,
                rows: 50,
                environment: ["NO_COLOR": "1"]
            )
            let code = terminal.wait()
            var printed = Self.comparable(String(decoding: terminal.raw, as: UTF8.self))
            if saysExit { printed += "exit \(code)\n" }
            #expect(saysExit || code == 0, "\(line): \(printed)")
            guard let output = step.output else { continue }
            #expect(printed == Self.comparable(output), "\(line)")
        }
    }

    @Test func `every command in the text of the README parses`() throws {
        let text = try String(contentsOf: Self.root.appending(path: "README.md"), encoding: .utf8)
        var count = 0
        for (number, code) in text.split(separator: "`").enumerated() where number % 2 == 1 {
            let words = CommandWords(String(code)).strings
            guard words.count > 1, words.first == "invctl", !code.contains("\n") else { continue }
            count += 1
            #expect(throws: Never.self, "\(code)") {
                _ = try Invctl.parseAsRoot(Array(words.dropFirst()))
            }
        }
        #expect(count >= 10)
    }

    @Test func `invd has help, and its settings are those of the README`() throws {
        let help = try Daemon.run("invd", ["--help"])
        #expect(help.code == 0)
        #expect(help.output.contains("INVD_DATA_DIR"))
        let said = help.output.split { $0.isWhitespace }.joined(separator: " ")
        let text = try String(contentsOf: Self.root.appending(path: "README.md"), encoding: .utf8)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `--") }
        #expect(rows.count >= 4)
        for row in rows {
            let cells = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            let flag = cells[0].replacing("`", with: "")
            let variable = "INVD_" + flag.dropFirst(2).uppercased().replacing("-", with: "_")
            #expect(said.contains("\(flag) <"))
            #expect(said.contains("[\(variable); default \(cells[2])]"), "\(row)")
        }
        for command in ["check", "repair", "restore"] {
            #expect(try Daemon.run("invd", [command, "--help"]).code == 0)
        }
    }
}
