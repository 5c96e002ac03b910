internal import InventoryModel

/// The products that a file's sales are of, or those of a part of it.
///
///     codes   a code as it is typed ─▶ product        "abc-1", "ABC-1 "
///     keys    what it is compared by ─▶ product       "abc-1"
///
/// Parts of a file gather theirs side by side; in the file's order they come to what one pass over it
/// comes to.
struct SoldProducts: Sendable {
    struct Line: Sendable {
        /// As first typed.
        var sku: String
        /// The first name that is not empty; none without one.
        var name: String
        /// Of the latest sale.
        var price: Money
        var pricedAt: Instant
        var category: String
        /// The first row that sells it.
        var firstRow: Int
        /// What has to be there first so that no sale of the file lacks stock.
        var opening: Int64 { -self.lowest }
        /// Whether no row of it was counted yet.
        fileprivate var isEmpty = true
        /// What is left of nothing, and the least and the most that was in between; 0 before the first row.
        fileprivate var balance: Int64 = 0
        fileprivate var lowest: Int64 = 0
        fileprivate var highest: Int64 = 0
    }

    private(set) var lines: [Line] = []
    /// Whether a product would have more stock at some time than there may be.
    ///
    /// Which rows are the ones too many depends on all before them: parts that were joined do not say.
    private(set) var isBeyondStock = false
    /// Codes that differ from another's only in case or white space, with the one they are.
    private(set) var merged: [(code: String, sku: String)] = []
    private var codes = NumberedStrings()
    private var keys = NumberedStrings()

    /// Takes a row that was read.
    ///
    /// A row that the server refuses for its time has a product, and no part in what that is.
    ///
    /// - Returns: The number of its product; nothing if with the row there would be more stock than there
    ///   may be, once the product is opened with what all rows need: then it is not counted.
    mutating func take(_ row: SalesReader.Row, _ reader: borrowing SalesReader) -> Int? {
        let index = self.product(row, reader)
        if row.isAhead { return index }
        // Only a return brings stock back; a write-off takes it, as a sale does.
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

    /// The product of a code that was not typed so before; a new one if its key is new too.
    private mutating func product(_ code: String, _ new: () -> Line) -> Int {
        let key = NormalizedText.key(code)
        let known = self.keys.findOrInsert(key, self.lines.count)
        let index = known ?? self.lines.count
        if known == nil {
            self.lines.append(new())
        } else if code != self.lines[index].sku {
            self.merged.append((code, self.lines[index].sku))
        }
        // Bytes that are no text make no text that is found by them again.
        _ = self.codes.findOrInsert(code, index)
        return index
    }

    /// Takes in the products of the part of the file that comes next, whose rows are numbered from
    /// `firstRow` on.
    ///
    /// - Returns: For each product of the part the number it has here.
    /// - Complexity: O(products of the part)
    mutating func take(_ part: SoldProducts, rowsBefore: Int) -> [UInt32] {
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
            // A line that came from the part has all of it already.
            if self.lines.count == count, !self.lines[number].follow(part.lines[local]) {
                self.isBeyondStock = true
            }
        }
        self.isBeyondStock = self.isBeyondStock || part.isBeyondStock
        return numbers
    }
}

extension SoldProducts.Line {
    /// Adds to what is there.
    ///
    /// - Returns: Whether the stock then stays within what there may be at all times; else nothing is added.
    fileprivate mutating func move(by delta: Int64) -> Bool {
        let balance = self.balance + delta
        let (lowest, highest) = (min(self.lowest, balance), max(self.highest, balance))
        guard highest - lowest <= Limits.quantityMax else { return false }
        (self.balance, self.lowest, self.highest) = (balance, lowest, highest)
        return true
    }

    /// Goes on with what a later part of the file has of the product.
    ///
    /// - Returns: Whether the stock stays within what there may be at all times.
    fileprivate mutating func follow(_ later: SoldProducts.Line) -> Bool {
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
