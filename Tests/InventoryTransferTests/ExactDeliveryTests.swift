import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryTransfer

@Suite struct ExactDeliveryTests {
    private static func total(_ delivery: ExactDelivery, per basis: Int64) -> (Int64, Int64) {
        var (quantity, amount): (Int64, Int64) = (0, 0)
        for line in delivery.lines {
            quantity += line.quantity.baseUnits
            let price = Price(line.unitCost.minorUnits, per: basis)
            amount += price.amount(of: line.quantity)?.minorUnits ?? 0
        }
        return (quantity, amount)
    }

    @Test func `an amount that divides is one line, and the rest of another is a second`() throws {
        let even = try #require(ExactDelivery(4, costing: 200, per: 1))
        #expect(even.lines == [.init(quantity: 4, unitCost: 50)])
        let odd = try #require(ExactDelivery(3, costing: 100, per: 1))
        #expect(
            odd.lines == [
                .init(quantity: 2, unitCost: 33), .init(quantity: 1, unitCost: 34),
            ]
        )
        let free = try #require(ExactDelivery(5, costing: 0, per: 1_000))
        #expect(free.lines == [.init(quantity: 5, unitCost: 0)])
        #expect(ExactDelivery(5, costing: -1, per: 1) == nil)
        #expect(ExactDelivery(0, costing: 1, per: 1) == nil)
    }

    /// The lines cost what they should, whatever the price basis.
    @Test func `random amounts are exact`() throws {
        var random = SplitMix64(seed: 3)
        var foundCount = 0
        for _ in 0..<2_000 {
            let basis = [1, 1, 10, 100, 1_000, 777][Int(random.next() % 6)] as Int64
            let quantity = Quantity(Int64(random.next() % 100_000) + 1)
            let amount = Money(Int64(random.next() % 10_000_000))
            guard let delivery = ExactDelivery(quantity, costing: amount, per: basis) else {
                continue
            }
            foundCount += 1
            let (units, total) = Self.total(delivery, per: basis)
            #expect(units == quantity.baseUnits && total == amount.minorUnits)
            #expect(delivery.lines.count <= 2)
        }
        #expect(foundCount == 2_000)
    }

    @Test func `the ends of the ranges do not trap`() {
        for quantity in [1, Limits.quantityMax] {
            for amount in [0, 1, Limits.moneyMax, .max] {
                for basis in [1, Limits.quantityMax] {
                    let delivery = ExactDelivery(
                        Quantity(quantity),
                        costing: Money(amount),
                        per: basis
                    )
                    if let delivery {
                        #expect(Self.total(delivery, per: basis).1 == amount)
                    }
                }
            }
        }
    }
}
