internal import InventoryModel

/// How cost follows stock: by weighted average, where the value of a level never includes units that are
/// not on hand.
///
/// The last unit takes the rest, so that the sums are exact: a level with nothing on hand has the value 0
/// (DOMAIN: value = Σ value changes, and onHand = 0 ⇒ value = 0). In all cases,
///
///     Σ change of value + Σ cost of what was sold = Σ paid + Σ value of corrections
///
/// where the cost of what was sold is that of sales less that of returns, plus late cost.
/// Costs are divided half to even; see ``Price/Rounding``.
enum StockMath {
    /// The cost of taking `quantity` units from a level: half-even(value × quantity ÷ onHand); the whole
    /// value with the last unit; 0 for units that are not on hand.
    static func cost(ofTaking quantity: Quantity, from level: Level) -> Money {
        guard level.onHand > 0 else { return 0 }
        guard quantity < level.onHand else { return level.value }
        // The quotient is at most the value, so it is in range.
        return Price.proportion(level.value, times: quantity, over: level.onHand) ?? level.value
    }

    /// The cost of `quantity` units at a unit cost; 0 if that is not known, `nil` if out of the range of
    /// money.
    static func cost(of quantity: Quantity, at unit: Price?) -> Money? {
        guard let unit else { return 0 }
        return Price.proportion(Money(unit.minorUnits), times: quantity, over: Quantity(unit.basis))
    }

    /// Adds `quantity` units that cost `cost` to a level that may be in backorder.
    ///
    /// The part that fills the backorder does not become value: it is late cost, which a `costVariance`
    /// records.
    ///
    /// - Returns: The value that the level gains, and the late cost.
    static func receiving(
        _ quantity: Quantity,
        costing cost: Money,
        onto level: Level
    ) -> (value: Money, late: Money) {
        guard level.onHand < 0 else { return (cost, 0) }
        let remaining = max(0, level.onHand + quantity)
        let value = Price.proportion(cost, times: remaining, over: quantity) ?? .zero
        return (value, cost - value)
    }

    /// Units of a sale that are returned: those that were sold in backorder first.
    struct Returned: Equatable {
        var quantity: Quantity
        /// Those of them that were sold in backorder; they have the current unit cost.
        var backordered: Quantity
        /// The cost of the others, in minor units.
        var cost: Money
    }

    /// The value that a level, which may be in backorder, gains by returned units.
    ///
    /// The first of them fill the level's backorder and add no value: their cost remains cost of goods sold,
    /// of the units that were sold to others meanwhile. So it makes no difference whether units are returned
    /// together or one by one.
    ///
    /// `unit` is the current unit cost.
    ///
    /// - Returns: `nil` if out of the range of money.
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

    /// How many of the `quantity` units of a sale that left `onHand` were sold in backorder.
    @inline(__always)
    static func backordered(of quantity: Quantity, leaving onHand: Quantity) -> Quantity {
        max(0, min(quantity, -onHand))
    }

    /// The share of `sum` for `quantity` of the `remaining` units; the last units take the
    /// rest.
    ///
    /// `sum` is 0 or more, so that the shares add up to it and none is negative.
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

    /// The unit cost that is known once a movement has left nothing on hand: the average cost before, or
    /// the cost of the delivery that the backorder consumed; `nil` if the movement does not determine
    /// it.
    @inline(__always)
    static func cost(knownAfter movement: borrowing Movement, leaving level: Level) -> Price? {
        guard level.onHand <= 0 else { return nil }
        let before = level.onHand - movement.onHandDelta
        if before > 0 { return Price(level.value - movement.cost, for: before) }
        return movement.kind == .restock ? movement.price : nil
    }
}
