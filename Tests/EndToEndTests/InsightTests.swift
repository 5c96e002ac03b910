import Bytes
import Foundation
import InventoryClient
import InventoryModel
import Testing

/// Insights over real sockets: queried once, and live while other clients sell.
@Suite struct InsightTests {
    private static let sold = Insight.query(
        InsightQuery(
            source: .sales,
            window: .last(2, .day),
            groups: [[.product], []],
            measures: [.units, .net],
            order: [InsightOrder(.measure(.units), descending: true)]
        )
    )

    private static func total(_ answer: InsightAnswer, _ name: String) -> Int64? {
        let table = answer.table
        return (0..<table.rowCount).first { table.integer($0, "productId") == nil }
            .flatMap { table.integer($0, name) }
    }

    @Test func `a watched insight of the past names its LSN`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        let line = SaleLine(
            product: try await client.stockedProducts(1, stock: 100)[0],
            quantity: 1
        )
        func sell() async throws -> LSN { try await client.done(.sell(Sale(lines: [line]))).lsn }
        let past = try await sell()
        let later = try await sell()
        let words = ["insight", "sales", "--as-of", "\(past)", "--window", "all", "--watch"]
        let terminal = try daemon.terminal(words)
        #expect(terminal.waits { $0.contains(" · LSN \(past) · ") }, "\(terminal.screen.text)")
        let last = try await sell()
        // An insight of the present is live, so the server reports that nothing changed.
        let now = try daemon.terminal(["insight", "sales", "--window", "all", "--watch"])
        #expect(now.waits { $0.contains(" · LSN \(last) · ") }, "\(now.screen.text)")
        terminal.settle(milliseconds: 500)
        #expect(terminal.screen.text.contains(" · LSN \(past) · "), "\(terminal.screen.text)")
        #expect(later > past)
        for terminal in [terminal, now] {
            terminal.type("q")
            #expect(terminal.wait() == 0)
        }
    }

    @Test func `an insight has its window, its version and its rows`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        let products = try await client.stockedProducts(3, stock: 100)
        var last: LSN = 0
        for (number, product) in products.enumerated() {
            let line = SaleLine(product: product, quantity: Quantity(Int64(number + 1)))
            last = try await client.done(.sell(Sale(lines: [line]))).lsn
        }
        let answer = try await client.insight(Self.sold)
        #expect(answer.lsn == last)
        #expect(answer.window.zone == "UTC")
        #expect(answer.window.movesAt != nil)
        #expect(answer.table.rowCount == 4)
        #expect(Self.total(answer, "units") == 6)
        #expect(Self.total(answer, "net") == 5_994)
        #expect(answer.table.integer(1, "productId") == Int64(products[2].value))
    }

    /// Follows an insight until a number of units is sold, and compares each result on the way with what
    /// had been sold by then.
    private static func follow(
        _ client: InventoryClient,
        units: Int,
        pause: Duration? = nil
    ) async throws -> (answer: InsightAnswer, results: [(lsn: LSN, units: Int64)]) {
        var results: [(lsn: LSN, units: Int64)] = []
        for try await event in client.subscribe(toInsight: Self.sold) {
            let answer: InsightAnswer
            switch event {
            case .result(let whole): answer = whole
            case .changed(let change):
                #expect(change.rows.rowCount > 0)
                answer = change.answer
            case .progress, .disconnected: continue
            }
            let sum = Self.total(answer, "units") ?? 0
            results.append((answer.lsn, sum))
            if sum == Int64(units) { return (answer, results) }
            if let pause { try await Task.sleep(for: pause) }
        }
        throw Unexpected()
    }

    @Test func `every result that subscribers get is that of its version`() async throws {
        let daemon = try Daemon()
        let seller = daemon.client("seller")
        let products = try await seller.stockedProducts(5, stock: 10_000)
        let watchers = (0..<3).map { number in
            // One of them reads slowly.
            let pause: Duration? = number == 0 ? .milliseconds(150) : nil
            return Task {
                try await Self.follow(daemon.client("watcher"), units: 400, pause: pause)
            }
        }
        var lsns: [LSN] = []
        for number in 0..<400 {
            let line = SaleLine(product: products[number % 5], quantity: 1)
            lsns.append(try await seller.done(.sell(Sale(lines: [line]))).lsn)
        }
        let fresh = try await seller.insight(Self.sold)
        for watcher in watchers {
            let (answer, results) = try await watcher.value
            #expect(answer.table == fresh.table)
            for (lsn, units) in results {
                #expect(units == Int64(lsns.count { $0 <= lsn }), "LSN \(lsn)")
            }
        }
    }

    @Test func `a subscriber resumes with the whole result when the server is back`() async throws {
        let daemon = try Daemon()
        let seller = daemon.client("seller")
        let product = try await seller.stockedProducts(1, stock: 1_000)[0]
        let one = Command.sell(Sale(lines: [SaleLine(product: product, quantity: 1)]))
        for _ in 0..<3 { try await seller.done(one) }
        let watcher = Task { () -> [String] in
            var events: [String] = []
            for try await event in daemon.client("watcher").subscribe(toInsight: Self.sold) {
                switch event {
                case .result(let answer):
                    events.append("result \(Self.total(answer, "units") ?? -1)")
                case .disconnected where events.last != "lost": events.append("lost")
                case .changed(let change):
                    if Self.total(change.answer, "units") == 7 { return events }
                case .progress, .disconnected: break
                }
                if events.count == 1 {
                    daemon.kill()
                    try daemon.start()
                }
                if events.count == 3, case .result = event {
                    let again = daemon.client("again")
                    for _ in 0..<4 { try await again.done(one) }
                }
            }
            return events
        }
        #expect(try await watcher.value == ["result 3", "lost", "result 3"])
    }

    @Test func `an invalid insight ends its subscription with its error`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        let query = InsightQuery(source: .sales, window: .last(0, .day), measures: [.net])
        do {
            for try await _ in client.subscribe(toInsight: .query(query)) {
                Issue.record("it was answered")
            }
        } catch let error as ClientError {
            #expect(error.refusal?.code == .outOfRange)
        }
        await #expect(throws: ClientError.self) { try await client.insight(.query(query)) }
    }
}
