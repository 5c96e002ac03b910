import Bytes
import Foundation
import InventoryClient
import InventoryModel
import InventoryTestSupport
import Synchronization
import Testing

@Suite struct CrashRecoveryTests {
    /// Sells one unit after another and records acknowledgements; settles unknown outcomes by its session.
    private actor Seller {
        private let client: InventoryClient
        private let product: ProductID
        private(set) var acknowledged: [LSN] = []

        init(_ daemon: Daemon, _ product: ProductID, _ number: Int) {
            self.client = daemon.client("seller-\(number)", timeoutMilliseconds: 60_000)
            self.product = product
        }

        func run(until isOver: @Sendable () -> Bool) async throws {
            let one = Command.sell(Sale(lines: [SaleLine(product: self.product, quantity: 1)]))
            while !isOver() { self.acknowledged.append(try await self.client.done(one).lsn) }
            try await self.client.close()
        }
    }

    /// The number of kills in a run; `make long-kills` repeats the run.
    private static let kills = 100

    @Test(arguments: Campaign.seeds(suite: 1...1))
    func `kills in the middle of 8 writers lose nothing and double nothing`(
        seed: UInt64
    ) async throws {
        var random = SplitMix64(seed: seed)
        let daemon = try Daemon()
        let setup = daemon.client()
        let stock: Int64 = 10_000_000
        let product = try await setup.stockedProducts(1, stock: stock)[0]
        let start = try await setup.ping()
        let over = Flag()
        let watched = Task {
            var lsns: [LSN] = []
            let client = daemon.client("watcher")
            let subscription = Subscription(topics: .sales, start: .after(start))
            for try await event in client.subscribe(subscription) {
                if case .entry(let entry) = event {
                    lsns.append(entry.lsn)
                    // A note marks the end.
                    if case .moved(let movement, _) = entry.changes[0], movement.note == "last" {
                        break
                    }
                }
            }
            return lsns
        }
        let acknowledged = try await withThrowingTaskGroup(of: [LSN].self) { group in
            for number in 0..<8 {
                let seller = Seller(daemon, product, number)
                group.addTask {
                    try await seller.run { over.isRaised.load(ordering: .relaxed) }
                    return await seller.acknowledged
                }
            }
            for _ in 0..<Self.kills {
                try await Task.sleep(for: .milliseconds(Int.random(in: 40...130, using: &random)))
                daemon.kill()
                try daemon.start()
            }
            try await Task.sleep(for: .milliseconds(300))
            over.isRaised.store(true, ordering: .relaxed)
            return try await group.reduce(into: []) { $0 += $1 }
        }
        let client = daemon.client("counter")
        let ended = try await client.done(
            .sell(Sale(lines: [SaleLine(product: product, quantity: 1)], note: "last"))
        )
        // Each acknowledged sale exists once, and there are no others.
        let query = LedgerQuery(kinds: MovementKindSet(.sale), isNewestFirst: false)
        let recorded = try await client.movements(query).rows.map { $0.id.lsn }
        #expect(recorded == (acknowledged + [ended.lsn]).sorted())
        #expect(Set(acknowledged).count == acknowledged.count)
        #expect(try await client.level(product).onHand == stock - Int64(recorded.count))
        // A watcher that was connected all the time saw exactly those.
        #expect(try await watched.value == recorded)
        _ = try await client.verified()
        #expect(acknowledged.count > 50)
        Campaign.report("seed \(seed): \(Self.kills) kills, \(acknowledged.count) sales, 0 wrong")
    }

    @Test func `a restart from snapshot and log has the same state checksum`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        let products = try await client.stockedProducts(200, stock: 1_000)
        for round in 0..<3 {
            for number in 0..<100 {
                let line = SaleLine(product: products[number], quantity: Quantity(Int64(round + 1)))
                try await client.done(.sell(Sale(lines: [line], reference: "R\(round)")))
            }
            if round < 2 { _ = try await client.takeSnapshot() }
            let before = try await client.verified()
            daemon.kill()
            try daemon.start()
            #expect(try await client.verified() == before)
        }
        let before = try await client.verified()
        #expect(daemon.stop() == 0)
        try daemon.start()
        #expect(try await client.verified() == before)
    }

    @Test func `a new database is initialized before the daemon is ready`() throws {
        let daemon = try Daemon()
        #expect(daemon.readyLine.hasSuffix(" lsn 1"))
        #expect(daemon.stop() == 0)
        try daemon.start()
        #expect(daemon.readyLine.hasSuffix(" lsn 1"))
    }

    @Test func `a second daemon on the same directory exits with a code of its own`() throws {
        let daemon = try Daemon()
        let second = try Daemon.run(
            "invd",
            ["--data-dir", daemon.directory.path, "--listen", "127.0.0.1:0"]
        )
        #expect(second.code == 4)
        #expect(second.errors.contains("in use by another invd"))
        #expect(daemon.isRunning)
    }

    @Test func `a flipped bit in the log is refused by file and byte`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        _ = try await client.stockedProducts(20, stock: 5)
        try await Task.sleep(for: .milliseconds(400))
        daemon.kill()
        let log = daemon.directory.appending(path: "log-00000000000000000001.invlog")
        var bytes = try Data(contentsOf: log)
        bytes[4_096 + 100] ^= 0x10
        try bytes.write(to: log)
        let refused = try Daemon.run(
            "invd",
            ["--data-dir", daemon.directory.path, "--listen", "127.0.0.1:0"]
        )
        #expect(refused.code == 3)
        #expect(refused.errors.contains("log-00000000000000000001.invlog"))
        #expect(refused.errors.contains("byte 4096"))
        bytes[4_096 + 100] ^= 0x10
        try bytes.write(to: log)
        try daemon.start()
        _ = try await client.verified()
    }
}
