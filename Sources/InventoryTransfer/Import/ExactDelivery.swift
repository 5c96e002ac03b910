internal import InventoryModel

/// A delivery whose lines cost a given amount in total, although a cost is a whole amount for a price basis.
///
///     3 units for 1.00     2 at 0.33 and 1 at 0.34
struct ExactDelivery {
    /// A quantity at one cost of a price basis.
    struct Line: Equatable {
        var quantity: Quantity
        var unitCost: Money
    }

    /// One line, or two whose costs differ by the smallest amount of the currency.
    let lines: [Line]

    /// The most splits that are tried beside the one that is exact but for rounding.
    private static let splitsTriedMax: Int64 = 4_096

    /// Finds the lines; `nil` if the amount is below 0 or none are exact: rounding the amounts of two lines can miss
    /// it.
    ///
    /// - Parameters:
    ///   - quantity: Above 0.
    ///   - total: What all of it costs.
    ///   - basis: The base units that a cost is for.
    init?(_ quantity: Quantity, costing total: Money, per basis: Int64) {
        let (units, amount) = (quantity.baseUnits, total.minorUnits)
        guard units > 0, amount >= 0, basis > 0 else { return nil }
        let product = Int128(amount) * Int128(basis)
        guard let low = Int64(exactly: product / Int128(units)), low < Limits.moneyMax else {
            return nil
        }
        // So many base units have to cost the next higher amount.
        let higher = Int64(product - Int128(low) * Int128(units))
        for step in 0...Self.splitsTriedMax {
            for split in step == 0 ? [higher] : [higher - step, higher + step] {
                guard (0...units).contains(split) else { continue }
                let lines = [
                    Line(quantity: Quantity(units - split), unitCost: Money(low)),
                    Line(quantity: Quantity(split), unitCost: Money(low + 1)),
                ].filter { $0.quantity > 0 }
                if Self.total(lines, per: basis) == amount {
                    self.lines = lines
                    return
                }
            }
        }
        return nil
    }

    private static func total(_ lines: [Line], per basis: Int64) -> Int64? {
        var total: Int64 = 0
        for line in lines {
            let price = Price(line.unitCost.minorUnits, per: basis)
            guard let amount = price.amount(of: line.quantity) else { return nil }
            total += amount.minorUnits
        }
        return total
    }
}
