import InventoryClient
import InventoryModel
import Testing

/// Cancelled tasks against a real server: they end at once, and so does the server's work for them.
@Suite struct CancellationTests {
    private static func figure(_ name: String, _ client: InventoryClient) async throws -> Int64 {
        try await client.statistics()[name] ?? 0
    }

    private static func code(_ task: Task<some Sendable, any Error>) async -> ClientError.Code? {
        switch await task.result {
        case .success: nil
        case .failure(let error): (error as? ClientError)?.code
        }
    }

    @Test func `the server stops cancelled queries, and the connection stays open`()
        async throws
    {
        let daemon = try Daemon()
        let watcher = daemon.client("watcher")
        _ = try await watcher.stockedProducts(6_000, stock: 100)
        let asking = daemon.client("asking", timeoutMilliseconds: 300_000)
        let checks = (0..<200).map { _ in Task { _ = try await asking.query(.verify) } }
        #expect(try await eventually { try await Self.figure("waitingQueries", watcher) >= 50 })
        let connections = try await Self.figure("connections", watcher)
        for check in checks { check.cancel() }
        for check in checks {
            let code = await Self.code(check)
            #expect(code == nil || code == .cancelled)
        }
        // Each takes a tenth of a second or more: all of them would take many seconds.
        var looks = 0
        while try await Self.figure("waitingQueries", watcher) > 0, looks < 200 {
            looks += 1
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(looks < 200)
        _ = try await asking.ping()
        #expect(try await Self.figure("connections", watcher) == connections)
    }

    @Test func `every call ends at once when its task is cancelled, without a server`()
        async throws
    {
        let address = ServerAddress.unix(path: "/nowhere/invd.sock")
        let client = InventoryClient(
            ClientConfiguration(address: address, actor: "lonely", timeoutMilliseconds: 600_000)
        )
        let insight = Insight.named(NamedInsight(.top, window: .last(1, .day)))
        let subscription = Subscription(topics: .all, start: .now)
        let command = Command.createCategory(name: "C")
        let calls: [Task<Void, any Error>] = [
            Task { _ = try await client.connect() },
            Task { _ = try await client.openSession() },
            Task { _ = try await client.send(command) },
            Task { _ = try await client.send(command, key: .random()) },
            Task { _ = try await client.outcome(of: .random()) },
            Task { _ = try await client.dryRun([command]) },
            Task { _ = try await client.query(.verify) },
            Task { _ = try await client.product(.sku("A")) },
            Task { _ = try await client.insight(insight) },
            Task { _ = try await client.ping() },
            Task { _ = try await client.takeSnapshot() },
            Task { for try await _ in client.rows(of: .verify) {} },
            Task { for try await _ in client.subscribe(subscription) {} },
            Task { for try await _ in client.subscribe(toInsight: insight) {} },
        ]
        let start = ContinuousClock.now
        try await Task.sleep(for: .milliseconds(50))
        for call in calls { call.cancel() }
        for (number, call) in calls.enumerated() {
            let code = await Self.code(call)
            #expect(code == .cancelled, "call \(number)")
        }
        #expect(ContinuousClock.now - start < .seconds(Patience.seconds))
        try await client.close()
    }

    @Test func `a client that stops iterating leaves no connection behind`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        _ = try await client.stockedProducts(3_000, stock: 100)
        let before = try await Self.figure("connections", client)
        let subscription = Subscription(topics: .stock, start: .snapshot)
        for try await _ in client.subscribe(subscription) { break }
        for try await _ in client.rows(of: .levels(LevelQuery())) { break }
        let listening = Task { for try await _ in client.subscribe(subscription) {} }
        #expect(
            try await eventually { try await Self.figure("connections", client) == before + 1 }
        )
        listening.cancel()
        #expect(await Self.code(listening) == .cancelled)
        #expect(try await eventually { try await Self.figure("connections", client) == before })
    }
}
