/// How cost follows stock: weighted average, and a level's value is never believed beyond what is
/// on hand.
///
/// The sums are kept exact by giving the last unit the rest: a level with nothing on hand is worth
/// nothing (DOMAIN: value = Σ value changes, and onHand = 0 ⇒ value = 0).
enum StockMath {
    /// The cost of taking `quantity` units off a level: half-even(value × quantity ÷ onHand); all
    /// of it with the last unit; nothing for units that are not there.
    static func cost(ofTaking quantity: Int64, from level: Level) -> Int64 {
        guard level.onHand > 0 else { return 0 }
        guard quantity < level.onHand else { return level.value }
        // The quotient is at most the value, so it is in range.
        return Price.proportion(level.value, times: quantity, over: level.onHand) ?? level.value
    }

    /// The cost of adding `quantity` units at the level's own average; 0 where it has none.
    static func cost(ofAdding quantity: Int64, to level: Level) -> Int64? {
        guard level.onHand > 0 else { return 0 }
        return Price.proportion(level.value, times: quantity, over: level.onHand)
    }

    /// Puts `quantity` units that cost `cost` onto a level that may be in backorder.
    ///
    /// The part that makes up for units sold before they were there does not become value: it is
    /// cost that came late, and a `costVariance` records it.
    ///
    /// - Returns: What the level gains in value, and what came late.
    static func receiving(
        _ quantity: Int64,
        costing cost: Int64,
        onto level: Level
    ) -> (value: Int64, late: Int64) {
        guard level.onHand < 0 else { return (cost, 0) }
        let kept = max(0, level.onHand + quantity)
        let value = Price.proportion(cost, times: kept, over: quantity) ?? 0
        return (value, cost - value)
    }
}
