internal import InventoryEngine
internal import InventoryModel

/// Turnover: the efficiency of stock.
///
/// | column | formula | unit | edge |
/// |---|---|---|---|
/// | opening | on hand at the window's start, and opening balances of past sales in it | base units | |
/// | received | Σ restocks in the window, minus undone ones | base units | |
/// | units | units sold in the window | base units | |
/// | sellThrough | units ÷ (opening + received) | share | ÷ 0: none |
/// | cost | cost of goods sold, including late cost, minus that of returned units | minor units | |
/// | averageInventory | (∫ value dt) ÷ time, from the ledger, half to even | minor units | no time: none |
/// | turnover | cost ÷ averageInventory, in the window | times | ÷ 0: none |
/// | daysOfInventory | days ÷ turnover | days | no sales: none |
/// | gmroi | (net − cost) ÷ averageInventory | ratio | ÷ 0: none |
///
/// Time and days are the past part of the window in which the product existed, as in every rate. The highest
/// turnover comes first, products without one last.
struct TurnoverInsight {
    private let insight: NamedInsight
    private let frame: StockFrame

    init(_ insight: NamedInsight, _ executor: QueryExecutor) throws(Refusal) {
        self.insight = insight
        self.frame = try StockFrame(insight, of: executor.view, at: executor.now)
    }

    func answer(_ executor: inout QueryExecutor) throws(Refusal) -> InsightAnswer {
        let sales = try SalesSums(self.insight, measures: [.units, .cost, .margin], of: &executor)
        let history = try StockHistory(self.frame)
        var rows = ProductRows(
            self.frame.view,
            [
                ResultField("opening", .quantity), ResultField("received", .quantity),
                ResultField("units", .quantity), ResultField("sellThrough", .number),
                ResultField("cost", .money), ResultField("averageInventory", .money),
                ResultField("turnover", .number), ResultField("daysOfInventory", .number),
                ResultField("gmroi", .number),
            ]
        )
        var made: [(id: ProductID, turnover: Double, cells: [ResultCell])] = []
        let beginnings = try ProductBeginnings(of: self.frame.products, self.frame)
        for id in self.frame.products {
            try self.frame.view.checkpoint(at: id.row)
            let opening =
                history.openings[id.row].onHand &+ self.sum(of: .openingBalance, history, id)
            let received = self.sum(of: .restock, history, id)
            let units = sales[id, .units]
            let cost = sales[id, .cost]
            let time = Double(self.frame.existed(id, beginnings))
            let average = time > 0 ? history.course(of: id.row).valueTime / time : 0
            let turnover = average > 0 ? cost.map { Double($0) / average } : nil
            let cells: [ResultCell] = [
                .integer(opening), .integer(received), .whole(units),
                .ratio(Double(units ?? .max), Double(opening) + Double(received)),
                .whole(cost), time > 0 ? .rounded(average) : .none,
                .number(turnover), .ratio(time / Double(ZoneCalendar.day), turnover ?? 0),
                sales[id, .margin].map { .ratio(Double($0), average) } ?? .none,
            ]
            made.append((id, turnover ?? -.infinity, cells))
        }
        try self.frame.view.sort(&made) { ($1.turnover, $0.id.row) < ($0.turnover, $1.id.row) }
        for one in made { rows.append(one.id, one.cells) }
        return self.frame.answer(
            ProductRows.keyColumnCount,
            try rows.table(limit: self.insight.limit)
        )
    }

    /// The units of the events of a kind within the window, minus undone ones.
    private func sum(
        of kind: MovementKind,
        _ history: StockHistory,
        _ id: ProductID
    ) -> Int64 {
        let ledger = self.frame.tables.ledger
        return history.events(of: id.row).reduce(0) { sum, event in
            ledger.kindUndone(event.row) == kind ? sum &+ event.onHand : sum
        }
    }
}
