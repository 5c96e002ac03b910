package import InventoryModel

/// How a line of an amount, as a price label has it, is sold: a quantity, at the product's price or at another.
package struct AmountSplit: Hashable, Sendable {
    /// The quantity in base units.
    package var quantity: Quantity
    /// The price of one basis of the product; `nil` for the product's own.
    package var price: Money?

    /// How far the quantity may be from the exact one: in base units, or as a part of it if that is more.
    private static let stepsMax: Int64 = 5
    private static let part: Int64 = 50

    /// Finds the quantity whose amount is exactly `amount`; `nil` if there is none, as without a price.
    ///
    ///     12.34 at 5.68 a kg     2.172 or 2.173 kg at 5.68
    ///     12.34 at 31.90 a kg    0.387 kg at 31.89, if no quantity at 31.90 is exactly 12.34
    ///     4.99 of a piece        1 piece at 4.99
    ///
    /// - Parameters:
    ///   - amount: The amount, above 0.
    ///   - price: The product's price.
    ///   - isWhole: Whether the product is sold in pieces: then it is one, at that amount.
    package init?(of amount: Money, at price: Price, isWhole: Bool) {
        guard amount > 0 else { return nil }
        if isWhole {
            let (one, rest) = amount.minorUnits.multipliedReportingOverflow(by: price.basis)
            if rest { return nil }
            (self.quantity, self.price) = (1, Money(one))
            if one == price.minorUnits { self.price = nil }
            return
        }
        guard price.minorUnits > 0 else { return nil }
        let exact = Self.rounded(
            Int128(amount.minorUnits) * Int128(price.basis),
            Int128(price.minorUnits)
        )
        var near: [Int64] = []
        for step in 0...max(Self.stepsMax, exact / Self.part) {
            near.append(exact.addingSaturated(step))
            if step > 0 { near.append(exact.addingSaturated(-step)) }
        }
        near = near.filter { (1...Limits.quantityMax).contains($0) }
        for quantity in near where price.amount(of: Quantity(quantity)) == amount {
            (self.quantity, self.price) = (Quantity(quantity), nil)
            return
        }
        for quantity in near {
            let other = Self.rounded(
                Int128(amount.minorUnits) * Int128(price.basis),
                Int128(quantity)
            )
            let found = Price(other, per: price.basis).amount(of: Quantity(quantity))
            guard found == amount else { continue }
            (self.quantity, self.price) = (Quantity(quantity), Money(other))
            return
        }
        return nil
    }

    private static func rounded(_ dividend: Int128, _ divisor: Int128) -> Int64 {
        Int64(clamping: (dividend + divisor / 2) / divisor)
    }
}
