internal import InventoryModel

/// The rule of selling one line: what is checked, what it takes off the level, and what the ledger
/// records of it.
///
///     line ──check──▶ priced ──take──▶ level, cost ──record──▶ movement
///
/// `sell` applies it to every line of a sale, `commit` to what was reserved, and the fast path of a
/// sale to its only line. Values in, values out: the caller looks up product and level.
enum SaleRule {
    /// What a line is charged.
    struct Priced {
        var price: Price
        /// `nil` beyond the range of money.
        var amount: Money?
    }

    /// A level after a line was taken off it.
    struct Taken {
        /// Without the revision of the step.
        var level: Level
        /// What the units cost, in minor units.
        var cost: Money
    }

    /// Checks the numbers of a line of a sale or a return.
    ///
    /// - Returns: Whether its quantity is one, so that the line can be followed further.
    @inline(__always)
    static func check(_ line: SaleLine, number: UInt32, checks: inout some Checks) -> Bool {
        let quantities = 1...Limits.quantityMax
        let isQuantity = checks.check(
            "quantity",
            line.quantity.baseUnits,
            in: quantities,
            line: number
        )
        Self.check(line.price, number: number, checks: &checks)
        return isQuantity
    }

    /// Checks the price of a line, if it has its own.
    @inline(__always)
    static func check(_ price: Money?, number: UInt32, checks: inout some Checks) {
        guard let price else { return }
        checks.check("price", price.minorUnits, in: 0...Limits.moneyMax, line: number)
    }

    /// Checks that a product is for sale.
    @inline(__always)
    static func check(
        _ product: ProductID,
        isForSale facts: ProductTable.Facts,
        number: UInt32,
        checks: inout some Checks
    ) {
        guard facts.status == .inactive else { return }
        checks.add(Refusal(.productInactive, line: number, .id(UInt64(product.value))))
    }

    /// What `quantity` units are charged: at the line's price, or else at the product's.
    @inline(__always)
    static func priced(_ quantity: Quantity, at own: Money?, _ facts: ProductTable.Facts) -> Priced
    {
        let minorUnits = own?.minorUnits ?? facts.price.minorUnits
        let price = Price(minorUnits, per: facts.price.basis)
        return Priced(price: price, amount: price.amount(of: quantity))
    }

    /// Takes `quantity` units off a level; `nil` if fewer can be sold.
    ///
    /// `sellable`: What of the level this sale may take.
    @inline(__always)
    static func take(_ quantity: Quantity, from level: Level, sellable: Quantity) -> Taken? {
        guard sellable >= quantity else { return nil }
        let cost = StockMath.cost(ofTaking: quantity, from: level)
        var level = level
        level.onHand -= quantity
        level.value -= cost
        return Taken(level: level, cost: cost)
    }

    /// Fills in a sale's movement, which may be of the sale before.
    @inline(__always)
    static func record(
        _ quantity: Quantity,
        _ taken: Taken,
        charged amount: Money,
        at price: Price,
        reference: String,
        note: String,
        occurredAt: Instant,
        isImported: Bool,
        in movement: inout Movement
    ) {
        movement.product = taken.level.product
        movement.location = taken.level.location
        movement.onHandDelta = -quantity
        movement.amount = amount
        movement.price = price
        movement.cost = -taken.cost
        // Nearly always both are empty, and so were those before them.
        if !reference.isEmpty || !movement.reference.isEmpty { movement.reference = reference }
        if !note.isEmpty || !movement.note.isEmpty { movement.note = note }
        movement.occurredAt = occurredAt
        movement.isImported = isImported
    }
}

extension Movement {
    /// A sale that is not filled in: see ``SaleRule/record(_:_:charged:at:reference:note:occurredAt:isImported:in:)``.
    static var unfilledSale: Movement {
        Movement(kind: .sale, product: ProductID(0), location: LocationID(0), occurredAt: .zero)
    }
}
