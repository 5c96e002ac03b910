import Foundation
import InventoryTestSupport
import Testing

/// `export --what sales`, imported into an empty database: the sales of each day are the same.
@Suite struct ExportedSalesTests {
    private let folder = TemporaryDirectory()

    private func done(_ daemon: Daemon, _ words: [String], input: Data? = nil) throws {
        let finished = try daemon.invctl(words, input: input)
        try #require(finished.code == 0, "\(words): \(finished.output) \(finished.errors)")
    }

    private func days(_ daemon: Daemon, _ fields: String) throws -> [String] {
        try daemon.invctl([
            "insight", "sales", "--window", "all", "--by", "day", "-o", "csv", "--fields", fields,
        ]).lines
    }

    private static let past = """
        sku,quantity,price,occurredAt,reference
        BOX,2,5.00,2025-11-03 10:00,R1
        BOX,1,-3.00,2025-11-03 10:00,R1
        BOX,4,5.00,2025-11-04 10:00,R2
        BOX,-1,5.00,2025-11-05 10:00,R3
        BOX,7,5.00,2025-11-05 11:00,R4

        """

    @Test func `with undone sales and returns, labels, discounts and partial returns`() throws {
        let daemon = try Daemon()
        let catalog =
            "sku,name,category,price,unit,decimals,stock,cost\n"
            + "12345,Cheese,Food,18.90,kg,3,20,9.50\nBOX,Box,Food,5.00,pcs,0,90,2.00\n"
        try self.done(daemon, ["import", "-"], input: Data(catalog.utf8))
        let words = ["import", "-", "--as", "sales", "--negative", "return"]
        try self.done(daemon, words, input: Data(Self.past.utf8))
        let labels = ["--barcode-rules", "weight:21IIIIINNDDDC price:22IIIIINNNDDC"]
        try self.done(daemon, ["sell", "2112345012506", "--ref", "L1"] + labels)
        try self.done(daemon, ["sell", "2212345004997", "--ref", "L2"] + labels)
        try self.done(daemon, ["sell", "BOX=6@4.99", "--ref", "S1"])
        try self.done(daemon, ["sell", "BOX=3", "--ref", "S2"])
        try self.done(daemon, ["undo"])
        try self.done(daemon, ["return", "BOX=2@4.99", "--ref", "S1"])
        try self.done(daemon, ["return", "BOX=1@4.99", "--ref", "S1"])
        try self.done(daemon, ["undo"])
        for reference in ["R2", "R3"] {
            let row = ["ledger", "sales", "--ref", reference, "-o", "csv", "--fields", "lsn"]
            let lsn = try #require(try daemon.invctl(row).lines.last)
            try self.done(daemon, ["ledger", "reverse", lsn])
        }

        let sales = "\(self.folder.path)/sales.csv"
        try self.done(daemon, ["export", sales, "--what", "sales"])
        let copy = try Daemon()
        let kilograms = "sku,name,category,price,unit,decimals\n12345,Cheese,Food,18.90,kg,3\n"
        try self.done(copy, ["import", "-"], input: Data(kilograms.utf8))
        try self.done(copy, ["import", sales, "--as", "sales", "--no-guess"])
        // The days of the copy begin with its first sale: no day is without one here.
        let fields = "day,gross,returns,net,transactions,units,returnedUnits,unit"
        #expect(
            try self.days(copy, fields)
                == self.days(daemon, fields).filter { !$0.contains(",0.00,0.00,0.00,0") }
        )
        let lines = ["ledger", "sales", "-o", "csv", "--fields", "sku,quantity,amount", "--ref"]
        for reference in ["L1", "L2"] {
            #expect(
                try copy.invctl(lines + [reference]).lines
                    == daemon.invctl(lines + [reference]).lines
            )
        }
        #expect(try copy.invctl("verify").code == 0)
    }
}
