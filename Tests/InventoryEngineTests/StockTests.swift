import InventoryModel
import InventoryTestSupport
import Testing

/// Holds, incoming deliveries, counts, and the alerts that stock raises.
@Suite struct StockTests {
    private let one = ProductID(1)

    private func hold(_ delta: Int64) -> Command {
        .setUnavailable(Hold(product: self.one, delta: Quantity(delta), reason: .damaged))
    }

    private func expect(_ delta: Int64) -> Command {
        .expectIncoming(Expectation(product: self.one, delta: Quantity(delta)))
    }

    private func restock(_ quantity: Int64, fromIncoming: Bool = false) -> Command {
        let line = RestockLine(product: self.one, quantity: Quantity(quantity), unitCost: Money(5))
        return .restock(Restock(lines: [line], fromIncoming: fromIncoming))
    }

    @Test func `units on hold cannot be sold until released`() throws {
        var bench = try Bench(products: 1)
        try bench.done(self.hold(7))
        #expect(bench.level(1).available == 3)
        #expect(bench.code(bench.sale(1, 4)) == .insufficientStock)
        try bench.done(self.hold(-2))
        try bench.done(bench.sale(1, 4))
        #expect(bench.level(1).onHand == 6 && bench.level(1).unavailable == 5)
        bench.check()
    }

    @Test func `a hold may include reserved units, since they are physically there`() throws {
        var bench = try Bench(products: 1)
        try bench.done(bench.reserve(1, 4))
        let changes = bench.changes(of: self.hold(8))
        #expect(bench.level(1).available == -2)
        #expect(changes.contains { self.isAlert($0, .oversold, isRaised: true) })
        #expect(bench.code(bench.sale(1, 1)) == .insufficientStock)
        bench.check()
    }

    @Test func `a delivery reduces what was expected, and no more than that`() throws {
        var bench = try Bench(products: 1)
        try bench.done(self.expect(20))
        #expect(bench.level(1).incoming == 20)
        try bench.done(self.restock(5, fromIncoming: true))
        #expect(bench.level(1).incoming == 15 && bench.level(1).onHand == 15)
        try bench.done(self.restock(5))
        #expect(bench.level(1).incoming == 15)
        try bench.done(self.restock(40, fromIncoming: true))
        #expect(bench.level(1).incoming == 0 && bench.level(1).onHand == 60)
        #expect(bench.code(self.expect(-1)) == .outOfRange)
        bench.check()
    }

    @Test func `a count is recorded as its difference, at the level's own cost`() throws {
        var bench = try Bench(products: 1)
        try bench.done(.count(StockCount(product: self.one, counted: 4)))
        #expect(bench.level(1).onHand == 4 && bench.level(1).value == 20)
        let ledger = try bench.table(.ledger(LedgerQuery(kinds: MovementKindSet(.count))))
        let column = try #require(ledger.column(named: "onHandDelta"))
        #expect(ledger.cell(0, column) == .integer(-6))
        try bench.done(.count(StockCount(product: self.one, counted: 0)))
        #expect(bench.level(1).value == 0)
        bench.check()
    }

    @Test func `goods may be returned to where they cannot be sold`() throws {
        var bench = try Bench(products: 1)
        let sold = try bench.done(bench.sale(1, 3)).lsn
        let line = SaleLine(product: self.one, quantity: 2)
        try bench.done(
            .returnSale(SaleReturn(lines: [line], target: .unavailable, original: sold))
        )
        #expect(bench.level(1).onHand == 9 && bench.level(1).unavailable == 2)
        bench.check()
    }

    // MARK: - Alerts

    private func isAlert(_ change: Change, _ kind: AlertKind, isRaised: Bool) -> Bool {
        if case .alert(kind, isRaised, _, _, _, _) = change { true } else { false }
    }

    private func alerts(_ changes: [Change]) -> [String] {
        changes.compactMap { change in
            guard case .alert(let kind, let isRaised, _, _, let available, let threshold) = change
            else { return nil }
            return "\(isRaised ? "+" : "-")\(kind) \(available)/\(threshold)"
        }
    }

    /// Product 1 with 30 on hand and a reorder point of 20: cleared above 22.
    private func watched() throws -> Bench {
        var bench = try Bench(products: 1, stock: 30)
        var update = ProductUpdate()
        update.reorderPoint = 20
        try bench.done(.updateProduct(self.one, update, ifRevision: nil))
        return bench
    }

    @Test func `low stock is raised once at the point, and cleared once above the hysteresis`()
        throws
    {
        var bench = try self.watched()
        #expect(self.alerts(bench.changes(of: bench.sale(1, 9))) == [])
        #expect(self.alerts(bench.changes(of: bench.sale(1, 1))) == ["+lowStock 20/20"])
        #expect(self.alerts(bench.changes(of: bench.sale(1, 1))) == [])
        #expect(self.alerts(bench.changes(of: self.restock(3))) == [])
        #expect(self.alerts(bench.changes(of: self.restock(1))) == ["-lowStock 23/20"])
        #expect(self.alerts(bench.changes(of: self.restock(1))) == [])
        bench.check()
    }

    @Test func `a stock-out is raised and cleared once, with low stock around it`() throws {
        var bench = try self.watched()
        let down = self.alerts(bench.changes(of: bench.sale(1, 30)))
        #expect(down == ["+lowStock 0/20", "+stockout 0/0"])
        #expect(self.alerts(bench.changes(of: self.restock(5))) == ["-stockout 5/0"])
        #expect(self.alerts(bench.changes(of: self.restock(50))) == ["-lowStock 55/20"])
        bench.check()
    }

    @Test func `a new reorder point raises and clears alerts`() throws {
        var bench = try self.watched()
        var update = ProductUpdate()
        update.reorderPoint = 35
        let raised = bench.changes(of: .updateProduct(self.one, update, ifRevision: nil))
        #expect(self.alerts(raised) == ["+lowStock 30/35"])
        update.reorderPoint = 5
        let cleared = bench.changes(of: .updateProduct(self.one, update, ifRevision: nil))
        #expect(self.alerts(cleared) == ["-lowStock 30/5"])
        bench.check()
    }

    @Test func `oversold is raised below the floor, and cleared when stock recovers`() throws {
        var bench = try self.watched()
        try bench.done(.setFloor(FloorChange(product: self.one, floor: 25)))
        #expect(bench.code(bench.sale(1, 6)) == .insufficientStock)
        let counted = Command.count(StockCount(product: self.one, counted: 24))
        #expect(self.alerts(bench.changes(of: counted)) == ["+oversold 24/25"])
        #expect(self.alerts(bench.changes(of: self.restock(1))) == ["-oversold 25/25"])
        bench.check()
    }

    @Test func `an archived product has no alerts`() throws {
        var bench = try self.watched()
        _ = bench.changes(of: bench.sale(1, 30))
        let changes = bench.changes(of: .deleteProduct(self.one, ifRevision: nil))
        #expect(self.alerts(changes) == ["-lowStock 0/20", "-stockout 0/0"])
        bench.check()
    }

    @Test func `unmet demand has what was asked and what was available`() throws {
        var bench = try Bench(products: 2)
        let lines = [(1, 4), (2, 12)].map {
            SaleLine(product: ProductID(UInt32($0.0)), quantity: Quantity(Int64($0.1)))
        }
        let changes = bench.changes(of: .sell(Sale(lines: lines, reference: "R-1")))
        guard case .demandRefused(let refused) = changes.first else { throw Unexpected() }
        #expect(changes.count == 1)
        #expect(refused.product == ProductID(2) && refused.asked == 12)
        #expect(refused.available == 10 && refused.reference == "R-1")
        bench.check()
    }
}
