import Bytes
import Foundation
import InventoryClient
import InventoryModel
import InventoryTestSupport
import Testing

/// Regression tests for the faults of the predecessor system, by number, against the running daemon.
@Suite struct FaultsNeverRepeatedTests {
    @Test func `S1 concurrent creations keep every row`() async throws {
        let daemon = try Daemon()
        let setup = daemon.client()
        let category = try await setup.done(.createCategory(name: "All")).id
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    let client = daemon.client("adder-\(worker)")
                    for number in 0..<10 {
                        try await client.done(
                            .createProduct(
                                ProductDraft(
                                    sku: "W\(worker)-\(number)",
                                    name: "Thing",
                                    category: CategoryID(UInt32(category)),
                                    price: Price(100)
                                )
                            )
                        )
                    }
                    try await client.close()
                }
            }
            try await group.waitForAll()
        }
        let products = try await setup.products().rows
        #expect(products.count == 40)
        #expect(Set(products.map { $0.id }).count == 40)
        _ = try await setup.verified()
    }

    @Test func `S2 two concurrent sales of one unit leave eight of ten`() async throws {
        let daemon = try Daemon()
        let first = daemon.client("first")
        let second = daemon.client("second")
        let product = try await first.stockedProducts(1, stock: 10)[0]
        let one = Command.sell(Sale(lines: [SaleLine(product: product, quantity: 1)]))
        async let a = first.done(one)
        async let b = second.done(one)
        _ = try await (a, b)
        #expect(try await first.level(product).onHand == 8)
        // An absolute update has a revision to compare.
        let stale = StockCount(product: product, counted: 5, ifRevision: 1)
        #expect(try await first.refused(.count(stale)).code == .revisionMismatch)
    }

    @Test func `S3 each request gets exactly one typed reply`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        let product = try await client.stockedProducts(1, stock: 50)[0]
        let outcomes = try await withThrowingTaskGroup(of: Outcome.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    try await client.send(
                        .sell(Sale(lines: [SaleLine(product: product, quantity: 1)]))
                    )
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let done = outcomes.count { if case .done = $0 { true } else { false } }
        let refused = outcomes.count {
            if case .refused(let refusal) = $0 { refusal.code == .insufficientStock } else { false }
        }
        #expect(done == 50)
        #expect(refused == 50)
    }

    @Test func `S4 the requester gets the error with a code`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        let bystander = daemon.client("bystander")
        let refusal = try await client.refused(
            .renameCategory(CategoryID(9), name: "X", ifRevision: nil)
        )
        #expect(refusal.code == .categoryNotFound)
        #expect(refusal.code.rawValue == 51)
        #expect(try await bystander.ping() >= 1)
    }

    @Test func `S5 an invalid value is refused with the name of its field`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        let category = CategoryID(UInt32(try await client.done(.createCategory(name: "C")).id))
        func draft(_ change: (inout ProductDraft) -> Void) -> Command {
            var draft = ProductDraft(sku: "A", name: "A", category: category, price: Price(1))
            change(&draft)
            return .createProduct(draft)
        }
        let nameless = try await client.refused(draft { $0.name = "  " })
        #expect(nameless == Refusal(.invalidField, .field("name", problem: "is empty")))
        let cheap = try await client.refused(draft { $0.price = Price(-5) })
        #expect(cheap.code == .outOfRange)
        let negative = try await client.refused(draft { $0.opening = OpeningStock(quantity: -9) })
        #expect(negative.code == .outOfRange)
        let banana = try daemon.invctl("product", "list", "--status", "banana")
        #expect(banana.code == 2)
        #expect(banana.errors.contains("banana"))
        #expect(try await client.query(.products(ProductSearch())).table.rowCount == 0)
    }

    @Test func `S6 a missing product is product_not_found`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        let update = ProductUpdate(name: "X")
        let absent = ProductID(77)
        let updated = try await client.refused(.updateProduct(absent, update, ifRevision: nil))
        #expect(updated == Refusal(.productNotFound, .id(77)))
        let deleted = try await client.refused(.deleteProduct(absent, ifRevision: nil))
        #expect(deleted == Refusal(.productNotFound, .id(77)))
        #expect(try daemon.invctl("product", "delete", "NOPE").code == 3)
    }

    @Test func `S7 an unknown category is refused, and nothing is written`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        let draft = ProductDraft(sku: "A", name: "A", category: CategoryID(5), price: Price(1))
        #expect(try await client.refused(.createProduct(draft)).code == .categoryNotFound)
        #expect(try await client.query(.products(ProductSearch())).table.rowCount == 0)
    }

    @Test func `S8 only the requester gets a reply`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        _ = try await client.stockedProducts(3, stock: 1)
        // An unrequested frame would end the other client's connection.
        let bystander = daemon.client("bystander")
        _ = try await bystander.connect()
        for _ in 0..<20 { _ = try await client.query(.products(ProductSearch())) }
        #expect(try await bystander.ping() >= 1)
    }

    @Test func `S9 a price is exact to the minor unit`() async throws {
        let daemon = try Daemon()
        try daemon.invctl("category", "add", "C")
        try daemon.invctl(
            "product",
            "add",
            "--sku",
            "A",
            "--name",
            "A",
            "--category",
            "C",
            "--price",
            "49.99"
        )
        let shown = try daemon.invctl("product", "get", "A", "-o", "json").output
        #expect(shown.contains("\"price\":\"49.99\""))
    }

    @Test func `S10 a new price does not change past sales`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        let product = try await client.stockedProducts(1, stock: 10)[0]
        let sale = Command.sell(Sale(lines: [SaleLine(product: product, quantity: 2)]))
        try await client.done(sale)
        try await client.done(
            .updateProduct(product, ProductUpdate(price: Price(5_000)), ifRevision: nil)
        )
        try await client.done(sale)
        let sales = try await client.sales().rows
        #expect(sales.map { $0.amount } == [Money(10_000), Money(1_998)])
    }

    @Test func `S11 a product with history can be edited`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        let product = try await client.stockedProducts(1, stock: 10)[0]
        try await client.done(.sell(Sale(lines: [SaleLine(product: product, quantity: 1)])))
        for number in 0..<20 {
            let update = ProductUpdate(name: "Name \(number)", price: Price(Int64(100 + number)))
            try await client.done(.updateProduct(product, update, ifRevision: nil))
        }
        #expect(try await client.product(.id(product))?.product.name == "Name 19")
    }

    @Test func `S12 a subscriber that resumes gets the changes it missed`()
        async throws
    {
        let daemon = try Daemon()
        let client = daemon.client()
        let product = try await client.stockedProducts(1, stock: 100)[0]
        let seen = try await client.ping()
        var expected: [LSN] = []
        for _ in 0..<30 {
            let sale = Sale(lines: [SaleLine(product: product, quantity: 1)])
            expected.append(try await client.done(.sell(sale)).lsn)
        }
        var lsns: [LSN] = []
        let returning = Subscription(topics: .sales, start: .after(seen))
        for try await event in client.subscribe(returning) {
            if case .entry(let entry) = event { lsns.append(entry.lsn) }
            if lsns.count == expected.count { break }
        }
        #expect(lsns == expected)
    }

    @Test func `S13 products, stock, sales and alerts are all live`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        let topics: [SubscriptionTopics] = [.products, .stock, .sales, .alerts]
        let waiting = topics.map { topic in
            Task {
                for try await event in client.subscribe(Subscription(topics: topic, start: .now)) {
                    if case .entry = event { return true }
                }
                return false
            }
        }
        try await Task.sleep(for: .milliseconds(500))
        let product = try await client.stockedProducts(1, stock: 2)[0]
        try await client.done(.sell(Sale(lines: [SaleLine(product: product, quantity: 1)])))
        for task in waiting { #expect(try await task.value) }
    }

    @Test func `S14 ids increase and are never reused`() async throws {
        let daemon = try Daemon()
        let client = daemon.client()
        let category = CategoryID(UInt32(try await client.done(.createCategory(name: "C")).id))
        func add(_ sku: String) async throws -> UInt64 {
            let draft = ProductDraft(sku: sku, name: sku, category: category, price: Price(1))
            return try await client.done(.createProduct(draft)).id
        }
        let first = try await add("A")
        try await client.done(.deleteProduct(ProductID(UInt32(first)), ifRevision: nil))
        #expect(try await add("A") == first + 1)
    }

    @Test func `S15 a non-local address is refused without an explicit option`() throws {
        let directory = FileManager.default.temporaryDirectory.path + "/invd-never-\(UUID())"
        let refused = try Daemon.run("invd", ["--data-dir", directory, "--listen", "0.0.0.0:0"])
        #expect(refused.code == 2)
        #expect(refused.errors.contains("--unprotected"))
        #expect(!FileManager.default.fileExists(atPath: directory))
    }
}
