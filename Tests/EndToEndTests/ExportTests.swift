import Bytes
import Foundation
import Glibc
import InventoryClient
import InventoryModel
import InventoryTestSupport
import Synchronization
import Testing

/// Whole exports.
@Suite struct ExportTests {
    private let folder = TemporaryDirectory()

    private func path(_ name: String) -> String { "\(self.folder.path)/\(name)" }

    private func bytes(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: self.path(name)))
    }

    /// Exports everything, and returns the lines.
    private func export(_ daemon: Daemon, _ name: String) throws -> [Substring] {
        let exported = try daemon.invctl("export", self.path(name))
        try #require(exported.code == 0, "\(exported.errors)")
        return String(decoding: try self.bytes(name), as: UTF8.self).split(separator: "\n")
    }

    @Test(arguments: [1, 2] as [UInt64])
    func `an export of a restored database is the same bytes, and its checksum is the same`(
        seed: UInt64
    ) async throws {
        let daemon = try Daemon()
        if seed == 1 {
            try await EventfulShop(daemon).fill()
        } else {
            var shop = RandomShop(daemon, seed: seed)
            try await shop.fill(500)
        }
        let lines = try self.export(daemon, "first.ndjson")
        let checksum = try daemon.invctl("export", "--digest").output
        #expect(checksum.count == 17)
        #expect(try daemon.invctl("backup", self.path("backup")).code == 0)
        let restored = try Daemon.run("invd", ["restore", self.path("copy"), self.path("backup")])
        #expect(restored.code == 0, "\(restored.errors)")
        let copy = try Daemon(onCopyOf: URL(fileURLWithPath: self.path("copy")))
        #expect(try self.export(copy, "second.ndjson") == lines)
        #expect(try copy.invctl("export", "--digest").output == checksum)
    }

    @Test func `an export says that it cannot be imported, and what can be restored`() async throws
    {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(3, stock: 7)
        _ = try self.export(daemon, "whole.ndjson")
        let empty = try Daemon()
        for options in [[], ["--dry-run"], ["--as", "sales"]] {
            let refused = try empty.invctl(["import", self.path("whole.ndjson")] + options)
            #expect(refused.code == 1)
            #expect(refused.errors.contains("cannot be imported"), "\(refused.errors)")
            #expect(refused.errors.contains("invctl backup"), "\(refused.errors)")
        }
        #expect(try await empty.client().query(.products(ProductSearch())).table.rowCount == 0)
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
            try self.checkBalances(text)
        }
        over.isRaised.store(true, ordering: .relaxed)
        try await filling.value
        #expect(stepCounts.count == 3, "writes continued meanwhile")
    }

    /// Checks that each balance of an export is the sum of the movements in it.
    private func checkBalances(_ text: String) throws {
        struct Line: Decodable {
            struct Movement: Decodable {
                var product: Int
                var location: Int
                var onHand: Decimal?
            }
            var lines: [Movement]?
            var level: [Int]?
            var onHand: Decimal?
        }
        var sums: [[Int]: Decimal] = [:]
        var levels: [[Int]: Decimal] = [:]
        for line in text.split(separator: "\n") {
            let line = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
            for movement in line.lines ?? [] {
                sums[[movement.product, movement.location], default: 0] += movement.onHand ?? 0
            }
            if let level = line.level { levels[level] = line.onHand ?? 0 }
        }
        #expect(sums.filter { $0.value != 0 } == levels.filter { $0.value != 0 })
        #expect(!levels.isEmpty)
    }

    // MARK: - Files

    @Test func `a compressed export has the same lines, with each installed program`() async throws
    {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(20, stock: 7)
        _ = try self.export(daemon, "plain.ndjson")
        let plain = try self.bytes("plain.ndjson")
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
            #expect(try self.unpacked(path, program) == plain)
        }
    }

    private func unpacked(_ path: String, _ program: String) throws -> Data {
        let output = self.path("unpacked")
        let file = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer { close(file) }
        let process = try ChildProcess(
            URL(fileURLWithPath: "/usr/bin/env"),
            [program, "-dc", path],
            environment: ProcessInfo.processInfo.environment,
            output: file,
            errors: file
        )
        #expect(process.wait() == 0)
        return try Data(contentsOf: URL(fileURLWithPath: output))
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

    @Test(arguments: ["backup", "export"])
    func `a file that exists is replaced only on request`(command: String) async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(2, stock: 7)
        let path = self.path("shop.csv")
        try Data("mine".utf8).write(to: URL(fileURLWithPath: path))
        let refused = try daemon.invctl(command, path)
        #expect(refused.code == 4)
        #expect(refused.errors.contains("shop.csv exists already"), "\(refused.errors)")
        #expect(refused.errors.contains("--force"), "\(refused.errors)")
        #expect(try self.bytes("shop.csv") == Data("mine".utf8))
        let replaced = try daemon.invctl(command, path, "--force")
        #expect(replaced.code == 0, "\(replaced.errors)")
        #expect(try self.bytes("shop.csv") != Data("mine".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: self.folder.path).count == 1)
    }

    // MARK: - Equal histories

    /// Writes the sales of the resource ten times, each under other receipts: an import that is not over before
    /// it is killed.
    private func longSales() throws -> String {
        let resource = Bundle.module.bundleURL.appending(path: "Resources/sales.csv")
        let text = try String(contentsOf: resource, encoding: .utf8)
        let lines = text.split(whereSeparator: \.isNewline)
        var all = [lines[0]]
        for copy in 0..<10 {
            all += lines.dropFirst().map { line in
                let comma = line.firstIndex(of: ",") ?? line.endIndex
                return "\(line[..<comma])-\(copy)\(line[comma...])"
            }
        }
        let path = self.path("sales.csv")
        try all.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    @Test
    func `a sales import that is killed three times exports the bytes of an uninterrupted one`()
        async throws
    {
        let sales = try self.longSales()
        let clean = try Daemon(["--currency", "GBP"])
        try clean.invctl(ImportTests.mapping, input: Data(contentsOf: URL(fileURLWithPath: sales)))
        let lines = try self.export(clean, "clean.ndjson")
        let total = try await clean.client().statistics()["movements"] ?? 0

        let daemon = try Daemon(["--currency", "GBP"])
        var counts: [Int64] = []
        for _ in 0..<3 {
            let running = try RunningClient(daemon, ImportTests.mapping, input: sales)
            counts.append(try await running.kill(beyond: counts.last ?? 0, in: daemon))
        }
        #expect(counts[0] < total, "it was killed in the middle")
        let last = try RunningClient(daemon, ImportTests.mapping, input: sales)
        #expect(last.wait() == 0)
        #expect(try self.export(daemon, "killed.ndjson") == lines)
    }
}
