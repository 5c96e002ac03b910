import Bytes
import Foundation
import Glibc
import InventoryClient
import InventoryModel
import Testing

/// `invd check` and `invd repair` on damaged files of a stopped daemon.
@Suite struct OfflineTests {
    /// Returns a stopped daemon with several log files and two snapshots, all with parity.
    private func stopped() async throws -> Daemon {
        let daemon = try Daemon(["--log-file-mib", "1", "--snapshot-mib", "1024"])
        let client = daemon.client()
        let products = try await client.stockedProducts(50, stock: 1_000_000)
        for round in 0..<8 {
            // Incompressible notes fill the log.
            let sales = (0..<2_000).map { number in
                let note = (0..<6).map { _ in "\(UInt64.random(in: 0 ... .max))" }
                let line = SaleLine(product: products[number % 50], quantity: 1)
                return Command.sell(Sale(lines: [line], note: note.joined(separator: "-")))
            }
            _ = try await client.send(.batch(sales, .errorsOnly))
            if round > 5 { #expect(try daemon.invctl("snapshot").code == 0) }
        }
        // Parity is written on a timer, shortly afterwards.
        #expect(try await eventually { try self.names(daemon, ".invpar").count >= 6 })
        #expect(daemon.stop() == 0)
        return daemon
    }

    private func names(_ daemon: Daemon, _ suffix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: daemon.directory.path)
            .filter { $0.hasSuffix(suffix) }.sorted()
    }

    private func invd(_ command: String, _ daemon: Daemon, _ options: String...) throws -> Finished
    {
        try Daemon.run("invd", [command, daemon.directory.path] + options)
    }

    private func damage(_ daemon: Daemon, _ name: String, _ offsets: [Int]) throws {
        let url = URL(fileURLWithPath: daemon.directory.path + "/" + name)
        var bytes = try Data(contentsOf: url)
        for offset in offsets { bytes[offset] ^= 0x40 }
        try bytes.write(to: url)
    }

    private func contents(_ daemon: Daemon) throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for name in try self.names(daemon, "") {
            let url = URL(fileURLWithPath: daemon.directory.path + "/" + name)
            contents[name] = try Data(contentsOf: url)
        }
        return contents
    }

    @Test func `an undamaged directory passes the check and is not changed`() async throws {
        let daemon = try await self.stopped()
        let before = try self.contents(daemon)
        let check = try self.invd("check", daemon)
        #expect(check.code == 0, "\(check.output)\(check.errors)")
        #expect(check.lines.last == "sound     everything is as it was written")
        let repair = try self.invd("repair", daemon)
        #expect(repair.code == 0 && repair.lines.first?.hasPrefix("nothing") == true)
        #expect(try self.contents(daemon) == before)
    }

    @Test func `the directory of a killed server is sound, though parity may be incomplete`()
        async throws
    {
        let daemon = try Daemon(["--log-file-mib", "1"])
        _ = try await daemon.client().stockedProducts(5, stock: 10)
        #expect(try daemon.invctl("snapshot").code == 0)
        daemon.kill()
        let check = try self.invd("check", daemon)
        #expect(check.code == 0, "\(check.output)")
        #expect(check.lines.last?.hasPrefix("sound") == true)
    }

    @Test func `a damaged page is named, then repaired by a repair or by a start`() async throws {
        let daemon = try await self.stopped()
        let before = try self.contents(daemon)
        let log = try #require(self.names(daemon, ".invlog").first { $0.hasPrefix("log-") })
        let blocks = try #require(self.names(daemon, ".invblk").last)
        try self.damage(daemon, log, [9_000])
        try self.damage(daemon, blocks, [100])
        let damaged = try self.contents(daemon)
        let check = try self.invd("check", daemon)
        // A server repairs it at start, so the check's verdict is that of a start.
        #expect(check.code == 0, "\(check.output)")
        #expect(check.output.contains("\(log), byte 8192: can be restored from parity"))
        #expect(check.output.contains("\(blocks), byte 0: can be restored from parity"))
        #expect(try self.invd("repair", daemon).output.contains("would heal"))
        #expect(try self.contents(daemon) == damaged)
        #expect(try self.invd("repair", daemon, "--write").code == 0)
        #expect(try self.contents(daemon) == before)

        // A start repairs the pages that it needs by itself.
        try self.damage(daemon, blocks, [100])
        try daemon.start()
        _ = try await daemon.client().verified()
        let stats = try daemon.invctl("stats").lines
        #expect(stats.contains { $0.hasPrefix("healedPages") && $0.hasSuffix("1") })
    }

    @Test func `the scrub of a running server repairs pages that a start does not read`()
        async throws
    {
        let daemon = try await self.stopped()
        let before = try self.contents(daemon)
        let log = try #require(self.names(daemon, ".invlog").first { $0.hasPrefix("log-") })
        try self.damage(daemon, log, [9_000])
        try daemon.start(["--log-file-mib", "1", "--scrub-seconds", "1"])
        var stats = ""
        let isHealed = try await eventually {
            stats = try daemon.invctl("stats", "-o", "csv").output
                .replacingOccurrences(of: ",", with: "\t")
            return stats.contains("healedPages\t1")
        }
        #expect(isHealed && stats.contains("lostPages\t0"), "\(stats)")
        #expect(try self.contents(daemon)[log] == before[log])
        #expect(daemon.stop() == 0)
        #expect(try self.invd("check", daemon).code == 0)
    }

    @Test func `an unrepairable snapshot is replaced by the previous one, without loss`()
        async throws
    {
        let daemon = try await self.stopped()
        let newest = try #require(self.names(daemon, ".invsnap").last)
        let parity = newest.replacingOccurrences(of: ".invsnap", with: ".invpar")
        try self.damage(daemon, newest, [40])
        try self.damage(daemon, parity, [8])
        let refused = try Daemon.run("invd", ["--data-dir", daemon.directory.path])
        #expect(refused.code == 3 && refused.errors.contains(newest))
        let repair = try self.invd("repair", daemon, "--write")
        #expect(repair.code == 0 && repair.output.contains("aside-\(newest)"))
        try daemon.start()
        let client = daemon.client()
        #expect(try await client.level(ProductID(1)).onHand == 1_000_000 - 320)
        _ = try await client.verified()
    }

    @Test
    func `damage that a start does not read is named, and files are neither refused nor set aside`()
        async throws
    {
        let daemon = try await self.stopped()
        let log = try #require(self.names(daemon, ".invlog").first { $0.hasPrefix("log-") })
        let snapshots = try self.names(daemon, ".invsnap")
        #expect(snapshots.count == 2)
        // Damage that parity cannot repair: the first pages of the log's oldest file, and the older
        // snapshot with its parity.
        try self.damage(daemon, log, (0..<8).map { $0 * 4_096 })
        try self.damage(daemon, snapshots[0], [40])
        let parity = snapshots[0].replacingOccurrences(of: ".invsnap", with: ".invpar")
        try self.damage(daemon, parity, [8])
        let check = try self.invd("check", daemon)
        #expect(check.code == 0, "\(check.output)")
        #expect(check.lines.last?.hasPrefix("sound     a start serves everything") == true)
        #expect(check.output.contains("\(log), byte 0: cannot be restored from parity"))
        #expect(
            check.output.contains(
                "reduced   the older snapshot, which a start does not need, is damaged"
            )
        )
        #expect(check.lines.contains { $0.hasPrefix("noted") && $0.contains(log) })
        let repair = try self.invd("repair", daemon, "--write")
        #expect(repair.code == 0 && !repair.output.contains("aside"), "\(repair.output)")
        #expect(try self.names(daemon, ".invsnap") == snapshots)
        #expect(try self.invd("check", daemon).code == 0)
        try daemon.start()
        let client = daemon.client()
        #expect(try await client.level(ProductID(1)).onHand == 1_000_000 - 320)
        _ = try await client.verified()
        #expect(daemon.stop() == 0)
        #expect(try self.invd("check", daemon).code == 0)
    }

    @Test func `only unrepairable steps are dropped, and only on request`() async throws {
        let daemon = try await self.stopped()
        for name in try self.names(daemon, ".invsnap") {
            try FileManager.default.removeItem(atPath: daemon.directory.path + "/" + name)
        }
        let logs = try self.names(daemon, ".invlog").filter { $0.hasPrefix("log-") }
        let last = try #require(logs.last)
        let before = try self.contents(daemon)[last]
        // The first block of the newest file, which has no parity.
        try self.damage(daemon, last, [4_096 + 200])
        let plan = try self.invd("repair", daemon)
        #expect(plan.code == 3)
        #expect(plan.lines.last?.contains("use --cut") == true, "\(plan.output)")
        let cut = try self.invd("repair", daemon, "--cut", "--write")
        #expect(cut.code == 0, "\(cut.output)")
        #expect(cut.output.contains("steps from LSN \(Int(last.dropFirst(4).prefix(20)) ?? 0) on"))
        let kept = try #require(try self.contents(daemon)["aside-" + last])
        #expect(kept.count == before?.count)
        try daemon.start()
        _ = try await daemon.client().verified()
    }

    @Test func `a missing newest log file is refused, until its steps are dropped`()
        async throws
    {
        let daemon = try await self.stopped()
        let logs = try self.names(daemon, ".invlog").filter { $0.hasPrefix("log-") }
        let newest = try #require(logs.last)
        let first = Int(newest.dropFirst(4).prefix(20)) ?? 0
        try FileManager.default.removeItem(atPath: daemon.directory.path + "/" + newest)
        let check = try self.invd("check", daemon)
        let start = try Daemon.run("invd", ["--data-dir", daemon.directory.path])
        for said in [check.output, start.errors] {
            #expect(said.contains("\(newest), the newest file of the log, is missing"), "\(said)")
        }
        #expect(check.code == 3 && start.code == 3)
        let plan = try self.invd("repair", daemon)
        #expect(plan.code == 3 && plan.lines.last?.contains("LSN \(first) on") == true)
        let repair = try self.invd("repair", daemon, "--cut", "--write")
        #expect(repair.code == 0, "\(repair.output)")
        #expect(try self.invd("check", daemon).code == 0)
        try daemon.start()
        _ = try await daemon.client().verified()
    }

    @Test func `a directory has one server, whatever state its files are in`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(1, stock: 5)
        unlink(daemon.directory.path + "/lock")
        #expect(try Daemon.run("invd", ["--data-dir", daemon.directory.path]).code == 4)
        #expect(try self.invd("check", daemon).code == 4)
        _ = try await daemon.client().verified()
    }

    @Test func `check and repair refuse a directory with a running server or without a database`()
        async throws
    {
        let daemon = try Daemon()
        #expect(try self.invd("check", daemon).code == 4)
        #expect(try self.invd("repair", daemon, "--write").code == 4)
        let nowhere = try Daemon.run("invd", ["check", daemon.directory.path + "/nowhere"])
        #expect(nowhere.code == 1 && nowhere.errors.contains("No such file"))
        #expect(try Daemon.run("invd", ["check"]).code == 2)
    }
}
