internal import ColumnStore
internal import InventoryEngine
internal import InventoryModel

/// Reorder planning: when to order, and how much.
///
/// | column | formula | unit | edge |
/// |---|---|---|---|
/// | available, incoming | now | base units | |
/// | demand | d: mean of the window's whole days on which the product existed | units a day | no whole day: 0 |
/// | deviation | σd: standard deviation of the same days (sample) | units a day | fewer than 2: 0 |
/// | leadTimeDays | L, of the product | days | |
/// | safetyStock | z · √(L · σd² + d² · σL²), rounded up to a whole unit | base units | |
/// | reorderPoint | d · L + safety stock, rounded up to a whole unit | base units | no whole day: the one that is set |
/// | suggestedOrder | packs up to the target, once available + incoming ≤ reorderPoint | base units | else 0 |
///
/// z is the quantile of the normal distribution at `serviceLevel` (95 % by default): the share of cycles
/// without a stock-out. Source of the formula: S. Chopra, P. Meindl, "Supply Chain Management", safety
/// inventory under uncertain demand. σL, the deviation of the lead time, is 0: a product has one lead time,
/// and its variation is unknown. The reorder point that is set is the product's, or, if the filter selects one
/// location, that of its level. The target is the product's own, or the reorder point if that is higher.
/// Products to order come first, ordered by available plus incoming units as a share of the reorder point,
/// the emptiest first.
struct ReorderInsight {
    private let insight: NamedInsight
    private let frame: StockFrame

    init(_ insight: NamedInsight, _ executor: QueryExecutor) throws(Refusal) {
        self.insight = insight
        self.frame = try StockFrame(insight, of: executor.view, at: executor.now)
    }

    func answer(_ executor: inout QueryExecutor) throws(Refusal) -> InsightAnswer {
        let daily = try DailyUnits(self.insight, frame: self.frame, of: &executor)
        let stock = try self.frame.stock()
        let level = self.insight.parameters.serviceLevel ?? NamedInsight.serviceLevelDefault
        let z = Statistics.normalQuantile(Double(level) / 1_000_000)
        var rows = ProductRows(
            self.frame.view,
            [
                ResultField("available", .quantity), ResultField("incoming", .quantity),
                ResultField("demand", .number), ResultField("deviation", .number),
                ResultField("leadTimeDays", .integer), ResultField("safetyStock", .quantity),
                ResultField("reorderPoint", .quantity), ResultField("suggestedOrder", .quantity),
            ]
        )
        var made: [(id: ProductID, isOrdered: Bool, share: StockShare, cells: [ResultCell])] = []
        let beginnings = try ProductBeginnings(of: self.frame.products, self.frame)
        let products = self.frame.tables.products
        for id in self.frame.products {
            try self.frame.view.checkpoint(at: id.row)
            let days = daily.of(id, beginnings)
            let demand = days.mean
            let deviation = days.deviation
            let lead = Double(products.leadTimes[id.row])
            let size = self.frame.tables.unitSize(id)
            let safety = z * (lead * deviation * deviation).squareRoot()
            // For a product less than a day old, only the configured values are known.
            let point =
                demand.map { Self.whole($0 * lead + safety, size) } ?? self.configuredPoint(of: id)
            let balance = stock[id.row]
            let pack = max(1, products.packSizes[id.row])
            let position = balance.available.baseUnits &+ balance.incoming.baseUnits
            let order = SuggestedOrder(
                position: position,
                point: point,
                target: products.reorderTargets[id.row],
                pack: pack
            )
            let cells: [ResultCell] = [
                .integer(balance.available.baseUnits), .integer(balance.incoming.baseUnits),
                .number(demand ?? 0),
                .number(deviation), .integer(Int64(lead)), .integer(Self.whole(safety, size)),
                .integer(point), .integer(order.quantity),
            ]
            let share = StockShare(of: point, left: position)
            made.append((id, order.quantity > 0, share, cells))
        }
        try self.frame.view.sort(&made) {
            if $0.isOrdered != $1.isOrdered { return $0.isOrdered }
            return ($0.share, $0.id.row) < ($1.share, $1.id.row)
        }
        for one in made { rows.append(one.id, one.cells) }
        return self.frame.answer(
            ProductRows.keyColumnCount,
            try rows.table(limit: self.insight.limit)
        )
    }

    /// Returns the reorder point that is set: that of the level if one location is selected, else the product's.
    private func configuredPoint(of id: ProductID) -> Int64 {
        let tables = self.frame.tables
        guard self.insight.filter.locations.count == 1,
            let row = tables.levels.row(id, self.insight.filter.locations[0])
        else { return tables.products.reorderPoints[id.row] }
        return tables.reorderPoint(ofLevel: row)
    }

    /// Converts units to base units, rounded up to a whole unit; at most the largest valid quantity.
    private static func whole(_ units: Double, _ size: Double) -> Int64 {
        Int64(min(max(0, units).rounded(.up) * size, Double(Limits.quantityMax)))
    }
}

/// The suggested order once available and incoming stock are at or below the reorder point: whole packs, up
/// to the target or the point, whichever is higher.
struct SuggestedOrder {
    let quantity: Int64

    init(position: Int64, point: Int64, target: Int64, pack: Int64) {
        let upTo = max(target, point)
        guard position <= point, position < upTo else {
            self.quantity = 0
            return
        }
        let missing = upTo - position
        self.quantity = (missing + pack - 1) / pack * pack
    }
}
