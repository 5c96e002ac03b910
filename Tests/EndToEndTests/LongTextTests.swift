import Bytes
import Foundation
import InventoryClient
import InventoryModel
import InventoryWire
import Testing

/// Strings that are too long: refused with the name of the field and its limit.
@Suite struct LongTextTests {
    private static let long = String(repeating: "x", count: 9_000)

    @Test func `a string of any command that is too long is refused with its field and limit`()
        async throws
    {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(1, stock: 10)
        try daemon.invctl("location", "add", "back", "--name", "Back")
        let dispatch = ["stock", "transfer", "dispatch", "P-0=1", "--to", "back"]
        let product = ["product", "add", "--name", "A", "--price", "1", "--category", "Category P"]
        let cases: [(words: [String], field: String, limit: Int)] = [
            (["sell", "P-0", "--note", Self.long], "note", 1_000),
            (["sell", "P-0", "--ref", Self.long], "reference", 200),
            (["return", "P-0", "--note", Self.long], "note", 1_000),
            (["stock", "restock", "P-0=1", "--ref", Self.long], "reference", 200),
            (
                ["stock", "adjust", "P-0=1", "--reason", "found", "--note", Self.long], "note",
                1_000
            ),
            (["stock", "count", "P-0=1", "--note", Self.long], "note", 1_000),
            (dispatch + ["--ref", Self.long], "reference", 200),
            (["reserve", "new", "P-0", "--ref", Self.long], "reference", 200),
            (["category", "add", Self.long], "name", 200),
            (["location", "add", Self.long, "--name", "A"], "code", 64),
            (["location", "add", "a", "--name", Self.long], "name", 200),
            (["product", "set", "P-0", "--name", Self.long], "name", 200),
            (["product", "set", "P-0", "--barcode", Self.long], "barcode", 64),
            (product + ["--sku", Self.long], "sku", 64),
            (product + ["--sku", "A", "--unit", Self.long], "unit", 16),
        ]
        for (words, field, limit) in cases {
            let said = try daemon.invctl(words)
            let command = words.prefix(2).joined(separator: " ")
            #expect(said.code == 1, "\(command): \(said.code)")
            let expected =
                "error: invalid_field  \(field) has 9000 bytes; at most \(limit) are allowed"
            #expect(said.errors.contains(expected), "\(command): \(said.errors.prefix(300))")
        }
    }

    @Test func `of many commands only the one whose string is too long is refused`() async throws {
        let daemon = try Daemon()
        let ids = try await daemon.client().stockedProducts(1, stock: 10)
        func sale(_ note: String) -> Command {
            .sell(Sale(lines: [SaleLine(product: ids[0], quantity: 1)], note: note))
        }
        let rows = """
            sku,name,category,price,stock
            A,\(Self.long),Fruit,1.20,10
            B,Pear,Fruit,2,5
            """
        let imported = try daemon.invctl("import", "-", input: Data(rows.utf8))
        #expect(imported.output == "2 rows: 1 accepted, 1 rejected\n", "\(imported)")
        #expect(imported.errors.contains("row 2  invalid_field  name has 9000 bytes; at most 200"))

        let outcome = try await daemon.client().send(
            .batch([sale("a"), sale(Self.long), sale("b")], .independent)
        )
        guard case .batch(let outcomes) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        let problem = "has 9000 bytes; at most 1000 are allowed"
        #expect(outcomes.count == 3)
        #expect(outcomes[1] == .refused(Refusal(.invalidField, .field("note", problem: problem))))
        #expect(try await daemon.client().level(ids[0]).onHand == 8)
    }

    @Test func `a string too long for any request is rejected with its row`() async throws {
        let daemon = try Daemon()
        let huge = String(repeating: "n", count: 3_000_000)
        for (field, row) in [("name", "B,\(huge),X,1"), ("category", "B,b,\(huge),1")] {
            let rows = "sku,name,category,price\nA,a,X,1\n\(row)\nC,c,X,1\n"
            let words = ["import", "-", "--id", field]
            let imported = try daemon.invctl(words, input: Data(rows.utf8))
            // The first file creates the other two products.
            let counts =
                field == "name"
                ? "2 accepted, 1 rejected" : "0 accepted, 1 rejected, 2 already there"
            #expect(imported.output == "3 rows: \(counts)\n", "\(field)")
            let expected = "row 3  invalid_field  \(field) has 3000000 bytes; at most 200"
            #expect(imported.errors.contains(expected), "\(imported.errors.prefix(300))")
        }
        let stock = "sku,stock,reference\nA,1,\(huge)\nC,2,x\n"
        let words = ["import", "-", "--mode", "set"]
        let counted = try daemon.invctl(words, input: Data(stock.utf8))
        #expect(
            counted.output == "2 rows: 1 accepted, 1 rejected\n",
            "\(counted.errors.prefix(300))"
        )
    }

    @Test func `a string of a query is refused with its field, and the connection stays open`()
        async throws
    {
        let daemon = try Daemon()
        let client = daemon.client()
        let queries: [(Query, String)] = [
            (.products(ProductSearch(skuPrefix: Self.long)), "skuPrefix"),
            (.products(ProductSearch(nameContains: Self.long)), "nameContains"),
            (.product(.sku(Self.long), asOf: nil), "sku"),
            (.ledger(LedgerQuery(reference: Self.long)), "reference"),
            (.ledger(LedgerQuery(actor: Self.long)), "actor"),
            (.sales(SalesQuery(reference: Self.long)), "reference"),
            (.reservations(ReservationQuery(reference: Self.long)), "reference"),
        ]
        for (query, field) in queries {
            do {
                _ = try await client.query(query)
                Issue.record("\(field) was accepted")
            } catch {
                let problem = "has 9000 bytes; at most 8192 are allowed"
                let expected = Refusal(.invalidField, .field(field, problem: problem))
                #expect(error.refusal == expected, "\(field): \(error)")
            }
        }
        #expect(try await client.ping() > 0)
    }

    @Test func `an actor's name that is too long is refused with its field and limit`() throws {
        let daemon = try Daemon()
        let said = try Daemon.run(
            "invctl",
            ["category", "list", "--timeout", "5"],
            server: daemon.address.description,
            environment: ["INVCTL_ACTOR": String(repeating: "x", count: 65)]
        )
        #expect(said.code == 2)
        #expect(said.errors.contains("actor has 65 bytes; at most 64 are allowed"), "\(said)")
    }

    @Test func `decoding errors are readable`() throws {
        let daemon = try Daemon()
        let connection = try RawConnection(daemon)
        connection.send(RawConnection.hello)
        let sequence = [UInt8](repeating: 0, count: 8)
        // A sale without its announced lines; an unknown query; a name that is not UTF-8; trailing
        // bytes.
        connection.sendFrame(3, sequence + [10, 9], id: 21)
        connection.sendFrame(4, [200], id: 22)
        connection.sendFrame(3, sequence + [1, 2, 0xFF, 0xFE], id: 23)
        connection.sendFrame(8, [1, 2, 3], id: 24)
        connection.finish()
        let said = connection.messages().compactMap { message -> String? in
            guard case .refused(let refusal) = message, case .message(let text) = refusal.detail
            else { return nil }
            return text
        }
        #expect(
            said == [
                "body of command: byte 10: 1 byte is needed, and 0 are left",
                "body of query: byte 0: unknown query 200",
                "body of command: byte 10: text that is not UTF-8",
                "body of ping: byte 0: 3 bytes too many",
            ],
            "\(said)"
        )
    }
}
