import Foundation
import Testing

/// The README's commands, run as they stand there.
@Suite struct ReadmeTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The lines of the README's code blocks that begin with `invctl`.
    private static func commands() throws -> [[String]] {
        let text = try String(contentsOf: self.root.appending(path: "README.md"), encoding: .utf8)
        var isCode = false
        var commands: [[String]] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") { isCode.toggle() }
            guard isCode, line.hasPrefix("invctl ") else { continue }
            commands.append(line.split(separator: " ").dropFirst().map { String($0) })
        }
        return commands
    }

    @Test func `every command of the tour does what the README says`() throws {
        let daemon = try Daemon()
        let catalog = Self.root.appending(path: "Catalog/sample.csv").path
        #expect(try daemon.invctl("import", catalog).output == "22 rows: 22 taken, 0 not\n")
        let commands = try Self.commands()
        #expect(commands.count >= 6)
        for command in commands {
            let arguments = command.map { argument in
                argument.hasPrefix("Tests/") ? Self.root.appending(path: argument).path : argument
            }
            let result = try daemon.invctl(arguments)
            let isOversold = command.first == "sell" && command.contains("CAM-01=60")
            #expect(result.code == (isOversold ? 5 : 0), "\(command): \(result.errors)")
            if isOversold {
                #expect(
                    result.errors.contains(
                        "CAM-01 at main: asked 60, can sell 8 (on hand 8, unavailable 0, reserved 0"
                    )
                )
            }
        }
        for words in [["product", "list"], ["stock", "low"], ["ledger", "list"], ["verify"]] {
            #expect(try daemon.invctl(words).code == 0)
        }
    }

    @Test func `every program and command explains itself`() throws {
        for command in [
            [], ["product"], ["stock", "adjust"], ["sell"], ["import"], ["watch", "stock"],
        ] {
            let help = try Daemon.run("invctl", command + ["--help"])
            #expect(help.code == 0)
            #expect(help.output.contains("USAGE"))
        }
        let help = try Daemon.run("invd", ["--help"])
        #expect(help.output.contains("INVD_DATA_DIR"))
    }
}
