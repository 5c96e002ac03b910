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
        var code: String
        /// The code as in the latest sale with a price, of two at one time the larger; without such a sale the
        /// largest.
        var sku: String
        /// Whether the SKU is that of a row that the server accepts.
        var isSpelled = false
        /// The name in the row of the highest rank that has one; empty without one.
        var name: String
        /// The rank of that row.
        var namedAt = Rank.none
        /// The price of the latest sale.
        var price: Money
        /// The millionths of a unit that it is for.
        var per: Int64 = FileQuantity.perUnit
        /// The time of that sale.
        var pricedAt: Instant
        /// The category in the row of the highest rank that has one, else that of rows without one.
        var category: String
        /// The rank of that row.
        var categorizedAt = Rank.none
        /// The first row with the product.
        var firstRow: Int
        /// The most decimals of a quantity.
        var quantityDecimals: UInt8 = 0
        /// Whether a point in a quantity can part thousands; only a unit of three decimals determines it.
        var hasOpenQuantity = false
    }

    /// What decides between the names and categories of two rows: a sale with a price comes before a write-off,
    /// a return, a discount or a gift of any time, whose text often says what happened to the goods; then the
    /// later row.
    struct Rank: Comparable, Sendable {
        var isPricedSale: Bool
        var occurredAt: Instant

        /// Below the rank of every row.
        static let none = Rank(isPricedSale: false, occurredAt: Instant(microseconds: .min))

        @inline(__always)
        static func < (left: Rank, right: Rank) -> Bool {
            guard left.isPricedSale == right.isPricedSale else { return right.isPricedSale }
            return left.occurredAt < right.occurredAt
        }

        /// The time that ranks the value among those of other imports: of rows that are no priced sale one
        /// below that of any sale, but above that of no row.
        var time: Instant {
            let earliest = Limits.instantMin
            guard self != .none else { return Instant(microseconds: earliest) }
            guard self.isPricedSale else { return Instant(microseconds: earliest + 1) }
            return max(Instant(microseconds: earliest + 2), self.occurredAt)
        }
    }

    private(set) var lines: [Line] = []
    /// Codes that differ from the one first typed of their product.
    private var variants: [(code: String, product: Int)] = []
    private var codes = NumberedStrings()
    private var keys = NumberedStrings()

    /// Codes that differ from their product's SKU, only in case or white space.
    var merged: [(code: String, sku: String)] {
        var seen: Set<Int> = []
        return self.variants.flatMap { variant in
            let line = self.lines[variant.product]
            let first = seen.insert(variant.product).inserted ? [line.code] : []
            return (first + [variant.code]).filter { $0 != line.sku }.map { ($0, line.sku) }
        }
    }

    /// Adds a row and returns the number of its product.
    ///
    /// A row that the server refuses for its time has a product but does not affect it.
    mutating func add(_ row: SalesReader.Row, _ reader: borrowing SalesReader) -> Int {
        let index = self.product(row, reader)
        if row.isAhead { return index }
        // A discount moves nothing.
        if row.kind != .discount { self.lines[index].add(row.quantity) }
        let isPricedSale = row.kind == .sale && row.price.minorUnits > 0
        let rank = Rank(isPricedSale: isPricedSale, occurredAt: row.occurredAt)
        if rank >= self.lines[index].namedAt, reader.hasName {
            self.lines[index].take(name: reader, rank)
        }
        if rank >= self.lines[index].categorizedAt, reader.hasCategory {
            self.lines[index].take(category: reader, rank)
        }
        let pricedAt = isPricedSale ? row.occurredAt : Instant(microseconds: .min)
        self.lines[index].take(code: reader, at: pricedAt)
        if isPricedSale {
            self.lines[index].take(price: row.price, per: row.per, at: row.occurredAt)
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
                code: reader.code,
                sku: NormalizedText.trimmed(reader.code),
                name: "",
                price: .zero,
                pricedAt: Instant(microseconds: .min),
                category: reader.options.category,
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
        } else if code != self.lines[index].code {
            self.variants.append((code, index))
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
            if self.lines.count == count { self.lines[number].append(part.lines[local]) }
        }
        return numbers
    }
}

extension SoldProducts.Line {
    /// Takes the name of a row whose rank is not lower than that of the known one; of two of one rank, the larger.
    fileprivate mutating func take(name reader: borrowing SalesReader, _ rank: SoldProducts.Rank) {
        guard !reader.isName(self.name) else { return self.namedAt = rank }
        let name = reader.name
        guard !name.isEmpty, (self.namedAt, self.name) < (rank, name) else { return }
        (self.namedAt, self.name) = (rank, name)
    }

    /// Takes the spelling of the code in a row that is not earlier than the latest sale with a price.
    ///
    /// `time` is that of the row if it is such a sale; it is taken before the row's price.
    fileprivate mutating func take(code reader: borrowing SalesReader, at time: Instant) {
        guard time >= self.pricedAt, !reader.isCode(self.sku) else { return self.isSpelled = true }
        self.take(sku: NormalizedText.trimmed(reader.code), at: time)
    }

    private mutating func take(sku: String, at time: Instant) {
        if !self.isSpelled || (self.pricedAt, self.sku) < (time, sku) { self.sku = sku }
        self.isSpelled = true
    }

    /// Takes the category of a row whose rank is not lower than that of the known one; of two of one rank, the
    /// larger.
    fileprivate mutating func take(
        category reader: borrowing SalesReader,
        _ rank: SoldProducts.Rank
    ) {
        guard !reader.isCategory(self.category) else { return self.categorizedAt = rank }
        let category = reader.category
        guard (self.categorizedAt, self.category) < (rank, category) else { return }
        (self.categorizedAt, self.category) = (rank, category)
    }

    /// Takes a price that is not earlier than the known one; of two of one time, the larger.
    fileprivate mutating func take(price: Money, per: Int64, at time: Instant) {
        guard (self.pricedAt, self.price.minorUnits, self.per) < (time, price.minorUnits, per)
        else { return }
        (self.pricedAt, self.price, self.per) = (time, price, per)
    }

    fileprivate mutating func add(_ quantity: FileQuantity) {
        if quantity.decimals > self.quantityDecimals { self.quantityDecimals = quantity.decimals }
        guard quantity.isOpen else { return }
        self.quantityDecimals.raise(to: 3)
        self.hasOpenQuantity = true
    }

    /// Appends the product's rows of a later part of the file.
    fileprivate mutating func append(_ later: SoldProducts.Line) {
        if (self.namedAt, self.name) < (later.namedAt, later.name) {
            (self.namedAt, self.name) = (later.namedAt, later.name)
        }
        if (self.categorizedAt, self.category) < (later.categorizedAt, later.category) {
            (self.categorizedAt, self.category) = (later.categorizedAt, later.category)
        }
        if later.isSpelled { self.take(sku: later.sku, at: later.pricedAt) }
        self.take(price: later.price, per: later.per, at: later.pricedAt)
        self.quantityDecimals.raise(to: later.quantityDecimals)
        self.hasOpenQuantity = self.hasOpenQuantity || later.hasOpenQuantity
    }
}

extension UInt8 {
    fileprivate mutating func raise(to other: UInt8) { self = Swift.max(self, other) }
}

// MARK: - The unit and the price of a new product

extension SoldProducts.Line {
    /// The decimals of the product's unit if the file creates it: as many as its quantities have, and those
    /// of a weight if they have any.
    var newDecimals: UInt8 { self.quantityDecimals == 0 ? 0 : max(3, self.quantityDecimals) }

    /// The price of the product, counted with `decimals`: for as many base units as the file's price is for.
    func newPrice(_ decimals: UInt8) -> Price {
        let basis = self.per / FileQuantity.perBaseUnit(decimals)
        return Price(self.price.minorUnits, per: max(1, basis))
    }
}
