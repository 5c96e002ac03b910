import Foundation
import Glibc
import InventoryClient
import InventoryModel
import Testing

/// `invctl top` in a terminal, against the real daemon: keys, the window size, a restart, every way to quit.
@Suite struct TopTests {
    private static func shop() async throws -> (Daemon, [ProductID]) {
        let daemon = try Daemon()
        let ids = try await daemon.client().stockedProducts(3, stock: 50)
        _ = try await daemon.client().stockedProducts(1, stock: 2, prefix: "LOW")
        return (daemon, ids)
    }

    @Test func `sales appear live, also after a restart, and keys work as labelled`()
        async throws
    {
        let (daemon, _) = try await Self.shop()
        // Sales before the start count too.
        try daemon.invctl("sell", "P-0=2", "--ref", "POS-1")
        let terminal = try daemon.terminal("top", columns: 110, rows: 30)
        #expect(terminal.waits { $0.contains("revenue today 19.98 USD · 1 sale") })
        #expect(terminal.waits { $0.contains("POS-1") && $0.contains("LOW-0") })
        #expect(terminal.waits { $0.contains("log ") && $0.contains("1 subscriber ") })
        #expect(terminal.screen.isAlternate)
        try daemon.invctl("sell", "P-1=3", "P-2=1", "--ref", "POS-2")
        #expect(terminal.waits { $0.contains("revenue today 59.94 USD · 2 sales") })
        #expect(terminal.waits { $0.contains("POS-2") && $0.contains("by revenue") })
        #expect(terminal.waits { $0.contains("> P-1") })

        terminal.type("j\r")
        #expect(terminal.waits { $0.contains("▸ P-0") && $0.contains("ON HAND − UNAVAILABLE") })
        terminal.type("\u{1B}")
        #expect(terminal.waits(for: "Top sellers today"))
        terminal.type("/p-2\r")
        #expect(terminal.waits { $0.contains("filter 'p-2'") && !$0.contains("P-1") })
        terminal.type("\u{1B}")
        #expect(terminal.waits(for: "> P-1"))
        terminal.type("?")
        #expect(terminal.waits(for: "stock and history of a product"))
        terminal.type("q:sell P-2=5 --ref FROM-TOP\r")
        #expect(terminal.waits { $0.contains("sold 1 line") })
        terminal.type("\u{1B}")
        #expect(terminal.waits { $0.contains("FROM-TOP") && $0.contains("· 3 sales") })
        terminal.type(":sell P-2=99\r")
        #expect(terminal.waits { $0.contains("insufficient_stock") && $0.contains("exit 5") })
        terminal.type("q")

        terminal.resize(columns: 60, rows: 12)
        #expect(
            terminal.waits {
                $0.contains("Top sellers") && !$0.contains("Low stock")
                    && $0.contains("FROM") == false
            }
        )
        terminal.type("\t")
        #expect(terminal.waits { $0.contains("▸ Low stock") && $0.contains("LOW-0") })
        terminal.resize(columns: 130, rows: 30)
        #expect(terminal.waits { $0.contains("Top sellers") && $0.contains("▸ Low stock") })

        daemon.kill()
        #expect(terminal.waits(for: "OFFLINE"))
        try daemon.start()
        #expect(terminal.waits(for: "reconnected after"))
        try daemon.invctl("sell", "P-0=1", "--ref", "POS-9")
        #expect(terminal.waits { $0.contains("POS-9") && $0.contains("· 4 sales") })
        terminal.type("q")
        #expect(terminal.wait() == 0)
        #expect(terminal.isSane)
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGABRT, SIGSEGV, SIGKILL])
    func `the terminal is restored, however top ends`(_ signal: Int32) async throws {
        let daemon = try Daemon()
        let terminal = try daemon.terminal("top")
        #expect(terminal.waits(for: "no sales yet"))
        #expect(!terminal.isSane)
        kill(terminal.id, signal)
        _ = terminal.wait()
        #expect(terminal.waits { _ in terminal.isSane }, "signal \(signal)")
    }

    @Test(arguments: [SIGHUP, SIGKILL])
    func `the terminal is restored, also when the whole job is killed`(
        _ signal: Int32
    )
        async throws
    {
        let daemon = try Daemon()
        let terminal = try daemon.terminal(["top"], jobControl: true)
        #expect(terminal.waits(for: "no sales yet"))
        #expect(!terminal.isSane)
        // The job is the foreground process group, which the terminal sends SIGHUP when the session ends.
        kill(-terminal.id, signal)
        _ = terminal.wait()
        #expect(terminal.waits { _ in terminal.isSane }, "signal \(signal)")
    }

    @Test(arguments: [
        (["top"], "no sales yet"), (["stock", "show", "--watch"], "P-2"), (["shell"], "127.0.0.1:"),
    ])
    func `Ctrl-Z restores the terminal, and continuing redraws the screen`(
        words: [String],
        shows: String
    ) async throws {
        let (daemon, _) = try await Self.shop()
        let terminal = try daemon.terminal(words, jobControl: true)
        #expect(terminal.waits(for: shows))
        #expect(!terminal.isSane)
        for _ in 0..<3 {
            kill(terminal.id, SIGTSTP)
            try #require(terminal.waits { _ in terminal.isStopped && terminal.isSane })
            terminal.clear()
            terminal.continueInForeground()
            #expect(terminal.waits { $0.contains(shows) && !terminal.isSane })
        }
        kill(terminal.id, SIGTERM)
        _ = terminal.wait()
        #expect(terminal.waits { _ in terminal.isSane })
    }

    @Test(arguments: ["q", "\u{03}", ":q\r"])
    func `keys quit`(_ keys: String) async throws {
        let daemon = try Daemon()
        let terminal = try daemon.terminal("top")
        #expect(terminal.waits(for: "no sales yet"))
        terminal.type(keys)
        #expect(terminal.wait() == 0)
        #expect(terminal.isSane)
    }

    @Test func `--once prints the same data as JSON and as text`() async throws {
        let (daemon, _) = try await Self.shop()
        try daemon.invctl("sell", "P-0=2", "P-1=1")
        try daemon.invctl("return", "P-0=1")
        let said = try daemon.invctl("top", "--once", "-o", "json")
        let parsed = try JSONSerialization.jsonObject(with: Data(said.output.utf8))
        let object = try #require(parsed as? [String: Any])
        #expect(object["revenueToday"] as? String == "19.98")
        #expect(object["salesToday"] as? Int == 1)
        let sellers = try #require(object["topSellers"] as? [[String: Any]])
        #expect(sellers.map { $0["sku"] as? String } == ["P-0", "P-1"])
        #expect(sellers.map { $0["units"] as? Int } == [1, 1])
        let low = try #require(object["lowStock"] as? [[String: Any]])
        #expect(low.map { $0["sku"] as? String } == ["LOW-0"])
        #expect(low.first?["coverDays"] is NSNull)
        let server = try #require(object["server"] as? [String: Any])
        #expect(server["syncMicrosecondsP99"] is Int)
        #expect(server["durableLsn"] is Int)

        let elsewhere = try daemon.invctl("top", "--once", "--at", "nowhere")
        #expect(elsewhere.code == 3)
    }

    @Test func `a missing server is reported before the screen is cleared`() throws {
        let said = try Daemon.run("invctl", ["top", "--once", "--timeout", "200ms"])
        #expect(said.code == 7)
        #expect(said.errors.contains("Is invd running"))
    }
}
