internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// What a receipt of the past says once for all of its lines; both paths of the rule read it.
protocol PastSaleTerms {
    var location: LocationID { get }
    var reference: String { get }
    var note: String { get }
    var day: CalendarDay? { get }
    var firstLine: UInt32 { get }
    var occurredAt: Instant { get }
    var openedAt: Instant? { get }
    var isWriteOff: Bool { get }
    var lineCount: Int { get }
}

extension PastSale: PastSaleTerms {
    var lineCount: Int { self.lines.count }
}

extension PastSaleTerms {
    /// Which lines of the receipt these are; `nil` without a reference.
    var part: ReceiptPart? {
        if self.reference.isEmpty { return nil }
        return ReceiptPart(
            day: self.receiptDay,
            firstLine: self.firstLine,
            count: UInt16(self.lineCount)
        )
    }

    /// The day that identifies the receipt.
    var receiptDay: CalendarDay { self.day ?? CalendarDay(ofUTC: self.occurredAt) }
}

// MARK: - Checks

extension InventoryState {
    /// Checks what a receipt says once for all lines, except its strings and whether it is on record.
    ///
    /// `isArchived` is that of its location: `nil` if it does not exist.
    func check(
        terms sale: some PastSaleTerms,
        isArchived: Bool?,
        at time: Instant,
        _ checks: inout some Checks
    ) {
        Self.checkTimes(sale, at: time, &checks)
        Self.checkReceipt(sale, &checks)
        // A store that was closed meanwhile has a past, too.
        if isArchived == nil {
            checks.add(Refusal(.locationNotFound, .id(UInt64(sale.location.value))))
        }
    }

    private static func checkTimes(
        _ sale: some PastSaleTerms,
        at time: Instant,
        _ checks: inout some Checks
    ) {
        let occurred = Occurrence(at: sale.occurredAt, isImported: true)
        _ = Self.occurrence(occurred, at: time, &checks)
        guard let openedAt = sale.openedAt else { return }
        if openedAt > sale.occurredAt || openedAt.microseconds < Limits.instantMin {
            checks.add(
                Refusal(
                    .occurredAtOutOfWindow,
                    .range(
                        "openedAt",
                        value: openedAt.microseconds,
                        lowest: Limits.instantMin,
                        highest: sale.occurredAt.microseconds
                    )
                )
            )
        }
    }

    private static func checkReceipt(_ sale: some PastSaleTerms, _ checks: inout some Checks) {
        if let day = sale.day, !day.isInRange {
            checks.addInvalid("day", "is outside of the years 1 to 9999")
        }
        let end = Int(sale.firstLine) + sale.lineCount
        guard end > Limits.receiptLinesMax else { return }
        checks.add(Self.tooMany("receipt lines", end, limit: Limits.receiptLinesMax))
    }

    static func tooMany(_ what: String, _ count: Int, limit: Int) -> Refusal {
        Refusal(
            .tooManyLines,
            .range(what, value: Int64(count), lowest: 1, highest: Int64(limit))
        )
    }

    /// Checks a line of a product, which is `nil` if it does not exist, and adds its amount to a sum.
    @inline(__always)
    static func check(
        _ line: PastSaleLine,
        number: UInt32,
        isWriteOff: Bool,
        facts: ProductTable.Facts?,
        adding total: inout Money,
        _ checks: inout some Checks
    ) {
        self.check(line, number: number, isWriteOff: isWriteOff, &checks)
        _ = checks.add(line.amount, to: &total, line: number)
        if facts == nil {
            checks.add(
                Refusal(.productNotFound, line: number, .id(UInt64(line.product.value)))
            )
        }
    }

    /// Checks the numbers of a line, and that the signs of quantity and amount agree.
    @inline(__always)
    private static func check(
        _ line: PastSaleLine,
        number: UInt32,
        isWriteOff: Bool,
        _ checks: inout some Checks
    ) {
        func invalid(_ field: String, _ problem: String) -> Refusal {
            Refusal(.invalidField, line: number, .field(field, problem: problem))
        }
        let (quantity, amount) = (line.quantity.baseUnits, line.amount.minorUnits)
        checks.check("quantity", quantity, in: FieldBounds.deltas, line: number)
        checks.check("amount", amount, in: FieldBounds.signedAmounts, line: number)
        if let cost = line.cost {
            checks.check("cost", cost.minorUnits, in: FieldBounds.amounts, line: number)
        }
        if isWriteOff {
            if quantity <= 0 { checks.add(invalid("quantity", "of a write-off must be above 0")) }
            if amount != 0 { checks.add(invalid("amount", "of a write-off must be 0")) }
        } else if quantity > 0, amount < 0 {
            checks.add(invalid("amount", "must not be below 0 if the quantity is above 0"))
        } else if quantity < 0, amount > 0 {
            checks.add(invalid("amount", "must not be above 0 if the quantity is below 0"))
        } else if quantity == 0, amount == 0 {
            checks.add(invalid("quantity", "and amount are both 0"))
        }
        if quantity == 0, let cost = line.cost, cost != 0 {
            checks.add(invalid("cost", "needs a quantity other than 0"))
        }
    }

    /// The cost of one line, with the sign of its quantity: its own, or by the unit cost that is known for its
    /// level as the step has found it; 0 if none is.
    @inline(__always)
    static func cost(
        of line: PastSaleLine,
        number: UInt32,
        _ checks: inout some Checks,
        atUnitCost unitCost: () -> Price?
    ) -> Money {
        var cost = line.cost
        if cost == nil, line.quantity != 0 {
            let quantity = Quantity(abs(line.quantity.baseUnits))
            cost = StockMath.cost(of: quantity, at: unitCost())
            if cost == nil { checks.add(.overflow("cost", line: number)) }
        }
        return line.quantity < 0 ? -(cost ?? 0) : cost ?? 0
    }
}

// MARK: - Movements

/// The numbers of a line that its two movements have.
struct PastLine {
    var product: ProductID
    /// Above 0 for goods that were sold.
    var quantity: Quantity
    var amount: Money
    var price: Price
    /// That of the goods, with the sign of the quantity.
    var cost: Money

    /// Creates those of a line of a product whose price is for `basis` base units.
    @inline(__always)
    init(_ line: PastSaleLine, costing cost: Money, per basis: Int64) {
        self.product = line.product
        self.quantity = line.quantity
        self.amount = line.amount
        self.price = line.price(preferring: basis)
        self.cost = cost
    }
}

extension Movement {
    /// Creates the opening balance of a receipt's lines, without the numbers of one.
    init(openingFor sale: some PastSaleTerms) {
        self.init(
            kind: .openingBalance,
            product: ProductID(0),
            location: sale.location,
            note: sale.note,
            occurredAt: sale.openedAt ?? sale.occurredAt,
            isImported: true
        )
    }

    /// Creates the movement of a receipt's lines that consumes the opening balance, without the numbers of one.
    init(past sale: some PastSaleTerms) {
        self.init(
            kind: .sale,
            product: ProductID(0),
            location: sale.location,
            reference: sale.reference,
            note: sale.note,
            occurredAt: sale.occurredAt,
            isImported: true
        )
    }

    /// Sets the numbers of an opening balance.
    @inline(__always)
    mutating func set(opening line: PastLine) {
        self.product = line.product
        self.onHandDelta = line.quantity
        self.cost = line.cost
    }

    /// Sets the kind and the numbers of the movement that consumes an opening balance.
    @inline(__always)
    mutating func set(past line: PastLine, isWriteOff: Bool) {
        (self.kind, self.reason) = line.kind(isWriteOff: isWriteOff)
        self.product = line.product
        self.onHandDelta = -line.quantity
        self.amount = line.amount
        self.price = line.price
        self.cost = -line.cost
    }
}

extension PastLine {
    /// What the line did, and why.
    @inline(__always)
    func kind(isWriteOff: Bool) -> (MovementKind, Reason?) {
        if isWriteOff { return (.adjust, .other) }
        return self.quantity < 0 ? (.return, .customerReturn) : (.sale, nil)
    }
}

extension Level {
    /// Changes the balances as a movement of the past does.
    mutating func add(_ movement: borrowing Movement) {
        self.onHand += movement.onHandDelta
        self.value += movement.cost
    }
}

extension PastSaleLine {
    /// The exact price: for `basis` base units if it is a whole number of minor units then, otherwise for the
    /// line's quantity; none without one.
    fileprivate func price(preferring basis: Int64) -> Price {
        let quantity = abs(self.quantity.baseUnits)
        let amount = abs(self.amount.minorUnits)
        guard quantity > 0 else { return Price(0) }
        let (narrow, overflow) = amount.multipliedReportingOverflow(by: basis)
        if !overflow {
            let (price, rest) = narrow.quotientAndRemainder(dividingBy: quantity)
            let isWhole = rest == 0 && price <= Limits.moneyMax
            return isWhole ? Price(price, per: basis) : Price(amount, per: quantity)
        }
        let (price, rest) = (Int128(amount) * Int128(basis)).quotientAndRemainder(
            dividingBy: Int128(quantity)
        )
        guard rest == 0, price <= Int128(Limits.moneyMax) else {
            return Price(amount, per: quantity)
        }
        return Price(Int64(price), per: basis)
    }
}
