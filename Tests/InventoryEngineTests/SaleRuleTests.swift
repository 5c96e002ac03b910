import InventoryModel
import Testing

@testable import InventoryEngine

/// How a row counts among sales: one rule for the query, the topic and the insights.
@Suite struct SaleRuleTests {
    private let one = ProductID(1)

    /// A sale at price 0 and a delivery, both reversed; the delivery had late cost.
    private func benched() throws -> Bench {
        var bench = try Bench(products: 1, stock: 2)
        try bench.done(.setFloor(FloorChange(product: self.one, floor: -9)))
        let free = SaleLine(product: self.one, quantity: 5, price: Money(0))
        let sold = try bench.done(.sell(Sale(lines: [free]))).lsn
        let line = RestockLine(product: self.one, quantity: 6, unitCost: Money(7))
        let delivered = try bench.done(.restock(Restock(lines: [line]))).lsn
        try bench.done(bench.reversal(sold))
        try bench.done(bench.reversal(delivered))
        return bench
    }

    private static func expected(_ bench: Bench) -> [SaleRow?] {
        let ledger = bench.state.tables.ledger
        return (0..<ledger.rowCount).map { ledger.saleRow($0) }
    }

    @Test func `a reversal counts like what it reverses, whatever its amount`() throws {
        let bench = try self.benched()
        let kinds = try bench.column(
            "kind",
            of: .ledger(LedgerQuery(isNewestFirst: false))
        )
        #expect(
            kinds == [
                "restock", "sale", "restock", "costVariance", "reversal", "reversal", "reversal",
                "costVariance",
            ]
        )
        #expect(
            Self.expected(bench) == [nil, .sold, nil, .lateCost, .sold, .lateCost, nil, .lateCost]
        )
        // Newest first; late cost has no amount.
        let sales = Query.sales(SalesQuery())
        #expect(
            try bench.column("kind", of: sales) == [
                "costVariance", "reversal", "reversal", "costVariance", "sale",
            ]
        )
        #expect(try bench.column("amount", of: sales) == ["0", "0", "0", "0", "0"])
        // Eight units are worth 52. The six take 21, and three that they had filled take 19 of 31.
        #expect(try bench.column("cost", of: sales) == ["19", "-21", "-31", "21", "10"])
    }

    @Test func `the topic of sales has reversals of sales, and no others`() throws {
        let bench = try self.benched()
        let matcher = SubscriptionMatcher(Subscription(topics: .sales, start: .now))
        let keys = bench.state.readView().selectionKeys
        let ledger = bench.state.tables.ledger
        for row in 0..<ledger.rowCount {
            let movement = bench.state.tables.movement(row)
            let level = Level(product: self.one, location: .main)
            let isWanted = matcher.match(.moved(movement, level), keys) == .written
            let isSale = [.sold, .returned].contains(ledger.saleRow(row))
            #expect(isWanted == isSale, "row \(row), a \(movement.kind)")
        }
    }

    @Test func `reversals are restored from a snapshot`() throws {
        var bench = try self.benched()
        var image = MemoryImage(bench.state.takeImage())
        let loaded = try InventoryState.load(from: &image)
        let all = 0..<bench.state.tables.ledger.rowCount
        #expect(bench.state.tables.ledger.undoneSales(by: all) == [1])
        #expect(loaded.tables.ledger.undoneSales(by: all) == [1])
        #expect(loaded.tables.ledger.undoneSales(by: 5..<all.upperBound) == [])
    }
}
