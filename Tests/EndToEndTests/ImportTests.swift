import Foundation
import Glibc
import InventoryClient
import InventoryModel
import Testing

@Suite struct ImportTests {
    static let mapping = [
        "import", "-", "--as", "sales", "--map", "sku=StockCode", "--map", "name=Description",
        "--map", "quantity=Quantity", "--map", "price=UnitPrice", "--map",
        "occurredAt=InvoiceDate", "--map", "reference=InvoiceNo", "--zone", "Europe/London",
        "--return-prefix", "C", "--negative", "write-off", "--quiet",
    ]

    private static func resource(_ name: String) throws -> Data {
        let url = Bundle.module.bundleURL.appending(path: "Resources/\(name)")
        return try Data(contentsOf: url)
    }

    /// Returns net units and pence by stock code and by month, from the daemon's ledger.
    private func sums(_ daemon: Daemon) async throws -> Set<String> {
        var sums: [String: (units: Int64, pence: Int64)] = [:]
        for try await part in daemon.client().rows(of: .sales(SalesQuery())) {
            for sale in try part.rows(as: ListedSale.self) {
                let sku = NormalizedText.key(sale.sku)
                let seconds = sale.occurredAt.microseconds / 1_000_000
                let date = Date(timeIntervalSince1970: TimeInterval(seconds))
                let day = date.formatted(.iso8601.year().month().day())
                for key in ["code\t\(sku)", "month\t\(day.prefix(7))"] {
                    sums[key, default: (0, 0)].units += sale.quantity.baseUnits
                    sums[key, default: (0, 0)].pence += sale.amount.minorUnits
                }
            }
        }
        return Set(sums.map { "\($0.key)\t\($0.value.units)\t\($0.value.pence)" })
    }

    @Test(arguments: [
        ("leadTimeDays", "-5", "0 to 3650"), ("leadTimeDays", "70000", "0 to 3650"),
        ("decimals", "-1", "0 to 6"), ("decimals", "300", "0 to 6"),
    ])
    func `a number outside the limits of its field is rejected, in each mode`(
        _ field: String,
        _ number: String,
        _ limits: String
    ) throws {
        let daemon = try Daemon()
        let file = "sku,name,category,price,\(field)\nTEA,Tea,C,4.00,\(number)\nCUP,Cup,C,2.00,\n"
        for mode in [[], ["--mode", "upsert"]] {
            let words = ["import", "-", "--dry-run"] + mode
            let done = try daemon.invctl(words, input: Data(file.utf8))
            #expect(done.code == 8, "\(done)")
            let problem = "row 2  \(field): is \(number); it must be \(limits)"
            #expect(done.errors.contains(problem), "\(done.errors)")
            #expect(done.output.contains("1 invalid"), "\(done)")
        }
    }

    /// Returns the model's result for the same file.
    private func model(_ file: Data) throws -> [String] {
        let script = Bundle.module.bundleURL.appending(path: "Resources/sales_model.py").path
        return try Self.model(file, script)
    }

    /// Returns the lines that a Python script prints for a file.
    static func model(_ file: Data, _ script: String) throws -> [String] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "model-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let input = folder.appending(path: "input.csv")
        try file.write(to: input)
        let said = folder.appending(path: "said")
        let output = open(said.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(output) }
        let process = try ChildProcess(
            URL(fileURLWithPath: "/usr/bin/env"),
            ["python3", script],
            environment: ProcessInfo.processInfo.environment,
            input: input.path,
            output: output,
            errors: STDERR_FILENO
        )
        try #require(process.wait() == 0, "the model needs python3")
        return String(decoding: try Data(contentsOf: said), as: UTF8.self).split(separator: "\n")
            .map { String($0) }
    }

    @Test func `sales from the first instant of the calendar on are accepted`() async throws {
        let daemon = try Daemon()
        let file = """
            sku,name,quantity,price,occurredAt,reference
            EXB,Ex,1,2.00,0001-01-01 00:00,1
            EXB,Ex,2,2.00,2024-11-20 10:00,2

            """
        let done = try daemon.invctl(
            "import",
            "-",
            "--as",
            "sales",
            "--zone",
            "UTC",
            input: Data(file.utf8)
        )
        #expect(done.code == 0, "\(done.errors)")
        #expect(done.output.contains("2 accepted, 0 rejected"), "\(done.output)")
        #expect(try await daemon.client().level(ProductID(1)).onHand == 0)
        _ = try await daemon.client().verified()
    }

    @Test func `a rejected row does not affect the others`() async throws {
        let daemon = try Daemon()
        let long = String(repeating: "é", count: 101)
        let family = String(repeating: "👨‍👩‍👧‍👦", count: 20)
        let file = """
            sku,name,category,quantity,price,occurredAt,reference
            AMT,Amount,Shop,2,2.00,2024-11-20 10:00,1
            AMT,Amount,Shop,1000000000000,999999.00,2024-11-20 11:00,2
            AHD,Ahead,Wrong,7,9.00,2999-01-01 10:00,3
            AHD,Right,Shop,3,3.00,2024-11-20 10:00,4
            REF,Reference,Shop,5,1.00,2024-11-20 10:00,"a\u{7}b"
            REF,Reference,Shop,1,1.00,2024-11-20 10:00,5
            CAT,Category,\(long),1,1.00,2024-11-20 10:00,6
            CAT,Category,Shop,2,1.00,2024-11-20 10:00,7
            NAM,"a\u{7}b",Shop,1,1.00,2024-11-20 10:00,8
            NAM,Name,Shop,1,1.00,2024-11-20 10:00,9
            FAM,\(family),Shop,1,1.00,2024-11-20 10:00,10
            MUC,Much,Shop,999999999999,0.01,2024-11-20 10:00,11
            MUC,Much,Shop,5,0.01,2024-11-20 10:00,12
            MUC,Much,Shop,1,0.01,2024-11-20 10:00,13
            SUM,Sum,Shop,1,90000000000000.00,2024-11-20 10:00,14
            SUM,Sum,Shop,2,45000000000000.00,2024-11-20 10:00,14

            """
        let words = ["import", "-", "--as", "sales", "--zone", "UTC"]
        let dry = try daemon.invctl(words + ["--dry-run"], input: Data(file.utf8))
        #expect(dry.output.contains("16 rows: 12 accepted, 4 rejected"), "\(dry)")
        let done = try daemon.invctl(words, input: Data(file.utf8))
        #expect(done.output.contains("16 rows: 12 accepted, 4 rejected"), "\(done)")
        for said in [
            "row 3  price: 1000000000000 at 999999.00 exceed 90071992547409.91",
            "row 4  occurred_at_out_of_window", "row 6  reference: has a control character",
            "row 8  category: is longer than 200 bytes",
        ] {
            #expect(done.errors.contains("  \(said)"), "\(said):\n\(done.errors)")
        }
        #expect(dry.errors.contains("row 4  occurred_at_out_of_window"), "\(dry)")
        let fields = ["product", "list", "-o", "csv", "--fields", "sku,name,category,price,onHand"]
        let list = try daemon.invctl(fields).lines
        let cut = String(repeating: "👨‍👩‍👧‍👦", count: 8)
        #expect(
            list == [
                "sku,name,category,price,onHand", "AMT,Amount,Shop,2.00,0",
                "AHD,Right,Shop,3.00,0", "REF,Reference,Shop,1.00,0", "CAT,Category,Shop,1.00,0",
                "NAM,Name,Shop,1.00,0", "FAM,\(cut),Shop,1.00,0", "MUC,Much,Shop,0.01,0",
                "SUM,Sum,Shop,90000000000000.00,0",
            ],
            "\(list)"
        )
        // A second run executes nothing and reports the same counts.
        let again = try daemon.invctl(words, input: Data(file.utf8))
        #expect(again.output.contains("16 rows: 12 accepted, 4 rejected; nothing was imported now"))
        #expect(try daemon.invctl(fields).lines == list)
        _ = try await daemon.client().verified()
    }

    @Test func `a year's sales add up to the model's totals`() async throws {
        let file = try Self.resource("sales.csv")
        let model = try self.model(file)
        let daemon = try Daemon(["--currency", "GBP"])
        let rows = model.last?.split(separator: "\t").dropFirst().compactMap { Int($0) } ?? []

        let dry = try daemon.invctl(Self.mapping + ["--dry-run"], input: file)
        let code: Int32 = rows[1] > 0 ? 8 : 0
        #expect(dry.code == code)
        #expect(dry.output.contains("nothing written"))
        #expect(try await daemon.client().query(.products(ProductSearch())).table.rowCount == 0)

        let done = try daemon.invctl(Self.mapping, input: file)
        #expect(done.code == code)
        #expect(
            done.output.hasPrefix(
                "\(rows[0] + rows[1]) rows: \(rows[0]) accepted, \(rows[1]) rejected"
            )
        )
        #expect(done.errors.split(separator: "\n").count { $0.contains("row ") } == rows[1])
        let sums = try await self.sums(daemon)
        let expected = Set(model.dropLast())
        // A code that was only written off, or an empty month, is not among the sales.
        #expect(sums == expected, "\(sums.symmetricDifference(expected).sorted().prefix(5))")
        _ = try await daemon.client().verified()
    }

    @Test func `a killed import resumes and duplicates nothing`() async throws {
        let file = try Self.resource("sales.csv")
        let clean = try Daemon(["--currency", "GBP"])
        try clean.invctl(Self.mapping, input: file)
        let expected = try await self.sums(clean)

        let daemon = try Daemon(["--currency", "GBP"])
        for attempt in 0..<3 {
            let running = Task {
                try daemon.invctl(Self.mapping + ["--timeout", "2"], input: file)
            }
            try await Task.sleep(for: .milliseconds(60 + attempt * 120))
            daemon.kill()
            _ = try await running.value
            try daemon.start(["--currency", "GBP"])
        }
        let done = try daemon.invctl(Self.mapping, input: file)
        #expect(done.code == 0, "\(done)")
        #expect(try await self.sums(daemon) == expected)
        // Another run after the end changes nothing.
        let before = try await daemon.client().verified()
        #expect(try daemon.invctl(Self.mapping, input: file).code == 0)
        #expect(try await daemon.client().verified() == before)
    }

    @Test func `rejected rows are listed by number and reason`() throws {
        let daemon = try Daemon()
        let rows = """
            sku,name,category,price,stock
            A,Apple,Fruit,1.20,10
            B,Pear,Fruit,ten,5
            "A ",Again,Fruit,1,5
            C,,Fruit,1,5
            D,Date,Fruit,1.005,5
            E,Elder,Fruit,1,-5
            F,Fig,Fruit,0.50,7
            """
        let result = try daemon.invctl("import", "-", input: Data(rows.utf8))
        #expect(result.code == 8)
        #expect(result.output == "7 rows: 2 accepted, 5 rejected\n")
        #expect(result.errors.contains("row 3  price: \"ten\" is not a number"))
        #expect(result.errors.contains("row 4  sku: duplicate of row 2"))
        #expect(result.errors.contains("row 5  invalid_field  name is empty"))
        #expect(result.errors.contains("row 6  price: \"1.005\""))
        #expect(result.errors.contains("row 7  stock: is -5; it cannot be negative"))
        let list = try daemon.invctl("product", "list", "-o", "csv", "--fields", "sku,price,onHand")
        #expect(list.output == "sku,price,onHand\nA,1.20,10\nF,0.50,7\n")
    }

    @Test func `an exported catalog can be imported again`() throws {
        let daemon = try Daemon()
        let rows =
            "sku,name,category,price,stock\nA,\"Apple, red\",Fruit,1.20,10\nF,Fig,Fruit,0.50,7\n"
        try daemon.invctl("import", "-", input: Data(rows.utf8))
        let exported = try daemon.invctl("export", "-").output
        let other = try Daemon()
        let taken = try other.invctl(
            "import",
            "-",
            "--map",
            "stock=onHand",
            input: Data(exported.utf8)
        )
        #expect(taken.code == 0, "\(taken.errors)")
        let fields = ["product", "list", "-o", "csv", "--fields", "sku,name,category,price,onHand"]
        #expect(try other.invctl(fields).output == daemon.invctl(fields).output)
    }

    // MARK: - Rejected rows

    /// Returns a catalog of `count` rows; `bad` of them, spread evenly, have a name that the server refuses.
    private static func catalog(_ count: Int, bad: Int) -> Data {
        var text = "sku,name,category,price,stock\n"
        for row in 0..<count {
            let isBad = bad > 0 && row % (count / bad) == 0
            text += "S-\(row),\(isBad ? "" : "Name"),Fruit,1.20,3\n"
        }
        return Data(text.utf8)
    }

    @Test func `rejected rows are listed up to a limit, and all are counted`() throws {
        let daemon = try Daemon()
        let file = Self.catalog(300, bad: 150)
        let dry = try daemon.invctl("import", "-", "--dry-run", input: file)
        #expect(dry.output == "300 rows: 150 valid, 150 invalid, nothing written\n")
        #expect(dry.code == 8)
        #expect(try daemon.invctl("product", "list", "-o", "csv").lines.count == 1)

        let first = try daemon.invctl("import", "-", input: file)
        #expect(first.code == 8)
        #expect(first.output == "300 rows: 150 accepted, 150 rejected\n")
        #expect(first.errors.split(separator: "\n").count { $0.hasPrefix("  row ") } == 100)
        #expect(first.errors.contains("  row 2  invalid_field  name is empty\n"))
        #expect(first.errors.hasSuffix("  … and 50 more; --errors all lists every one\n"))
        #expect(dry.errors == first.errors)

        // The next run finds the others there already; a dry run before it too.
        for more in [["--dry-run"], []] {
            let again = try daemon.invctl(["import", "-", "--errors", "all"] + more, input: file)
            #expect(again.output.hasPrefix("300 rows: 0 "), "\(again.output)")
            #expect(again.output.contains("150 already there"), "\(again.output)")
            #expect(again.errors.split(separator: "\n").count { $0.hasPrefix("  row ") } == 150)
        }
        let few = try daemon.invctl("import", "-", "--errors", "2", "--dry-run", input: file)
        // Behind the columns and the note that the file was imported before.
        let listed = few.errors.split(separator: "\n").dropFirst(2)
        #expect(listed.map { $0.prefix(8) } == ["  row 2 ", "  row 4 ", "  … and "])
        #expect(try daemon.invctl("import", "-", "--errors", "few", input: file).code == 2)
    }

    @Test func `an import whose client was killed resumes and lists the earlier refusals`()
        async throws
    {
        let daemon = try Daemon()
        let count = 12_000
        let path = daemon.directory.appending(path: "catalog.csv").path
        try Self.catalog(count, bad: 4).write(to: URL(fileURLWithPath: path))
        let client = daemon.client()
        var kills = 0
        for _ in 0..<2 {
            var environment = ProcessInfo.processInfo.environment
            environment["INVCTL_SERVER"] = daemon.address.description
            let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
            defer { close(null) }
            let before = try await Self.productCount(client)
            let running = try ChildProcess(
                Daemon.program("invctl"),
                ["import", path],
                environment: environment,
                output: null,
                errors: null
            )
            // Killed after some rows, long before the last.
            for _ in 0..<2_000 {
                let now = try await Self.productCount(client)
                if now > before || now == count - 4 { break }
                try await Task.sleep(for: .milliseconds(2))
            }
            running.signal(SIGKILL)
            if running.wait() == 128 + SIGKILL { kills += 1 }
        }
        #expect(kills == 2, "a run ended before it could be killed")
        let done = try daemon.invctl("import", path)
        #expect(done.output == "\(count) rows: \(count - 4) accepted, 4 rejected\n")
        let rows = done.errors.split(separator: "\n").filter { $0.hasPrefix("  row ") }
        #expect(
            rows.map { $0.split(separator: " ")[1] } == ["2", "3002", "6002", "9002"],
            "\(done.errors)"
        )
        #expect(try await Self.productCount(client) == count - 4)
    }

    private static func productCount(_ client: InventoryClient) async throws -> Int {
        let statistics = try await client.statistics()
        return Int(try #require(statistics["products"]))
    }

    // MARK: - Compressed files

    @Test(arguments: ["gzip", "xz", "lz4", "zstd"])
    func `a compressed file is decompressed, from a pipe too`(program: String) throws {
        let plain = Data("sku,name,category,price,stock\nA,Apple,Fruit,1.20,10\n".utf8)
        let daemon = try Daemon()
        let folder = FileManager.default.temporaryDirectory.appending(path: "packed-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "catalog").path
        try plain.write(to: URL(fileURLWithPath: file))
        let line = "command -v \(program) >/dev/null || exit 9; \(program) -c <\(file) >\(file).p"
        let packing = try ChildProcess(
            URL(fileURLWithPath: "/bin/sh"),
            ["-c", line],
            environment: ProcessInfo.processInfo.environment,
            output: STDERR_FILENO,
            errors: STDERR_FILENO
        )
        let code = packing.wait()
        // Without the program, the next test's case applies.
        if code == 9 { return }
        try #require(code == 0, "\(program) ended with \(code)")
        let bytes = try Data(contentsOf: URL(fileURLWithPath: file + ".p"))
        #expect(
            try daemon.invctl("import", file + ".p").output == "1 row: 1 accepted, 0 rejected\n"
        )
        let piped = try daemon.invctl("import", "-", input: bytes)
        #expect(piped.output == "1 row: 0 accepted, 0 rejected, 1 already there\n")
        #expect(
            piped.errors.contains("this file was imported before"),
            "the same content is the same file"
        )
        #expect(try daemon.invctl("product", "list", "-o", "csv").lines.count == 2)
        let cut = try daemon.invctl("import", "-", input: bytes.dropLast(9))
        #expect(cut.code == 1)
        #expect(cut.errors.contains("\(program) could not decompress it"), "\(cut.errors)")
    }

    @Test func `a missing program is named, with a hint`() throws {
        let daemon = try Daemon()
        let packed = Data([0x28, 0xB5, 0x2F, 0xFD, 0, 0, 0, 0])
        let result = try Daemon.run(
            "invctl",
            ["import", "-"],
            input: packed,
            server: daemon.address.description,
            environment: ["PATH": "/nonexistent"]
        )
        #expect(result.code == 1)
        #expect(result.errors.contains("is compressed by zstd, which is not installed"))
        #expect(result.errors.contains("Install zstd or decompress the file first."))
    }

    @Test func `a terminal shows a progress bar`() throws {
        let daemon = try Daemon()
        let path = daemon.directory.appending(path: "catalog.csv").path
        try Self.catalog(20_000, bad: 0).write(to: URL(fileURLWithPath: path))
        let terminal = try daemon.terminal("import", path, columns: 100)
        #expect(terminal.waits(for: "░"))
        #expect(terminal.waits(for: "20000 rows: 20000 accepted, 0 rejected"))
        #expect(terminal.wait() == 0)
    }

    /// The result of each mode: its counts, the rejected rows, and whether it was a dry run.
    @Test func `the result as JSON is one object, and nothing else is printed`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(2, stock: 50)
        let files: [(options: [String], text: String, counts: [String: Int], reason: String)] = [
            (
                [], "sku,name,category,price\nA,A,C,1.00\nB,B,C,x\n",
                ["rows": 2, "accepted": 1, "rejected": 1, "passedOver": 0], "price: \"x\""
            ),
            (
                ["--as", "sales", "--at", "main"],
                "sku,quantity,price,occurredAt\nP-0,1,1.00,2026-10-01\nP-0,x,1.00,2026-10-01\n",
                ["rows": 2, "accepted": 1, "rejected": 1, "sales": 1], "quantity: \"x\""
            ),
            (
                ["--mode", "set"], "sku,stock\nP-1,7\nNOPE,1\n",
                ["rows": 2, "accepted": 1, "rejected": 1], "sku: "
            ),
        ]
        for (options, text, counts, reason) in files {
            for dry in [["--dry-run"], []] {
                let words = ["import", "-", "-o", "json"] + options + dry
                let result = try daemon.invctl(words, input: Data(text.utf8))
                #expect(result.code == 8, "\(words)")
                #expect(result.errors.isEmpty, "\(words): \(result.errors)")
                let json = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
                let object = try #require(json as? [String: Any], "\(result.output)")
                for (name, count) in counts {
                    #expect(object[name] as? Int == count, "\(words) \(name): \(object)")
                }
                let rejected = try #require(object["rejectedRows"] as? [[String: Any]])
                #expect(rejected.count == 1 && rejected[0]["row"] as? Int == 3)
                #expect((rejected[0]["reason"] as? String)?.hasPrefix(reason) == true)
                #expect((object["notes"] as? [String])?.isEmpty == false)
                #expect(object["dryRun"] as? Bool == (dry.isEmpty ? nil : true))
            }
        }
        let set = ["import", "-", "-o", "json", "--mode", "set", "--dry-run"]
        let result = try daemon.invctl(set, input: Data("sku,stock\nP-0,9\n".utf8))
        let json = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
        let object = try #require(json as? [String: Any])
        #expect(object["changed"] as? Int == 1 && object["unchanged"] as? Int == 0)
        #expect((object["changes"] as? [String])?.first?.contains("P-0") == true)
        #expect(try daemon.invctl("import", "-", "-o", "csv", input: Data()).code == 2)
    }
}
