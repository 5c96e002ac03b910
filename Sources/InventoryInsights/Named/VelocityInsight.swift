internal import Inventory

/// How fast products sell.
///
/// | column | formula | unit | edge |
/// |---|---|---|---|
/// | units | units sold in the window | base units | |
/// | days | time that has passed of the window | days of 24 h | |
/// | velocity | units ÷ days | units a day | no time: none |
/// | inStockDays | time with something available | days of 24 h | from the first movement on |
/// | inStockVelocity | units ÷ inStockDays | units a day | never in stock: none |
/// | movingAverage | mean of the last n whole days | units a day | no whole day: none |
/// | ewma | α · day + (1 − α) · before, α = 2 ÷ (n + 1) | units a day | zero days count |
/// | daysAveraged | the days in movingAverage: n, or fewer if the window has fewer | days | |
///
/// A day without a sale counts as zero. n is `days`, 7 if it is not given. In-stock velocity is what
/// would sell if there always were stock: a product that was away half the time does not seem slow.
struct VelocityInsight {
    private let insight: NamedInsight
    private let frame: StockFrame

    init(_ insight: NamedInsight, _ questions: Questions) throws(Refusal) {
        self.insight = insight
        self.frame = try StockFrame(insight, questions.view, questions.now)
    }

    func answer(_ questions: inout Questions) throws(Refusal) -> InsightAnswer {
        let sales = try SalesSums(self.insight, [.units], &questions)
        let daily = try DailyUnits(self.insight, self.frame, &questions)
        let history = StockHistory(self.frame)
        var rows = ProductRows(
            self.frame.view,
            [
                ResultField("units", .quantity), ResultField("days", .number),
                ResultField("velocity", .number), ResultField("inStockDays", .number),
                ResultField("inStockVelocity", .number), ResultField("movingAverage", .number),
                ResultField("ewma", .number), ResultField("daysAveraged", .integer),
            ]
        )
        var made: [(id: ProductID, velocity: Double, cells: [ResultCell])] = []
        let days = self.frame.days
        for id in self.frame.products {
            let sold = sales[id, .units]
            let units = Double(sold) / self.frame.tables.unitSize(id)
            let course = history.course(of: id.row)
            let whole = daily.of(id)
            let last = Array(whole.suffix(Int(self.insight.days)))
            let cells: [ResultCell] = [
                .integer(sold), .number(days), .ratio(units, days),
                .number(course.inStockDays), .ratio(units, course.inStockDays),
                .number(Statistics.mean(last)),
                .number(Statistics.ewma(whole, days: Int(self.insight.days))),
                .integer(Int64(last.count)),
            ]
            made.append((id, units, cells))
        }
        made.sort { ($1.velocity, $0.id.row) < ($0.velocity, $1.id.row) }
        for one in made { rows.append(one.id, one.cells) }
        return self.frame.answer(
            ProductRows.keyColumnCount,
            rows.table(limit: self.insight.limit)
        )
    }
}
