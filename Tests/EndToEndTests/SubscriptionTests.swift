import Bytes
import Foundation
import InventoryClient
import InventoryModel
import InventoryTestSupport
import InventoryWire
import Testing

@Suite struct SubscriptionTests {
    /// Returns the LSNs of the first `count` entries of a subscription.
    private static func lsns(
        _ client: InventoryClient,
        _ subscription: Subscription,
        count: Int
    ) async throws -> [LSN] {
        var lsns: [LSN] = []
        for try await event in client.subscribe(subscription) {
            if case .entry(let entry) = event { lsns.append(entry.lsn) }
            if case .reset = event { Issue.record("it was reset") }
            if lsns.count == count { break }
        }
        return lsns
    }

    @Test func `two watchers get every change of a seller exactly once, in the same order`()
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
        var sold: [LSN] = []
        for _ in 0..<300 {
            let sale = Sale(lines: [SaleLine(product: product, quantity: 1)])
            sold.append(try await seller.done(.sell(sale)).lsn)
        }
        for watcher in watchers { #expect(try await watcher.value == sold) }
    }

    @Test func `a snapshot and the changes after it yield the current state`() async throws {
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
            if isCaughtUp, left == Quantity(50 * 100 - 400) { break }
        }
        try await seller.value
        for product in products {
            #expect(try await client.level(product).onHand == levels[product]?.onHand.baseUnits)
        }
    }

    @Test func `a watcher that missed 10,000 changes gets exactly those`() async throws {
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
        #expect(live == (1...10_000).map { start + $0 })

        // The same from a daemon that was killed: now from the log files.
        daemon.kill()
        try daemon.start()
        let client = daemon.client()
        let replayed = try await Self.lsns(client, subscription, count: 10_000)
        #expect(replayed == live)
    }

    @Test func `a watcher resumes by itself after the daemon was killed and restarted`()
        async throws
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
        var sold: [LSN] = []
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
            .sell(Sale(lines: [SaleLine(product: product, quantity: Quantity(quantity))]))
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

    /// A replica of a filtered subscription: its products and levels.
    private struct Copy {
        var products: Set<ProductID> = []
        var levels: [ProductID: Int64] = [:]

        mutating func take(_ change: Change) {
            switch change {
            case .productCreated(let product): self.products.insert(product.id)
            case .level(let level), .moved(_, let level):
                self.levels[level.product] = level.onHand.baseUnits
            case .productLeft(let id):
                self.products.remove(id)
                self.levels[id] = nil
            default: break
            }
        }
    }

    @Test
    func `a product that enters a filter is sent as rows, and one that leaves is named`()
        async throws
    {
        let daemon = try Daemon()
        let client = daemon.client()
        let products = try await client.stockedProducts(3, stock: 5)
        let other = CategoryID(UInt32(try await client.done(.createCategory(name: "Other")).id))
        func move(_ product: ProductID, to category: CategoryID) -> Command {
            .updateProduct(product, ProductUpdate(category: category), ifRevision: nil)
        }
        try await client.done(move(products[2], to: other))
        var subscription = Subscription(topics: [.products, .stock, .proof], start: .snapshot)
        subscription.filter.category = other
        var copy = Copy()
        var entered: [Change] = []
        var moves = 0
        for try await event in client.subscribe(subscription) {
            switch event {
            case .snapshot(let changes): for change in changes { copy.take(change) }
            case .caughtUp:
                try await client.done(move(products[0], to: other))
                let sale = Sale(lines: [SaleLine(product: products[0], quantity: 2)])
                try await client.done(.sell(sale))
                try await client.done(move(products[2], to: CategoryID(1)))
                moves = 3
            case .entry(let entry):
                if entered.isEmpty { entered = entry.changes }
                for change in entry.changes { copy.take(change) }
            case .reset, .mismatched: Issue.record("\(event)")
            case .verified where moves == 3 && copy.products == [products[0]]:
                moves = 4
            default: break
            }
            if moves == 4 { break }
        }
        // The rows, in the order of a snapshot.
        guard case .productCreated(let product) = entered.first, case .level = entered.last else {
            Issue.record("\(entered)")
            return
        }
        #expect(product.id == products[0])
        #expect(entered.count == 2)
        #expect(copy.products == [products[0]])
        #expect(copy.levels == [products[0]: 3])
    }

    @Test func `a conflated subscriber gets few, the latest levels, and verifies its replica`()
        async throws
    {
        let daemon = try Daemon()
        let seller = daemon.client("seller")
        let products = try await seller.stockedProducts(20, stock: 1_005)
        let subscription = Subscription(
            topics: [.stock, .alerts, .proof],
            start: .snapshot,
            updatesPerSecond: 5
        )
        let watcher = daemon.client("watcher")
        var levels: [ProductID: Int64] = [:]
        var entries: [LSN] = []
        var levelCount = 0
        var raised = 0
        var last: LSN = .max
        for try await event in watcher.subscribe(subscription) {
            switch event {
            case .snapshot(let changes):
                for case .level(let level) in changes {
                    levels[level.product] = level.onHand.baseUnits
                }
            case .caughtUp:
                for _ in 0..<40 {
                    let sales = (0..<500).map {
                        Command.sell(
                            Sale(lines: [SaleLine(product: products[$0 % 20], quantity: 1)])
                        )
                    }
                    guard case .batch = try await seller.send(.batch(sales, .independent)) else {
                        throw Unexpected()
                    }
                }
                last = try await seller.ping()
            case .entry(let entry):
                entries.append(entry.lsn)
                for change in entry.changes {
                    switch change {
                    case .level(let level):
                        levels[level.product] = level.onHand.baseUnits
                        levelCount += 1
                    case .alert(.lowStock, let isRaised, _, _, _, _): raised += isRaised ? 1 : 0
                    default: Issue.record("not conflated: \(change)")
                    }
                }
            case .reset, .mismatched: Issue.record("\(event)")
            default: break
            }
            if case .verified(let lsn) = event, lsn >= last { break }
        }
        for product in products { #expect(levels[product] == 5) }
        #expect(entries == entries.sorted() && Set(entries).count == entries.count)
        // 20,000 movements, but at most one level of each product for each window.
        #expect(levelCount < 10_000)
        // Every raised and cleared alert is present.
        #expect(raised == 20)
    }

    /// The fan-out writes events, the engine's event loop writes results.
    @Test func `events and results on one connection are whole frames`() async throws {
        let daemon = try Daemon()
        let products = try await daemon.client().stockedProducts(8, stock: 100_000_000)
        let connection = try RawConnection(daemon)
        connection.send(RawConnection.hello)
        func send(_ request: Request, id: UInt64) {
            var body = ByteWriter()
            request.encodeBody(into: &body)
            connection.sendFrame(request.opcode.rawValue, body.array(), id: id)
        }
        send(.subscribe(Subscription(topics: .stock, start: .now)), id: 1)
        for id in 100..<140 {
            var insight = NamedInsight(.velocity)
            insight.window = .last(UInt32(id), .day)
            send(.subscribeInsight(.named(insight)), id: UInt64(id))
        }
        let seller = Task {
            let client = daemon.client("seller")
            while !Task.isCancelled {
                let product = products[Int.random(in: 0..<8)]
                _ = try await client.send(
                    .sell(Sale(lines: [SaleLine(product: product, quantity: 1)]))
                )
            }
        }
        var results = 0
        let deadline = ContinuousClock.now + .seconds(4)
        while ContinuousClock.now < deadline {
            let messages = connection.next()
            if messages.isEmpty { break }
            results += messages.count { $0.opcode == Opcode.insightChanged.rawValue }
        }
        seller.cancel()
        _ = try? await seller.value
        #expect(results > 0, "\(results) results")
    }

    @Test func `sales cannot be conflated, and no topic at a shorter interval than the limit`()
        async throws
    {
        let daemon = try Daemon()
        for (topics, rate, code) in [
            (SubscriptionTopics.sales, UInt8(5), RefusalCode.invalidField),
            (SubscriptionTopics.stock, Limits.updatesPerSecondMax + 1, RefusalCode.outOfRange),
        ] {
            let subscription = Subscription(topics: topics, start: .now, updatesPerSecond: rate)
            do {
                for try await event in daemon.client().subscribe(subscription) {
                    Issue.record("\(event)")
                    break
                }
            } catch let error as ClientError {
                #expect(error.refusal?.code == code)
            }
        }
        let refused = try daemon.invctl("watch", "sales", "--conflate", "5")
        #expect(refused.code == 2)
        #expect(try daemon.invctl("watch", "stock", "--conflate", "61").code == 2)
    }

    @Test func `slow consumers delay neither each other nor requests, and miss nothing`()
        async throws
    {
        let daemon = try Daemon()
        let seller = daemon.client("seller")
        let product = try await seller.stockedProducts(1, stock: 200_000)[0]
        let start = try await seller.ping()
        let one = Command.sell(Sale(lines: [SaleLine(product: product, quantity: 1)]))
        let watchers = (0..<30).map { number in
            Task {
                let client = daemon.client("watcher-\(number)")
                let subscription = Subscription(topics: .stock, start: .after(start))
                var count = 0
                var last = start
                for try await event in client.subscribe(subscription) {
                    guard case .entry(let entry) = event else { continue }
                    #expect(entry.lsn == last + 1)
                    last = entry.lsn
                    count += 1
                    if count == 30_000 { break }
                    // Some pause for a while, so that they fall behind.
                    if number < 10, count == 2_000 { try await Task.sleep(for: .seconds(1)) }
                }
                return count
            }
        }
        let other = daemon.client("other")
        for _ in 0..<60 {
            guard
                case .batch = try await seller.send(
                    .batch(Array(repeating: one, count: 500), .independent)
                )
            else { throw Unexpected() }
            _ = try await other.ping()
        }
        for watcher in watchers { #expect(try await watcher.value == 30_000) }
    }
}
