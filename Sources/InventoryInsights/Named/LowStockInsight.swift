internal import ColumnStore
internal import InventoryEngine
internal import InventoryModel

/// Stock at or below its reorder point, with its days of cover and the suggested order.
///
/// One row for each level of a product for sale: available ≤ its reorder point, which is the level's own or else
/// the product's. The emptiest level comes first: by available as a share of the reorder point, ties by product and location.
///
/// | column | formula | unit |
/// |---|---|---|
/// | available, reorderPoint, incoming | now | base units |
/// | inStockVelocity | units sold at the location ÷ days with something available there | units a day |
/// | daysOfCover | available ÷ inStockVelocity | days; none: it lasts forever |
/// | suggestedOrder | packs up to the product's target, including incoming units | base units |
struct LowStockInsight {
    private let insight: NamedInsight
    private let frame: StockFrame

    /// Columns that identify a level's row: product and location.
    private static let keyColumnCount = 5

    init(_ insight: NamedInsight, _ executor: QueryExecutor) throws(Refusal) {
        self.insight = insight
        self.frame = try StockFrame(insight, of: executor.view, at: executor.now)
    }

    func answer(_ executor: inout QueryExecutor) throws(Refusal) -> InsightAnswer {
        let low = try self.frame.view.lowLevels(of: self.frame.past) { product, location in
            self.frame.takes(product.value, location.value)
        }
        let sold = low.isEmpty ? [:] : try self.units(&executor)
        let history = try StockHistory(self.frame, .level)
        var table = ResultTable(Self.schema)
        for one in self.insight.limit == 0 ? low[...] : low.prefix(Int(self.insight.limit)) {
            try self.frame.view.checkpoint(at: table.rowCount)
            let time = history.course(of: one.row).inStock
            table.append(self.cells(one, sold: sold[one.level.place] ?? 0, inStock: time))
        }
        return self.frame.answer(Self.keyColumnCount, table)
    }

    private static let schema = [
        ResultField("productId", .integer), ResultField("sku", .text), ResultField("name", .text),
        ResultField("locationId", .integer), ResultField("location", .text),
        ResultField("category", .text), ResultField("available", .quantity),
        ResultField("reorderPoint", .quantity), ResultField("incoming", .quantity),
        ResultField("inStockVelocity", .number), ResultField("daysOfCover", .number),
        ResultField("suggestedOrder", .quantity), ResultField("unit", .text),
        ResultField("unitDecimals", .integer),
    ]

    private func cells(_ low: LowLevel, sold: Int64, inStock: Int64) -> [ResultCell] {
        let tables = self.frame.tables
        let level = low.level
        let point = tables.reorderPoint(ofLevel: low.row)
        let row = level.product.row
        let size = tables.unitSize(level.product)
        let velocity = Rate.perDay(max(0, Double(sold)) / size, over: inStock)
        let cover = Cover(available: level.available, size: size, velocity: velocity)
        let order = SuggestedOrder(
            position: level.available.baseUnits &+ level.incoming.baseUnits,
            point: point,
            target: tables.products.reorderTargets[row],
            pack: max(1, tables.products.packSizes[row])
        )
        return [
            .integer(Int64(level.product.value)), .text(tables.products.skus[row]),
            .text(tables.products.names[row]), .integer(Int64(level.location.value)),
            .text(tables.locations.codes[level.location.row]),
            .text(tables.categories.names[Int(tables.products.categories[row])]),
            .integer(level.available.baseUnits), .integer(point),
            .integer(level.incoming.baseUnits), .number(velocity), .number(cover.days),
            .integer(order.quantity),
            .text(tables.strings[Int(tables.products.unitCodes[row])]),
            .integer(Int64(tables.products.unitDecimals[row])),
        ]
    }

    /// Returns units sold by product and location.
    private func units(
        _ executor: inout QueryExecutor
    ) throws(Refusal) -> [Level.Place: Int64] {
        var query = self.insight.query(
            .sales,
            groups: [[.product, .location]],
            measures: [.units]
        )
        query.limit = 0
        let table = try executor.answer(query).table
        let products = table.keys("productId")
        let locations = table.keys("locationId")
        let units = table.integers("units")
        var sold: [Level.Place: Int64] = [:]
        for row in units.indices {
            sold[Level.Place(product: products[row], location: locations[row])] = units[row] ?? .max
        }
        return sold
    }
}

extension Level {
    fileprivate struct Place: Hashable {
        var product: Int64
        var location: Int64
    }

    fileprivate var place: Place {
        Place(product: Int64(self.product.value), location: Int64(self.location.value))
    }
}
