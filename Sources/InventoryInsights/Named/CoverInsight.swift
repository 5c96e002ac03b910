internal import ColumnStore
internal import InventoryEngine
internal import InventoryModel

/// How long stock lasts.
///
/// | column | formula | unit | edge |
/// |---|---|---|---|
/// | available | what can be promised now | base units | |
/// | inStockVelocity | units sold ÷ days with something available | units a day | see velocity |
/// | daysOfCover | available ÷ inStockVelocity | days | nothing available: 0; nothing sells: none, it lasts for ever |
/// | stockOutAt | the moment of the balances + daysOfCover | instant | none where cover is; beyond 100 years: none |
/// | risk | P(Poisson(v · L) ≥ available) | 0 to 1 | nothing available: 1 |
///
/// Balances are those of the end of the running hour, whatever the window, or of the point of the past that
/// is asked for. A velocity is over an hour at least. L is the product's lead time in days: the risk of running out before an order made now arrives, if
/// demand is a Poisson process of that velocity, in units as people count them. Shortest cover first,
/// those that last for ever at the end.
struct CoverInsight {
    private let insight: NamedInsight
    private let frame: StockFrame

    /// A date farther away says nothing: 100 years.
    private static let coverDaysMax = 36_525.0

    init(_ insight: NamedInsight, _ questions: Questions) throws(Refusal) {
        self.insight = insight
        self.frame = try StockFrame(insight, of: questions.view, at: questions.now)
    }

    func answer(_ questions: inout Questions) throws(Refusal) -> InsightAnswer {
        let sales = try SalesSums(self.insight, measures: [.units], of: &questions)
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
                .integer(available), .number(velocity), .number(cover.days),
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

/// How long what is available lasts at a velocity.
struct Cover {
    /// In units as people count them.
    let available: Double
    /// Units a day; nothing if it is not known.
    let velocity: Double?

    init(available: Int64, size: Double, velocity: Double?) {
        self.available = Double(available) / size
        self.velocity = velocity
    }

    /// Nothing if it lasts for ever.
    var days: Double? {
        if self.available <= 0 { return 0 }
        guard let velocity, velocity > 0 else { return nil }
        return self.available / velocity
    }

    /// The chance that demand reaches what is available within so many days.
    func risk(leadDays: Double) -> Double {
        if self.available <= 0 { return 1 }
        let mean = (self.velocity ?? 0) * leadDays
        return Statistics.poissonTail(atLeast: Int64(self.available.rounded(.up)), mean: mean)
    }
}
