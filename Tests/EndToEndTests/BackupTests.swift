import Bytes
import Foundation
import Glibc
import InventoryClient
import InventoryModel
import InventoryTestSupport
import InventoryWire
import Synchronization
import Testing

/// `invctl backup` and `invd restore`, with real processes.
@Suite struct BackupTests {
    private let folder = TemporaryDirectory()

    private func path(_ name: String) -> String { "\(self.folder.path)/\(name)" }

    private func restore(
        _ name: String,
        from backup: String,
        _ options: String...
    ) throws -> Finished {
        try Daemon.run("invd", ["restore", self.path(name), self.path(backup)] + options)
    }

    /// Starts a daemon on a restored directory.
    private func daemon(on name: String) throws -> Daemon {
        try Daemon(onCopyOf: URL(fileURLWithPath: self.path(name)))
    }

    /// What a shop asks about its present and its past.
    private func answers(_ daemon: Daemon, asOf points: [String]) throws -> [String: String] {
        var questions = [
            "product list --status all", "stock show", "ledger list", "ledger refusals",
            "reserve list", "stock transfer list", "category list", "location list",
            "insight refused --window all", "insight margin --window all", "product history P-1",
        ]
        for point in points {
            questions += ["stock show --as-of \(point)", "product list --as-of \(point)"]
        }
        var answers: [String: String] = [:]
        for question in questions {
            let words = question.split(separator: " ").map { String($0) }
            let answer = try daemon.invctl(words + ["-o", "csv"])
            answers[question] = "\(answer.code)\n\(answer.output)"
        }
        return answers
    }

    private func lsn(_ daemon: Daemon) async throws -> UInt64 {
        try await daemon.client().ping().value
    }

    private func now() -> String {
        Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)).rfc3339
    }

    // MARK: - The whole

    @Test(arguments: [false, true])
    func `a restored database gives the same answers, present and past, and to retries`(
        hasSnapshots: Bool
    ) async throws {
        let daemon = try Daemon()
        var points: [String] = []
        var shop = RandomShop(daemon, seed: 11)
        try await shop.fill(150)
        points += ["\(try await self.lsn(daemon))", self.now()]
        if hasSnapshots { #expect(try daemon.invctl("snapshot").code == 0) }
        #expect(try daemon.invctl("stock", "restock", "P-1=50@4.00").code == 0)
        let sale = try daemon.invctl("sell", "P-1=1", "--id", "till-1-7", "-o", "json")
        #expect(sale.code == 0, "\(sale.errors)")
        let price = ["product", "set", "P-1", "--price", "77.00", "--name", "Renamed"]
        #expect(try daemon.invctl(price).code == 0)
        let refused = try daemon.invctl("sell", "P-1=100000")
        #expect(refused.code == 5)
        if hasSnapshots { #expect(try daemon.invctl("snapshot").code == 0) }
        #expect(try daemon.invctl("reserve", "new", "P-3=1", "--for", "2h").code <= 5)

        let before = try self.answers(daemon, asOf: points)
        let checksum = try await daemon.client().verified()
        let backup = try daemon.invctl("backup", self.path("backup"), "-o", "json")
        #expect(backup.code == 0, "\(backup.errors)")
        #expect(backup.output.contains("\"stateChecksum\":\"\(checksum)\""))
        daemon.kill()

        let restored = try self.restore("copy", from: "backup")
        #expect(restored.code == 0, "\(restored.errors)")
        #expect(restored.output.contains(checksum))
        let copy = try self.daemon(on: "copy")
        #expect(try await copy.client().verified() == checksum)
        let after = try self.answers(copy, asOf: points)
        for (question, answer) in before { #expect(after[question] == answer, "\(question)") }
        let again = try copy.invctl("sell", "P-1=1", "--id", "till-1-7", "-o", "json")
        #expect(again.code == sale.code && again.output.contains("\"replayed\":true"))
        let reused = try copy.invctl("sell", "P-2=1", "--id", "till-1-7")
        #expect(reused.code == 4, "\(reused.errors)")
        #expect(copy.stop() == 0)
        #expect(try Daemon.run("invd", ["check", copy.directory.path]).code == 0)
    }

    @Test func `a session goes on in a restored database where it was`() async throws {
        let daemon = try Daemon()
        let product = try await daemon.client().stockedProducts(1, stock: 100)[0]
        let session = SessionID(high: 7, low: 8)
        let sale = Command.sell(Sale(lines: [SaleLine(product: product, quantity: 1)]))
        let first = daemon.client("till", session: session)
        let outcomes = [try await first.send(sale), try await first.send(sale)]
        #expect(try daemon.invctl("backup", self.path("backup")).code == 0)
        #expect(try self.restore("copy", from: "backup").code == 0)
        let copy = try self.daemon(on: "copy")
        let again = copy.client("till", session: session)
        _ = try await again.openSession()
        again.resume(from: 1)
        let replayed = [try await again.send(sale), try await again.send(sale)]
        #expect(replayed == outcomes)
        #expect(try await copy.client().level(product).onHand == 98)
    }

    @Test func `a restored database is a new one, and can be backed up in turn`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(3, stock: 5)
        #expect(try daemon.invctl("backup", self.path("backup")).code == 0)
        #expect(try self.restore("copy", from: "backup").code == 0)
        let copy = try self.daemon(on: "copy")
        #expect(try copy.invctl("sell", "P-1=1").code == 0)
        let second = try copy.invctl("backup", self.path("second"))
        #expect(second.code == 0, "\(second.errors)")
        let checksum = try await copy.client().verified()
        #expect(try self.restore("again", from: "second").output.contains(checksum))
        let ids = try [daemon, copy].map { daemon in
            let name = daemon.directory.appending(path: "database.invid")
            return Array(try Data(contentsOf: name)[16..<32])
        }
        #expect(ids[0] != ids[1])
    }

    @Test func `a backup goes through a pipe to a restore`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(2, stock: 5)
        let backup = try daemon.invctl("backup", "-")
        #expect(backup.code == 0 && backup.errors.contains("state checksum"))
        #expect(try daemon.invctl("backup", self.path("backup")).code == 0)
        let input = try Data(contentsOf: URL(fileURLWithPath: self.path("backup")))
        let restored = try Daemon.run("invd", ["restore", self.path("copy"), "-"], input: input)
        #expect(restored.code == 0, "\(restored.errors)")
    }

    // MARK: - A point in time

    @Test func `any step and time from the image on can be restored, and no earlier or later one`()
        async throws
    {
        let daemon = try Daemon()
        let client = daemon.client()
        let product = try await client.stockedProducts(1, stock: 1_000)[0]
        let one = Command.sell(Sale(lines: [SaleLine(product: product, quantity: 1)]))
        var points: [(lsn: UInt64, time: String, onHand: Int64)] = []
        for round in 0..<6 {
            if round == 2 || round == 3 { #expect(try daemon.invctl("snapshot").code == 0) }
            for _ in 0..<10 { try await client.done(one) }
            let done = try await client.done(one)
            let onHand = try await client.level(product).onHand
            points.append((done.lsn.value, done.time.rfc3339, onHand))
            try await Task.sleep(for: .milliseconds(2))
        }
        let taken = try daemon.invctl("backup", self.path("backup"), "-o", "json")
        #expect(taken.output.contains("\"earliestLsn\":\(points[1].lsn)"), "\(taken.output)")
        for (number, point) in points.enumerated().dropFirst() {
            for (kind, until) in [("lsn", "\(point.lsn)"), ("time", point.time)] {
                let name = "\(kind)-\(number)"
                let restored = try self.restore(name, from: "backup", "--until", until)
                #expect(restored.code == 0, "\(until): \(restored.errors)")
                let copy = try self.daemon(on: name)
                #expect(try await copy.client().level(product).onHand == point.onHand)
                #expect(try await self.lsn(copy) == point.lsn)
                _ = try await copy.client().verified()
            }
        }
        let last = points[5].lsn
        let refusals = [
            ("\(points[1].lsn - 1)", "begins with LSN \(points[1].lsn)"),
            (points[0].time, "begins with LSN \(points[1].lsn)"), ("\(last + 1)", "LSN \(last)"),
            ("2100-01-01T00:00:00Z", "LSN \(last)"),
        ]
        for (until, says) in refusals {
            let refused = try self.restore("refused", from: "backup", "--until", until)
            #expect(refused.code == 1 && refused.errors.contains(says), "\(refused.errors)")
            self.expectNothing("refused")
        }
        for wrong in ["yesterday", "0", "2026-13-01T00:00:00Z", "2026-03-01T12:30:00"] {
            #expect(try self.restore("wrong", from: "backup", "--until", wrong).code == 2)
        }
    }

    private func expectNothing(_ name: String) {
        for path in [self.path(name), self.path(name) + ".restoring"] {
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    // MARK: - Damage and faults

    @Test func `a damaged, cut off or foreign file, or a directory in the way, is refused by name`()
        async throws
    {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(20, stock: 5)
        #expect(try daemon.invctl("backup", self.path("backup")).code == 0)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: self.path("backup")))
        var flipped = bytes
        flipped[bytes.count / 2] ^= 4
        let cases: [(Data, String)] = [
            (bytes.prefix(300), "incomplete"), (bytes.dropLast(), "incomplete"),
            (flipped, "is damaged at byte"), (bytes + [0], "continues after its end"),
            (Data("sku,stock\n".utf8), "is not a backup"), (Data(), "is not a backup"),
        ]
        for (content, says) in cases {
            try content.write(to: URL(fileURLWithPath: self.path("bad")))
            let refused = try self.restore("none", from: "bad")
            #expect(refused.code == 3 && refused.errors.contains(says), "\(refused.errors)")
            #expect(refused.errors.contains(self.path("bad")))
            self.expectNothing("none")
        }
        #expect(try self.restore("none", from: "absent").code == 1)
        let inTheWay = self.path("here")
        try FileManager.default.createDirectory(
            atPath: inTheWay,
            withIntermediateDirectories: false
        )
        let refused = try self.restore("here", from: "backup")
        #expect(refused.code == 1 && refused.errors.contains("exists already"))
        try FileManager.default.createDirectory(
            atPath: self.path("other.restoring"),
            withIntermediateDirectories: false
        )
        try Data("mine".utf8).write(to: URL(fileURLWithPath: self.path("other.restoring/notes")))
        #expect(try self.restore("other", from: "backup").code == 1)
        #expect(FileManager.default.fileExists(atPath: self.path("other.restoring/notes")))
    }

    @Test func `a full device is an error of the backup, and no file is left`() async throws {
        let daemon = try Daemon()
        _ = try await daemon.client().stockedProducts(2, stock: 5)
        let full = try daemon.invctl("backup", "/dev/full")
        #expect(full.code == 1 && full.errors.contains("No space left"), "\(full.errors)")
        let absent = try daemon.invctl("backup", self.path("no/such/directory"))
        #expect(absent.code == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: self.folder.path).isEmpty)
    }

    @Test func `a server that stops or is killed during a backup leaves no file of that name`()
        async throws
    {
        for signal in [SIGTERM, SIGKILL] {
            let daemon = try Daemon(["--backup-mib-per-second", "1"])
            try await self.fill(daemon, mebibytes: 3)
            let backup = try self.begin(daemon, "backup")
            #expect(try await eventually { self.partialByteCount > 300_000 })
            daemon.signal(signal)
            #expect(backup.wait() != 0)
            #expect(daemon.wait() == (signal == SIGTERM ? 0 : 128 + SIGKILL))
            #expect(try FileManager.default.contentsOfDirectory(atPath: self.folder.path).isEmpty)
        }
    }

    @Test func `a client that is killed during a backup leaves the next one free`() async throws {
        let daemon = try Daemon(["--backup-mib-per-second", "1"])
        try await self.fill(daemon, mebibytes: 3)
        let backup = try self.begin(daemon, "backup")
        #expect(try await eventually { self.partialByteCount > 300_000 })
        let second = try daemon.invctl("backup", self.path("second"))
        #expect(second.code != 0 && second.errors.contains("backups at once"), "\(second.errors)")
        backup.signal(SIGKILL)
        backup.wait()
        #expect(!FileManager.default.fileExists(atPath: self.path("backup")))
        // What it left has no end.
        let names = try FileManager.default.contentsOfDirectory(atPath: self.folder.path)
        let part = try #require(names.first { $0.hasSuffix(".part") })
        #expect(try self.restore("copy", from: part).code == 3)
        let client = daemon.client()
        #expect(try await eventually { try await self.isBackedUp(client) })
    }

    /// Whether a backup begins; it is cancelled then.
    private func isBackedUp(_ client: InventoryClient) async throws -> Bool {
        do {
            for try await _ in client.backup() { return true }
            return false
        } catch let error as ClientError where error.refusal?.code == .overloaded {
            return false
        }
    }

    @Test func `a restore that is killed leaves nothing, and the next one succeeds`() async throws {
        let daemon = try Daemon()
        try await self.fill(daemon, mebibytes: 4)
        #expect(try daemon.invctl("backup", self.path("backup")).code == 0)
        let checksum = try await daemon.client().verified()
        for round in 0..<12 {
            let process = try self.program(
                "invd",
                ["restore", self.path("copy"), self.path("backup")]
            )
            usleep(UInt32(round * 12_000))
            process.signal(SIGKILL)
            process.wait()
            let isThere = FileManager.default.fileExists(atPath: self.path("copy"))
            if isThere {
                // It was complete before it was killed.
                let check = try Daemon.run("invd", ["check", self.path("copy")])
                #expect(check.code == 0 && check.output.contains("opens"))
                try FileManager.default.removeItem(atPath: self.path("copy"))
            } else if FileManager.default.fileExists(atPath: self.path("copy.restoring")) {
                let check = try Daemon.run("invd", ["check", self.path("copy.restoring")])
                #expect(!check.output.contains("opens     at LSN 1"), "\(check.output)")
            }
        }
        let restored = try self.restore("copy", from: "backup")
        #expect(restored.code == 0 && restored.output.contains(checksum), "\(restored.errors)")
        #expect(!FileManager.default.fileExists(atPath: self.path("copy.restoring")))
    }

    // MARK: - Under load

    @Test func `backups under load are states of the shop, and sales go on meanwhile`() async throws
    {
        let daemon = try Daemon(["--log-file-mib", "1", "--snapshot-mib", "1"])
        let setup = daemon.client()
        let products = try await setup.stockedProducts(4, stock: 1_000_000)
        let over = Flag()
        let selling = Task {
            var count = 0
            let client = daemon.client("till")
            while !over.isRaised.load(ordering: .relaxed) {
                let note = (0..<6).map { _ in "\(UInt64.random(in: 0 ... .max))" }.joined()
                let sales = products.map { product in
                    Command.sell(
                        Sale(lines: [SaleLine(product: product, quantity: 1)], note: note)
                    )
                }
                try await client.done(.batch(sales, .atomic))
                count += 1
            }
            return count
        }
        for round in 0..<4 {
            let taken = try daemon.invctl("backup", self.path("backup-\(round)"), "--rate", "4")
            #expect(taken.code == 0, "\(taken.errors)")
        }
        over.isRaised.store(true, ordering: .relaxed)
        #expect(try await selling.value > 20)
        daemon.kill()
        for round in 0..<4 {
            let restored = try self.restore("copy-\(round)", from: "backup-\(round)")
            #expect(restored.code == 0, "\(restored.errors)")
            let copy = try self.daemon(on: "copy-\(round)")
            let client = copy.client()
            // Each batch sold one of each product.
            var levels: Set<Int64> = []
            for product in products { levels.insert(try await client.level(product).onHand) }
            #expect(levels.count == 1)
            _ = try await client.verified()
        }
    }

    @Test func `a backup that is too slow for what is logged meanwhile ends, and says why`()
        async throws
    {
        let options = ["--backup-mib-per-second", "1", "--backup-hold-mib", "1"]
        let daemon = try Daemon(options)
        try await self.fill(daemon, mebibytes: 3)
        let client = daemon.client()
        let backup = Task {
            for try await _ in client.backup() {
                // Only its end matters.
            }
        }
        let stats = { try daemon.invctl("stats", "--where", "name = backupBytes", "-o", "csv") }
        #expect(try await eventually { try !stats().output.contains("backupBytes,0") })
        try await self.fill(daemon, mebibytes: 2, prefix: "Q")
        let error = await #expect(throws: ClientError.self) { try await backup.value }
        #expect(error?.refusal?.code == .overloaded)
        let detail = error?.refusal.debugDescription ?? ""
        #expect(detail.contains("--backup-hold-mib"))
    }

    @Test func `a reader that stops costs the server nothing`() async throws {
        let daemon = try Daemon(["--backup-mib-per-second", "0"])
        try await self.fill(daemon, mebibytes: 12)
        let client = daemon.client()
        var iterator = client.backup().makeAsyncIterator()
        _ = try await iterator.next()
        // The backup waits for its reader; sales do not.
        for _ in 0..<50 { #expect(try daemon.invctl("sell", "P-0=1").code == 0) }
        var byteCount = 0
        while let piece = try await iterator.next() {
            if case .bytes(let bytes) = piece { byteCount += bytes.count }
            if case .end(let taken) = piece { #expect(taken.byteCount >= UInt64(byteCount)) }
        }
        #expect(byteCount > 8 << 20)
    }

    // MARK: - Helpers

    /// Sells with incompressible notes, so that a backup has at least this size.
    private func fill(_ daemon: Daemon, mebibytes: Int, prefix: String = "P") async throws {
        let client = daemon.client()
        let product = try await client.stockedProducts(1, stock: 1_000_000, prefix: prefix)[0]
        for _ in 0..<(mebibytes * 4) {
            let sales = (0..<1_000).map { _ in
                let note = (0..<20).map { _ in String(UInt64.random(in: 0 ... .max), radix: 36) }
                let line = SaleLine(product: product, quantity: 1)
                return Command.sell(Sale(lines: [line], note: note.joined()))
            }
            _ = try await client.send(.batch(sales, .errorsOnly))
        }
        try await client.close()
    }

    private func program(
        _ name: String,
        _ words: [String],
        _ daemon: Daemon? = nil
    ) throws
        -> ChildProcess
    {
        var environment = ProcessInfo.processInfo.environment
        environment["INVCTL_SERVER"] = daemon?.address.description
        environment["INVCTL_CONFIG"] = "/nonexistent"
        let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer { close(null) }
        return try ChildProcess(
            Daemon.program(name),
            words,
            environment: environment,
            output: null,
            errors: null
        )
    }

    private func begin(_ daemon: Daemon, _ name: String) throws -> ChildProcess {
        try self.program("invctl", ["backup", self.path(name)], daemon)
    }

    /// The bytes of the unfinished file.
    private var partialByteCount: Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: self.folder.path)) ?? []
        guard let name = names.first(where: { $0.hasSuffix(".part") }) else { return 0 }
        let attributes = try? FileManager.default.attributesOfItem(atPath: self.path(name))
        return attributes?[.size] as? Int ?? 0
    }
}
