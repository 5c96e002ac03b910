internal import InventoryModel

/// The rule of selling one line: its checks, what it takes from the level, and its ledger
/// record.
///
///     line ──check──▶ priced ──take──▶ level, cost ──record──▶ movement
///
/// `sell` applies it to every line of a sale, `commit` to reserved units, and the fast path to the only
/// line of a plain sale. It works on values: the caller looks up product and level.
enum SaleRule {
    /// The price and amount of a line.
    struct Priced {
        var price: Price
        /// `nil` if out of the range of money.
        var amount: Money?
    }

    /// A level after a line was taken from it.
    struct Taken {
        /// Without the revision of the step.
        var level: Level
        /// The cost of the units, in minor units.
        var cost: Money
    }

    /// Checks the numbers of a line of a sale or a return.
    ///
    /// - Returns: Whether the quantity is valid, so that the line can be checked further.
    @inline(__always)
    static func check(_ line: SaleLine, number: UInt32, checks: inout some Checks) -> Bool {
        let isQuantity = checks.check(
            "quantity",
            line.quantity.baseUnits,
            in: FieldBounds.quantities,
            line: number
        )
        Self.check(line.price, number: number, checks: &checks)
        return isQuantity
    }

    /// Checks the price of a line, if it sets one.
    @inline(__always)
    static func check(_ price: Money?, number: UInt32, checks: inout some Checks) {
        guard let price else { return }
        checks.check("price", price.minorUnits, in: FieldBounds.amounts, line: number)
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

    /// The price of `quantity` units: the line's, or else the product's.
    @inline(__always)
    static func priced(_ quantity: Quantity, at own: Money?, _ facts: ProductTable.Facts) -> Priced
    {
        let minorUnits = own?.minorUnits ?? facts.price.minorUnits
        let price = Price(minorUnits, per: facts.price.basis)
        return Priced(price: price, amount: price.amount(of: quantity))
    }

    /// Takes `quantity` units from a level; `nil` if they are more than `sellable`, the units that this sale
    /// may take.
    @inline(__always)
    static func take(_ quantity: Quantity, from level: Level, sellable: Quantity) -> Taken? {
        guard sellable >= quantity else { return nil }
        let cost = StockMath.cost(ofTaking: quantity, from: level)
        var level = level
        level.onHand -= quantity
        level.value -= cost
        return Taken(level: level, cost: cost)
    }

    /// Fills in a sale's movement, which may still have the fields of the previous sale.
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
        // Nearly always both are empty, and were empty in the previous sale.
        if !reference.isEmpty || !movement.reference.isEmpty { movement.reference = reference }
        if !note.isEmpty || !movement.note.isEmpty { movement.note = note }
        movement.occurredAt = occurredAt
        movement.isImported = isImported
    }
}

extension Movement {
    /// A sale's movement before ``SaleRule/record(_:_:charged:at:reference:note:occurredAt:isImported:in:)``.
    static var unfilledSale: Movement {
        Movement(kind: .sale, product: ProductID(0), location: LocationID(0), occurredAt: .zero)
    }
}
