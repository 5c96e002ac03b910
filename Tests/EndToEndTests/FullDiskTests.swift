import Bytes
import Foundation
import InventoryClient
import InventoryModel
import InventoryTestSupport
import Testing

/// A disk that is really full: the daemon runs on a small file system of its own.
@Suite struct FullDiskTests {
    /// Mounts a small file system over the data directory, visible only to the daemon.
    private static let launcher = [
        "unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
        "mkdir -p \"$0\" && mount -t tmpfs -o size=24m tmpfs \"$0\" && exec \"$@\"",
    ]

    /// Whether this machine allows mounts in a user namespace.
    private static let canMount: Bool = {
        let words = ["unshare", "--user", "--map-root-user", "--mount", "true"]
        let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer { close(null) }
        let process = try? ChildProcess(
            URL(fileURLWithPath: "/usr/bin/env"),
            words,
            environment: ProcessInfo.processInfo.environment,
            output: null,
            errors: null
        )
        return process?.wait() == 0
    }()

    @Test(.enabled(if: Self.canMount, "needs a user namespace with a mount of its own"))
    func `a full disk refuses writes with a code, never reads, and recovers by itself`()
        async throws
    {
        let daemon = try Daemon(
            ["--log-file-mib", "1", "--snapshot-mib", "2"],
            launcher: Self.launcher
        )
        let client = daemon.client()
        let product = try await client.stockedProducts(1, stock: 10_000_000)[0]
        let watched = Task {
            var count = 0
            let subscription = Subscription(topics: .stock, start: .snapshot)
            for try await event in daemon.client("watcher").subscribe(subscription) {
                if case .entry(let entry) = event {
                    count += entry.changes.count
                    if case .moved(let movement, _) = entry.changes[0], movement.note == "last" {
                        break
                    }
                }
            }
            return count
        }

        // Another file uses the remaining space.
        let ballast = daemon.directoryInside + "/ballast"
        #expect(FileManager.default.createFile(atPath: ballast, contents: nil))
        let file = try #require(FileHandle(forWritingAtPath: ballast))
        while (try? file.write(contentsOf: Data(count: 64 << 10))) != nil {}
        try? file.close()

        // It is noticed ahead of time, and writes are refused once the current file is full.
        var refused: Finished?
        for _ in 0..<60 where refused == nil {
            let load = ["--connections", "1", "--depth", "64", "--seconds", "1"]
            try daemon.invctl(["bench", "sell"] + load)
            let sale = try daemon.invctl("sell", "P-0", "--timeout", "1")
            if sale.code != 0 { refused = sale }
        }
        let refusal = try #require(refused, "the disk never filled")
        #expect(refusal.errors.contains("storage_full"), "\(refusal.errors)")
        #expect(refusal.code == 7)

        // A full disk is an answer, so the client does not retry.
        let counts = Data("sku,stock\nP-0,5\n".utf8)
        let line = Data(
            "{\"command\":\"sell\",\"lines\":[{\"product\":\"P-0\",\"quantity\":1}]}".utf8
        )
        let writes: [(words: [String], input: Data?)] = [
            (["sell", "P-0"], nil), (["category", "add", "Another"], nil),
            (["reserve", "new", "P-0"], nil), (["import", "-", "--mode", "add"], counts),
            (["apply", "-"], line), (["apply", "-", "--atomic"], line),
        ]
        for (words, input) in writes {
            let start = ContinuousClock.now
            let said = try daemon.invctl(words + ["--timeout", "60"], input: input)
            let took = ContinuousClock.now - start
            #expect(said.errors.contains("error: storage_full"), "\(words): \(said)")
            #expect(said.errors.contains("the server's disk is full"), "\(words): \(said)")
            #expect(said.code == 7, "\(words): \(said)")
            #expect(took < .seconds(30), "\(words) took \(took)")
        }

        // Reads still work.
        let before = try await daemon.client().level(product).onHand
        _ = try await daemon.client().verified()
        #expect(daemon.isRunning)

        // Once there is space, writes work again.
        let start = ContinuousClock.now
        try FileManager.default.removeItem(atPath: ballast)
        let last = try await client.done(
            .sell(Sale(lines: [SaleLine(product: product, quantity: 1)], note: "last"))
        )
        #expect(last.lsn > 0)
        print("writes resumed \(ContinuousClock.now - start) after space was freed")
        #expect(try await client.level(product).onHand < before)
        #expect(try await watched.value > 0)
        _ = try await client.verified()
        #expect(daemon.stop() == 0)
    }

    @Test(.enabled(if: Self.canMount, "needs a user namespace with a mount of its own"))
    func `a snapshot that does not fit leaves no files, and writes resume by themselves`()
        async throws
    {
        let daemon = try Daemon(
            ["--log-file-mib", "1", "--snapshot-mib", "1024", "--log-retention-mib", "0"],
            launcher: Self.launcher
        )
        let client = daemon.client()
        let products = try await client.stockedProducts(50, stock: 1_000_000)
        func sell() async throws {
            let sales = (0..<2_000).map { number in
                let note = (0..<6).map { _ in "\(UInt64.random(in: 0 ... .max))" }
                let line = SaleLine(product: products[number % 50], quantity: 1)
                return Command.sell(Sale(lines: [line], note: note.joined(separator: "-")))
            }
            _ = try await client.send(.batch(sales, .errorsOnly))
        }
        for _ in 0..<12 { try await sell() }
        let inside = daemon.directoryInside
        let ballast = inside + "/ballast"
        #expect(FileManager.default.createFile(atPath: ballast, contents: nil))
        let file = try #require(FileHandle(forWritingAtPath: ballast))
        while (try? file.write(contentsOf: Data(count: 64 << 10))) != nil {}
        // Space for a part of a snapshot.
        try file.truncate(atOffset: (try file.offset()) - 256 << 10)
        try file.close()
        let refused = try daemon.invctl("snapshot")
        #expect(refused.code == 7, "\(refused.output)")
        #expect(refused.errors.contains("the server's disk is full"), "\(refused.errors)")
        let left = try FileManager.default.contentsOfDirectory(atPath: inside)
        let litter = left.filter { $0.hasSuffix(".tmp") || $0.hasSuffix(".invblk") }
        #expect(litter.isEmpty, "\(left)")
        try FileManager.default.removeItem(atPath: ballast)
        let last = try await client.done(
            .sell(Sale(lines: [SaleLine(product: products[0], quantity: 1)]))
        )
        #expect(last.lsn > 0)
        #expect(try daemon.invctl("snapshot").code == 0)
        _ = try await client.verified()
        #expect(daemon.stop() == 0)
    }

    @Test(.enabled(if: Self.canMount, "needs a user namespace with a mount of its own"))
    func `a backup or a restore that does not fit is an error, and leaves nothing`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        let product = try await client.stockedProducts(1, stock: 1_000_000)[0]
        for _ in 0..<8 {
            let sales = (0..<1_000).map { _ in
                let note = (0..<20).map { _ in String(UInt64.random(in: 0 ... .max), radix: 36) }
                let line = SaleLine(product: product, quantity: 1)
                return Command.sell(Sale(lines: [line], note: note.joined()))
            }
            _ = try await client.send(.batch(sales, .errorsOnly))
        }
        let folder = TemporaryDirectory()
        let backup = folder.path + "/backup"
        #expect(try daemon.invctl("backup", backup).code == 0)
        let script = """
            mkdir "$0" && mount -t tmpfs -o size=1m tmpfs "$0" || exit 99
            "$1" backup "$0/backup" 2>&1; echo "backup $?"; ls -A "$0"
            "$2" restore "$0/copy" "$3" 2>&1; echo "restore $?"; ls -A "$0"
            """
        let output = folder.path + "/output"
        let file = open(output, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(file) }
        var environment = ProcessInfo.processInfo.environment
        environment["INVCTL_SERVER"] = daemon.address.description
        let programs = ["invctl", "invd"].map { Daemon.program($0).path }
        let process = try ChildProcess(
            URL(fileURLWithPath: "/usr/bin/env"),
            Self.launcher.prefix(6) + [script, folder.path + "/small"] + programs + [backup],
            environment: environment,
            output: file,
            errors: file
        )
        #expect(process.wait() == 0)
        let said = try String(contentsOf: URL(fileURLWithPath: output), encoding: .utf8)
            .split(separator: "\n")
        try #require(said.count >= 4, "\(said)")
        #expect(said[0].contains("No space left on device"))
        // No file is listed after either.
        #expect(
            said.firstIndex(of: "backup 1").map { said[$0 + 1].contains("the disk is full") }
                == true
        )
        #expect(said.last == "restore 1", "\(said)")
    }
}
