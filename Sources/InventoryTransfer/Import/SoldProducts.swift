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
        /// The time of that sale.
        var pricedAt: Instant
        var category: String
        /// The first row with the product.
        var firstRow: Int
        /// The opening stock that every sale of the file needs to succeed.
        var opening: Int64 { -self.lowest }
        /// Whether no row was counted yet.
        fileprivate var isEmpty = true
        /// The running balance from 0, with its minimum and its maximum.
        fileprivate var balance: Int64 = 0
        fileprivate var lowest: Int64 = 0
        fileprivate var highest: Int64 = 0
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
        let delta = row.kind == .return ? row.quantity : -row.quantity
        guard self.lines[index].move(by: delta) else {
            self.isBeyondStock = true
            return nil
        }
        if self.lines[index].isEmpty {
            self.lines[index].isEmpty = false
            self.lines[index].category = reader.category
        }
        if self.lines[index].name.isEmpty, reader.hasName {
            self.lines[index].name = reader.name
        }
        if row.kind == .sale, row.price.minorUnits > 0, row.occurredAt >= self.lines[index].pricedAt
        {
            self.lines[index].price = row.price
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
    /// Adds a change to the balance.
    ///
    /// - Returns: Whether the stock limit holds at all times; if not, the balance is unchanged.
    fileprivate mutating func move(by delta: Int64) -> Bool {
        let balance = self.balance + delta
        let (lowest, highest) = (min(self.lowest, balance), max(self.highest, balance))
        guard highest - lowest <= Limits.quantityMax else { return false }
        (self.balance, self.lowest, self.highest) = (balance, lowest, highest)
        return true
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
            self.pricedAt = later.pricedAt
        }
        self.lowest = min(self.lowest, self.balance.addingSaturated(later.lowest))
        self.highest = max(self.highest, self.balance.addingSaturated(later.highest))
        self.balance = self.balance.addingSaturated(later.balance)
        return self.highest.subtractingSaturated(self.lowest) <= Limits.quantityMax
    }
}
