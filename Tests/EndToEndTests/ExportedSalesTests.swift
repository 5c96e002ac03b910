import Foundation
import InventoryClient
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

    // MARK: - The order of rows

    /// Receipts of several lines, interleaved, with the same reference at two locations.
    private static let receipts = """
        sku,quantity,price,occurredAt,reference,location
        BOX,2,5.00,2025-11-03 10:00,R1,main
        PEN,1,1.50,2025-11-03 10:05,R2,main
        PEN,3,1.50,2025-11-03 10:00,R1,main
        CUP,4,2.00,2025-11-03 10:00,R1,depot
        BOX,1,5.00,2025-11-03 10:00,R1,main
        BOX,1,-3.00,2025-11-03 10:05,R2,main
        PEN,9,1.40,2025-11-03 10:00,R1,depot
        CUP,1,2.00,2025-11-04 10:00,R1,main
        CUP,6,2.10,2025-11-03 10:05,R2,main

        """

    /// The references, SKUs and quantities of the rows of a file, in its order.
    private func rows(_ path: String) throws -> [String] {
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            .map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        let head = try #require(lines.first)
        let columns = try ["reference", "sku", "quantity", "location"].map {
            try #require(head.firstIndex(of: Substring($0)))
        }
        return lines.dropFirst().map { line in
            columns.map { String(line[$0]) }.joined(separator: " ")
        }
    }

    @Test func `the rows are oldest first, and each line of a receipt keeps its number`() throws {
        let (shop, copy) = (try Daemon(), try Daemon())
        for daemon in [shop, copy] {
            try self.done(daemon, ["location", "add", "depot", "--name", "Depot"])
        }
        let original = "\(self.folder.path)/till.csv"
        try Self.receipts.write(toFile: original, atomically: true, encoding: .utf8)
        try self.done(shop, ["import", original, "--as", "sales"])
        let sales = "\(self.folder.path)/sales.csv"
        try self.done(shop, ["export", sales, "--what", "sales"])
        #expect(
            try self.rows(sales) == [
                "R1 BOX 2 main", "R2 PEN 1 main", "R1 PEN 3 main", "R1 CUP 4 depot",
                "R1 BOX 1 main", "R2 BOX 0 main", "R1 PEN 9 depot", "R1 CUP 1 main",
                "R2 CUP 6 main",
            ]
        )

        let known = "9 rows: 0 accepted, 0 rejected, 9 already there"
        let again = try shop.invctl("import", sales, "--as", "sales")
        #expect(again.code == 0 && again.output.hasPrefix(known), "\(again)")
        let moved = try copy.invctl("import", sales, "--as", "sales")
        #expect(moved.output.hasPrefix("9 rows: 9 accepted, 0 rejected\n"), "\(moved)")
        let till = try copy.invctl("import", original, "--as", "sales")
        #expect(till.code == 0 && till.output.hasPrefix(known), "\(till)")
    }

    @Test func `more rows than one block has are oldest first too`() throws {
        let daemon = try Daemon()
        let count = 20_000
        let rows = (0..<count).map { "S,1,1.00,2025-11-03 10:00,R\($0 / 3)\n" }
        let file = "sku,quantity,price,occurredAt,reference\n" + rows.joined()
        try self.done(daemon, ["import", "-", "--as", "sales"], input: Data(file.utf8))
        let sales = "\(self.folder.path)/sales.csv"
        try self.done(daemon, ["export", sales, "--what", "sales"])
        #expect(try self.rows(sales) == (0..<count).map { "R\($0 / 3) S 1 main" })
        let empty = try Daemon().invctl("export", "-", "--what", "sales")
        #expect(empty.lines.count == 1 && empty.output.hasPrefix("lsn,line,"), "\(empty)")
    }

    // MARK: - The temporary file

    /// A small file system for temporary files, visible only to the export.
    private static let launcher = [
        "unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
        "mount -t tmpfs -o size=16k tmpfs \"$0\" && TMPDIR=\"$0\" exec \"$@\"",
    ]

    @Test func `without space for its temporary file an export says so, and writes no file`()
        throws
    {
        let daemon = try Daemon()
        let rows = (0..<3_000).map { "S,1,1.00,2025-11-03 10:00,R\($0)\n" }
        let file = "sku,quantity,price,occurredAt,reference\n" + rows.joined()
        try self.done(daemon, ["import", "-", "--as", "sales"], input: Data(file.utf8))
        let sales = "\(self.folder.path)/sales.csv"
        let words = ["export", sales, "--what", "sales"]
        let server = daemon.address.description
        let missing = ["TMPDIR": "\(self.folder.path)/nowhere"]
        let lost = try Daemon.run("invctl", words, server: server, environment: missing)
        #expect(lost.code == 1, "\(lost)")
        #expect(lost.errors.contains(/a temporary file in .*nowhere: No such file/), "\(lost)")
        #expect(lost.errors.contains("Set TMPDIR to a directory with space"), "\(lost)")

        let small = "\(self.folder.path)/small"
        try FileManager.default.createDirectory(atPath: small, withIntermediateDirectories: true)
        let errors = "\(self.folder.path)/errors"
        #expect(FileManager.default.createFile(atPath: errors, contents: nil))
        let output = try #require(FileHandle(forWritingAtPath: errors))
        let process = try ChildProcess(
            URL(fileURLWithPath: "/usr/bin/env"),
            Self.launcher + [small, Daemon.program("invctl").path] + words + ["--server", server],
            environment: ProcessInfo.processInfo.environment,
            output: output.fileDescriptor,
            errors: output.fileDescriptor
        )
        let code = process.wait()
        let said = try String(contentsOfFile: errors, encoding: .utf8)
        // A machine may forbid mounts.
        if !said.contains("unshare") {
            #expect(code == 1 && said.contains("No space left on device"), "\(code) \(said)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: small).isEmpty)
        #expect(!FileManager.default.fileExists(atPath: sales))
        try self.done(daemon, words)
        #expect(try self.rows(sales).count == 3_000)
    }

    // MARK: - Write-offs

    /// Lines of receipts, in which goods were removed without being sold; with costs and a second location.
    private static let writtenOff = """
        sku,quantity,price,cost,occurredAt,reference,location
        BOX,2,5.00,2.00,2025-11-03 10:00,R1,main
        BOX,-3,0.00,2.10,2025-11-03 10:00,R1,main
        PEN,1,1.50,0.30,2025-11-03 10:00,R1,main
        PEN,-8,0,,2025-11-04 10:00,,depot
        CUP,-5,0.00,1.00,2025-11-04 11:00,R2,main
        CUP,-6,0.00,1.00,2025-11-04 12:00,R3,main

        """

    @Test func `write-offs come back as such, and those that were undone do not`() throws {
        let (shop, copy) = (try Daemon(), try Daemon())
        for daemon in [shop, copy] {
            try self.done(daemon, ["location", "add", "depot", "--name", "Depot"])
        }
        let file = "\(self.folder.path)/till.csv"
        try Self.writtenOff.write(toFile: file, atomically: true, encoding: .utf8)
        let words = ["import", file, "--as", "sales", "--negative", "write-off"]
        try self.done(shop, words)
        let last = ["ledger", "list", "--ref", "R3", "-o", "csv", "--fields", "lsn"]
        let lsn = try #require(try shop.invctl(last).lines.last)
        try self.done(shop, ["ledger", "reverse", lsn])
        // A correction of today is no past sale.
        try self.done(shop, ["stock", "adjust", "BOX=1", "--reason", "found"])

        let sales = "\(self.folder.path)/sales.csv"
        try self.done(shop, ["export", sales, "--what", "sales"])
        #expect(
            try self.rows(sales) == [
                "R1 BOX 2 main", "R1 BOX 3 main", "R1 PEN 1 main", " PEN 8 depot", "R2 CUP 5 main",
            ]
        )
        try self.done(copy, ["import", sales, "--as", "sales"])
        let fields = "occurredAt,kind,sku,location,onHandDelta,amount,cost,reason,reference"
        let past = ["ledger", "list", "--where", "imported = true", "--where", "reference != R3"]
        func listed(_ daemon: Daemon) throws -> [String] {
            try daemon.invctl(past + ["-o", "csv", "--fields", fields, "--oldest-first"]).lines
                // That of R3 remains, and with its reversal comes to nothing.
                .filter { !$0.contains("openingBalance,CUP,main,6,") }
        }
        #expect(try listed(copy) == listed(shop))
        #expect(try listed(copy).count { $0.contains(",adjust,") } == 3)
        let again = try copy.invctl(words)
        #expect(again.output.hasPrefix("6 rows: 2 accepted, 0 rejected, 4 already"), "\(again)")
        #expect(try copy.invctl("verify").code == 0)
    }
}
