import Bytes
import Foundation
import InventoryClient
import InventoryModel
import InventoryTestSupport
import Synchronization
import Testing

/// Whole exports and their restores.
@Suite struct ExportTests {
    private let folder = TemporaryDirectory()

    private func path(_ name: String) -> String { "\(self.folder.path)/\(name)" }

    private func bytes(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: self.path(name)))
    }

    /// Exports one daemon, imports that into a new one, and checks that both are equal.
    private func checkRoundTrip(
        _ daemon: Daemon,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let exported = try daemon.invctl("export", self.path("first.ndjson"))
        try #require(exported.code == 0, "\(exported.errors)", sourceLocation: sourceLocation)
        let other = try Daemon()
        let imported = try other.invctl("import", self.path("first.ndjson"))
        #expect(imported.code == 0, "\(imported.errors)", sourceLocation: sourceLocation)
        try other.invctl("export", self.path("second.ndjson"))
        let first = String(decoding: try self.bytes("first.ndjson"), as: UTF8.self)
        let second = String(decoding: try self.bytes("second.ndjson"), as: UTF8.self)
        if first != second {
            let pairs = zip(first.split(separator: "\n"), second.split(separator: "\n"))
            let difference = pairs.first { $0 != $1 }
            Issue.record(
                "\(difference?.0 ?? "") became \(difference?.1 ?? "")",
                sourceLocation: sourceLocation
            )
        }
        let digests = [
            try daemon.invctl("export", "--digest").output,
            try other.invctl("export", "--digest").output,
        ]
        #expect(digests[0] == digests[1], sourceLocation: sourceLocation)
        #expect(first.hasSuffix("\"digest\":\"\(digests[0].prefix(16))\"}\n"))
        _ = try await other.client().verified(sourceLocation: sourceLocation)
    }

    @Test func `an export restores to an equal database`() async throws {
        let daemon = try Daemon()
        try await EventfulShop(daemon).fill()
        try await self.checkRoundTrip(daemon)
    }

    @Test(arguments: [1, 2] as [UInt64])
    func `random histories restore to an equal database`(seed: UInt64) async throws {
        let daemon = try Daemon()
        var shop = RandomShop(daemon, seed: seed)
        try await shop.fill(500)
        try await self.checkRoundTrip(daemon)
    }

    @Test func `an empty database restores to an empty one`() async throws {
        try await self.checkRoundTrip(try Daemon())
    }

    @Test func `an export during writes is a consistent snapshot`() async throws {
        let daemon = try Daemon()
        // The writes continue until the export is complete.
        let over = Flag()
        let filling = Task {
            var shop = RandomShop(daemon, seed: 4)
            try await shop.fill(600) { over.isRaised.load(ordering: .relaxed) }
        }
        let client = daemon.client()
        var stepCounts: Set<Int> = []
        var last: LSN = 0
        for number in 0..<3 {
            #expect(try await eventually { try await client.ping() > last + 60 })
            last = try await client.ping()
            let path = self.path("moment\(number).ndjson")
            let exported = try daemon.invctl("export", path)
            #expect(exported.code == 0, "\(exported.errors)")
            let text = String(decoding: try self.bytes("moment\(number).ndjson"), as: UTF8.self)
            stepCounts.insert(text.split(separator: "\n").count { $0.hasPrefix("{\"step\"") })
            // The import ends by comparing every balance and the whole ledger.
            let other = try Daemon()
            let imported = try other.invctl("import", path)
            #expect(imported.code == 0, "\(imported.errors)")
        }
        over.isRaised.store(true, ordering: .relaxed)
        try await filling.value
        #expect(stepCounts.count == 3, "writes continued meanwhile")
    }

    @Test func `the largest possible step restores as one step`() async throws {
        let daemon = try Daemon()
        let ids = try await daemon.client().stockedProducts(3, stock: 10)
        let commands = (0..<Limits.batchMax).map { number in
            let line = RestockLine(product: ids[number % 3], quantity: 1, unitCost: Money(7))
            return Command.restock(Restock(lines: [line], reference: "PO-\(number)"))
        }
        let done = try await daemon.client().done(.batch(commands, .atomic))
        try await daemon.client().done(.reverse(Reversal(lsn: done.lsn, reason: .correction)))
        try await self.checkRoundTrip(daemon)
    }

    // MARK: - Files

    @Test func `a compressed export restores, with each installed program`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(20, stock: 7)
        let digest = try daemon.invctl("export", "--digest").output
        for (ending, program) in [("gz", "gzip"), ("xz", "xz"), ("lz4", "lz4"), ("zst", "zstd")] {
            let path = self.path("packed.ndjson.\(ending)")
            let exported = try daemon.invctl("export", path)
            guard exported.code == 0 else {
                // The only valid reason is a missing program.
                #expect(exported.errors.contains("\(program) is not installed"))
                #expect(!FileManager.default.fileExists(atPath: path))
                continue
            }
            #expect(try self.bytes("packed.ndjson.\(ending)").first != 0x7B, "it is compressed")
            let other = try Daemon()
            #expect(try other.invctl("import", path).code == 0)
            #expect(try other.invctl("export", "--digest").output == digest, "\(program)")
            let piped = try Daemon()
            let input = try self.bytes("packed.ndjson.\(ending)")
            #expect(try piped.invctl("import", "-", input: input).code == 0)
            #expect(try piped.invctl("export", "--digest").output == digest, "\(program)")
        }
    }

    @Test func `an export that cannot be written leaves no file and says why`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(2, stock: 7)
        let full = try daemon.invctl("export", "/dev/full", "--what", "all")
        #expect(full.code == 1)
        #expect(full.errors.contains("/dev/full: No space left on device"))
        #expect(full.errors.contains("The disk is full"))
        let nowhere = try daemon.invctl("export", self.path("no/such/folder.ndjson"))
        #expect(nowhere.code == 1)
        #expect(nowhere.errors.contains("No such file or directory"))
        let unpacked = try Daemon.run(
            "invctl",
            ["export", self.path("a.ndjson.xz")],
            server: daemon.address.description,
            environment: ["PATH": "/nonexistent"]
        )
        #expect(unpacked.code == 1)
        #expect(unpacked.errors.contains("a.ndjson.xz: xz is not installed"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: self.folder.path).isEmpty)
    }

    // MARK: - Invalid exports

    @Test func `a file that is not a whole export in this currency changes nothing`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(3, stock: 7)
        try daemon.invctl("export", self.path("whole.ndjson"))
        let whole = try self.bytes("whole.ndjson")

        let filled = try daemon.invctl("import", self.path("whole.ndjson"))
        #expect(filled.code == 4)
        #expect(filled.errors.contains("not_empty  this database has 3 products and 3 movements"))

        let pounds = try Daemon(["--currency", "GBP"])
        let other = try pounds.invctl("import", self.path("whole.ndjson"))
        #expect(other.code == 4)
        #expect(other.errors.contains("the export is in USD, this database in GBP"))
        #expect(try await pounds.client().query(.products(ProductSearch())).table.rowCount == 0)

        var newer = whole
        newer.replaceSubrange(0..<9, with: Data("{\"invd\":2,".utf8.prefix(9)))
        let empty = try Daemon()
        let result = try empty.invctl("import", "-", input: newer)
        #expect(result.errors.contains("unsupported_version  the export has format 2"))
        var wrong = whole
        wrong[wrong.firstIndex(of: 0x50) ?? 0] = 0xFF
        let bytes = try empty.invctl("import", "-", "--dry-run", input: wrong)
        #expect(bytes.code == 1)
        #expect(bytes.errors.contains("is not UTF-8"))
        let text = String(decoding: whole, as: UTF8.self)
        let edited = text.replacing("Product 1", with: "Produkt 1")
        let changed = try empty.invctl("import", "-", "--dry-run", input: Data(edited.utf8))
        #expect(changed.errors.contains("the file was changed since it was written"))
        let dry = try empty.invctl("import", "-", "--dry-run", input: whole)
        #expect(dry.output.contains("can be restored; nothing written"))
        #expect(try await empty.client().query(.products(ProductSearch())).table.rowCount == 0)
    }

    @Test func `a truncated file is reported, and the whole file resumes from there`()
        async throws
    {
        let daemon = try Daemon()
        let ids = try await daemon.client().stockedProducts(40, stock: 1_000)
        for id in ids {
            let line = SaleLine(product: id, quantity: 3)
            try await daemon.client().done(.sell(Sale(lines: [line])))
        }
        try daemon.invctl("export", self.path("whole.ndjson"))
        let whole = try self.bytes("whole.ndjson")
        let other = try Daemon()
        for share in [0.6, 0.7, 0.8] {
            let cut = whole.prefix(Int(Double(whole.count) * share))
            let result = try other.invctl("import", "-", input: Data(cut))
            #expect(result.code == 1)
            #expect(
                result.errors.contains("the export is truncated after line"),
                "\(result.errors)"
            )
        }
        let done = try other.invctl("import", "-", input: whole)
        #expect(done.code == 0, "\(done.errors)")
        #expect(done.output.contains("resumed an earlier run"))
        let digest = try daemon.invctl("export", "--digest").output
        #expect(try other.invctl("export", "--digest").output == digest)
    }

    // MARK: - Kills and concurrent imports

    @Test func `killed and concurrent imports of an export have the same result`()
        async throws
    {
        let daemon = try Daemon()
        var shop = RandomShop(daemon, seed: 9)
        try await shop.fill(600)
        try daemon.invctl("export", self.path("whole.ndjson"))
        let digest = try daemon.invctl("export", "--digest").output
        let other = try Daemon()
        var counts: [Int64] = []
        for _ in 0..<3 {
            let running = try RunningClient(other, ["import", self.path("whole.ndjson")])
            counts.append(try await running.kill(beyond: (counts.last ?? 0) + 50, in: other))
        }
        let total = try await daemon.client().query(.ledger(LedgerQuery())).table.rowCount
        #expect(counts[0] < total, "it was killed in the middle")
        let pair = try (0..<2).map { _ in
            try RunningClient(other, ["import", self.path("whole.ndjson")])
        }
        // One may find that the other is ahead; each step is executed once.
        _ = pair.map { $0.wait() }
        let last = try other.invctl("import", self.path("whole.ndjson"))
        #expect(last.code == 0, "\(last.errors)")
        #expect(try other.invctl("export", "--digest").output == digest)
        _ = try await other.client().verified()
    }

    @Test
    func `a sales import that is killed three times has the digest of an uninterrupted one`()
        async throws
    {
        let sales = Bundle.module.bundleURL.appending(path: "Resources/sales.csv").path
        let clean = try Daemon(["--currency", "GBP"])
        try clean.invctl(ImportTests.mapping, input: Data(contentsOf: URL(fileURLWithPath: sales)))
        let digest = try clean.invctl("export", "--digest").output
        let total = try await clean.client().query(.ledger(LedgerQuery())).table.rowCount

        let daemon = try Daemon(["--currency", "GBP"])
        var counts: [Int64] = []
        for _ in 0..<3 {
            let running = try RunningClient(daemon, ImportTests.mapping, input: sales)
            counts.append(try await running.kill(beyond: counts.last ?? 0, in: daemon))
        }
        #expect(counts[0] < total, "it was killed in the middle")
        let last = try RunningClient(daemon, ImportTests.mapping, input: sales)
        // Some rows of the file are rejected.
        #expect(last.wait() == 8)
        #expect(try daemon.invctl("export", "--digest").output == digest)
    }

    @Test func `a reservation that is past its expiry expires, and a note says so`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        let ids = try await client.stockedProducts(1, stock: 9)
        let lines = [ReserveLine(product: ids[0], quantity: 4)]
        for seconds: Int64 in [2, 86_400] {
            try await client.done(
                .reserve(Reserve(lines: lines, expiry: .after(seconds: seconds)))
            )
        }
        try daemon.invctl("export", self.path("open.ndjson"))
        try #require(
            String(decoding: try self.bytes("open.ndjson"), as: UTF8.self)
                .contains("\"expiresAt\"")
        )
        try await Task.sleep(for: .seconds(3))
        let other = try Daemon()
        let result = try other.invctl("import", self.path("open.ndjson"))
        #expect(result.code == 0, "\(result.errors)")
        #expect(result.errors.contains("1 reservations were past their expiry"), "\(result.errors)")
        let looking = other.client()
        let isExpired = try await eventually {
            let query = ReservationQuery(id: ReservationID(1))
            return try await looking.reservations(query).rows.first?.state == .expired
        }
        #expect(isExpired)
        #expect(try await other.client().level(ProductID(1)).available == 5)
    }
}
