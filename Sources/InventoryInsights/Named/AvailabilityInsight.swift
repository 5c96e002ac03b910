internal import InventoryEngine
internal import InventoryModel

/// The availability of products, measured from the ledger.
///
/// | column | formula | unit |
/// |---|---|---|
/// | observedDays | time of the window since the product's first movement | days of 24 h |
/// | stockOutDays | of that, time with no units available | days of 24 h |
/// | inStockShare | 1 − stockOutDays ÷ observedDays | 0 to 1; no time: none |
/// | stockOuts | transitions from some to no units available | count |
///
/// All locations of the filter are combined: a product is out of stock if none of them has any. The longest
/// stock-outs come first.
struct AvailabilityInsight {
    private let insight: NamedInsight
    private let frame: StockFrame

    init(_ insight: NamedInsight, _ executor: QueryExecutor) throws(Refusal) {
        self.insight = insight
        self.frame = try StockFrame(insight, of: executor.view, at: executor.now)
    }

    func answer() throws(Refusal) -> InsightAnswer {
        let history = try StockHistory(self.frame)
        var rows = ProductRows(
            self.frame.view,
            [
                ResultField("observedDays", .number), ResultField("stockOutDays", .number),
                ResultField("inStockShare", .number), ResultField("stockOuts", .integer),
            ]
        )
        var made: [(id: ProductID, away: Int64, cells: [ResultCell])] = []
        for id in self.frame.products {
            try self.frame.view.checkpoint(at: id.row)
            let course = history.course(of: id.row)
            let away = course.observed - course.inStock
            let cells: [ResultCell] = [
                .number(course.observedDays), .number(StockFrame.days(away)),
                .ratio(Double(course.inStock), Double(course.observed)),
                .integer(course.stockouts),
            ]
            made.append((id, away, cells))
        }
        try self.frame.view.sort(&made) { ($1.away, $0.id.row) < ($0.away, $1.id.row) }
        for one in made { rows.append(one.id, one.cells) }
        return self.frame.answer(
            ProductRows.keyColumnCount,
            try rows.table(limit: self.insight.limit)
        )
    }
}
