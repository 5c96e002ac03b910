import Foundation
import InventoryClient
import InventoryModel
import Testing

/// The two readings of a past balance, as a person asks for them.
@Suite struct PastTests {
    private static let past = """
        {"command":"createProduct","sku":"P","name":"P","category":"C","price":"1.00",\
        "opening":{"quantity":100,"occurredAt":"2025-01-01T00:00:00Z"}}
        {"command":"sell","lines":[{"product":"P","quantity":30}],\
        "occurredAt":"2025-01-10T00:00:00Z","imported":true}
        """

    private func daemon() throws -> Daemon {
        let daemon = try Daemon()
        #expect(try daemon.invctl("category", "add", "C").code == 0)
        let applied = try daemon.invctl("apply", "-", input: Data(Self.past.utf8))
        #expect(applied.code == 0, "\(applied.errors)")
        return daemon
    }

    @Test func `a past balance is by when things were recorded or happened, and says which`()
        throws
    {
        let daemon = try self.daemon()
        func onHand(_ point: String...) throws -> (value: String, said: String) {
            let arguments = ["stock", "show", "P", "--fields", "onHand", "-o", "csv"] + point
            let shown = try daemon.invctl(arguments)
            #expect(shown.code == 0, "\(shown.errors)")
            return (shown.lines.last ?? "", shown.errors)
        }
        let early = try onHand("--effective", "2025-01-05")
        #expect(early.value == "100" && early.said.contains("happened"), "\(early)")
        #expect(try onHand("--effective", "2025-02-01").value == "70")
        let recorded = try onHand("--as-of", "2025-02-01")
        #expect(recorded.value == "0" && recorded.said.contains("recorded"), "\(recorded)")
        #expect(try onHand().said.isEmpty)
        for command in [["product", "get", "P"], ["product", "list"], ["insight", "valuation"]] {
            let shown = try daemon.invctl(command + ["--effective", "2025-01-05"])
            #expect(shown.code == 0 && shown.errors.contains("happened"), "\(command)")
            let both = command + ["--effective", "2025-01-05", "--as-of", "9"]
            #expect(try daemon.invctl(both).code == 2, "\(command)")
        }
    }

    @Test func `an answer about a version names that version`() async throws {
        let daemon = try self.daemon()
        let client = daemon.client()
        let last = try await client.query(.levels(LevelQuery())).lsn
        let before = try await client.query(.levels(LevelQuery(asOf: .lsn(last - 1))))
        #expect(before.lsn == last - 1)
        let then = Instant(microseconds: 1_738_368_000_000_000)
        #expect(try await client.query(.levels(LevelQuery(asOf: .time(then)))).lsn == 0)
        #expect(try await client.query(.levels(LevelQuery(asOf: .effective(then)))).lsn == last)
    }

    @Test func `sums of one unit are written in it, of several not at all`() throws {
        let daemon = try Daemon()
        for arguments in [
            ["category", "add", "W"], ["category", "add", "X"],
            [
                "product", "add", "--sku", "APL", "--name", "Apples", "--category", "W", "--price",
                "4.00", "--unit", "kg", "--decimals", "3", "--opening", "12.5",
            ],
            [
                "product", "add", "--sku", "BOX", "--name", "Box", "--category", "X", "--price",
                "1.00", "--opening", "6",
            ],
            ["sell", "APL=0.5", "BOX=5"],
        ] {
            let done = try daemon.invctl(arguments)
            #expect(done.code == 0, "\(arguments): \(done.errors)")
        }
        let sales = ["insight", "sales", "--window", "all", "-o", "csv", "--fields", "net,units"]
        let all = try daemon.invctl(sales)
        #expect(all.lines.last == "7.00," && all.errors.contains("different units"), "\(all)")
        #expect(try daemon.invctl(sales + ["--category", "W"]).lines.last == "2.00,0.500")
        let ranked = ["insight", "top", "--window", "all", "--fields", "sku", "-o", "csv"]
        #expect(try daemon.invctl(ranked).lines == ["sku", "BOX", "APL"])
        let refused = try daemon.invctl(ranked + ["--measure", "units"])
        #expect(refused.code == 1 && refused.errors.contains("different units"), "\(refused)")
        let sorted = ["stock", "show", "--sort=-onHand", "--fields", "sku,onHand", "-o", "csv"]
        #expect(try daemon.invctl(sorted).lines == ["sku,onHand", "APL,12.000", "BOX,1"])
    }
}
