import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryTransfer

/// What was charged for a line is kept to the minor unit, whatever no price makes.
@Suite struct SplitAmountTests {
    @Test func `three for 10.00 is two at 3.33 and one at 3.34`() {
        #expect(
            SplitAmount.parts(of: 1_000, quantity: 3, basis: 1) == [
                SplitAmount.Part(quantity: 2, price: 333),
                SplitAmount.Part(quantity: 1, price: 334),
            ]
        )
        #expect(
            SplitAmount.parts(of: 900, quantity: 3, basis: 1) == [
                SplitAmount.Part(quantity: 3, price: 300)
            ]
        )
        #expect(
            SplitAmount.parts(of: 0, quantity: 3, basis: 1) == [
                SplitAmount.Part(quantity: 3, price: 0)
            ]
        )
    }

    @Test func `the parts of any amount add up to it, and to the quantity`() {
        var random = SplitMix64(seed: 19)
        for _ in 0..<20_000 {
            let amount = Int64.random(
                in: 0...Int64.random(in: 1...1 << 40, using: &random),
                using: &random
            )
            let quantity = Int64.random(
                in: 1...Int64.random(in: 1...100_000, using: &random),
                using: &random
            )
            let basis: Int64 =
                [1, 2, 3, 10, 100, 1_000, 999_983].randomElement(using: &random) ?? 1
            let parts = SplitAmount.parts(of: amount, quantity: quantity, basis: basis)
            let sum = parts.reduce(Int64(0)) { sum, part in
                let price = Price(part.price, per: basis)
                return sum + (price.amount(of: Quantity(part.quantity))?.minorUnits ?? .min / 4)
            }
            #expect(sum == amount, "\(amount) for \(quantity) per \(basis): \(parts)")
            #expect(parts.reduce(0) { $0 + $1.quantity } == quantity)
            #expect(parts.allSatisfy { $0.quantity > 0 && $0.price >= 0 })
        }
    }
}
