import Bytes
import Foundation
import Glibc
import InventoryClient
import InventoryModel
import Testing

@testable import invctl

/// `invctl shell` with and without a terminal, and after errors.
@Suite struct ShellTests {
    /// A directory for the shell's history.
    private final class Home {
        let folder = FileManager.default.temporaryDirectory.appending(path: "shell-\(UUID())")
        var history: URL { self.folder.appending(path: "invctl/history") }
        var environment: [String: String] { ["XDG_STATE_HOME": self.folder.path] }
        deinit { try? FileManager.default.removeItem(at: self.folder) }
    }

    private static func open(
        _ daemon: Daemon,
        _ home: Home,
        columns: Int = 100
    ) throws -> PseudoTerminal {
        let terminal = try daemon.terminal(
            ["shell"],
            columns: columns,
            rows: 30,
            environment: home.environment
        )
        #expect(terminal.waits(for: "\(daemon.address)>"))
        return terminal
    }

    /// Waits until the shell shows an empty prompt.
    private static func waitsForPrompt(_ terminal: PseudoTerminal) -> Bool {
        terminal.waits { _ in terminal.screen.lineStrings.last?.hasSuffix(">") ?? false }
    }

    @Test func `commands run, errors do not end the shell, and the history persists`() async throws
    {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(2, stock: 50)
        let home = Home()
        let terminal = try Self.open(daemon, home)
        terminal.type("sell P-0=2\r")
        #expect(terminal.waits(for: "P-0 48 left"))
        terminal.type("prodct list\r")
        #expect(terminal.waits(for: "Did you mean invctl product?"))
        terminal.type("invctl product list --fields sku,onHand\r")
        #expect(terminal.waits(for: "P-1       50"))
        terminal.type("sell P-1=3 \\\r")
        #expect(terminal.waits(for: "...>"))
        terminal.type("--note 'two words'\r")
        #expect(terminal.waits(for: "P-1 47 left"))
        terminal.type("\\timing\r")
        #expect(terminal.waits(for: "timing is on"))
        terminal.type("ping\r")
        #expect(terminal.waits(for: "ms\n"))
        terminal.type("\\wat\r")
        #expect(terminal.waits(for: "Did you mean \\watch?"))
        #expect(Self.waitsForPrompt(terminal))
        terminal.type("\u{04}")
        #expect(terminal.wait() == 0)
        #expect(terminal.isSane)
        let history = try String(contentsOf: home.history, encoding: .utf8)
        #expect(history.hasPrefix("sell P-0=2\nprodct list\n"))
        #expect(history.contains("sell P-1=3 \\\\\\n--note 'two words'\n"))
        let mode = try FileManager.default.attributesOfItem(atPath: home.history.path)
        #expect(mode[.posixPermissions] as? Int == 0o600)

        // The next shell has the history: back to the sale, and another by search.
        let again = try Self.open(daemon, home)
        again.type("\u{12}sell P-0")
        #expect(again.waits(for: "(search 'sell P-0')> sell P-0=2"))
        again.type("\r")
        #expect(again.waits(for: "P-0 46 left"))
        again.type("\u{1B}[A\r")
        #expect(again.waits(for: "P-0 44 left"))
        again.type("\\q\r")
        #expect(again.wait() == 0)
    }

    @Test func `Tab completes commands, flags and names from the server`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        _ = try await client.stockedProducts(12, stock: 50, prefix: "LAMP")
        _ = try await client.done(.createCategory(name: "Garden tools"))
        let terminal = try Self.open(daemon, Home())
        terminal.type("prod\t")
        #expect(terminal.waits(for: "> product"))
        terminal.type("li\t--cat\t")
        #expect(terminal.waits(for: "> product list --category"))
        terminal.type("gard\t")
        #expect(terminal.waits(for: "> product list --category 'Garden tools'"))
        terminal.type("\u{15}")
        // Two candidates are listed.
        terminal.type("stock show lamp-1\t")
        #expect(terminal.waits(for: "> stock show LAMP-1"))
        terminal.type("\t")
        #expect(terminal.waits(for: "LAMP-1   LAMP-10  LAMP-11\n"))
        terminal.type("1\t\r")
        #expect(terminal.waits { $0.contains("main") && $0.contains("50") })
        terminal.type("stock show LAMP-2 --at m\t\r")
        #expect(terminal.waits(for: "> stock show LAMP-2 --at main"))
        terminal.type("\\ti\t\r")
        #expect(terminal.waits(for: "timing is on"))
        #expect(Self.waitsForPrompt(terminal))
        terminal.type("\u{04}")
        #expect(terminal.wait() == 0)
    }

    @Test func `Ctrl-C clears the line, or ends the command but not the shell`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(1, stock: 50)
        let terminal = try Self.open(daemon, Home())
        terminal.type("sell P-0=50\u{03}")
        #expect(terminal.waits(for: "sell P-0=50^C"))
        terminal.type("watch stock\r")
        #expect(terminal.waits(for: "watching: changes"))
        terminal.type("\u{03}")
        #expect(terminal.waits(for: "interrupted: "))
        terminal.type("product get P-0 --fields onHand\r")
        #expect(terminal.waits(for: "ON HAND  50\n"))
        // A full-screen command within the shell, and back.
        terminal.type("product list --watch\r")
        #expect(terminal.waits { _ in terminal.screen.isAlternate })
        #expect(terminal.waits(for: "live"))
        terminal.type("q")
        #expect(terminal.waits { _ in !terminal.screen.isAlternate })
        #expect(Self.waitsForPrompt(terminal))
        terminal.type("ping\r")
        #expect(terminal.waits(for: "pong"))
        #expect(Self.waitsForPrompt(terminal))
        terminal.type("exit\r")
        #expect(terminal.wait() == 0)
        #expect(terminal.isSane)
    }

    @Test func `commands on a terminal share one connection, and one that is lost is replaced`()
        async throws
    {
        let daemon = try Daemon()
        let home = Home()
        let terminal = try Self.open(daemon, home)
        terminal.type("category add C0\r")
        #expect(terminal.waits(for: "created category 1"))
        let client = daemon.client()
        let before = try await client.statistics()["connectionsAccepted"]
        for number in 1...10 {
            #expect(Self.waitsForPrompt(terminal))
            terminal.type("category add C\(number)\r")
            #expect(terminal.waits(for: "created category \(number + 1)"))
        }
        #expect(Self.waitsForPrompt(terminal))
        #expect(try await client.statistics()["connectionsAccepted"] == before)
        // Settings of the shell apply to the next command over the same connection.
        terminal.type("\\x\r")
        #expect(terminal.waits(for: "the format is vertical"))
        terminal.type("category list --where 'name = C7'\r")
        #expect(terminal.waits { $0.split(separator: "\n").contains { $0.hasPrefix("NAME  ") } })
        terminal.type("\\x\r")
        #expect(Self.waitsForPrompt(terminal))

        // What ends a command ends its connection too, and not the shell.
        terminal.type("watch stock\r")
        #expect(terminal.waits(for: "watching: changes after"))
        terminal.type("\u{03}")
        #expect(terminal.waits(for: "interrupted: "))
        #expect(Self.waitsForPrompt(terminal))
        terminal.type("ping\r")
        #expect(terminal.waits(for: "pong"))

        daemon.kill()
        try daemon.start()
        #expect(Self.waitsForPrompt(terminal))
        terminal.type("category list --fields name --where 'name = C9'\r")
        #expect(terminal.waits(for: "was lost; reconnecting"))
        #expect(terminal.waits { $0.split(separator: "\n").contains { $0.hasPrefix("C9") } })
        daemon.kill()
        #expect(Self.waitsForPrompt(terminal))
        terminal.type("category list\r")
        #expect(terminal.waits(for: "cannot connect to"))
        #expect(Self.waitsForPrompt(terminal))
        terminal.type("\u{04}")
        #expect(terminal.wait() == 0)
        #expect(terminal.isSane)
    }

    @Test func `watch repeats commands that read, and none that write`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(1, stock: 50)
        let terminal = try Self.open(daemon, Home())
        terminal.type("sell P-0=1\r\\watch\r")
        #expect(terminal.waits(for: "changes something and cannot be repeated"))
        terminal.type("product get P-0 --fields onHand\r")
        #expect(terminal.waits(for: "49"))
        terminal.type("\\watch 0.1\r")
        #expect(terminal.waits { $0.split(separator: "ON HAND").count > 4 })
        try daemon.invctl("sell", "P-0=9")
        #expect(terminal.waits(for: "40"))
        // A Ctrl-C here could hit the command instead, and the terminal then drops pending input.
        terminal.type("q")
        #expect(Self.waitsForPrompt(terminal))
        terminal.type("\\o json\r")
        #expect(terminal.waits(for: "the format is json"))
        terminal.type("category list\r")
        #expect(terminal.waits(for: #""name":"Category P""#))
        #expect(Self.waitsForPrompt(terminal))
        terminal.type("\u{04}")
        #expect(terminal.wait() == 0)
    }

    @Test(arguments: [SIGTERM, SIGHUP, SIGKILL])
    func `the terminal is restored, however the shell ends`(_ signal: Int32) throws {
        let daemon = try Daemon()
        let terminal = try Self.open(daemon, Home())
        terminal.type("abc")
        #expect(terminal.waits(for: "> abc"))
        #expect(!terminal.isSane)
        kill(terminal.id, signal)
        _ = terminal.wait()
        #expect(terminal.waits { _ in terminal.isSane })
    }

    @Test func `without a terminal it runs a script, and exits with the first failure's code`()
        async throws
    {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(1, stock: 5)
        let script = """
            # Two sales, of which the second asks for too much.
            sell P-0=2 \\
              --ref 'till 7'

            sell P-0=6
            product get NONE
            \\o json
            product get P-0 --fields sku,onHand
            exit
            sell P-0=1
            """
        let said = try daemon.invctl(["shell"], input: Data(script.utf8))
        #expect(said.code == 5)
        #expect(
            said.output == """
                sold 1 line   19.98 USD   LSN 5   P-0 3 left
                the format is json
                {"sku":"P-0","onHand":3}

                """
        )
        #expect(said.errors.contains("insufficient_stock  P-0 at main: asked 6, can sell 3"))
        #expect(said.errors.contains("no product has the SKU or barcode 'NONE'"))
        #expect(try daemon.invctl(["shell"], input: Data()).code == 0)
        let open = try daemon.invctl(["shell"], input: Data("sell 'P-0".utf8))
        #expect(open.code == 2)
        #expect(open.errors.contains("an open quote"))
    }

    @Test func `an open quote or a backslash at the end is an error, and takes no other line`()
        async throws
    {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(1, stock: 50)
        for (script, stock) in [
            ("sell \"P-0=1", 50), ("sell P-0=1 \\\n", 50), ("sell P-0=1 \\", 50),
            ("sell \"P-0=1\nsell P-0=2\nping", 48), ("sell P-0=1 \\\n  --ref x\n", 47),
        ] {
            let said = try daemon.invctl(["shell"], input: Data(script.utf8))
            #expect((said.code == 0) == (stock == 47), "\(script)")
            let level = try await daemon.client().level(ProductID(1))
            #expect(level.onHand == stock, "\(script)")
        }
    }

    @Test func `the commands of a script share one connection, also after the server was away`()
        async throws
    {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(1, stock: 500)
        func connections() async throws -> Int64 {
            try await daemon.client().statistics()["connectionsAccepted"] ?? 0
        }
        let before = try await connections()
        let lsn = try await daemon.client().ping()
        let many = String(repeating: "ping\nsell P-0=1\n", count: 100)
        let said = try daemon.invctl(["shell"], input: Data(many.utf8))
        #expect(said.code == 0 && said.lines.count == 200)
        #expect(try await connections() - before <= 4)
        #expect(try await daemon.client().ping().value - lsn.value == 100)
        // A sale that fails does not end the shell, and neither does a lost server.
        let lost = try Daemon.run("invctl", ["shell", "-c", "ping", "-c", "ping"])
        #expect(lost.code == 7 && lost.errors.split(separator: "unreachable").count == 3)
    }

    @Test func `-c runs commands, a bar hands their output to a program, and a program can be run`()
        async throws
    {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(2, stock: 50)
        let run = { (words: String...) in try daemon.invctl(["shell"] + words) }
        #expect(
            try run("-c", "sell P-0=1", "-c", "sell P-0=2").lines.last?.contains("47 left") == true
        )
        #expect(try run("-c", "sell P-0=99", "-c", "ping").code == 5)
        let piped = try run("-c", "product list --fields sku | tr P Q | sort")
        #expect(piped.lines == ["Q-0", "Q-1", "sku"])
        #expect(try run("-c", "product list | exit 3").code == 3)
        #expect(try run("-c", "product get NONE | cat").code == 3)
        #expect(try run("-c", "product list |").code == 2)
        #expect(try run("-c", "\\! echo from $((40 + 2))").lines == ["from 42"])
        #expect(try run("-c", "\\! exit 4").code == 4)
        let vertical = try run("-c", "\\x", "-c", "category list --fields id,name", "-c", "\\x")
        #expect(
            vertical.lines == [
                "the format is vertical", "ID    1", "NAME  Category P",
                "the format is the default",
            ]
        )
    }

    @Test func `pasted lines are commands, and wait for Enter`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(1, stock: 50)
        let terminal = try Self.open(daemon, Home())
        terminal.type("\u{1B}[200~sell P-0=1\nsell P-0=2\nsell P-0=3\u{1B}[201~")
        #expect(terminal.waits(for: "sell P-0=3"))
        #expect(try await daemon.client().level(ProductID(1)).onHand == 50)
        terminal.type("\r")
        #expect(terminal.waits(for: "P-0 44 left"))
        #expect(Self.waitsForPrompt(terminal))
        terminal.type("product list --fields sku,onHand | cat -A\r")
        #expect(terminal.waits(for: "P-0       44$"))
        #expect(Self.waitsForPrompt(terminal))
        terminal.type("\u{04}")
        #expect(terminal.wait() == 0)
    }

    @Test func `options of the shell apply to its commands`() throws {
        let daemon = try Daemon()
        let said = try Daemon.run(
            "invctl",
            ["shell", "--server", daemon.address.description, "-o", "json", "--actor", "eve"],
            input: Data("category add Toys\nledger list\ncontext show\n".utf8)
        )
        #expect(said.code == 0)
        #expect(said.lines.contains("[]"))
        #expect(said.output.contains(#""value":"eve","origin":"INVCTL_ACTOR""#))
    }
}
