import Bytes
import Foundation
import Glibc
import InventoryClient
import InventoryModel
import InventoryWire
import Testing

/// Each error has a message, its reason and a hint, for people and for programs.
@Suite struct ErrorTests {
    private static func object(_ text: String) throws -> [String: Any] {
        let line = try #require(text.split(separator: "\n").last)
        let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
        return try #require(object as? [String: Any])
    }

    @Test func `a shortage has its numbers, a hint and exit code 5`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(1, stock: 5, prefix: "SOF")
        let said = try daemon.invctl("sell", "SOF-0=6")
        #expect(said.code == 5)
        #expect(
            said.errors == """
                error: insufficient_stock  SOF-0 at main: asked 6, can sell 5 (on hand 5, unavailable \
                0, reserved 0, floor 0)
                  Take at most 5, or take a delivery in: invctl stock restock SOF-0=1

                """
        )
        let json = try Self.object(daemon.invctl("sell", "SOF-0=6", "-o", "json").errors)
        #expect(json["error"] as? String == "insufficient_stock")
        #expect(json["code"] as? Int == 70)
        #expect(json["exit"] as? Int == 5)
        #expect((json["wayOut"] as? String)?.contains("restock SOF-0=1") ?? false)
    }

    @Test func `a stale revision names the last change, and changes nothing`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(1, stock: 5)
        try daemon.invctl("sell", "P-0=1")
        let said = try daemon.invctl("stock", "count", "P-0=9", "--if-revision", "2")
        #expect(said.code == 4)
        #expect(said.errors.contains("revision_mismatch  P-0 is at revision"))
        #expect(said.errors.contains("(stock sold by tester, "))
        #expect(said.errors.contains("Nothing was changed."))
        #expect(said.errors.contains("--if-revision"))

        try daemon.invctl("product", "set", "P-0", "--price", "5.00")
        let price = try daemon.invctl("product", "set", "P-0", "--price", "6", "--if-revision", "2")
        #expect(price.code == 4)
        #expect(price.errors.contains("(price changed by tester, "), "\(price.errors)")
        try daemon.invctl("category", "rename", "Category P", "Tools")
        let category = try daemon.invctl(
            "category",
            "rename",
            "Tools",
            "More",
            "--if-revision",
            "2"
        )
        #expect(category.errors.contains("(changed by tester, "), "\(category.errors)")
    }

    @Test func `an object that is inactive, in use or archived is named`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(1, stock: 5)
        try daemon.invctl("product", "set", "P-0", "--status", "inactive")
        let inactive = try daemon.invctl("sell", "P-0=1")
        #expect(inactive.code == 4)
        #expect(
            inactive.errors == """
                error: product_inactive  P-0 is not for sale
                  Put it on sale first: invctl product set P-0 --status active

                """
        )
        let stocked = try daemon.invctl("product", "delete", "P-0")
        #expect(stocked.code == 4)
        #expect(stocked.errors.hasPrefix("error: in_use  P-0 has stock, reservations or goods"))
        #expect(stocked.errors.contains("stock adjust"), "\(stocked.errors)")
        let used = try daemon.invctl("category", "archive", "Category P")
        #expect(used.code == 4)
        #expect(used.errors.hasPrefix("error: in_use  Category P is still in use\n"))
    }

    @Test func `mistyped names are answered with suggestions`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(3, stock: 5, prefix: "LAPTOP")
        let cases: [([String], String, Int32)] = [
            (["prodct", "list"], "Did you mean invctl product?", 2),
            (["stock", "shwo"], "Did you mean invctl stock show?", 2),
            (["product", "list", "--limt", "3"], "Did you mean '--limit'?", 2),
            (["product", "get", "LAPTPO-1"], "Did you mean LAPTOP-1", 3),
            (["sell", "LAPTOP-11=1"], "Did you mean LAPTOP-1", 3),
            (
                ["product", "list", "--category", "Categry LAPTOP"],
                "Did you mean Category LAPTOP?", 3
            ),
            (["stock", "show", "--at", "mian"], "Did you mean main?", 3),
        ]
        for (words, expected, code) in cases {
            let said = try daemon.invctl(words)
            #expect(said.code == code, "\(words)")
            #expect(said.errors.contains(expected), "\(words): \(said.errors)")
            #expect(said.errors.hasPrefix("error: "), "\(words): \(said.errors)")
            let json = try Self.object(daemon.invctl(words + ["-o", "json"]).errors)
            #expect(json["exit"] as? Int == Int(code))
        }
    }

    @Test func `a missing or silent server is exit code 7 with a hint`() throws {
        let unreachable = try Daemon.run("invctl", ["ping", "--timeout", "200ms"])
        #expect(unreachable.code == 7)
        #expect(unreachable.errors.contains("error: unreachable  cannot connect to 127.0.0.1:1"))
        #expect(unreachable.errors.contains("Is invd running"))
        let json = try Self.object(
            Daemon.run("invctl", ["ping", "--timeout", "200ms", "-o", "json"]).errors
        )
        #expect(json["error"] as? String == "unreachable")
        #expect(json["exit"] as? Int == 7)

        // A server that accepts and never answers.
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                #expect(bind(listener, address, length) == 0)
                #expect(listen(listener, 4) == 0)
                #expect(getsockname(listener, address, &length) == 0)
            }
        }
        let silent = "127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        let said = try Daemon.run("invctl", ["ping", "--timeout", "300ms"], server: silent)
        #expect(said.code == 7)
        #expect(said.errors.hasPrefix("error: "))
    }

    @Test func `Ctrl-C reports what was done`() async throws {
        let daemon = try Daemon()
        let watching = try daemon.terminal("watch", "stock")
        #expect(watching.waits(for: "watching"))
        kill(watching.id, SIGINT)
        #expect(watching.wait() == 130)
        #expect(watching.screen.text.contains("interrupted: "))
        #expect(watching.isSane)

        // A stopped daemon leaves the outcome unknown; a retry with the id settles it.
        _ = try await daemon.client().stockedProducts(1, stock: 5)
        daemon.signal(SIGSTOP)
        defer { daemon.signal(SIGCONT) }
        let doubtful = try daemon.terminal("ping", "--timeout", "500ms")
        #expect(doubtful.wait() == 7)
    }

    @Test func `a write whose outcome is unknown is settled by a retry with its id`() async throws {
        let daemon = try Daemon()
        let id = try await daemon.client().stockedProducts(1, stock: 5)[0]
        for _ in 0..<3 { #expect(try daemon.invctl("sell", "P-0=2", "--id", "till-7").code == 0) }
        #expect(try await daemon.client().level(id).onHand == 3)
        let other = try daemon.invctl("sell", "P-0=1", "--id", "till-7")
        #expect(other.code == 4)
        #expect(other.errors.contains("key_reused"))
        #expect(other.errors.contains("Use a new --id"))
    }

    @Test func `a write whose answer was lost hints at a retry, and the retry settles it`()
        async throws
    {
        let daemon = try Daemon()
        let id = try await daemon.client().stockedProducts(1, stock: 5)[0]
        let network = try Listener.droppingOutcomes(of: daemon)
        let lost = try Daemon.run(
            "invctl",
            ["sell", "P-0=2", "--timeout", "500ms"],
            server: network.address.description
        )
        #expect(lost.code == 7)
        #expect(lost.errors.hasPrefix("error: unknown"))
        #expect(lost.errors.contains("may have been executed"))
        let key = try #require(lost.errors.firstMatch(of: /--id ([0-9a-f]{32})/)?.output.1)
        for _ in 0..<2 {
            let settled = try daemon.invctl("sell", "P-0=2", "--id", String(key))
            #expect(settled.code == 0)
            #expect(settled.output.contains("P-0 3 left"))
        }
        #expect(try await daemon.client().level(id).onHand == 3)

        // Ctrl-C while waiting for the answer gives the same hint.
        let terminal = try daemon.terminal(
            "sell",
            "P-0=1",
            "--timeout",
            "1m",
            environment: ["INVCTL_SERVER": network.address.description]
        )
        #expect(try await eventually { try await daemon.client().level(id).onHand == 2 })
        kill(terminal.id, SIGINT)
        #expect(terminal.wait() == 130)
        let said = terminal.screen.text.replacing("\n", with: "")
        #expect(said.contains("interrupted: the command may have been executed"))
        #expect(said.contains("--id "))
    }

    @Test func `a server of another version and a server of another protocol are distinguished`()
        throws
    {
        let refusal = Refusal(.unsupportedVersion, .message("this server speaks 7 to 9"))
        var writer = ByteWriter()
        ServerMessage.goodbye(refusal).encodeFrame(requestID: 0, into: &writer)
        let newer = try Listener.answering(writer.array())
        let said = try Daemon.run(
            "invctl",
            ["ping", "--timeout", "2"],
            server: newer.address.description
        )
        #expect(said.code == 1)
        #expect(said.errors.contains("unsupported_version"))
        #expect(said.errors.contains("use the one that came with the server"))

        let web = try Listener.answering(
            Array("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".utf8)
        )
        let other = try Daemon.run(
            "invctl",
            ["ping", "--timeout", "2"],
            server: web.address.description
        )
        #expect(other.code != 0)
        #expect(other.errors.contains("does not speak this protocol"), "\(other.errors)")
        #expect(other.errors.contains("Is it invd that listens there?"), "\(other.errors)")
    }

    @Test func `invalid token and configuration files are named`() throws {
        let daemon = try Daemon()
        let none = try daemon.invctl("ping", "--token-file", "/nonexistent/token")
        #expect(none.code == 1)
        #expect(none.errors.contains("/nonexistent/token"))
    }
}
