internal import InventoryModel

/// The products of a file's sales, or of a part of it.
///
///     codes   a code as typed ─▶ product        "abc-1", "ABC-1 "
///     keys    its normalized key ─▶ product     "abc-1"
///
/// Parts of a file are collected in parallel; merged in the file's order they equal the result of one pass.
struct SoldProducts: Sendable {
    struct Line: Sendable {
        /// The code as first typed.
        var sku: String
        /// The first name that is not empty; empty without one.
        var name: String
        /// The price of the latest sale.
        var price: Money
        /// The millionths of a unit that it is for.
        var per: Int64 = FileQuantity.perUnit
        /// The time of that sale.
        var pricedAt: Instant
        var category: String
        /// The first row with the product.
        var firstRow: Int
        /// The most decimals of a quantity.
        var quantityDecimals: UInt8 = 0
        /// Whether a point in a quantity can part thousands; only a unit of three decimals tells.
        var hasOpenQuantity = false
        /// What the rows with a cost have cost together, and their quantity in millionths.
        var cost = Int128(0)
        var costedQuantity = Int128(0)
        /// Whether no row was counted yet.
        fileprivate var isEmpty = true
        /// The balance at the first location that has one, and at the others.
        fileprivate(set) var balance = Balance()
        fileprivate(set) var others: [Balance] = []

        var balances: [Balance] { [self.balance] + self.others }
    }

    /// The running balance of a product at a location from 0, with its minimum and its maximum.
    struct Balance: Sendable {
        fileprivate(set) var location: LocationID?
        fileprivate var now: Int64 = 0
        fileprivate var lowest: Int64 = 0
        fileprivate var highest: Int64 = 0
        /// The opening stock that every sale of the file needs to succeed, in millionths.
        var opening: Int64 { -self.lowest }
    }

    private(set) var lines: [Line] = []
    /// Whether a product would exceed the stock limit at some time.
    ///
    /// Which rows exceed it depends on all earlier rows, which merged parts do not contain.
    private(set) var isBeyondStock = false
    /// Codes that differ from another only in case or white space, with the SKU that they map to.
    private(set) var merged: [(code: String, sku: String)] = []
    private var codes = NumberedStrings()
    private var keys = NumberedStrings()

    /// Adds a row and returns the number of its product.
    ///
    /// A row that the server refuses for its time has a product but does not affect it. The result is `nil`,
    /// and the row is not counted, if the row and the opening stock would exceed the stock limit.
    mutating func add(_ row: SalesReader.Row, _ reader: borrowing SalesReader) -> Int? {
        let index = self.product(row, reader)
        if row.isAhead { return index }
        // A return adds stock; a sale and a write-off remove it.
        let millionths = row.quantity.millionths
        let delta = row.kind == .return ? millionths : -millionths
        guard self.lines[index].move(by: delta, at: row.location) else {
            self.isBeyondStock = true
            return nil
        }
        if self.lines[index].isEmpty {
            self.lines[index].isEmpty = false
            self.lines[index].category = reader.category
        }
        let decimals = row.quantity.decimals
        if decimals > self.lines[index].quantityDecimals {
            self.lines[index].quantityDecimals = decimals
        }
        if row.quantity.isOpen {
            self.lines[index].quantityDecimals.raise(to: 3)
            self.lines[index].hasOpenQuantity = true
        }
        if let cost = row.cost, row.kind != .return { self.lines[index].add(cost, of: row) }
        if self.lines[index].name.isEmpty, reader.hasName {
            self.lines[index].name = reader.name
        }
        if row.kind == .sale, row.price.minorUnits > 0, row.occurredAt >= self.lines[index].pricedAt
        {
            self.lines[index].price = row.price
            self.lines[index].per = row.per
            self.lines[index].pricedAt = row.occurredAt
        }
        return index
    }

    private mutating func product(
        _ row: SalesReader.Row,
        _ reader: borrowing SalesReader
    ) -> Int {
        if let known = reader.withCode({ self.codes.number(of: $0) }) { return known }
        return self.product(reader.code) {
            Line(
                sku: reader.code,
                name: "",
                price: .zero,
                pricedAt: Instant(microseconds: .min),
                category: reader.category,
                firstRow: row.number
            )
        }
    }

    /// Returns the product of a new code; a new product if the code's key is new too.
    private mutating func product(_ code: String, _ new: () -> Line) -> Int {
        let key = NormalizedText.key(code)
        let known = self.keys.findOrInsert(key, self.lines.count)
        let index = known ?? self.lines.count
        if known == nil {
            self.lines.append(new())
        } else if code != self.lines[index].sku {
            self.merged.append((code, self.lines[index].sku))
        }
        // Invalid UTF-8 was replaced in the code, so its bytes are not found again.
        _ = self.codes.findOrInsert(code, index)
        return index
    }

    /// Returns the number of the product with a code as typed; `nil` if no row has it.
    func number(of code: String) -> Int? {
        self.codes.number(of: code) ?? self.keys.number(of: NormalizedText.key(code))
    }

    /// Merges the products of the next part of the file, which has `rowsBefore` rows before it.
    ///
    /// The result is the number here of each product of the part.
    ///
    /// - Complexity: O(products of the part)
    mutating func merge(_ part: SoldProducts, rowsBefore: Int) -> [UInt32] {
        var numbers = [UInt32](repeating: .max, count: part.lines.count)
        part.codes.forEach { code, local in
            let count = self.lines.count
            let number =
                self.codes.number(of: code)
                ?? self.product(code) {
                    var line = part.lines[local]
                    line.firstRow += rowsBefore
                    return line
                }
            guard numbers[local] == .max else { return }
            numbers[local] = UInt32(number)
            // A line copied from the part is complete already.
            if self.lines.count == count, !self.lines[number].append(part.lines[local]) {
                self.isBeyondStock = true
            }
        }
        self.isBeyondStock = self.isBeyondStock || part.isBeyondStock
        return numbers
    }
}

extension SoldProducts.Line {
    /// Adds a change to the balance at a location.
    ///
    /// - Returns: Whether the stock limit holds at all times; if not, the balance is unchanged.
    fileprivate mutating func move(by delta: Int64, at location: LocationID) -> Bool {
        if self.balance.location == nil { self.balance.location = location }
        if self.balance.location == location { return self.balance.move(by: delta) }
        return self.others[self.other(location)].move(by: delta)
    }

    /// Returns the index of a location's balance, which is created if it is new.
    private mutating func other(_ location: LocationID) -> Int {
        if let index = self.others.firstIndex(where: { $0.location == location }) { return index }
        var balance = SoldProducts.Balance()
        balance.location = location
        self.others.append(balance)
        return self.others.count - 1
    }

    /// Adds what a row has cost: cost × quantity ÷ per, in minor units × millionths, not yet rounded.
    fileprivate mutating func add(_ cost: Money, of row: SalesReader.Row) {
        self.cost +=
            Int128(cost.minorUnits) * Int128(row.quantity.millionths)
            * Int128(FileQuantity.perUnit) / Int128(row.per)
        self.costedQuantity += Int128(row.quantity.millionths)
    }

    /// Appends the product's rows of a later part of the file.
    ///
    /// - Returns: Whether the stock limit holds at all times.
    fileprivate mutating func append(_ later: SoldProducts.Line) -> Bool {
        if self.isEmpty, !later.isEmpty {
            self.isEmpty = false
            self.category = later.category
        }
        if self.name.isEmpty { self.name = later.name }
        if later.pricedAt >= self.pricedAt {
            self.price = later.price
            self.per = later.per
            self.pricedAt = later.pricedAt
        }
        self.quantityDecimals.raise(to: later.quantityDecimals)
        self.hasOpenQuantity = self.hasOpenQuantity || later.hasOpenQuantity
        self.cost += later.cost
        self.costedQuantity += later.costedQuantity
        var isWithin = true
        for balance in later.balances {
            guard let location = balance.location else { continue }
            if self.balance.location == nil { self.balance.location = location }
            if self.balance.location == location {
                isWithin = self.balance.append(balance) && isWithin
            } else {
                isWithin = self.others[self.other(location)].append(balance) && isWithin
            }
        }
        return isWithin
    }
}

extension SoldProducts.Balance {
    /// The most stock at a location, in millionths: that of a product of whole units.
    private static let rangeMax = Limits.quantityMax * FileQuantity.perUnit

    fileprivate mutating func move(by delta: Int64) -> Bool {
        let now = self.now.addingSaturated(delta)
        let (lowest, highest) = (min(self.lowest, now), max(self.highest, now))
        guard highest.subtractingSaturated(lowest) <= Self.rangeMax else { return false }
        (self.now, self.lowest, self.highest) = (now, lowest, highest)
        return true
    }

    fileprivate mutating func append(_ later: SoldProducts.Balance) -> Bool {
        self.lowest = min(self.lowest, self.now.addingSaturated(later.lowest))
        self.highest = max(self.highest, self.now.addingSaturated(later.highest))
        self.now = self.now.addingSaturated(later.now)
        return self.highest.subtractingSaturated(self.lowest) <= Self.rangeMax
    }
}

extension UInt8 {
    fileprivate mutating func raise(to other: UInt8) { self = Swift.max(self, other) }
}

// MARK: - The unit, the price and the cost of a new product

extension SoldProducts.Line {
    /// The decimals of the product's unit if the file creates it: as many as its quantities have, and those
    /// of a weight if they have any.
    var newDecimals: UInt8 { self.quantityDecimals == 0 ? 0 : max(3, self.quantityDecimals) }

    /// The price if the file creates the product: for as many base units as the file's price is for.
    var newPrice: Price {
        let basis = self.per / FileQuantity.perBaseUnit(self.newDecimals)
        return Price(self.price.minorUnits, per: max(1, basis))
    }

    /// The average cost of the quantity that ``newPrice`` is for.
    var newCost: Money {
        guard self.costedQuantity > 0 else { return .zero }
        let basis = Int128(self.newPrice.basis) * Int128(FileQuantity.perBaseUnit(self.newDecimals))
        let perUnit = Int128(FileQuantity.perUnit)
        let cost = (self.cost * basis / perUnit + self.costedQuantity / 2) / self.costedQuantity
        return Money(min(Int64(clamping: cost), Limits.moneyMax))
    }

    /// Returns the opening stock at a location in base units; at the limit if there would be more.
    func newOpening(_ balance: SoldProducts.Balance) -> Quantity {
        let perBaseUnit = FileQuantity.perBaseUnit(self.newDecimals)
        let (units, rest) = balance.opening.quotientAndRemainder(dividingBy: perBaseUnit)
        return Quantity(units + (rest > 0 ? 1 : 0))
    }
}
