internal import ColumnStore
internal import InventoryEngine
internal import InventoryModel

/// Days of cover: how long stock lasts.
///
/// | column | formula | unit | edge |
/// |---|---|---|---|
/// | available | units available now | base units | |
/// | inStockVelocity | units sold ÷ days with something available | units a day | see velocity |
/// | daysOfCover | available ÷ inStockVelocity | days | none available: 0; no sales: none, it lasts forever |
/// | stockOutAt | the moment of the balances + daysOfCover | instant | none if cover is none; beyond 100 years: none |
/// | risk | P(Poisson(v · L) ≥ available) | 0 to 1 | none available: 1 |
///
/// Balances are those at the end of the current hour, independent of the window, or of the requested point in
/// the past. A velocity is over at least an hour. L is the product's lead time in days: the risk of running
/// out before an order placed now arrives, if demand is a Poisson process of that velocity, in display units.
/// The shortest cover comes first, stock that lasts forever last.
struct CoverInsight {
    private let insight: NamedInsight
    private let frame: StockFrame

    /// Dates beyond 100 years are meaningless.
    private static let coverDaysMax = 36_525.0

    init(_ insight: NamedInsight, _ executor: QueryExecutor) throws(Refusal) {
        self.insight = insight
        self.frame = try StockFrame(insight, of: executor.view, at: executor.now)
    }

    func answer(_ executor: inout QueryExecutor) throws(Refusal) -> InsightAnswer {
        let sales = try SalesSums(self.insight, measures: [.units], of: &executor)
        let history = try StockHistory(self.frame)
        let stock = try self.frame.stock()
        var rows = ProductRows(
            self.frame.view,
            [
                ResultField("available", .quantity), ResultField("inStockVelocity", .number),
                ResultField("daysOfCover", .number), ResultField("stockOutAt", .instant),
                ResultField("risk", .number),
            ]
        )
        var made: [(id: ProductID, cover: Double, cells: [ResultCell])] = []
        for id in self.frame.products {
            try self.frame.view.checkpoint(at: id.row)
            let size = self.frame.tables.unitSize(id)
            let available = stock[id.row].available
            let time = history.course(of: id.row).inStock
            let units = Double(sales[id, .units] ?? .max)
            let velocity = Rate.perDay(max(0, units) / size, over: time)
            let cover = Cover(available: available, size: size, velocity: velocity)
            let lead = Double(self.frame.tables.products.leadTimes[id.row])
            let cells: [ResultCell] = [
                .integer(available.baseUnits), .number(velocity), .number(cover.days),
                self.date(after: cover.days),
                .number(cover.risk(leadDays: lead)),
            ]
            made.append((id, cover.days ?? .infinity, cells))
        }
        try self.frame.view.sort(&made) { ($0.cover, $0.id.row) < ($1.cover, $1.id.row) }
        for one in made { rows.append(one.id, one.cells) }
        return self.frame.answer(
            ProductRows.keyColumnCount,
            try rows.table(limit: self.insight.limit)
        )
    }

    private func date(after days: Double?) -> ResultCell {
        guard let days, days <= Self.coverDaysMax else { return .none }
        return .integer(self.frame.moment + Int64(days * Double(ZoneCalendar.day)))
    }
}

/// The time that available stock lasts at a velocity.
struct Cover {
    /// In display units.
    let available: Double
    /// Units a day; `nil` if unknown.
    let velocity: Double?

    /// Creates it from a quantity and the base units of one display unit.
    init(available: Quantity, size: Double, velocity: Double?) {
        self.available = Double(available.baseUnits) / size
        self.velocity = velocity
    }

    /// `nil` if it lasts forever.
    var days: Double? {
        if self.available <= 0 { return 0 }
        guard let velocity, velocity > 0 else { return nil }
        return self.available / velocity
    }

    /// Returns the chance that demand reaches the available stock within `leadDays`.
    func risk(leadDays: Double) -> Double {
        if self.available <= 0 { return 1 }
        let mean = (self.velocity ?? 0) * leadDays
        return Statistics.poissonTail(atLeast: Int64(self.available.rounded(.up)), mean: mean)
    }
}
