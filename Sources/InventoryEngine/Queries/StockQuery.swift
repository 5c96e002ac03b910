internal import ColumnStore
package import InventoryModel

extension ReadView {
    static let levelSchema = [
        ResultField("productId", .integer), ResultField("sku", .text),
        ResultField("name", .text), ResultField("locationId", .integer),
        ResultField("location", .text), ResultField("onHand", .quantity),
        ResultField("unavailable", .quantity), ResultField("reserved", .quantity),
        ResultField("available", .quantity), ResultField("floor", .quantity),
        ResultField("incoming", .quantity), ResultField("value", .money),
        ResultField("unit", .text), ResultField("unitDecimals", .integer),
        ResultField("revision", .integer),
    ]

    /// Levels by product, then location.
    func levels(_ query: LevelQuery) throws(Refusal) -> Answer {
        try self.check(query.product)
        try self.check(query.location)
        try self.check(query.category)
        try self.check(limit: query.limit)
        let past = try PastBalances(self, query.asOf)
        let tables = self.tables
        let products =
            query.product.map { $0.row..<($0.row + 1) } ?? 1..<max(tables.products.rowCount, 1)
        let locations =
            query.location.map { $0.row..<($0.row + 1) } ?? 1..<max(tables.locations.rowCount, 1)
        let pairs = products.lazy.flatMap { product in
            locations.lazy.map { (ProductID(UInt32(product)), LocationID(UInt16($0))) }
        }
        return Answer(
            Self.levelSchema,
            limit: query.limit,
            token: self.token,
            over: pairs
        ) { product, location in
            guard let status = tables.products.status(product),
                status != .archived || query.product != nil,
                past.contains(product) || query.product != nil,
                let row = tables.levels.row(product, location)
            else { return nil }
            if let category = query.category,
                tables.products.categories[product.row] != category.value
            {
                return nil
            }
            return self.levelRow(past.level(tables.levels.level(row)), past)
        }
    }

    private func levelRow(_ level: Level, _ past: PastBalances) -> [ResultCell] {
        let product = self.tables.product(level.product)
        return [
            .number(product.id.value), .text(product.sku), .text(product.name),
            .number(level.location.value),
            .text(self.tables.locations.codes[level.location.row]), .number(level.onHand),
            .number(level.unavailable), .number(level.reserved), .number(level.available),
            .number(level.floor), .number(level.incoming), .number(level.value),
            .text(product.unit.code), .number(product.unit.decimals),
            past.revision(level.revision).map { .number($0) } ?? .none,
        ]
    }

    /// Levels of products for sale whose available is at or below the reorder point, for the query of low
    /// stock and for the insight.
    ///
    /// Emptiest first: by what is available as a share of the reorder point, ties by product and
    /// location.
    ///
    /// - Parameters:
    ///   - past: The balances to use.
    ///   - takes: Whether to include a level.
    /// - Returns: The low levels, in that order.
    /// - Throws: `cancelled` or `deadline_exceeded`.
    /// - Complexity: O(levels + l log l) for l low ones.
    package func lowLevels(
        of past: PastBalances,
        where takes: (ProductID, LocationID) -> Bool
    ) throws(Refusal) -> [LowLevel] {
        let tables = self.tables
        var low: [LowLevel] = []
        for row in 0..<tables.levels.rowCount {
            try self.checkpoint(at: row)
            let level = past.level(tables.levels.level(row))
            guard tables.products.status(level.product) == .active,
                takes(level.product, level.location)
            else { continue }
            let point = tables.products.reorderPoints[level.product.row]
            guard level.available.baseUnits <= point else { continue }
            let share = StockShare(of: point, left: level.available.baseUnits)
            low.append(LowLevel(level: level, row: row, share: share))
        }
        try self.sort(&low) { ($0.share, $0.row) < ($1.share, $1.row) }
        return low
    }

    /// Low stock now; see ``lowLevels(of:where:)``.
    func lowStock(_ query: LowStockQuery) throws(Refusal) -> Answer {
        try self.check(query.location)
        try self.check(query.category)
        try self.check(limit: query.limit)
        let tables = self.tables
        let low = try self.lowLevels(of: try PastBalances(self, nil)) { product, location in
            query.location.map { $0 == location } ?? true
                && query.category.map { $0.value == tables.products.categories[product.row] }
                    ?? true
        }
        let schema = [
            ResultField("productId", .integer), ResultField("sku", .text),
            ResultField("name", .text), ResultField("category", .text),
            ResultField("location", .text), ResultField("available", .quantity),
            ResultField("reorderPoint", .quantity), ResultField("incoming", .quantity),
            ResultField("reorderTarget", .quantity), ResultField("unit", .text),
            ResultField("unitDecimals", .integer),
        ]
        return Answer(schema, limit: query.limit, token: self.token, over: low) { entry in
            let level = entry.level
            let product = tables.product(level.product)
            return [
                .number(product.id.value), .text(product.sku), .text(product.name),
                .text(tables.categories.names[product.category.row]),
                .text(tables.locations.codes[level.location.row]), .number(level.available),
                .number(product.reorderPoint), .number(level.incoming),
                .number(product.reorderTarget), .text(product.unit.code),
                .number(product.unit.decimals),
            ]
        }
    }

    /// Grouping sets over the stock of listed products: category and product, category, total.
    ///
    /// A row without a product is the total of its category; one without a category is the total. Quantities of
    /// different units are not summed.
    func categoryRollup(_ asOf: AsOf?) throws(Refusal) -> Answer {
        let past = try PastBalances(self, asOf)
        let rows = ProductRows(view: self, past: past)
        let tables = self.tables
        var inTransit: [ProductID: (quantity: Int64, value: Int64)] = [:]
        for line in try GoodsInTransit(self, asOf).lines {
            inTransit[line.product, default: (0, 0)].quantity += line.quantity.baseUnits
            inTransit[line.product, default: (0, 0)].value += line.value
        }
        var byCategory: [UInt32: [ProductID]] = [:]
        for row in 1..<max(tables.products.rowCount, 1) {
            try self.checkpoint(at: row)
            let id = ProductID(UInt32(row))
            switch tables.products.status(id) {
            case .active, .inactive:
                guard past.contains(id) else { continue }
                byCategory[tables.products.categories[row], default: []].append(id)
            case .archived, nil:
                break
            }
        }
        var cells: [[ResultCell]] = []
        var total = RollupSum()
        for category in byCategory.keys.sorted() {
            var sum = RollupSum()
            let name = ResultCell.text(tables.categories.names[Int(category)])
            for id in byCategory[category] ?? [] {
                try self.checkpoint(at: cells.count)
                var one = RollupSum()
                let product = tables.product(id)
                one.add(product, rows.stock(id), inTransit: inTransit[id] ?? (0, 0))
                sum.add(one)
                cells.append(
                    [.number(category), name, .number(id.value), .text(product.sku)]
                        + [.text(product.name)] + one.cells
                )
            }
            total.add(sum)
            cells.append([.number(category), name, .none, .none, .none] + sum.cells)
        }
        cells.append([.none, .none, .none, .none, .none] + total.cells)
        let schema = [
            ResultField("categoryId", .integer), ResultField("category", .text),
            ResultField("productId", .integer), ResultField("sku", .text),
            ResultField("name", .text), ResultField("products", .integer),
            ResultField("onHand", .quantity), ResultField("available", .quantity),
            ResultField("value", .money), ResultField("retailValue", .money),
            ResultField("inTransit", .quantity), ResultField("inTransitValue", .money),
            ResultField("unit", .text), ResultField("unitDecimals", .integer),
        ]
        return Answer(schema, token: self.token, over: cells) { $0 }
    }
}

/// A level at or below its product's reorder point.
package struct LowLevel {
    package let level: Level
    /// Its row in the level table.
    package let row: Int
    /// What is available as a share of the reorder point.
    package let share: StockShare
}

/// Sums of one group of a rollup; `nil` if a sum is out of range, or units differ.
private struct RollupSum {
    private var products: Int64 = 0
    private var onHand: Int64? = 0
    private var available: Int64? = 0
    private var value: Int64? = 0
    private var retail: Int64? = 0
    private var inTransit: Int64? = 0
    private var inTransitValue: Int64? = 0
    private var unit: Unit?
    private var hasSeveralUnits = false

    mutating func add(
        _ product: Product,
        _ stock: (onHand: Int64, available: Int64, value: Int64),
        inTransit: (quantity: Int64, value: Int64)
    ) {
        self.products = 1
        self.onHand = stock.onHand
        self.available = stock.available
        self.value = stock.value
        self.retail = product.price.amount(of: Quantity(stock.onHand))?.minorUnits
        self.inTransit = inTransit.quantity
        self.inTransitValue = inTransit.value
        self.unit = product.unit
    }

    mutating func add(_ other: RollupSum) {
        func sum(_ a: Int64?, _ b: Int64?) -> Int64? {
            guard let a, let b else { return nil }
            let (sum, overflow) = a.addingReportingOverflow(b)
            return overflow ? nil : sum
        }
        let isFirst = self.products == 0
        self.products += other.products
        self.onHand = sum(self.onHand, other.onHand)
        self.available = sum(self.available, other.available)
        self.value = sum(self.value, other.value)
        self.retail = sum(self.retail, other.retail)
        self.inTransit = sum(self.inTransit, other.inTransit)
        self.inTransitValue = sum(self.inTransitValue, other.inTransitValue)
        if isFirst { self.unit = other.unit }
        if other.hasSeveralUnits || self.unit != other.unit {
            self.unit = nil
            self.hasSeveralUnits = true
        }
    }

    var cells: [ResultCell] {
        func cell(_ value: Int64?) -> ResultCell { value.map { .integer($0) } ?? .none }
        func quantity(_ value: Int64?) -> ResultCell {
            self.hasSeveralUnits ? .none : cell(value)
        }
        func money(_ value: Int64?) -> ResultCell {
            cell(value.flatMap { $0.magnitude <= UInt64(Limits.moneyMax) ? $0 : nil })
        }
        return [
            .integer(self.products), quantity(self.onHand), quantity(self.available),
            money(self.value), money(self.retail), quantity(self.inTransit),
            money(self.inTransitValue), self.unit.map { .text($0.code) } ?? .none,
            self.unit.map { .number($0.decimals) } ?? .none,
        ]
    }
}
