import Foundation
import Glibc
import Inventory
import InventoryClient
import Testing

@Suite struct ImportTests {
    static let mapping = [
        "import", "-", "--as", "sales", "--map", "sku=StockCode", "--map", "name=Description",
        "--map", "quantity=Quantity", "--map", "price=UnitPrice", "--map",
        "occurredAt=InvoiceDate", "--map", "reference=InvoiceNo", "--zone", "Europe/London",
        "--return-prefix", "C", "--quiet",
    ]

    private static func resource(_ name: String) throws -> Data {
        let url = Bundle.module.bundleURL.appending(path: "Resources/\(name)")
        return try Data(contentsOf: url)
    }

    /// Net units and pence by stock code and by month, from the daemon's ledger.
    private func sums(_ daemon: Daemon) async throws -> Set<String> {
        var sums: [String: (units: Int64, pence: Int64)] = [:]
        for try await part in daemon.client().rows(of: .sales(SalesQuery())) {
            for row in 0..<part.table.rowCount {
                let sku = NormalizedText.key(part.table.text(row, "sku"))
                let seconds = (part.table.integer(row, "occurredAt") ?? 0) / 1_000_000
                let date = Date(timeIntervalSince1970: TimeInterval(seconds))
                let day = date.formatted(.iso8601.year().month().day())
                for key in ["code\t\(sku)", "month\t\(day.prefix(7))"] {
                    sums[key, default: (0, 0)].units += part.table.integer(row, "quantity") ?? 0
                    sums[key, default: (0, 0)].pence += part.table.integer(row, "amount") ?? 0
                }
            }
        }
        return Set(sums.map { "\($0.key)\t\($0.value.units)\t\($0.value.pence)" })
    }

    /// What the plain script says of the same file.
    private func model(_ file: Data) throws -> [String] {
        let script = Bundle.module.bundleURL.appending(path: "Resources/sales_model.py").path
        return try Self.model(file, script)
    }

    /// The lines that a script in Python prints of a file.
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

    @Test func `a year's sales add up to what a plain script says`() async throws {
        let file = try Self.resource("sales.csv")
        let model = try self.model(file)
        let daemon = try Daemon(["--currency", "GBP"])
        let rows = model.last?.split(separator: "\t").dropFirst().compactMap { Int($0) } ?? []

        let dry = try daemon.invctl(Self.mapping + ["--dry-run"], input: file)
        #expect(dry.code == 0)
        #expect(dry.output.contains("nothing written"))
        #expect(try await daemon.client().query(.products(ProductSearch())).table.rowCount == 0)

        let done = try daemon.invctl(Self.mapping, input: file)
        #expect(done.code == 0)
        #expect(
            done.output.hasPrefix("\(rows[0] + rows[1]) rows: \(rows[0]) taken, \(rows[1]) not")
        )
        #expect(done.errors.split(separator: "\n").count { $0.contains("row ") } == rows[1])
        let sums = try await self.sums(daemon)
        let wanted = Set(model.dropLast())
        // A code that was only written off, or a month of nothing, is not among the sales.
        #expect(sums == wanted, "\(sums.symmetricDifference(wanted).sorted().prefix(5))")
        _ = try await daemon.client().verified()
    }

    @Test func `an import that was killed goes on and doubles nothing`() async throws {
        let file = try Self.resource("sales.csv")
        let clean = try Daemon(["--currency", "GBP"])
        try clean.invctl(Self.mapping, input: file)
        let wanted = try await self.sums(clean)

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
        #expect(try daemon.invctl(Self.mapping, input: file).code == 0)
        #expect(try await self.sums(daemon) == wanted)
        // Once more, when all is done: nothing changes.
        let before = try await daemon.client().verified()
        #expect(try daemon.invctl(Self.mapping, input: file).code == 0)
        #expect(try await daemon.client().verified() == before)
    }

    @Test func `rows that cannot be taken are listed by number and reason`() throws {
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
        #expect(result.output == "7 rows: 2 taken, 5 not\n")
        #expect(result.errors.contains("row 3  price: \"ten\" is not a number"))
        #expect(result.errors.contains("row 4  sku: duplicate of row 2"))
        #expect(result.errors.contains("row 5  invalid_field  name is empty"))
        #expect(result.errors.contains("row 6  price: \"1.005\""))
        #expect(result.errors.contains("row 7  out_of_range  opening.quantity is -5"))
        let list = try daemon.invctl("product", "list", "-o", "csv", "--fields", "sku,price,onHand")
        #expect(list.output == "sku,price,onHand\nA,1.20,10\nF,0.50,7\n")
    }

    @Test func `an exported catalog can be brought in again`() throws {
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
}
