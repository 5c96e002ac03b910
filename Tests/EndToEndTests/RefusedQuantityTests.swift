import Bytes
import Foundation
import InventoryClient
import Testing

/// Refusals of products by weight: their quantities have the unit and its decimals, and the SKU.
@Suite struct RefusedQuantityTests {
    /// A shop with 20 kg of sugar, in grams, and 5 pieces of tea.
    private static func shop() throws -> Daemon {
        let daemon = try Daemon()
        let products = """
            sku,name,category,price,stock,cost,unit,decimals
            TEA,Tea,Food,3.00,5,1.00,pcs,0
            SUG,Sugar,Food,2.00,20,1.00,kg,3
            """
        try daemon.invctl("import", "-", "--quiet", input: Data(products.utf8))
        return daemon
    }

    private static func lsn(_ answer: String) throws -> String {
        let rest = try #require(answer.range(of: "LSN "))
        return String(answer[rest.upperBound...].prefix { $0.isNumber })
    }

    @Test func `each refusal names the product and has quantities in its unit`() throws {
        let daemon = try Self.shop()
        let sale = try Self.lsn(daemon.invctl("sell", "SUG=0.1").output)
        func check(_ words: [String], _ code: Int32, _ says: String) throws {
            let said = try daemon.invctl(words)
            #expect(said.code == code, "\(words): \(said.errors)")
            #expect(said.errors.contains(says), "\(words): \(said.errors)")
        }
        try check(
            ["return", "SUG=0.2", "--sale", sale],
            5,
            "exceeds_sold  SUG: 0.200 kg came back, but only 0.100 kg of that sale are left"
        )
        try check(
            ["stock", "hold", "SUG=100"],
            1,
            "out_of_range  SUG: delta is 100.000 kg; it must be 0.000 kg to 19.900 kg"
        )
        try check(["stock", "unhold", "SUG=100"], 1, "SUG: delta is -100.000 kg; it must be")
        try check(
            ["stock", "adjust", "SUG=2000000000", "--reason", "found"],
            1,
            "SUG: delta is 2000000000.000 kg; it must be"
        )
        try check(
            ["sell", "SUG=2000000000"],
            1,
            "SUG: quantity is 2000000000.000 kg; it must be 0.001 kg to 1000000000.000 kg"
        )
        try check(
            ["sell", "SUG=2000000000", "--dry-run"],
            1,
            "SUG: quantity is 2000000000.000 kg"
        )
        try check(
            ["sell", "TEA=1", "SUG=2000000000"],
            1,
            "SUG: quantity is 2000000000.000 kg"
        )
        try check(["stock", "hold", "TEA=1", "SUG=100"], 1, "SUG: delta is 100.000 kg")
        try check(
            ["stock", "floor", "SUG=2000000000"],
            1,
            "SUG: floor is 2000000000.000 kg"
        )
        try check(
            ["product", "set", "SUG", "--reorder-point", "2000000000"],
            1,
            "SUG: reorderPoint is 2000000000.000 kg"
        )
        try check(
            ["product", "set", "SUG", "--price", "90071992547409.92"],
            1,
            "price is 90071992547409.92 USD; it must be 0.00 USD to 90071992547409.91 USD"
        )
        let json = try daemon.invctl("stock", "hold", "SUG=100", "-o", "json")
        #expect(json.errors.contains("\"SUG: delta is 100.000 kg; it must be"), "\(json.errors)")
    }

    @Test func `a reversal names the product and has quantities in its unit, done or refused`()
        throws
    {
        let daemon = try Self.shop()
        let sale = try Self.lsn(daemon.invctl("sell", "SUG=0.1", "TEA=1").output)
        let undone = try daemon.invctl("ledger", "reverse", sale)
        #expect(undone.output.contains("TEA 5 left") && undone.output.contains("SUG 20.000 left"))
        let json = try daemon.invctl("stock", "hold", "SUG=2")
        let hold = try Self.lsn(json.output)
        try daemon.invctl("stock", "unhold", "SUG=2")
        let refused = try daemon.invctl("ledger", "reverse", hold)
        #expect(
            refused.errors.contains("SUG: unavailable is -2.000 kg; it must be at least 0.000 kg"),
            "\(refused.errors)"
        )
    }

    @Test func `refused lines of a file have them too, line by line and atomic`() throws {
        let daemon = try Self.shop()
        let line = """
            {"command":"sell","lines":[{"product":"TEA","quantity":1},\
            {"product":"SUG","quantity":2000000000}]}
            """
        for words in [["apply", "-"], ["apply", "-", "--atomic"]] {
            let said = try daemon.invctl(words, input: Data((line + "\n").utf8))
            #expect(
                said.errors.contains("out_of_range  SUG: quantity is 2000000000.000 kg"),
                "\(words): \(said.errors)"
            )
        }
        let counted = Data("sku,stock\nSUG,2000000000\n".utf8)
        let stock = try daemon.invctl("import", "-", "--mode", "set", input: counted)
        #expect(stock.errors.contains("SUG: counted is 2000000000.000 kg"), "\(stock.errors)")
    }
}
