internal import InventoryModel

/// How cost follows stock: weighted average, and a level's value is never believed beyond what is
/// on hand.
///
/// The sums are kept exact by giving the last unit the rest: a level with nothing on hand is worth
/// nothing (DOMAIN: value = Σ value changes, and onHand = 0 ⇒ value = 0). So whatever happens,
///
///     Σ change of value + Σ cost of what was sold = Σ paid + Σ value of corrections
///
/// where the cost of what was sold is that of sales less that of returns, and the cost that came
/// late. Costs are divided half to even; see ``Price/Rounding``.
enum StockMath {
    /// The cost of taking `quantity` units off a level: half-even(value × quantity ÷ onHand); all
    /// of it with the last unit; 0 for units that are not there.
    static func cost(ofTaking quantity: Quantity, from level: Level) -> Money {
        guard level.onHand > 0 else { return 0 }
        guard quantity < level.onHand else { return level.value }
        // The quotient is at most the value, so it is in range.
        return Price.proportion(level.value, times: quantity, over: level.onHand) ?? level.value
    }

    /// What `quantity` units cost at the cost of a unit; 0 where that is not known, `nil` beyond the
    /// range of money.
    static func cost(of quantity: Quantity, at unit: Price?) -> Money? {
        guard let unit else { return 0 }
        return Price.proportion(Money(unit.minorUnits), times: quantity, over: Quantity(unit.basis))
    }

    /// Puts `quantity` units that cost `cost` onto a level that may be in backorder.
    ///
    /// The part that makes up for units sold before they were there does not become value: it is
    /// cost that came late, and a `costVariance` records it.
    ///
    /// - Returns: What the level gains in value, and what came late.
    static func receiving(
        _ quantity: Quantity,
        costing cost: Money,
        onto level: Level
    ) -> (value: Money, late: Money) {
        guard level.onHand < 0 else { return (cost, 0) }
        let kept = max(0, level.onHand + quantity)
        let value = Price.proportion(cost, times: kept, over: quantity) ?? .zero
        return (value, cost - value)
    }

    /// Units that were sold and come back: those that were not there then come first.
    struct Returned: Equatable {
        var quantity: Quantity
        /// Those of them that were not there; they cost what units cost now.
        var backordered: Quantity
        /// What the others cost, in minor units.
        var cost: Money
    }

    /// What a level that may be in backorder gains by units that come back.
    ///
    /// The first of them go to where the backorder is, and bring nothing: what they cost remains cost of what was
    /// sold, that of the units that others bought meanwhile. So it does not matter whether units come back
    /// together or one by one.
    ///
    /// `unit`: What a unit costs now.
    ///
    /// - Returns: `nil` beyond the range of money
    static func value(of returned: Returned, at unit: Price?, onto level: Level) -> Money? {
        let gone = min(returned.quantity, max(0, -level.onHand))
        let backordered = returned.backordered - min(gone, returned.backordered)
        let others = returned.quantity - returned.backordered
        let goneOthers = gone - min(gone, returned.backordered)
        let cost = returned.cost - Self.share(of: returned.cost, goneOthers, of: others)
        guard let late = Self.cost(of: backordered, at: unit) else { return nil }
        let (value, isOverflow) = cost.minorUnits.addingReportingOverflow(late.minorUnits)
        return isOverflow ? nil : Money(value)
    }

    /// How many of the `quantity` units of a sale that left `onHand` were not there.
    @inline(__always)
    static func backordered(of quantity: Quantity, leaving onHand: Quantity) -> Quantity {
        max(0, min(quantity, -onHand))
    }

    /// The part of `sum` that `quantity` of the `remaining` units take with them; the last take the
    /// rest.
    ///
    /// `sum`: 0 or more, so that the parts add up to it and none is below 0.
    static func share(
        of sum: Money,
        _ quantity: Quantity,
        of remaining: Quantity,
        rounding: Price.Rounding = .halfEven
    ) -> Money {
        guard quantity < remaining else { return sum }
        // The quotient is at most the sum, so it is in range.
        let share = Price.proportion(sum, times: quantity, over: remaining, rounding: rounding)
        return share ?? sum
    }

    /// What is known of the cost of a unit once a movement has left nothing on hand: what a unit
    /// cost on average before, or the cost of the delivery that the backorder swallowed; `nil` if
    /// the movement says nothing of it.
    @inline(__always)
    static func cost(knownAfter movement: borrowing Movement, leaving level: Level) -> Price? {
        guard level.onHand <= 0 else { return nil }
        let before = level.onHand - movement.onHandDelta
        if before > 0 { return Price(level.value - movement.cost, for: before) }
        return movement.kind == .restock ? movement.price : nil
    }
}
