import Bytes
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryEngine

@Suite struct RuleTests {
    @Test func `a sale of many lines is all or nothing`() throws {
        var bench = try Bench()
        let lines = [(1, 4), (2, 4), (3, 11)].map {
            SaleLine(product: ProductID(UInt32($0.0)), quantity: Quantity(Int64($0.1)))
        }
        let outcome = bench.run(.sell(Sale(lines: lines)))
        guard case .refused(let refusal) = outcome else { throw Unexpected() }
        #expect(refusal.code == .insufficientStock)
        #expect(refusal.line == 2)
        #expect((1...3).allSatisfy { bench.level($0).onHand == 10 })
        #expect(bench.state.tables.refusals.rowCount == 1)
        bench.check()
    }

    @Test func `a line sees the effect of an earlier one of the same product`() throws {
        var bench = try Bench()
        let line = SaleLine(product: ProductID(1), quantity: 6)
        #expect(bench.code(.sell(Sale(lines: [line, line]))) == .insufficientStock)
        #expect(bench.level(1).onHand == 10)
    }

    @Test func `no more is returned of a sale than it sold`() throws {
        var bench = try Bench()
        let sold = try bench.done(bench.sale(1, 5)).lsn
        try bench.done(bench.comeBack(1, 3, of: sold))
        #expect(bench.code(bench.comeBack(1, 3, of: sold)) == .exceedsSold)
        try bench.done(bench.comeBack(1, 2, of: sold))
        #expect(bench.level(1).onHand == 10)
        #expect(bench.level(1).value == 50)
        #expect(bench.code(bench.comeBack(1, 1, of: 2)) == .movementNotFound)
        bench.check()
    }

    @Test func `a movement is reversed at most once, and a reversal never`() throws {
        var bench = try Bench()
        let sold = try bench.done(bench.sale(1, 4)).lsn
        let undone = try bench.done(bench.reversal(sold))
        #expect(undone.amount == -400)
        #expect(bench.level(1).onHand == 10)
        #expect(bench.level(1).value == 50)
        #expect(bench.code(bench.reversal(sold)) == .alreadyReversed)
        #expect(bench.code(bench.reversal(undone.lsn)) == .invalidField)
        #expect(bench.code(bench.reversal(1)) == .movementNotFound)
        bench.check()
    }

    @Test func `a sale with a return cannot be reversed until the return is`() throws {
        var bench = try Bench()
        let sold = try bench.done(bench.sale(1, 4)).lsn
        let back = try bench.done(bench.comeBack(1, 1, of: sold)).lsn
        #expect(bench.code(bench.reversal(sold)) == .alreadyReversed)
        try bench.done(bench.reversal(back))
        try bench.done(bench.reversal(sold))
        #expect(bench.level(1).onHand == 10)
        bench.check()
    }

    @Test func `units that a reversal removes must be on hand`() throws {
        var bench = try Bench(products: 1, stock: 0)
        let line = RestockLine(product: ProductID(1), quantity: 5, unitCost: Money(7))
        let restocked = try bench.done(.restock(Restock(lines: [line]))).lsn
        try bench.done(bench.sale(1, 2))
        #expect(bench.code(bench.reversal(restocked)) == .insufficientStock)
        bench.check()
    }

    @Test func `the last unit takes the rest of the cost`() throws {
        var bench = try Bench(products: 1, stock: 0)
        let line = RestockLine(product: ProductID(1), quantity: 3, unitCost: Money(0))
        try bench.done(.restock(Restock(lines: [line])))
        try bench.done(
            .restock(
                Restock(lines: [
                    RestockLine(product: ProductID(1), quantity: 4, unitCost: Money(25))
                ])
            )
        )
        #expect(bench.level(1).value == 100)
        for _ in 0..<6 { try bench.done(bench.sale(1, 1)) }
        #expect(bench.level(1).value > 0)
        try bench.done(bench.sale(1, 1))
        #expect(bench.level(1).value == 0)
        bench.check()
    }

    @Test func `a floor below zero allows a bounded backorder, whose cost comes late`() throws {
        var bench = try Bench(products: 1, stock: 0)
        try bench.done(.setFloor(FloorChange(product: ProductID(1), floor: -5)))
        try bench.done(bench.sale(1, 4))
        #expect(bench.code(bench.sale(1, 2)) == .insufficientStock)
        let line = RestockLine(product: ProductID(1), quantity: 10, unitCost: Money(3))
        try bench.done(.restock(Restock(lines: [line])))
        #expect(bench.level(1).onHand == 6)
        #expect(bench.level(1).value == 18)
        bench.check()
    }

    @Test func `commands of an atomic batch see earlier ones, and roll back together`() throws {
        var bench = try Bench(products: 0)
        let draft = ProductDraft(
            sku: "NEW",
            name: "New",
            category: CategoryID(1),
            price: Price(10),
            opening: OpeningStock(quantity: 3)
        )
        let done = try bench.done(.batch([.createProduct(draft), bench.sale(1, 2)], .atomic))
        #expect(done.ids == [1, 0])
        #expect(bench.level(1).onHand == 1)
        var other = draft
        other.sku = "OTHER"
        let outcome = bench.run(.batch([.createProduct(other), bench.sale(1, 2)], .atomic))
        guard case .refused(let refusal) = outcome, case .batch(1, let inner) = refusal.detail
        else {
            throw Unexpected()
        }
        #expect(refusal.code == .batchRolledBack)
        #expect(inner.code == .insufficientStock)
        #expect(bench.state.resolve(.sku("OTHER")) == nil)
        bench.check()
    }

    @Test func `a SKU is unique after trimming, composing and folding, and free after deletion`()
        throws
    {
        var bench = try Bench(products: 1)
        func draft(_ sku: String) -> Command {
            .createProduct(
                ProductDraft(sku: sku, name: "N", category: CategoryID(1), price: Price(1))
            )
        }
        #expect(bench.code(draft(" s0 ")) == .skuTaken)
        try bench.done(draft("Caf\u{E9}"))
        #expect(bench.code(draft("CAFE\u{301}")) == .skuTaken)
        try bench.done(bench.writeOff(1))
        try bench.done(.deleteProduct(ProductID(1), ifRevision: nil))
        try bench.done(draft("S0"))
        #expect(bench.code(bench.sale(1, 1)) == .archived)
        bench.check()
    }

    @Test func `of several refusals the lowest code is returned`() throws {
        var bench = try Bench(products: 1)
        let update = ProductUpdate(name: "", category: CategoryID(9))
        #expect(bench.code(.updateProduct(ProductID(77), update, ifRevision: 1)) == .invalidField)
        let stale = ProductUpdate(name: "X")
        #expect(bench.code(.updateProduct(ProductID(1), stale, ifRevision: 1)) == .revisionMismatch)
        let lines = [
            SaleLine(product: ProductID(1), quantity: 99),
            SaleLine(product: ProductID(50), quantity: 1),
        ]
        #expect(bench.code(.sell(Sale(lines: lines))) == .productNotFound)
        #expect(bench.state.tables.refusals.rowCount == 0)
        #expect(bench.code(.archiveCategory(CategoryID(1), ifRevision: nil)) == .inUse)
        #expect(bench.code(.archiveLocation(.main, ifRevision: nil)) == .inUse)
        #expect(bench.code(.createCategory(name: "ALL ")) == .nameTaken)
    }

    @Test func `an amount is rounded once, halves away from zero`() {
        #expect(Price(568, per: 1_000).amount(of: 1_250) == Money(710))
        #expect(Price(1, per: 2).amount(of: 1) == Money(1))
        #expect(Price(1, per: 2).amount(of: 3) == Money(2))
        #expect(Price(1, per: 2).amount(of: -1) == Money(-1))
        #expect(Price(100, per: 1_000).amount(of: 945) == Money(95))
        #expect(Price(100, per: 1_000).amount(of: 944) == Money(94))
        // Also with a product beyond 64 bits.
        let half = Price(Limits.moneyMax, per: 2 * Limits.quantityMax)
        #expect(half.amount(of: Quantity(Limits.quantityMax)) == Money((Limits.moneyMax + 1) / 2))
        #expect(Price(Limits.moneyMax).amount(of: 2) == nil)
    }
}
