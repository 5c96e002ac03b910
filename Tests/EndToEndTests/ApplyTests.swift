import Bytes
import Foundation
import InventoryClient
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryTransfer

/// `invctl apply`: commands as NDJSON.
@Suite struct ApplyTests {
    /// Each command once, in an order in which all succeed.
    static let all = """
        {"command":"createCategory","name":"Fruit"}
        {"command":"createCategory","name":"Old"}
        {"command":"renameCategory","category":"old","name":"Older"}
        {"command":"archiveCategory","category":"Older"}
        {"command":"createLocation","code":"back","name":"Back room","zone":"Europe/Paris","kind":"warehouse"}
        {"command":"createLocation","code":"shed","name":"Shed"}
        {"command":"updateLocation","location":"shed","name":"Big shed"}
        {"command":"archiveLocation","location":"shed"}
        {"command":"createProduct","sku":"FLOUR","name":"Flour","category":"Fruit","price":"5.68","unit":"kg","unitDecimals":3,"opening":{"quantity":"20.5","unitCost":"3.01"}}
        {"command":"createProduct","sku":"APPLE","name":"Apple","category":"Fruit","price":1.2}
        {"command":"createProduct","sku":"NONE","name":"None","category":"Fruit","price":1}
        {"command":"updateProduct","product":"NONE","sku":"NIL","price":"2.00"}
        {"command":"deleteProduct","product":"NIL"}
        {"command":"restock","lines":[{"product":"APPLE","quantity":90,"unitCost":"0.70"},{"product":"APPLE","location":"back","quantity":5}],"reference":"PO-1"}
        {"command":"sell","lines":[{"product":"FLOUR","quantity":1.25},{"product":"APPLE","quantity":3,"price":"1.00"}],"occurredAt":"2026-01-02T03:04:05Z","imported":true}
        {"command":"returnSale","lines":[{"product":"APPLE","quantity":1}],"to":"unavailable"}
        {"command":"adjust","product":"APPLE","delta":-2,"reason":"damaged","note":"fell"}
        {"command":"count","product":"APPLE","counted":80}
        {"command":"setUnavailable","product":"APPLE","delta":4,"reason":"other"}
        {"command":"expectIncoming","product":"APPLE","delta":10,"eta":"2030-01-01"}
        {"command":"setFloor","product":"APPLE","floor":-3}
        {"command":"setReorderPoint","product":"APPLE","location":"back","reorderPoint":5}
        {"command":"writeOff","product":"APPLE","quantity":1,"reason":"damaged"}
        {"command":"reverse","lsn":17,"reason":"correction"}
        {"command":"reserve","lines":[{"product":"APPLE","quantity":6}],"expiresAfterSeconds":3600,"reference":"CART"}
        {"command":"extendReservation","lines":[{"reservation":1}],"expiresAfterSeconds":7200}
        {"command":"commitReservation","lines":[{"reservation":1,"quantity":2,"price":"0.99"}]}
        {"command":"releaseReservation","lines":[{"reservation":1}]}
        {"command":"dispatchTransfer","from":"main","to":"back","lines":[{"product":"APPLE","quantity":8}]}
        {"command":"receiveTransfer","lines":[{"transfer":1,"quantity":3}]}
        {"command":"cancelTransfer","lines":[{"transfer":1}]}
        {"command":"recordImportRun","run":"monday","kind":"add","session":"000000000000000100000000000000ff","finished":true,"accepted":3}
        {"command":"inferProduct","sku":"PLUM","name":"Plum","namedAt":"2025-11-03T10:00:00Z","category":"Fruit","categorizedAt":"2025-11-03T10:00:00Z","price":"0.80","pricedAt":"2025-11-03T10:00:00Z"}
        {"command":"describeImportRun","run":"monday","file":"monday.csv","alreadyThere":1}
        {"command":"recordPastSale","lines":[{"product":"APPLE","quantity":2,"amount":"1.98","cost":"0.90"}],"reference":"B1","day":"2025-11-03","firstLine":3,"occurredAt":"2025-11-03T10:00:00Z","openedAt":"2025-11-01T00:00:00Z","writeOff":false}

        """

    private let folder = TemporaryDirectory()

    @discardableResult
    private func write(_ text: String, _ name: String = "commands.ndjson") throws -> String {
        let path = "\(self.folder.path)/\(name)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    /// A shop with 100 pieces of a product A.
    private func shop() async throws -> Daemon {
        let daemon = try Daemon()
        let client = daemon.client()
        let category = try await client.done(.createCategory(name: "Things")).id
        try await client.done(
            .createProduct(
                ProductDraft(
                    sku: "A",
                    name: "Thing",
                    category: CategoryID(UInt32(category)),
                    price: Price(100),
                    opening: OpeningStock(quantity: 100)
                )
            )
        )
        return daemon
    }

    @Test func `the help lists every command, and every command of the model`() {
        let names = CommandReader.shapes.map { $0.name }
        #expect(names == CommandTag.described.map { "\($0)" })
        for name in names { #expect(Self.all.contains("\"command\":\"\(name)\""), "\(name)") }
    }

    @Test func `every command is executed, and none by a dry run`() async throws {
        let daemon = try Daemon()
        let path = try self.write(Self.all)
        let before = try await daemon.client().verified()
        let lines = Self.all.split(separator: "\n").count
        let dry = try daemon.invctl("apply", path, "--dry-run")
        #expect(dry.code == 0, "\(dry.errors)")
        #expect(
            dry.output.hasPrefix("\(lines) commands: \(lines) valid, 0 invalid, nothing written\n")
        )
        #expect(dry.output.contains("  createProduct  3\n"))
        #expect(try await daemon.client().verified() == before)

        let done = try daemon.invctl("apply", path)
        #expect(done.code == 0, "\(done.errors)")
        #expect(done.output == "\(lines) commands: \(lines) done, 0 failed\n")
        let stock = try daemon.invctl(
            "stock",
            "show",
            "-o",
            "csv",
            "--fields",
            "sku,location,onHand,reserved,incoming,floor"
        )
        #expect(
            stock.output == """
                sku,location,onHand,reserved,incoming,floor
                FLOUR,main,20.500,0.000,0.000,0.000
                APPLE,main,77,0,10,-3
                APPLE,back,8,0,0,0
                PLUM,main,0,0,0,0

                """,
            "\(stock.output) \(stock.errors)"
        )
        _ = try await daemon.client().verified()
    }

    @Test func `errors are reported by line and field, and the other lines are executed`()
        async throws
    {
        let daemon = try await self.shop()
        let commands = """
            {"command":"sell","lines":[{"product":"A","quantity":1}]}
            {"command":"sell","lines":[{"product":"A","quantity":1},{"product":"B","quantity":1}]}
            {"command":"sell","lines":[{"product":"A","quantity":1.5}]}
            {"command":"sel","lines":[]}

            {"command":"adjust","product":"A","delta":1,"reason":"fuond"}
            {"command":"adjust","product":"A","delta":1,"reason":"found","note":"x","ntoe":"y"}
            {"command":"sell","lines":[{"product":"A","quantity":1000}]}
            {"command":"sell","lines":[{"product":"A","quantity":1}]
            {"command":"reverse","lsn":-4,"reason":"other"}
            [1]
            {"command":"adjust","product":"A","product":"A","delta":1,"reason":"found"}
            {"command":"sell","lines":[{"product":"A","quantity":2}]}

            """
        let path = try self.write(commands)
        let done = try daemon.invctl("apply", path)
        #expect(done.code == 8)
        #expect(done.output == "12 commands: 2 done, 10 failed\n")
        for said in [
            "line 2  lines[1].product: there is no product \"B\"",
            "line 3  lines[0].quantity: \"1.5\" is not a whole number",
            "line 4  command: there is no \"sel\"; did you mean sell?",
            "line 6  reason: there is no \"fuond\"; did you mean found?",
            "line 7  ntoe: there is no such field; did you mean note?",
            "line 8  lines[0]: insufficient_stock  A at main: asked 1000, can sell 99",
            "line 9  byte", "line 10  lsn: is -4; it must be 1 to", "line 11  is not an object",
            "line 12  product: is given twice",
        ] { #expect(done.errors.contains(said), "\(said): \(done.errors)") }
        #expect(try await daemon.client().level(ProductID(1)).onHand == 97)

        let json = try daemon.invctl("apply", path, "-o", "ndjson")
        #expect(json.code == 8)
        #expect(json.lines.count == 2)
        #expect(json.lines.first?.hasPrefix("{\"line\":1,\"command\":\"sell\",\"lsn\":") == true)
        #expect(json.errors.contains("{\"line\":3,\"field\":\"lines[0].quantity\","))
    }

    @Test func `an atomic file is executed completely or not at all`() async throws {
        let daemon = try await self.shop()
        let good = "{\"command\":\"sell\",\"lines\":[{\"product\":\"A\",\"quantity\":1}]}\n"
        let bad = "{\"command\":\"sell\",\"lines\":[{\"product\":\"A\",\"quantity\":999}]}\n"
        let refused = try daemon.invctl("apply", try self.write(good + "\n" + bad), "--atomic")
        #expect(refused.code == 5)
        #expect(
            refused.errors.contains("line 3: lines[0]: insufficient_stock"),
            "\(refused.errors)"
        )
        #expect(refused.errors.contains("nothing was changed"))
        let wrong = try daemon.invctl("apply", try self.write(good + "{}"), "--atomic")
        #expect(wrong.code == 1)
        #expect(wrong.errors.contains("line 2  command: is missing"))
        #expect(try await daemon.client().level(ProductID(1)).onHand == 100)

        let path = try self.write(good + good + good)
        for _ in 0..<2 {
            let done = try daemon.invctl("apply", path, "--atomic", "--id", "once")
            #expect(done.code == 0, "\(done.errors)")
            #expect(done.output.hasPrefix("3 commands done   LSN "))
        }
        #expect(try await daemon.client().level(ProductID(1)).onHand == 97)
        let movements = try await daemon.client().movements(LedgerQuery(limit: 3)).rows
        #expect(Set(movements.map { $0.id.lsn }).count == 1, "it is one step")
        let many = String(repeating: good, count: Limits.batchMax + 1)
        let tooMany = try daemon.invctl("apply", try self.write(many), "--atomic")
        #expect(tooMany.code == 1)
        #expect(tooMany.errors.contains("more than 8190 commands"))
        #expect(try await daemon.client().level(ProductID(1)).onHand == 97)
    }

    @Test func `a killed run that is retried with its id executes each line once`() async throws {
        let daemon = try await self.shop()
        let line = "{\"command\":\"restock\",\"lines\":[{\"product\":\"A\",\"quantity\":1}]}\n"
        // An invalid line has a sequence number too.
        let text = (0..<4_000).map { $0 == 100 ? "{\"command\":\"nothing\"}\n" : line }.joined()
        let path = try self.write(text)
        var counts: [Int64] = []
        for _ in 0..<3 {
            let running = try RunningClient(daemon, ["apply", path, "--id", "daily"])
            counts.append(try await running.kill(beyond: (counts.last ?? 1) + 200, in: daemon))
        }
        #expect(counts[0] < 4_000, "it was killed in the middle")
        let done = try daemon.invctl("apply", path, "--id", "daily")
        #expect(done.output.contains("decided by an earlier run"), "\(done.output)")
        #expect(try await daemon.client().level(ProductID(1)).onHand == 100 + 3_999)
        let again = try daemon.invctl("apply", path, "--id", "daily")
        #expect(
            again.output == "4,000 commands: 0 done, 0 failed, 4,000 decided by an earlier run\n"
        )
        #expect(try await daemon.client().level(ProductID(1)).onHand == 100 + 3_999)
    }

    @Test
    func `a retry of a file with its id reports the earlier refusals and has the same exit code`()
        async throws
    {
        let daemon = try await self.shop()
        let path = try self.write(
            """
            {"command":"restock","lines":[{"product":"A","quantity":1}]}
            {"command":"sell","lines":[{"product":"A","quantity":999}]}
            {"command":"sel"}

            """
        )
        let first = try daemon.invctl("apply", path, "--id", "twice")
        #expect(first.code == 8)
        #expect(first.output == "3 commands: 1 done, 2 failed\n")
        let again = try daemon.invctl("apply", path, "--id", "twice")
        #expect(again.code == 8)
        #expect(again.output == "3 commands: 0 done, 2 failed, 1 decided by an earlier run\n")
        #expect(again.errors.contains("line 2  lines[0]: insufficient_stock  A at main: asked 999"))
        #expect(again.errors.contains("line 3  command: there is no \"sel\""), "\(again.errors)")
        let json = try daemon.invctl("apply", path, "--id", "twice", "-o", "json")
        #expect(json.code == 8)
        #expect(json.output.contains("\"done\":0,\"notDone\":2,\"decidedEarlier\":1,"))
        let rows = try daemon.invctl("apply", path, "--id", "twice", "-o", "ndjson")
        #expect(rows.lines.count == 1)
        #expect(rows.output.contains("\"replayed\":true"), "\(rows.output)")
        #expect(try await daemon.client().level(ProductID(1)).onHand == 101)

        let none = "{\"command\":\"sell\",\"lines\":[{\"product\":\"A\",\"quantity\":999}]}\n"
        let refused = try self.write(none)
        for _ in 0..<2 { #expect(try daemon.invctl("apply", refused, "--id", "no").code == 5) }
    }

    @Test func `a line that differs from the earlier run's is not executed and is an error`()
        async throws
    {
        let daemon = try await self.shop()
        let path = try self.write(
            "{\"command\":\"sell\",\"lines\":[{\"product\":\"A\",\"quantity\":1}]}\n"
        )
        #expect(try daemon.invctl("apply", path, "--id", "then").code == 0)
        try daemon.invctl("product", "set", "A", "--sku", "Z")
        // The same line, whose name now refers to another product or to none.
        let repeated = try daemon.invctl("apply", path, "--id", "then")
        #expect(repeated.code == 0, "\(repeated.errors)")
        #expect(repeated.output == "1 commands: 0 done, 0 failed, 1 decided by an earlier run\n")
        try self.write(
            "{\"command\":\"sell\",\"lines\":[{\"product\":\"Z\",\"quantity\":1}]}\n"
        )
        let again = try daemon.invctl("apply", path, "--id", "then")
        #expect(again.code == 4, "\(again.errors)")
        #expect(again.output == "1 commands: 0 done, 1 failed\n")
        #expect(again.errors.contains("sequence_reused"), "\(again.errors)")
        #expect(
            again.errors.contains("line 1 differs from that of an earlier run with this --id"),
            "\(again.errors)"
        )
        // The same for a file with other lines, some of which were refused.
        let other = try self.write(
            """
            {"command":"sell","lines":[{"product":"Z","quantity":2}]}
            {"command":"sell","lines":[{"product":"Z","quantity":3}]}

            """
        )
        let mixed = try daemon.invctl("apply", other, "--id", "then")
        #expect(mixed.code == 8, "\(mixed.errors)")
        #expect(mixed.output == "2 commands: 1 done, 1 failed\n")
        #expect(try await daemon.client().level(ProductID(1)).onHand == 96)
    }

    @Test func `outcomes of an earlier run that are forgotten are reported as forgotten`()
        async throws
    {
        let daemon = try await self.shop()
        let refused = "{\"command\":\"sell\",\"lines\":[{\"product\":\"A\",\"quantity\":99999}]}\n"
        let done = "{\"command\":\"restock\",\"lines\":[{\"product\":\"A\",\"quantity\":1}]}\n"
        let count = Limits.sessionWindow + 10
        let text = refused + String(repeating: done, count: count - 2) + refused
        let path = try self.write(text)
        #expect(try daemon.invctl("apply", path, "--id", "long").code == 8)
        let again = try daemon.invctl("apply", path, "--id", "long", "-o", "json")
        #expect(again.code == 8)
        #expect(again.output.contains("\"notDone\":1,\"decidedEarlier\":\(count - 1),"))
        #expect(again.errors.contains("the outcomes of 10 lines"), "\(again.errors)")
        #expect(again.errors.contains("\"line\":\(count),"), "\(again.errors)")
    }

    @Test func `an unreadable line ends the run, and the lines before it are executed`()
        async throws
    {
        let daemon = try await self.shop()
        let line = "{\"command\":\"sell\",\"lines\":[{\"product\":\"A\",\"quantity\":1}]}\n"
        let wrong = try daemon.invctl(
            "apply",
            "-",
            input: Data(line.utf8) + Data([0x22, 0xFF, 0x22, 0x0A]) + Data(line.utf8)
        )
        #expect(wrong.code == 1)
        #expect(wrong.errors.contains("line 2 is not UTF-8"))
        #expect(wrong.output == "1 commands: 1 done, 1 failed\n")
        let empty = try daemon.invctl("apply", "-", input: Data("\n  \n".utf8))
        #expect(empty.output == "0 commands: 0 done, 0 failed\n")
        #expect(try await daemon.client().level(ProductID(1)).onHand == 99)
    }
}
