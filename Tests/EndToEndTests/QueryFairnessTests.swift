import InventoryClient
import InventoryModel
import Synchronization
import Testing

/// Fairness between the queries of clients, over real sockets.
@Suite struct QueryFairnessTests {
    @Test func `sixty full checks by one client do not make another client wait`()
        async throws
    {
        let daemon = try Daemon()
        let greedy = daemon.client("greedy", timeoutMilliseconds: 300_000)
        _ = try await greedy.stockedProducts(1_000, stock: 100)
        let done = Counter()
        let other = daemon.client("other")
        // Connected, so that it only waits for its turn.
        _ = try await other.query(.locations(includingArchived: false))
        let checks = (0..<60).map { _ in
            Task {
                _ = try await greedy.query(.verify)
                done.add()
            }
        }
        try await Task.sleep(for: .milliseconds(50))
        _ = try await other.query(.levels(LevelQuery(limit: 10)))
        let before = done.count
        #expect(before < 30, "\(before) of 60 were done first")
        for check in checks { try await check.value }
        #expect(done.count == 60)
    }

    private final class Counter: Sendable {
        private let value = Atomic<Int>(0)
        var count: Int { self.value.load(ordering: .relaxed) }
        func add() { self.value.add(1, ordering: .relaxed) }
    }

    @Test
    func `a query beyond its deadline ends with deadline_exceeded, and the server keeps serving`()
        async throws
    {
        let daemon = try Daemon(["--query-milliseconds", "1"])
        let client = daemon.client()
        _ = try await client.stockedProducts(6_000, stock: 100)
        do {
            _ = try await client.query(.verify)
            Issue.record("it took less than a millisecond")
        } catch {
            #expect(error.refusal?.code == .deadlineExceeded)
        }
        let table = try await client.query(.levels(LevelQuery(limit: 1))).table
        #expect(table.rowCount == 1)
        let result = try daemon.invctl("verify")
        #expect(result.code == 1 && result.errors.contains("deadline_exceeded"), "\(result.errors)")
    }

    @Test func `the server stops at once despite a long query of a disconnected client`()
        async throws
    {
        let daemon = try Daemon(["--drain-seconds", "60"])
        _ = try await daemon.client().stockedProducts(6_000, stock: 100)
        for _ in 0..<4 {
            let client = daemon.client("gone", timeoutMilliseconds: 30)
            await #expect(throws: ClientError.self) {
                for _ in 0..<40 { _ = try await client.query(.verify) }
            }
        }
        #expect(daemon.stop() == 0)
    }

    @Test func `queries of a disconnected client are cancelled`() async throws {
        let daemon = try Daemon()
        let watcher = daemon.client("watcher")
        _ = try await watcher.stockedProducts(6_000, stock: 100)
        let gone = daemon.client("gone", timeoutMilliseconds: 300_000)
        let checks = (0..<200).map { _ in Task { _ = try await gone.query(.verify) } }
        while try await Self.waiting(watcher) < 50 { try await Task.sleep(for: .milliseconds(5)) }
        try await gone.close()
        for check in checks { _ = await check.result }
        // Each takes a tenth of a second or more: all of them would take many seconds.
        var looks = 0
        while try await Self.waiting(watcher) > 0, looks < 200 {
            looks += 1
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(looks < 200)
    }

    private static func waiting(_ client: InventoryClient) async throws -> Int64 {
        try await client.statistics()["waitingQueries"] ?? 0
    }

    @Test func `a live insight with a selection sends only the selected rows and their changes`()
        async throws
    {
        let daemon = try Daemon()
        let client = daemon.client()
        let products = try await client.stockedProducts(20, stock: 100)
        let sold = RowCondition.test(
            RowCondition.Test("units", comparison: .greater, operand: .number(0))
        )
        let insight = Insight.rows(
            RowSelection(condition: sold, order: [.init("sku", descending: true)], limit: 2),
            of: .named(NamedInsight(.velocity, window: .last(1, .day)))
        )
        var seen: [[String]] = []
        for try await event in client.subscribe(toInsight: insight) {
            let table: ResultTable
            switch event {
            case .result(let whole): table = whole.table
            case .changed(let change): table = change.answer.table
            case .progress, .disconnected: continue
            }
            seen.append((0..<table.rowCount).map { table.text($0, "sku") })
            guard seen.count < 4 else { break }
            let line = SaleLine(product: products[[5, 3, 7][seen.count - 1]], quantity: 1)
            try await client.done(.sell(Sale(lines: [line])))
        }
        #expect(seen == [[], ["P-5"], ["P-5", "P-3"], ["P-7", "P-5"]])
    }
}
