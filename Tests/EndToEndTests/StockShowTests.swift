import Foundation
import InventoryClient
import Testing

/// `invctl stock show` of some products.
@Suite struct StockShowTests {
    private static func shop() throws -> Daemon {
        let daemon = try Daemon()
        let file = """
            sku,name,category,price,stock,cost,barcode
            A-1,First,Things,1.00,10,0.50,4006381333931
            B-2,Second,Things,2.00,20,0.50,
            C-3,Third,Things,3.00,30,0.50,

            """
        #expect(try daemon.invctl(["import", "-"], input: Data(file.utf8)).code == 0)
        return daemon
    }

    @Test func `several products are listed in the order of their SKUs as typed, each once`() throws
    {
        let daemon = try Self.shop()
        func show(_ words: String...) throws -> [String] {
            let said = try daemon.invctl(
                ["stock", "show"] + words + ["-o", "csv", "--fields", "sku,onHand"]
            )
            #expect(said.code == 0, "\(said.errors)")
            return Array(said.lines.dropFirst())
        }
        #expect(try show("C-3", "A-1") == ["C-3,30", "A-1,10"])
        // A barcode is a name of its product.
        #expect(try show("A-1", "4006381333931", "B-2") == ["A-1,10", "B-2,20"])
        #expect(try show("C-3", "A-1", "--sort", "onHand") == ["A-1,10", "C-3,30"])
        #expect(try show("C-3", "A-1", "--limit", "1") == ["C-3,30"])
        #expect(try show("C-3", "A-1", "--where", "onHand < 20") == ["A-1,10"])
        #expect(try show().count == 3)
        let past = try daemon.invctl("stock", "show", "A-1", "B-2", "--as-of", "99999")
        #expect(past.code != 0)
        let unknown = try daemon.invctl("stock", "show", "A-1", "B-9")
        #expect(unknown.code == 3 && unknown.errors.contains("B-9"), "\(unknown.errors)")
        #expect(unknown.output.isEmpty)
    }

    @Test func `for people the products are named if there are several`() throws {
        let daemon = try Self.shop()
        let one = try daemon.invctl("stock", "show", "A-1", "-o", "table")
        #expect(!one.output.contains("SKU"))
        let two = try daemon.invctl("stock", "show", "A-1", "B-2", "-o", "table")
        #expect(two.lines.first?.hasPrefix("SKU") == true, "\(two.output)")
        #expect(two.lines.count == 3)
        // The longer name of the later one widens the column for both.
        let start = two.lines[0].firstRange(of: "LOCATION")?.lowerBound
        for line in two.lines.dropFirst() {
            #expect(line.firstRange(of: "main")?.lowerBound == start, "\(two.output)")
        }
    }

    @Test func `a live list has only the products that were asked for`() throws {
        let daemon = try Self.shop()
        let terminal = try daemon.terminal("stock", "show", "A-1", "C-3", "--watch")
        #expect(terminal.waits(for: "C-3"))
        #expect(!terminal.screen.text.contains("B-2"))
        #expect(try daemon.invctl("sell", "A-1=4", "B-2=1").code == 0)
        #expect(terminal.waits { $0.contains("A-1") && $0.contains(" 6 ") })
        #expect(!terminal.screen.text.contains("B-2"))
        terminal.type("\u{03}")
        _ = terminal.wait()
    }
}
