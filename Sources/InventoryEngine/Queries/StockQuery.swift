internal import Bytes
internal import ColumnStore
package import InventoryModel

extension ReadView {
    /// Alerts have their own changes and no column; the revision may be unknown in an answer of the past.
    private static let levelLayout = AnswerLayout(
        row: LevelRow(Level(product: ProductID(0), location: .main), at: .zero),
        [
            "productId", "sku", .joined("name", .text), "locationId", "location", "onHand",
            "unavailable", "reserved", .joined("available", .quantity), "floor",
            .joined("reorderPoint", .quantity), .joined("ownReorderPoint", .quantity), "incoming",
            "value", .joined("unit", .text), .joined("unitDecimals", .integer),
            .joined("revision", .integer),
        ],
        without: ["alerts", "revision"]
    )

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
        let names = EntityNames(tables)
        return Answer(
            Self.levelLayout.schema,
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
            return self.levelRow(row, past, names: names)
        }
    }

    private func levelRow(
        _ row: Int,
        _ past: PastBalances,
        names: EntityNames
    ) -> [ResultCell] {
        let level = past.level(self.tables.levels.level(row))
        let own = self.tables.levels.ownReorderPoint(row)
        let revision = past.revision(level.revision).map { ResultCell.number($0) } ?? .none
        return Self.levelLayout.cells(
            row: LevelRow(level, at: level.revision),
            joined: [
                .text(self.tables.products.names[level.product.row]), .number(level.available),
                .integer(self.tables.reorderPoint(ofLevel: row)), own.map { .number($0) } ?? .none,
            ] + self.tables.unitCells(of: level.product) + [revision],
            names
        )
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
            let point = tables.reorderPoint(ofLevel: row)
            guard level.available.baseUnits <= point else { continue }
            let share = StockShare(of: point, left: level.available.baseUnits)
            low.append(LowLevel(level: level, row: row, share: share))
        }
        try self.sort(&low) {
            if $0.share != $1.share { return $0.share < $1.share }
            return ($0.level.product.value, $0.level.location.value)
                < ($1.level.product.value, $1.level.location.value)
        }
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
                .integer(tables.reorderPoint(ofLevel: entry.row)), .number(level.incoming),
                .number(product.reorderTarget), .text(product.unit.code),
                .number(product.unit.decimals),
            ]
        }
    }
}

/// A level at or below its reorder point: its own, else that of its product.
package struct LowLevel {
    package let level: Level
    /// Its row in the level table.
    package let row: Int
    /// What is available as a share of the reorder point.
    package let share: StockShare
}
