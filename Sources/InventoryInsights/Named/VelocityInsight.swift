internal import InventoryEngine
internal import InventoryModel

/// Sales velocity of products.
///
/// | column | formula | unit | edge |
/// |---|---|---|---|
/// | units | units sold in the window | base units | |
/// | days | past time of the window since the product exists | days of 24 h | |
/// | velocity | units ÷ days | units a day | no time: none |
/// | inStockDays | time with units available | days of 24 h | from the first movement on |
/// | inStockVelocity | units ÷ inStockDays | units a day | never in stock: none |
/// | movingAverage | mean of the last n whole days | units a day | no whole day: none |
/// | ewma | α · day + (1 − α) · before, α = 2 ÷ (n + 1) | units a day | zero days count |
/// | daysAveraged | the days in movingAverage: n, or fewer if there are fewer | days | |
///
/// A day without a sale counts as zero, one before the product existed does not count. A rate is over at
/// least an hour. n is `days`, 7 by default. In-stock velocity estimates sales if there always were stock: a
/// product that was out of stock half the time does not seem slow. The best sellers come first: by units, or
/// by net amount if products have different units.
struct VelocityInsight {
    private let insight: NamedInsight
    private let frame: StockFrame

    init(_ insight: NamedInsight, _ executor: QueryExecutor) throws(Refusal) {
        self.insight = insight
        self.frame = try StockFrame(insight, of: executor.view, at: executor.now)
    }

    func answer(_ executor: inout QueryExecutor) throws(Refusal) -> InsightAnswer {
        let rank: InsightMeasure = self.frame.hasOneUnit ? .units : .net
        let sales = try SalesSums(
            self.insight,
            measures: rank == .units ? [.units] : [.units, .net],
            of: &executor
        )
        let daily = try DailyUnits(self.insight, frame: self.frame, of: &executor)
        let history = try StockHistory(self.frame)
        var rows = ProductRows(
            self.frame.view,
            [
                ResultField("units", .quantity), ResultField("days", .number),
                ResultField("velocity", .number), ResultField("inStockDays", .number),
                ResultField("inStockVelocity", .number), ResultField("movingAverage", .number),
                ResultField("ewma", .number), ResultField("daysAveraged", .integer),
            ]
        )
        var made: [(id: ProductID, rank: Int64, cells: [ResultCell])] = []
        let beginnings = try ProductBeginnings(of: self.frame.products, self.frame)
        for id in self.frame.products {
            try self.frame.view.checkpoint(at: id.row)
            let sold = sales[id, .units]
            let units = Double(sold ?? .max) / self.frame.tables.unitSize(id)
            let course = history.course(of: id.row)
            let whole = daily.of(id, beginnings)
            let last = whole.last(Int(self.insight.days))
            let time = self.frame.existed(id, beginnings)
            let cells: [ResultCell] = [
                .whole(sold), .number(StockFrame.days(time)),
                .number(Rate.perDay(units, over: time)), .number(course.inStockDays),
                .number(Rate.perDay(units, over: course.inStock)),
                .number(last.mean), .number(whole.ewma(days: Int(self.insight.days))),
                .integer(Int64(last.count)),
            ]
            made.append((id, sales[id, rank] ?? .max, cells))
        }
        try self.frame.view.sort(&made) { ($1.rank, $0.id.row) < ($0.rank, $1.id.row) }
        for one in made { rows.append(one.id, one.cells) }
        return self.frame.answer(
            ProductRows.keyColumnCount,
            try rows.table(limit: self.insight.limit)
        )
    }
}
