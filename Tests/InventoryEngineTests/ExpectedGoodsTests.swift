import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryEngine

/// What is expected under a purchase order: a delivery with its reference takes what came from it.
@Suite struct ExpectedGoodsTests {
    private let one = ProductID(1)

    private func expect(_ delta: Int64, _ reference: String) -> Command {
        .expectIncoming(
            Expectation(product: self.one, delta: Quantity(delta), reference: reference)
        )
    }

    private func restock(_ quantities: Int64..., reference: String) -> Command {
        let lines = quantities.map { RestockLine(product: self.one, quantity: Quantity($0)) }
        return .restock(Restock(lines: lines, reference: reference))
    }

    private func incoming(_ bench: Bench) -> Quantity { bench.level(1).incoming }

    @Test func `deliveries in parts leave the rest, and an excess takes no more than was expected`()
        throws
    {
        var bench = try Bench(products: 1)
        try bench.done(self.expect(20, "PO-17"))
        try bench.done(self.restock(5, reference: "PO-17"))
        #expect(self.incoming(bench) == 15)
        try bench.done(self.restock(12, 2, reference: "PO-17"))
        #expect(self.incoming(bench) == 1)
        try bench.done(self.restock(9, reference: "PO-17"))
        #expect(self.incoming(bench) == 0)
        #expect(bench.level(1).onHand == 38)
        bench.check()
    }

    @Test func `another reference, or none, takes nothing, and orders are apart`() throws {
        var bench = try Bench(products: 2)
        try bench.done(self.expect(20, "PO-17"))
        try bench.done(self.expect(7, "PO-18"))
        try bench.done(self.expect(3, ""))
        try bench.done(self.restock(4, reference: ""))
        try bench.done(self.restock(4, reference: "po-17"))
        try bench.done(self.restock(4, reference: "PO-19"))
        #expect(self.incoming(bench) == 30)
        try bench.done(self.restock(9, reference: "PO-18"))
        #expect(self.incoming(bench) == 23)
        // Another product of the order, which the order did not announce.
        let other = RestockLine(product: ProductID(2), quantity: 5)
        try bench.done(.restock(Restock(lines: [other], reference: "PO-17")))
        #expect(self.incoming(bench) == 23)
        bench.check()
    }

    @Test func `a part that was cancelled is expected no more`() throws {
        var bench = try Bench(products: 1)
        try bench.done(self.expect(20, "PO-17"))
        try bench.done(self.expect(5, "PO-18"))
        try bench.done(self.expect(-20, "PO-17"))
        try bench.done(self.restock(20, reference: "PO-17"))
        #expect(self.incoming(bench) == 5)
    }

    @Test func `reversing a delivery makes it expected again, to be delivered once more`() throws {
        var bench = try Bench(products: 1)
        try bench.done(self.expect(20, "PO-17"))
        let first = try bench.done(self.restock(15, reference: "PO-17")).lsn
        try bench.done(bench.reversal(first))
        #expect(self.incoming(bench) == 20)
        try bench.done(self.restock(20, reference: "PO-17"))
        #expect(self.incoming(bench) == 0)
        bench.check()
    }

    @Test func `the lines of a step see what the ones before took`() throws {
        var bench = try Bench(products: 1)
        try bench.done(self.expect(6, "PO-18"))
        let batch = [
            self.expect(10, "PO-17"), self.restock(8, 8, reference: "PO-17"),
            self.restock(1, reference: "PO-17"),
        ]
        try bench.done(.batch(batch, .atomic))
        #expect(self.incoming(bench) == 6)
        bench.check()
    }

    @Test func `goods in transit under the same reference are not taken`() throws {
        var bench = try Bench(products: 1, stock: 50)
        try bench.done(.createLocation(LocationDraft(code: "back", name: "Back")))
        let back = LocationID(2)
        try bench.done(
            .expectIncoming(
                Expectation(product: self.one, location: back, delta: 10, reference: "PO-1")
            )
        )
        func dispatch(_ quantity: Int64) -> Command {
            .dispatchTransfer(
                DispatchTransfer(
                    from: .main,
                    to: back,
                    lines: [DispatchLine(product: self.one, quantity: Quantity(quantity))],
                    reference: "X-1"
                )
            )
        }
        func level() -> Level { bench.state.tables.levels.level(self.one, back) }
        try bench.done(dispatch(6))
        try bench.done(dispatch(4))
        let cancelled = TransferSettlement(lines: [TransferLine(transfer: TransferID(2))])
        try bench.done(.cancelTransfer(cancelled))
        #expect(level().incoming == 16)
        // The order's goods come under the reference of the transfer: nothing of either is taken.
        let line = RestockLine(product: self.one, location: back, quantity: 8)
        try bench.done(.restock(Restock(lines: [line], reference: "X-1")))
        #expect(level().incoming == 16)
        try bench.done(.restock(Restock(lines: [line], reference: "PO-1")))
        #expect(level().incoming == 8)
        bench.check()
    }

    @Test func `a state that is loaded knows what is expected`() throws {
        var bench = try Bench(products: 1)
        try bench.done(self.expect(20, "PO-17"))
        try bench.done(self.restock(5, reference: "PO-17"))
        bench.state.expectedGoods = ExpectedGoods(for: bench.state.tables.ledger)
        try bench.done(self.restock(20, reference: "PO-17"))
        #expect(self.incoming(bench) == 0)
    }
}
