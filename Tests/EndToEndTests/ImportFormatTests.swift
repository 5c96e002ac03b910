import Foundation
import Glibc
import InventoryClient
import Testing

/// Files as shops have them: every row is imported right, or refused with its number and the reason.
@Suite struct ImportFormatTests {
    /// Returns the lines of a list as CSV, without its header.
    private func list(_ daemon: Daemon, _ fields: String, _ words: String...) throws -> [String] {
        Array(try daemon.invctl(words + ["-o", "csv", "--fields", fields]).lines.dropFirst())
    }

    private func add(_ daemon: Daemon, _ sku: String, _ price: String, _ more: String...) throws {
        try daemon.invctl("category", "add", "C")
        let words = [
            "product", "add", "--sku", sku, "--name", sku, "--category", "C", "--price", price,
        ]
        #expect(try daemon.invctl(words + more).code == 0)
    }

    // MARK: - Text

    @Test func `one bad byte among UTF-8 rejects its row, and one byte alone is Windows-1252`()
        throws
    {
        let daemon = try Daemon()
        let head = Array("sku,name,category,price\n".utf8)
        let mixed =
            head + Array("A,Käse,C,1\nB,Br".utf8) + [0xF6] + Array("tchen,C,2\nC,Tee,C,3\n".utf8)
        let imported = try daemon.invctl("import", "-", input: Data(mixed))
        #expect(imported.code == 8, "\(imported)")
        #expect(imported.output == "3 rows: 2 accepted, 1 rejected\n")
        #expect(imported.errors.contains("row 3  name: has a byte that is no character"))
        let windows = head + Array("D,Br".utf8) + [0xF6] + Array("tchen,C,2\n".utf8)
        let other = try daemon.invctl("import", "-", input: Data(windows))
        #expect(other.code == 0 && other.errors.contains("encoding windows-1252"), "\(other)")
        let names = try daemon.invctl("product", "list", "-o", "csv", "--fields", "name").lines
        #expect(names == ["name", "Käse", "Tee", "Brötchen"], "\(names)")
    }

    @Test func `a German list beneath titles is read, and an error names its columns`() throws {
        let daemon = try Daemon()
        let text = """
            Artikelliste Nord;;;
            Stand 01.03.2026;;;
            ;;;
            Artikel-Nr.;Bezeichnung;VK;Bestand
            A-1;Käse;4,50;3
            A-2;Brot;0,0125;1

            """
        let imported = try daemon.invctl(
            "import",
            "-",
            "--category",
            "Alles",
            input: Data(text.utf8)
        )
        #expect(imported.code == 8, "\(imported)")
        #expect(imported.output == "2 rows: 1 accepted, 1 rejected\n")
        // A price below a cent is that of more units.
        #expect(
            imported.errors.contains(
                "row 6  price: \"0,0125\" is not a number with at most 2 decimals; as a price or cost, "
                    + "write 1.25 and the units that it is for: --per 100"
            ),
            "\(imported.errors)"
        )
        for map in ["sku=Nummer", "sku=Artikelliste Nord"] {
            let refused = try daemon.invctl("import", "-", "--map", map, input: Data(text.utf8))
            #expect(refused.code == 2)
            #expect(
                refused.errors.contains("the file has Artikel-Nr., Bezeichnung, VK, Bestand"),
                "\(refused.errors)"
            )
        }
    }

    @Test func `a catalog of a German spreadsheet comes in as it is`() throws {
        let daemon = try Daemon(["--currency", "EUR"])
        let text = """
            Preisliste Herbst;;;;
            Artikelnummer;Bezeichnung;Warengruppe;VK-Preis;Bestand
            Öl-1;Olivenöl à 500 ml;Öle;12,90 €;6
            TISCH;Tisch, Eiche;Möbel;1.234,50;2
            STUHL;Stuhl;Möbel;1.250;1
            ;Summe;;;9
            """
        let file = text.data(using: .windowsCP1252) ?? Data()
        let words = [
            "import", "-", "--map", "sku=artikelnummer", "--map", "name=Bezeichnung", "--map",
            "category=Warengruppe", "--map", "price=VK-Preis", "--map", "stock=Bestand",
        ]
        let dry = try daemon.invctl(words + ["--dry-run"], input: file)
        #expect(dry.code == 0, "\(dry.errors)")
        #expect(dry.output == "3 rows: 3 valid, 0 invalid, 1 passed over, nothing written\n")
        #expect(
            dry.errors.contains(
                "read as: encoding windows-1252, fields separated by ;, header in row 2"
            ),
            "\(dry.errors)"
        )
        #expect(try daemon.invctl(words, input: file).code == 0)
        #expect(
            try self.list(daemon, "sku,name,price,onHand", "product", "list") == [
                "Öl-1,Olivenöl à 500 ml,12.90,6", "TISCH,\"Tisch, Eiche\",1234.50,2",
                "STUHL,Stuhl,1250.00,1",
            ]
        )
    }

    @Test func `a damaged row is refused by its number, and nothing is replaced`() throws {
        let daemon = try Daemon()
        let file =
            Data("sku,name,category,price\nA,Anna,C,1\nB,B".utf8) + Data([0x81, 0xFF])
            + Data(",C,1\nC,Carl,C,1\n".utf8)
        for encoding in ["utf-8", "windows-1252"] {
            let read = try daemon.invctl(
                "import",
                "-",
                "--dry-run",
                "--encoding",
                encoding,
                input: file
            )
            #expect(read.code == 8)
            #expect(read.errors.contains("row 3  name: has a byte that is no character"), "\(read)")
        }
        #expect(try daemon.invctl("import", "-", "--encoding", "klingon", input: file).code == 2)
        #expect(try daemon.invctl("import", "-", "--delimiter", "xx", input: file).code == 2)
        #expect(try daemon.invctl("import", "-", "--date-format", "QQ", input: file).code == 2)
        #expect(try daemon.invctl("import", "-", "--per", "0", input: file).code == 2)
        #expect(try daemon.invctl("import", "-", "--preset", "nobody", input: file).code == 2)
    }

    @Test func `a number that can be two is refused, and an option decides`() throws {
        let daemon = try Daemon()
        let file = Data("sku,name,category,price\nA,a,C,\"1,250\"\n".utf8)
        let refused = try daemon.invctl("import", "-", input: file)
        #expect(refused.code == 8)
        #expect(refused.errors.contains("row 2  price: \"1,250\" can be 1250 or 1.250"))
        #expect(try daemon.invctl("import", "-", "--decimal", "comma", input: file).code == 0)
        #expect(try self.list(daemon, "price", "product", "list") == ["1.25"])
    }

    @Test func `a missing column is one error before the first row`() throws {
        let daemon = try Daemon()
        let file = Data("sku,name,category\nA,a,C\nB,b,C\n".utf8)
        let result = try daemon.invctl("import", "-", input: file)
        #expect(result.code == 2)
        #expect(result.errors.contains("no column for price"))
        #expect(!result.errors.contains("row "))
    }

    @Test func `a workbook without the program that reads it is refused with its name`() throws {
        let daemon = try Daemon()
        let book = Data([0x50, 0x4B, 0x03, 0x04]) + Data("no workbook".utf8)
        let result = try Daemon.run(
            "invctl",
            ["import", "-"],
            input: book,
            server: daemon.address.description,
            environment: ["PATH": "/nonexistent"]
        )
        #expect(result.code == 1)
        #expect(result.errors.contains("which xlsx2csv reads; it is not installed"))
    }

    /// Returns what `workbook.py` writes; `nil` without `xlsx2csv`, which the test above is about.
    private func workbook(_ kind: String) throws -> Data? {
        let script = Bundle.module.bundleURL.appending(path: "Resources/workbook.py").path
        let folder = FileManager.default.temporaryDirectory.appending(path: "book-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "book.xlsx").path
        let making = try ChildProcess(
            URL(fileURLWithPath: "/bin/sh"),
            ["-c", "command -v xlsx2csv >/dev/null || exit 9; python3 \(script) \(kind) >\(path)"],
            environment: ProcessInfo.processInfo.environment,
            output: STDERR_FILENO,
            errors: STDERR_FILENO
        )
        let code = making.wait()
        if code == 9 { return nil }
        try #require(code == 0, "the workbook needs python3")
        return try Data(contentsOf: URL(fileURLWithPath: path))
    }

    @Test func `a workbook has the numbers that are stored, and refuses what is not computed`()
        throws
    {
        guard let catalog = try self.workbook("catalog"), let sales = try self.workbook("sales")
        else {
            return
        }
        let daemon = try Daemon()
        let done = try daemon.invctl("import", "-", input: catalog)
        #expect(done.code == 8)
        #expect(done.output == "3 rows: 2 accepted, 1 rejected\n", "\(done.errors)")
        #expect(done.errors.contains("  row 6  D6: a formula without a value"), "\(done.errors)")
        #expect(
            try self.list(daemon, "sku,name,price,onHand,barcode", "product", "list") == [
                "JAM,\"Plum jam, 250 g\",4.50,20,4006381333931", "FLOUR,Flour,2.12,2.126,",
            ]
        )
        #expect(try daemon.invctl("import", "-", "--as", "sales", input: sales).code == 0)
        #expect(
            try self.list(daemon, "occurredAt", "ledger", "sales").sorted()
                == ["2026-10-05T14:30:00Z", "2026-10-06T15:00:30Z"]
        )
        let broken = try daemon.invctl("import", "-", input: catalog.prefix(300))
        #expect(broken.code == 1)
        #expect(broken.errors.contains("xlsx2csv could not read it: "), "\(broken.errors)")
        #expect(!broken.errors.contains("Traceback"), "\(broken.errors)")
        #expect(broken.errors.split(separator: "\n").count == 1, "\(broken.errors)")
    }

    // MARK: - Products and stock

    @Test func `an opening stock and a count have a location a row or a column each`() throws {
        let daemon = try Daemon()
        try daemon.invctl("location", "add", "depot", "--name", "Depot")
        let file =
            "sku,name,category,price,[main] - Quantity,[Depot] - Quantity,cost\nA,a,C,9,4,3,2.50\nB,b,C,9,,5,1\n"
        #expect(try daemon.invctl("import", "-", input: Data(file.utf8)).code == 0)
        let levels = ["A,main,4,10.00", "A,depot,3,7.50", "B,depot,5,5.00"]
        let fields = "sku,location,onHand,value"
        #expect(
            try self.list(daemon, fields, "stock", "show").filter { !$0.contains(",0,") } == levels
        )
        // A row that is refused adds nothing anywhere.
        let other = Data(file.replacing("A,a,C,9", with: "A,a,C,8").utf8)
        #expect(try daemon.invctl("import", "-", "--id", "2", input: other).code == 8)
        #expect(
            try self.list(daemon, fields, "stock", "show").filter { !$0.contains(",0,") } == levels
        )
        let counts = "sku,stock,location\nA,1,main\nA,2,Depot\nB,7,nowhere\n"
        let set = try daemon.invctl("import", "-", "--mode", "set", input: Data(counts.utf8))
        #expect(set.code == 8)
        #expect(set.errors.contains("row 4  location: there is no location \"nowhere\""))
        #expect(
            try self.list(daemon, "location,onHand", "stock", "show", "A") == ["main,1", "depot,2"]
        )
    }

    @Test func `a price below a cent is for as many units as a column or --per says`() throws {
        let daemon = try Daemon()
        let file = "sku,name,category,price,priceBasis\nSCREW,s,C,0.25,100\n"
        #expect(try daemon.invctl("import", "-", input: Data(file.utf8)).code == 0)
        let nuts = "sku,name,category,price\nNUT,n,C,0.35\n"
        #expect(
            try daemon.invctl("import", "-", "--per", "1000", input: Data(nuts.utf8)).code == 0
        )
        let sold =
            "sku,quantity,price,occurredAt,priceBasis\nSCREW,400,0.25,2026-10-01,100\nSCREW,3,0.33,2026-10-02,1\n"
        try daemon.invctl("stock", "count", "SCREW=1000")
        let result = try daemon.invctl("import", "-", "--as", "sales", input: Data(sold.utf8))
        #expect(result.code == 0, "\(result.errors)")
        #expect(try self.list(daemon, "net", "insight", "sales", "--window", "all") == ["1.99"])
        try daemon.invctl("stock", "count", "NUT=5000")
        try daemon.invctl("sell", "NUT=2000")
        #expect(try self.list(daemon, "net", "insight", "sales", "--window", "all") == ["2.69"])
    }

    // MARK: - Sales

    @Test func `what was charged for a line is kept to the cent`() throws {
        let daemon = try Daemon()
        let file = """
            sku,quantity,amount,price,occurredAt,reference
            MIX,3,10.00,,2026-10-01,1
            PEN,10,,5.00,2026-10-01,2
            CUP,1,,20.00,2026-10-01,2
            PEN,1,,-5.00,2026-10-01,2
            VOUCHER,1,-0.01,,2026-10-01,2
            PEN,1,,-5.00,2026-10-01,
            PEN,1,,-5.00,2026-10-01,3
            PEN,0,,5.00,2026-10-01,4
            PEN,-1,,5.00,2026-10-01,5
            """
        let dry = try daemon.invctl(
            "import",
            "-",
            "--as",
            "sales",
            "--dry-run",
            input: Data(file.utf8)
        )
        let done = try daemon.invctl("import", "-", "--as", "sales", input: Data(file.utf8))
        for result in [dry, done] {
            #expect(result.code == 8)
            #expect(result.output.hasPrefix("9 rows: 7 accepted, 2 rejected"))
            #expect(result.output.contains("in the file: 4 products, 3 sales"))
            for problem in [
                "row 9  quantity: is 0", "row 10  quantity: -1 is below 0",
            ] { #expect(result.errors.contains(problem), "\(problem): \(result.errors)") }
        }
        #expect(
            try self.list(daemon, "gross,units,transactions", "insight", "sales", "--window", "all")
                == ["64.99,14,4"]
        )
        #expect(
            try self.list(
                daemon,
                "sku,net",
                "insight",
                "margin",
                "--window",
                "all",
                "--sort",
                "sku"
            )
                == ["CUP,20.00", "MIX,10.00", "PEN,35.00", "VOUCHER,-0.01"]
        )
        #expect(
            try self.list(daemon, "sku", "product", "list") == ["MIX", "PEN", "CUP", "VOUCHER"]
        )
        // The price is the amount of the line for its quantity, exactly.
        #expect(
            try self.list(daemon, "price,priceBasis", "ledger", "sales", "--product", "MIX")
                == ["10.00,3"]
        )
    }

    @Test func `a quantity has the decimals of its product's unit`() throws {
        let daemon = try Daemon()
        try self.add(daemon, "APPLE", "3.98", "--unit", "kg", "--decimals", "3", "--opening", "100")
        try self.add(daemon, "BAG", "0.10", "--opening", "100")
        let file = """
            sku,quantity,price,occurredAt,reference
            APPLE,2,3.98,2026-10-01,1
            APPLE,1.250,3.98,2026-10-02,2
            APPLE,0.0005,3.98,2026-10-03,3
            BAG,1.5,0.10,2026-10-04,4
            BAG,2.0,0.10,2026-10-05,5
            NEW,0.25,4.00,2026-10-06,6
            """
        let open = Data("sku,quantity,price,occurredAt\nOTHER,1.250,4.00,2026-10-01\n".utf8)
        let unclear = try daemon.invctl("import", "-", "--as", "sales", input: open)
        #expect(unclear.code == 8)
        #expect(unclear.errors.contains("row 2  quantity: \"1.250\" can be 1.250 or 1250"))
        let done = try daemon.invctl("import", "-", "--as", "sales", input: Data(file.utf8))
        #expect(done.code == 8)
        #expect(
            done.errors.contains(
                "row 4  quantity: \"0.0005\" is not a number with at most 3 decimals"
            )
        )
        #expect(done.errors.contains("row 5  quantity: \"1.5\" is not a whole number"))
        #expect(
            try self.list(daemon, "sku,quantity,amount", "ledger", "sales", "--sort", "sku")
                .sorted() == [
                    "APPLE,1.250,4.98", "APPLE,2.000,7.96", "BAG,2,0.20", "NEW,0.250,1.00",
                ]
        )
        #expect(
            try self.list(daemon, "sku,onHand", "product", "list")
                == ["APPLE,100.000", "BAG,100", "NEW,0.000"]
        )
    }

    @Test
    func `a row has its own location, cost, date and time, and returns are told by an option`()
        throws
    {
        let daemon = try Daemon()
        try daemon.invctl("location", "add", "depot", "--name", "Depot")
        let file = """
            sku;quantity;price;cost;Date;Time;location
            M;1;10,00;4,00;05.10.2026;14:30;main
            M;3;10,00;4,00;05.10.2026;2:31 PM;depot
            M;-1;10,00;4,00;06.10.2026;09:00;depot
            """
        let words = [
            "import", "-", "--as", "sales", "--negative", "return", "--date-format", "dd.MM.yyyy",
            "--zone", "Europe/Berlin",
        ]
        let done = try daemon.invctl(words, input: Data(file.utf8))
        #expect(done.code == 0, "\(done.errors)")
        #expect(
            try self.list(daemon, "occurredAt,location", "ledger", "sales").sorted() == [
                "2026-10-05T12:30:00Z,main", "2026-10-05T12:31:00Z,depot",
                "2026-10-06T07:00:00Z,depot",
            ]
        )
        #expect(
            try self.list(daemon, "gross,returns,net", "insight", "sales", "--window", "all")
                == ["40.00,10.00,30.00"]
        )
        #expect(
            try self.list(daemon, "net,cost,margin", "insight", "margin", "--window", "all")
                == ["30.00,12.00,18.00"]
        )
        #expect(
            try self.list(daemon, "location,onHand", "stock", "show", "M") == ["main,0", "depot,0"]
        )
        #expect(try daemon.invctl("verify").code == 0)
    }
}
