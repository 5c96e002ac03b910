import Foundation
import InventoryClient
import InventoryModel
import Testing

/// `invctl reserve` and `invctl stock transfer` against the real daemon.
@Suite struct ReservationCommandTests {
    private static func object(_ finished: Finished) throws -> [String: Any] {
        let data = Data(finished.output.utf8)
        return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    private static func rows(_ finished: Finished) throws -> [[String: Any]] {
        let data = Data(finished.output.utf8)
        return try #require(JSONSerialization.jsonObject(with: data) as? [[String: Any]])
    }

    @Test func `stock is reserved, partly sold, and released`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(2, stock: 10)
        let made = try daemon.invctl(
            "reserve",
            "new",
            "P-0=4",
            "P-1=2",
            "--for",
            "2h",
            "--ref",
            "CART-5",
            "-o",
            "json"
        )
        #expect(made.code == 0, "\(made.errors)")
        let object = try Self.object(made)
        #expect(object["reservations"] as? [Int] == [1, 2])
        let levels = try #require(object["levels"] as? [[String: Any]])
        #expect(levels.map { $0["reserved"] as? Int } == [4, 2])
        #expect(levels.map { $0["available"] as? Int } == [6, 8])

        // Seven are on hand after the sale, but four of ten are reserved.
        let refused = try daemon.invctl("sell", "P-0=7")
        #expect(refused.code == 5)
        #expect(
            refused.errors.contains("asked 7, can sell 6 (on hand 10, unavailable 0, reserved 4")
        )

        let listed = try Self.rows(try daemon.invctl("reserve", "list", "-o", "json"))
        #expect(listed.map { $0["id"] as? Int } == [1, 2])
        #expect(listed.map { $0["sku"] as? String } == ["P-0", "P-1"])
        #expect(listed.map { $0["remaining"] as? Int } == [4, 2])
        #expect(listed.map { $0["reference"] as? String } == ["CART-5", "CART-5"])

        let sold = try daemon.invctl("reserve", "commit", "1=3@5.00", "--ref", "POS-1")
        #expect(sold.code == 0, "\(sold.errors)")
        #expect(sold.output.hasPrefix("sold 1 line   15.00 USD"))
        let extended = try daemon.invctl("reserve", "extend", "--of", "CART-5", "--for", "1d")
        #expect(extended.output.hasPrefix("extended reservations 1, 2 until 20"))
        let released = try daemon.invctl("reserve", "release", "--of", "CART-5")
        #expect(released.code == 0, "\(released.errors)")
        #expect(released.output.contains("P-0 7 left, P-1 10 left"))
        let over = try Self.rows(try daemon.invctl("reserve", "list", "--all", "-o", "json"))
        #expect(over.map { $0["state"] as? String } == ["released", "released"])
        #expect(over.map { $0["quantity"] as? Int } == [4, 2])
        #expect(try daemon.invctl("verify").code == 0)
    }

    @Test func `errors have the object's number, the quantities and the exit code`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(1, stock: 10)
        func check(_ line: String, _ code: Int32, _ says: String) throws {
            let words = line.split(separator: " ").map(String.init)
            let result = try daemon.invctl(words)
            #expect(result.code == code, "\(line): \(result.errors)")
            #expect(result.errors.contains(says), "\(line): \(result.errors)")
        }
        try check("reserve new P-0=11", 5, "P-0 at main: asked 11, can reserve 10")
        try check("reserve new P-9=1", 3, "no product has the SKU or barcode 'P-9'")
        try check("reserve new P-0=1 --for soon", 2, "--for is 'soon', not a duration")
        try check("reserve new P-0=1 --for 1h --until 2030-01-01", 2, "give --for or --until")
        try check("reserve new P-0=1 --until 2020-01-01", 1, "expiresAt is")
        try check("reserve new P-0=1@5", 2, "a price is given with the commit")
        try check("reserve commit", 2, "give the numbers of reservations")
        try check("reserve commit 7", 3, "no reservation has the number 7")
        try check("reserve commit --of NONE", 3, "'NONE' holds stock")
        #expect(try daemon.invctl("reserve", "new", "P-0=3").code == 0)
        try check(
            "reserve commit 1=4",
            5,
            "reservation 1 (P-0): asked 4, but only 3 of it are left"
        )
        try check("reserve commit 1 --if-revision 1", 4, "revision")
        #expect(try daemon.invctl("reserve", "commit", "1").code == 0)
        try check("reserve release 1", 5, "reservation_closed")
        try check("stock transfer receive 7", 3, "no transfer has the number 7")
        try check("stock transfer dispatch P-0=1 --to main", 1, "is the source location")
        try check("stock transfer dispatch P-0=1 --to moon", 3, "no location is called 'moon'")
        #expect(try daemon.invctl("location", "add", "back", "--name", "Back").code == 0)
        try check("stock transfer dispatch P-0=8 --to back", 5, "asked 8, can dispatch 7 (on hand")
        #expect(
            try daemon.invctl("stock", "transfer", "dispatch", "P-0=2", "--to", "back").code == 0
        )
        try check("stock transfer receive 1=3", 5, "transfer 1 (P-0): asked 3, but only 2")
        #expect(try daemon.invctl("stock", "transfer", "receive", "1").code == 0)
        try check("stock transfer cancel 1", 5, "transfer_closed")
    }

    @Test func `the same id reserves once`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(1, stock: 10)
        let words = ["reserve", "new", "P-0=3", "--for", "1h", "--id", "cart-9", "-o", "json"]
        let first = try Self.object(try daemon.invctl(words))
        let second = try Self.object(try daemon.invctl(words))
        #expect(first["reservations"] as? [Int] == [1])
        #expect(second["reservations"] as? [Int] == [1])
        #expect(first["lsn"] as? Int == second["lsn"] as? Int)
    }

    @Test func `stock is dispatched, partly received, and cancelled`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(2, stock: 10)
        #expect(try daemon.invctl("location", "add", "back", "--name", "Back").code == 0)
        let sent = try daemon.invctl(
            "stock",
            "transfer",
            "dispatch",
            "P-0=4",
            "P-1=2",
            "--to",
            "back",
            "--ref",
            "TO-1"
        )
        #expect(sent.code == 0, "\(sent.errors)")
        #expect(sent.output.contains("transfers 1 to 2") && sent.output.contains("P-0 6 left"))
        #expect(try daemon.invctl("stock", "transfer", "receive", "1=1").code == 0)
        let listed = try Self.rows(try daemon.invctl("stock", "transfer", "list", "-o", "json"))
        #expect(listed.map { $0["remaining"] as? Int } == [3, 2])
        #expect(listed.map { $0["value"] as? String } == ["15.00", "10.00"])
        #expect(listed.map { $0["to"] as? String } == ["back", "back"])
        let level = try Self.rows(
            try daemon.invctl("stock", "show", "P-0", "--at", "back", "-o", "json")
        )
        #expect(level[0]["onHand"] as? Int == 1 && level[0]["incoming"] as? Int == 3)
        #expect(level[0]["value"] as? String == "5.00")
        let cancelled = try daemon.invctl("stock", "transfer", "cancel", "--of", "TO-1")
        #expect(cancelled.code == 0, "\(cancelled.errors)")
        let main = try Self.rows(
            try daemon.invctl("stock", "show", "--at", "main", "-o", "json")
        )
        #expect(main.map { $0["onHand"] as? Int } == [9, 10])
        #expect(try daemon.invctl("verify").code == 0)
    }

    @Test func `a watched list of reservations shows new and expired ones`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        let product = try await client.stockedProducts(1, stock: 10)[0]
        let terminal = try daemon.terminal("reserve", "list", "--watch", "--fields", "id,reference")
        #expect(terminal.waits(for: "live"))
        let line = ReserveLine(product: product, quantity: 4)
        try await client.done(
            .reserve(
                Reserve(
                    lines: [line],
                    expiry: .after(seconds: 3_600),
                    reference: "CART-77"
                )
            )
        )
        #expect(terminal.waits { $0.contains("CART-77") })
        #expect(try daemon.invctl("reserve", "extend", "1", "--for", "1s").code == 0)
        #expect(terminal.waits { !$0.contains("CART-77") })
        terminal.type("q")
        #expect(terminal.wait() == 0)
        #expect(terminal.isSane)
    }
}
