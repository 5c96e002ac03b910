internal import ColumnStore
internal import InventoryEngine
internal import InventoryModel

/// Dead stock: products without sales for a while.
///
/// A product with stock on hand whose last sale was `days` (90 by default) or more calendar days ago; one
/// that was never sold counts from its first movement. Days are those of the zone, from the day of the sale
/// to today. An undone sale does not count. The most valuable stock comes first.
///
/// | column | unit | edge |
/// |---|---|---|
/// | onHand, value | base units; minor units at cost | |
/// | lastSoldAt | instant | never sold: none |
/// | idleDays | calendar days since | |
struct DeadStockInsight {
    private let insight: NamedInsight
    private let frame: StockFrame

    init(_ insight: NamedInsight, _ executor: QueryExecutor) throws(Refusal) {
        self.insight = insight
        self.frame = try StockFrame(insight, of: executor.view, at: executor.now)
    }

    func answer() throws(Refusal) -> InsightAnswer {
        let stock = try self.frame.stock()
        let times = try self.times(of: stock.count)
        var dead: [(id: ProductID, sold: Int64?, idle: Int64)] = []
        for id in self.frame.products where stock[id.row].onHand > 0 {
            guard let since = times.sold[id.row] ?? times.first[id.row] else { continue }
            let idle = self.frame.today - self.frame.calendar.dayNumber(since)
            if idle >= Int64(self.insight.days) { dead.append((id, times.sold[id.row], idle)) }
        }
        try self.frame.view.sort(&dead) {
            (stock[$1.id.row].value, $0.id.row) < (stock[$0.id.row].value, $1.id.row)
        }
        var rows = ProductRows(
            self.frame.view,
            [
                ResultField("onHand", .quantity), ResultField("value", .money),
                ResultField("lastSoldAt", .instant), ResultField("idleDays", .integer),
            ]
        )
        for one in dead {
            let level = stock[one.id.row]
            rows.append(
                one.id,
                [
                    .integer(level.onHand.baseUnits), .money(level.value.minorUnits),
                    one.sold.map { .integer($0) } ?? .none, .integer(one.idle),
                ]
            )
        }
        return self.frame.answer(
            ProductRows.keyColumnCount,
            try rows.table(limit: self.insight.limit)
        )
    }

    /// Returns by product id the times of the last sale and of the first movement.
    private func times(of count: Int) throws(Refusal) -> (sold: [Int64?], first: [Int64?]) {
        let ledger = self.frame.tables.ledger
        var sold = [Int64?](repeating: nil, count: count)
        var first = sold
        let undone = Set(
            ledger.undoneSales(by: self.frame.rows, happenedBy: self.frame.plan.happenedBy)
        )
        for row in self.frame.rows {
            try self.frame.view.checkpoint(at: row)
            guard self.frame.counts(row) else { continue }
            let product = ledger.products[row]
            guard self.frame.takes(product, ledger.locations[row]) else { continue }
            let time = ledger.occurredAt[row]
            first[Int(product)] = min(first[Int(product)] ?? time, time)
            if ledger.kinds[row] == MovementKind.sale.rawValue, !undone.contains(row) {
                sold[Int(product)] = max(sold[Int(product)] ?? time, time)
            }
        }
        return (sold, first)
    }
}
