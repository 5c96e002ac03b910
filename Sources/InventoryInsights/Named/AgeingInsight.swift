internal import ColumnStore
internal import InventoryEngine
internal import InventoryModel

/// The age of the stock, first in, first out (FIFO).
///
/// Stock on hand is assigned to the latest arrivals backwards, each with its age in calendar days of the
/// zone: 0–30, 31–60, 61–90, 91–180, 181 and more. An arrival is a row of the ledger that increases stock
/// on hand, by the time it happened: a restock, a return, a count or adjustment upwards, something undone.
/// A transfer between two locations is not an arrival unless locations are filtered: it does not make stock
/// younger. `oldestDays` is the age of the oldest unit in stock. Products with no stock on hand have no
/// row; the oldest stock comes first.
struct AgeingInsight {
    private let insight: NamedInsight
    private let frame: StockFrame

    /// The last day of each age group but the last.
    static let limits: [Int64] = [30, 60, 90, 180]

    init(_ insight: NamedInsight, _ executor: QueryExecutor) throws(Refusal) {
        self.insight = insight
        self.frame = try StockFrame(insight, of: executor.view, at: executor.now)
    }

    func answer() throws(Refusal) -> InsightAnswer {
        let stock = try self.frame.stock()
        let arrivals = try self.arrivals(of: stock.count)
        var rows = ProductRows(
            self.frame.view,
            [
                ResultField("onHand", .quantity), ResultField("days0to30", .quantity),
                ResultField("days31to60", .quantity), ResultField("days61to90", .quantity),
                ResultField("days91to180", .quantity), ResultField("days181plus", .quantity),
                ResultField("oldestDays", .integer),
            ]
        )
        var made: [(id: ProductID, oldest: Int64, cells: [ResultCell])] = []
        for id in self.frame.products where stock[id.row].onHand > 0 {
            try self.frame.view.checkpoint(at: id.row)
            let ages = try self.ages(of: stock[id.row].onHand, arrivals[id.row])
            let cells =
                [ResultCell.integer(stock[id.row].onHand.baseUnits)]
                + ages.counts.map { .integer($0) }
                + [.integer(ages.oldest)]
            made.append((id, ages.oldest, cells))
        }
        try self.frame.view.sort(&made) { ($1.oldest, $0.id.row) < ($0.oldest, $1.id.row) }
        for one in made { rows.append(one.id, one.cells) }
        return self.frame.answer(
            ProductRows.keyColumnCount,
            try rows.table(limit: self.insight.limit)
        )
    }

    private struct Arrival {
        var time: Instant
        var row: Int
        var quantity: Quantity
    }

    /// Returns the arrivals by product id, in the order of the rows.
    private func arrivals(of count: Int) throws(Refusal) -> [[Arrival]] {
        let ledger = self.frame.tables.ledger
        let isFiltered = !self.insight.filter.locations.isEmpty
        var arrivals = [[Arrival]](repeating: [], count: count)
        for row in self.frame.rows {
            try self.frame.view.checkpoint(at: row)
            // What was sold in the past is no longer there.
            guard ledger.onHandDeltas[row] > 0, self.frame.counts(row), !ledger.isPast(row) else {
                continue
            }
            let product = ledger.products[row]
            guard self.frame.takes(product, ledger.locations[row]),
                isFiltered || ledger.kindUndone(row)?.isTransfer != true
            else { continue }
            arrivals[Int(product)].append(
                Arrival(
                    time: Instant(microseconds: ledger.occurredAt[row]),
                    row: row,
                    quantity: Quantity(ledger.onHandDeltas[row])
                )
            )
        }
        return arrivals
    }

    private func ages(
        of onHand: Quantity,
        _ arrivals: [Arrival]
    ) throws(Refusal) -> (counts: [Int64], oldest: Int64) {
        var counts = [Int64](repeating: 0, count: Self.limits.count + 1)
        var oldest: Int64 = 0
        var rest = onHand.baseUnits
        var latest = arrivals
        try self.frame.view.sort(&latest) { ($1.time, $1.row) < ($0.time, $0.row) }
        for arrival in latest {
            guard rest > 0 else { break }
            let taken = min(rest, arrival.quantity.baseUnits)
            let day = self.frame.calendar.dayNumber(arrival.time.microseconds)
            let days = max(0, self.frame.today - day)
            counts[Self.limits.firstIndex { days <= $0 } ?? Self.limits.count] += taken
            oldest = max(oldest, days)
            rest -= taken
        }
        // Stock without an arrival belongs to the oldest group.
        counts[Self.limits.count] += rest
        return (counts, oldest)
    }
}

extension MovementKind {
    var isTransfer: Bool { self == .transferOut || self == .transferIn }
}
