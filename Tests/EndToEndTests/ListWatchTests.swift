import Foundation
import Glibc
import InventoryClient
import Testing

/// `--watch` on lists: redrawn on a terminal, changed rows when piped, across restarts.
@Suite struct ListWatchTests {
    @Test func `a list is redrawn in place, follows the window, and survives a restart`()
        async throws
    {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(3, stock: 50)
        let terminal = try daemon.terminal(
            "product",
            "list",
            "--watch",
            "--fields",
            "sku,name,onHand",
            "--sort",
            "onHand"
        )
        #expect(terminal.waits(for: "P-2  Product 2       50"))
        #expect(terminal.waits(for: "live"))
        #expect(terminal.screen.isAlternate)
        try daemon.invctl("sell", "P-1=20")
        #expect(terminal.waits(for: "P-1  Product 1       30"))
        // The lowest stock is first, and no row is drawn twice.
        #expect(terminal.screen.lineStrings[2].hasPrefix("P-1"))
        #expect(terminal.screen.text.split(separator: "P-1").count == 2)

        terminal.resize(columns: 60, rows: 4)
        #expect(terminal.waits { $0.contains("more rows") && !$0.contains("P-2") })

        daemon.kill()
        #expect(terminal.waits(for: "OFFLINE"))
        try daemon.start()
        #expect(terminal.waits(for: "reconnected after"))
        try daemon.invctl("sell", "P-1=5")
        #expect(terminal.waits(for: "P-1  Product 1       25"))
        terminal.type("q")
        #expect(terminal.wait() == 0)
        #expect(terminal.isSane)
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGKILL])
    func `the terminal is restored, however the watch ends`(_ signal: Int32) async throws {
        let daemon = try Daemon()
        let terminal = try daemon.terminal("category", "list", "--watch")
        #expect(terminal.waits(for: "live"))
        #expect(!terminal.isSane)
        kill(terminal.id, signal)
        _ = terminal.wait()
        #expect(terminal.waits { _ in terminal.isSane })
    }

    @Test func `piped output is an object for each changed row`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(2, stock: 50)
        let path = daemon.directory.path + ".watched"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let output = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        var environment = ProcessInfo.processInfo.environment
        environment["INVCTL_SERVER"] = daemon.address.description
        let process = try ChildProcess(
            Daemon.program("invctl"),
            ["stock", "show", "--watch", "--where", "onHand < 100"],
            environment: environment,
            output: output,
            errors: output
        )
        close(output)
        func objects() throws -> [[String: Any]] {
            try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").compactMap {
                try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
            }
        }
        func waits(_ count: Int) async throws -> [[String: Any]] {
            _ = try await eventually { try objects().count >= count }
            return try objects()
        }
        #expect(try await waits(2).allSatisfy { $0["change"] as? String == "added" })
        try daemon.invctl("sell", "P-1=1")
        let changed = try await waits(3)
        #expect(changed.count == 3)
        #expect(changed.last?["change"] as? String == "changed")
        #expect(changed.last?["onHand"] as? Int == 49)
        daemon.kill()
        try daemon.start()
        try daemon.invctl("stock", "restock", "P-0=70@1")
        let removed = try await waits(4)
        #expect(removed.last?["change"] as? String == "removed")
        #expect(removed.last?["sku"] as? String == "P-0")
        process.signal(SIGINT)
        #expect(process.wait() == 130)
        let all = try String(contentsOfFile: path, encoding: .utf8)
        #expect(all.contains("connection lost"))
        #expect(all.contains("reconnected after"))
    }
}
