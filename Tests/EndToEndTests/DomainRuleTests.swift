import Bytes
import Foundation
import InventoryClient
import InventoryModel
import InventoryTestSupport
import Testing

/// The rules of DOMAIN.md whose examples `invctl` cannot send; each test names its section.
@Suite struct DomainRuleTests {
    @Test func `Order of errors: the lowest code wins, wherever it is, then the earliest line`()
        async throws
    {
        let daemon = try Daemon()
        let client = daemon.client()
        let product = try await client.stockedProducts(1, stock: 5)[0]
        let unknown = SaleLine(product: ProductID(999), quantity: 1)
        let none = SaleLine(product: product, quantity: 0)
        let tooMany = SaleLine(product: product, quantity: 9)
        let first = try await client.refused(.sell(Sale(lines: [unknown, none, tooMany])))
        #expect(first.code == .outOfRange && first.line == 1)
        let second = try await client.refused(.sell(Sale(lines: [tooMany, unknown, unknown])))
        #expect(second.code == .productNotFound && second.line == 1)
        let third = try await client.refused(.sell(Sale(lines: [tooMany, tooMany])))
        #expect(third.code == .insufficientStock && third.line == 0)
    }

    @Test func `Revisions: a level that does not exist is at 0, a product moves with its stock`()
        async throws
    {
        let daemon = try Daemon()
        let client = daemon.client()
        let product = try await client.stockedProducts(1, stock: 5)[0]
        let depot = LocationID(
            UInt16(
                try await client.done(
                    .createLocation(LocationDraft(code: "depot", name: "Depot", zone: "UTC"))
                ).id
            )
        )
        let found = Command.adjust(
            Adjustment(
                product: product,
                location: depot,
                delta: 1,
                reason: .found,
                ifRevision: 0
            )
        )
        let lsn = try await client.done(found).lsn
        #expect(try await client.refused(found).detail == .revision(expected: 0, actual: lsn))
        let renamed = Command.updateProduct(
            product,
            ProductUpdate(name: "Renamed"),
            ifRevision: lsn
        )
        _ = try await client.done(renamed)
    }

    @Test func `Revisions: an atomic batch may use the id that it creates; lines count through it`()
        async throws
    {
        let daemon = try Daemon()
        let client = daemon.client()
        let product = try await client.stockedProducts(1, stock: 5)[0]
        let next = ProductID(product.value + 1)
        let draft = ProductDraft(
            sku: "NEXT",
            name: "Next",
            category: CategoryID(1),
            price: Price(500),
            opening: OpeningStock(quantity: 2, unitCost: Money(100))
        )
        let commands: [Command] = [
            .createProduct(draft),
            .sell(Sale(lines: [SaleLine(product: next, quantity: 2)])),
            .count(StockCount(product: product, counted: 4, ifRevision: 0)),
        ]
        let refusal = try await client.refused(.batch(commands, .atomic))
        guard case .batch(let index, let inner) = refusal.detail else {
            Issue.record("\(refusal)")
            return
        }
        #expect(refusal.code == .batchRolledBack && index == 2)
        #expect(inner.code == .revisionMismatch)
        let done = try await client.done(.batch(Array(commands.prefix(2)), .atomic))
        #expect(done.amount == Money(1_000))
        let rows = try await client.movements(LedgerQuery(product: next)).rows
        #expect(
            rows.map(\.id.line).sorted() == [0, 1] && rows.allSatisfy { $0.id.lsn == done.lsn }
        )
    }

    @Test
    func `Subscribers: a product that leaves the filter is removed, and enters with its rows`()
        async throws
    {
        let daemon = try Daemon()
        let client = daemon.client()
        let product = try await client.stockedProducts(1, stock: 5)[0]
        let other = CategoryID(UInt32(try await client.done(.createCategory(name: "Other")).id))
        let start = try await client.ping()
        func move(to category: CategoryID) -> Command {
            .updateProduct(product, ProductUpdate(category: category), ifRevision: nil)
        }
        let left = try await client.done(move(to: other)).lsn
        let entered = try await client.done(move(to: CategoryID(1))).lsn
        let subscription = Subscription(
            topics: [.products, .stock],
            filter: SubscriptionFilter(category: CategoryID(1)),
            start: .after(start)
        )
        var entries: [LSN: [Change]] = [:]
        for try await event in client.subscribe(subscription) {
            if case .entry(let entry) = event { entries[entry.lsn] = entry.changes }
            if entries[entered] != nil { break }
        }
        let leaving = try #require(entries[left])
        guard case .productUpdated(product, _) = leaving.first else {
            Issue.record("\(leaving)")
            return
        }
        #expect(leaving.dropFirst() == [.productLeft(product)])
        let entering = try #require(entries[entered])
        guard case .productCreated(let created) = entering.first,
            case .level(let level) = entering.last
        else {
            Issue.record("\(entering)")
            return
        }
        #expect(entering.count == 2 && created.id == product && level.onHand == 5)
    }
}
