import Foundation
import Glibc
import InventoryClient
import InventoryModel
import TerminalKit
import Testing

@testable import invctl

/// Completion scripts, run by their shells.
@Suite struct CompletionTests {
    /// Returns bash's completions of `line`, with the script of `invctl completion bash`.
    private static func bash(
        _ line: [String],
        server: String,
        timeout: String = "10s"
    ) throws -> [String] {
        let program = Daemon.program("invctl").path
        let words = line.map { "'" + $0 + "'" }.joined(separator: " ")
        let script = """
            PATH="\(URL(fileURLWithPath: program).deletingLastPathComponent().path):$PATH"
            source <(invctl completion bash)
            COMP_WORDS=(invctl \(words))
            COMP_CWORD=\(line.count)
            COMP_LINE="invctl \(line.joined(separator: " "))"
            COMP_POINT=${#COMP_LINE}
            $(complete -p invctl | sed -E 's/.*-F ([^ ]+).*/\\1/') invctl '\(line.last ?? "")' '\(line.dropLast().last ?? "invctl")'
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let folder = FileManager.default.temporaryDirectory.appending(path: "bash-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "output").path
        let output = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(output) }
        var environment = ProcessInfo.processInfo.environment
        environment["INVCTL_SERVER"] = server
        environment["INVCTL_TIMEOUT"] = timeout
        environment["INVCTL_CONFIG"] = "/nonexistent"
        let process = try ChildProcess(
            URL(fileURLWithPath: "/bin/bash"),
            ["--norc", "-c", script],
            environment: environment,
            output: output,
            errors: output
        )
        #expect(process.wait() == 0)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        return text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    }

    @Test func `bash completes commands, flags and names from the server`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        _ = try await client.stockedProducts(12, stock: 50, prefix: "LAMP")
        _ = try await client.done(.createCategory(name: "Garden"))
        let server = daemon.address.description
        #expect(try Self.bash(["prod"], server: server) == ["product"])
        #expect(try Self.bash(["stock", "res"], server: server) == ["restock"])
        #expect(try Self.bash(["product", "list", "--cat"], server: server) == ["--category"])
        #expect(
            try Self.bash(["product", "list", "--category", "Ga"], server: server) == ["Garden"]
        )
        let line = ReserveLine(product: ProductID(1), quantity: 1)
        for _ in 0..<2 {
            try await client.done(
                .reserve(Reserve(lines: [line], expiry: .after(seconds: 3_600)))
            )
        }
        #expect(try Self.bash(["reserve", "commit", ""], server: server) == ["2", "1"])
        #expect(try Self.bash(["stock", "show", "--at", ""], server: server) == ["main"])
        #expect(
            try Self.bash(["product", "get", "LAMP-1"], server: server)
                == ["LAMP-1", "LAMP-10", "LAMP-11"]
        )
        #expect(
            try Self.bash(["sell", "LAMP-11"], server: server) == ["LAMP-11", "LAMP-11="]
        )
        #expect(try Self.bash(["product", "list", "-o", "nd"], server: server) == ["ndjson"])
        #expect(try Self.bash(["--server", server, "prod"], server: "") == ["product"])
    }

    @Test func `columns, zones and windows are completed`() async throws {
        let daemon = try Daemon()
        let server = daemon.address.description
        func bash(_ words: String...) throws -> [String] { try Self.bash(words, server: server) }
        #expect(try bash("product", "list", "--fields", "sku,na") == ["sku,name"])
        #expect(try bash("ledger", "list", "--sort", "-amo") == ["-amount"])
        #expect(try bash("stock", "show", "--where", "avail") == ["available"])
        #expect(try bash("insight", "low", "--fields", "sugg") == ["suggestedOrder"])
        #expect(try bash("insight", "sales", "--zone", "europe/lond") == ["Europe/London"])
        #expect(try bash("insight", "sales", "--window", "this-y") == ["this-year"])
        #expect(try bash("insight", "sales", "--by", "week") == ["week", "weekday"])
        // The shell completes files itself.
        #expect(try Daemon.run("invctl", ["complete-line", "fish", "invctl export b"]).code == 9)
    }

    /// A command would retry for its timeout of an hour.
    @Test(.timeLimit(.minutes(5)))
    func `a missing server gives no completions, without the wait of a command`() throws {
        #expect(
            try Self.bash(["product", "get", "LAMP"], server: "127.0.0.1:1", timeout: "60m") == []
        )
    }

    @Test func `there is a script for each shell, and an error for others`() throws {
        for (shell, expected) in [
            ("bash", "complete "), ("zsh", "#compdef"), ("fish", "complete -c"),
        ] {
            let said = try Daemon.run("invctl", ["completion", shell])
            #expect(said.code == 0)
            #expect(said.output.contains(expected), "\(shell)")
            #expect(
                said.output.utf8.count < 2_000,
                "a script asks the program and knows no commands"
            )
        }
        let other = try Daemon.run("invctl", ["completion", "bahs"])
        #expect(other.code == 2)
        #expect(other.errors.contains("Did you mean bash?"))
    }

    @Test func `the interactive shell completes what fits at the cursor`() async throws {
        let tree = try #require(CommandTree.whole())
        let completer = Completer(tree, own: ["\\q", "\\timing"])
        func candidates(_ line: String) async -> [String] {
            await completer.candidates(Array(line)).strings
        }
        #expect(await candidates("sto") == ["stock"])
        #expect(await candidates("invctl sto") == ["stock"])
        #expect(await candidates("stock sh") == ["show"])
        #expect(await candidates("stock show --lim") == ["--limit"])
        #expect(await candidates("product list -o nd") == ["ndjson"])
        #expect(await candidates("product list --output=nd") == ["ndjson"])
        #expect(await candidates("stock adjust --reason dam") == ["damaged"])
        #expect(await candidates("\\t") == ["\\timing"])
        #expect(await completer.candidates(Array("\\t")).completion == "\\timing ")
        #expect(await candidates("nothing such").isEmpty)
        let lead = await completer.candidates(Array("product list --output=nd"))
        #expect(lead.completion == "--output=ndjson ")
        #expect(await completer.candidates(Array("stock ")).completion == nil)
    }
}
