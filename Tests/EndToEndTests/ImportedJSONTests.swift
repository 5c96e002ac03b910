import Foundation
import InventoryTestSupport
import Testing

/// Imports of JSON objects whose numbers have exponents.
@Suite struct ImportedJSONTests {
    private func imported(
        _ daemon: Daemon,
        _ objects: String,
        _ options: String...
    ) throws -> Finished {
        try daemon.invctl(["import", "-"] + options, input: Data(objects.utf8))
    }

    @Test(arguments: [false, true])
    func `numbers with exponents are read exactly, but a code with one is damaged`(
        isArray: Bool
    ) throws {
        let daemon = try Daemon()
        func form(_ objects: [String]) -> String {
            isArray ? "[\(objects.joined(separator: ","))]" : objects.joined(separator: "\n")
        }
        let products = try self.imported(
            daemon,
            form([
                #"{"sku":"A","name":"Apple","category":"F","price":1.999e1,"stock":1.2E+1,"cost":5e-1}"#,
                #"{"sku":"B","name":"Bread","category":"F","price":1e-3,"stock":1}"#,
                #"{"sku":"C","name":"Cheese","category":"F","price":1,"barcode":4.006381333931e12}"#,
                #"{"sku":"D","name":"Dates","category":"F","price":1e400}"#,
                #"{"sku":"E","name":"Eggs","category":"F","price":"1e1"}"#,
            ])
        )
        #expect(products.code == 8, "\(products)")
        #expect(products.output.hasPrefix("5 rows: 1 accepted, 4 rejected"), "\(products)")
        #expect(products.errors.contains("barcode: "), "\(products)")
        let count = form([#"{"sku":"A","stock":2e1}"#])
        let counted = try self.imported(daemon, count, "--mode", "set")
        #expect(counted.code == 0, "\(counted)")
        let sold = try self.imported(
            daemon,
            form([
                #"{"sku":"A","quantity":3.0e0,"amount":1.0E1,"occurredAt":"2026-01-02"}"#
            ]),
            "--as",
            "sales"
        )
        #expect(sold.code == 0, "\(sold)")
        let words = ["ledger", "list", "--oldest-first", "-o", "csv", "--fields"]
        #expect(
            try daemon.invctl(words + ["kind,onHandDelta,amount,cost"]).lines.dropFirst() == [
                "restock,12,0.00,6.00", "count,8,0.00,4.00", "openingBalance,3,0.00,1.50",
                "sale,-3,10.00,-1.50",
            ]
        )
        let command = #"{"command":"sell","lines":[{"product":1e0,"quantity":1e1,"price":2.5e0}]}"#
        let applied = try daemon.invctl(["apply", "-"], input: Data(command.utf8))
        #expect(applied.code == 0, "\(applied)")
        #expect(
            try daemon.invctl(words + ["onHandDelta,amount"]).lines.last == "-10,25.00"
        )
    }
}
