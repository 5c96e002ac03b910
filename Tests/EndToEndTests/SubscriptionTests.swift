import Foundation
import Inventory
import InventoryClient
import Testing

@Suite struct SubscriptionTests {
    /// The LSNs of the entries of a subscription, until `count` have come.
    private static func lsns(
        _ client: InventoryClient,
        _ subscription: Subscription,
        count: Int
    ) async throws -> [UInt64] {
        var lsns: [UInt64] = []
        for try await event in client.subscribe(subscription) {
            if case .entry(let entry) = event { lsns.append(entry.lsn) }
            if case .reset = event { Issue.record("it began anew") }
            if lsns.count == count { break }
        }
        return lsns
    }

    @Test func `two watchers see every change of a seller, in the same order, each once`()
        async throws
    {
        let daemon = try Daemon()
        let seller = daemon.client("seller")
        let product = try await seller.stockedProducts(1, stock: 1_000)[0]
        let start = try await seller.ping()
        let watchers = (0..<2).map { number in
            Task {
                let client = daemon.client("watcher-\(number)")
                let subscription = Subscription(topics: .stock, start: .after(start))
                return try await Self.lsns(client, subscription, count: 300)
            }
        }
        var sold: [UInt64] = []
        for _ in 0..<300 {
            let sale = Sale(lines: [SaleLine(product: product, quantity: 1)])
            sold.append(try await seller.done(.sell(sale)).lsn)
        }
        for watcher in watchers { #expect(try await watcher.value == sold) }
    }

    @Test func `a snapshot and the changes after it make the present`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        let products = try await client.stockedProducts(50, stock: 100)
        let seller = Task {
            for number in 0..<400 {
                let line = SaleLine(product: products[number % 50], quantity: 1)
                try await client.done(.sell(Sale(lines: [line])))
            }
        }
        var levels: [ProductID: Level] = [:]
        var isCaughtUp = false
        let watcher = daemon.client("watcher")
        let subscription = Subscription(topics: .stock, start: .snapshot)
        for try await event in watcher.subscribe(subscription) {
            switch event {
            case .snapshot(let changes):
                for case .level(let level) in changes { levels[level.product] = level }
            case .caughtUp:
                isCaughtUp = true
            case .entry(let entry):
                #expect(isCaughtUp)
                for case .moved(_, let level) in entry.changes { levels[level.product] = level }
            default:
                break
            }
            let left = levels.values.reduce(0) { $0 + $1.onHand }
            if isCaughtUp, left == 50 * 100 - 400 { break }
        }
        try await seller.value
        for product in products {
            #expect(try await client.level(product).onHand == levels[product]?.onHand)
        }
    }

    @Test func `a watcher that was away for 10,000 changes gets exactly those`() async throws {
        let daemon = try Daemon()
        let seller = daemon.client("seller")
        let product = try await seller.stockedProducts(1, stock: 20_000)[0]
        let start = try await seller.ping()
        let one = Command.sell(Sale(lines: [SaleLine(product: product, quantity: 1)]))
        for _ in 0..<20 {
            guard
                case .batch(let outcomes) = try await seller.send(
                    .batch(Array(repeating: one, count: 500), .independent)
                )
            else { throw Unexpected() }
            #expect(outcomes.count == 500)
        }
        let subscription = Subscription(topics: .sales, start: .after(start))
        let live = try await Self.lsns(seller, subscription, count: 10_000)
        #expect(live == Array((start + 1)...(start + 10_000)))

        // The same again from a daemon that was killed: from the log's files this time.
        daemon.kill()
        try daemon.start()
        let client = daemon.client()
        let replayed = try await Self.lsns(client, subscription, count: 10_000)
        #expect(replayed == live)
    }

    @Test func `a watcher goes on by itself when the daemon was killed and restarted`() async throws
    {
        let daemon = try Daemon()
        let seller = daemon.client("seller")
        let product = try await seller.stockedProducts(1, stock: 1_000)[0]
        let start = try await seller.ping()
        let watcher = Task {
            let client = daemon.client("watcher")
            let subscription = Subscription(topics: .sales, start: .after(start))
            return try await Self.lsns(client, subscription, count: 60)
        }
        let one = Command.sell(Sale(lines: [SaleLine(product: product, quantity: 1)]))
        var sold: [UInt64] = []
        for round in 0..<3 {
            for _ in 0..<20 { sold.append(try await seller.done(one).lsn) }
            if round < 2 {
                daemon.kill()
                try daemon.start()
            }
        }
        #expect(try await watcher.value == sold)
    }

    @Test func `low stock is raised once and cleared once`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        let product = try await client.stockedProducts(1, stock: 12)[0]
        let start = try await client.ping()
        func sell(_ quantity: Int64) -> Command {
            .sell(Sale(lines: [SaleLine(product: product, quantity: quantity)]))
        }
        for _ in 0..<4 { try await client.done(sell(1)) }
        try await client.done(
            .restock(Restock(lines: [RestockLine(product: product, quantity: 3)]))
        )
        try await client.done(
            .restock(Restock(lines: [RestockLine(product: product, quantity: 5)]))
        )
        _ = try await client.refused(sell(1_000))
        try await client.done(sell(16))
        var alerts: [String] = []
        let subscription = Subscription(topics: .alerts, start: .after(start))
        for try await event in client.subscribe(subscription) {
            guard case .entry(let entry) = event else { continue }
            for change in entry.changes {
                switch change {
                case .alert(let kind, let isRaised, _, _, _, _):
                    alerts.append("\(kind) \(isRaised ? "raised" : "cleared")")
                case .demandRefused: alerts.append("demand refused")
                default: Issue.record("not an alert: \(change)")
                }
            }
            if alerts.last == "stockout raised" { break }
        }
        #expect(
            alerts == [
                "lowStock raised", "lowStock cleared", "demand refused", "lowStock raised",
                "stockout raised",
            ]
        )
    }

    @Test func `a filter by category begins anew when a product comes under it`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        let products = try await client.stockedProducts(2, stock: 5)
        let other = CategoryID(UInt32(try await client.done(.createCategory(name: "Other")).id))
        var subscription = Subscription(topics: [.products, .stock], start: .snapshot)
        subscription.filter.category = other
        var rows: [[Change]] = [[]]
        for try await event in client.subscribe(subscription) {
            switch event {
            case .snapshot(let changes): rows[rows.count - 1] += changes
            case .reset: rows.append([])
            case .caughtUp:
                if rows.count == 1 {
                    let update = ProductUpdate(category: other)
                    try await client.done(.updateProduct(products[0], update, ifRevision: nil))
                }
            default: break
            }
            if case .caughtUp = event, rows.count == 2 { break }
        }
        let created = rows[1].contains {
            if case .productCreated(let product) = $0 { product.id == products[0] } else { false }
        }
        #expect(created)
    }
}
