internal import ColumnStore
internal import InventoryEngine
internal import InventoryModel

/// Rates in units a day.
enum Rate {
    /// The minimum time of a rate, an hour: stock that sells out within a second does not sell 86,400 times
    /// as much a day.
    static let shortest = ZoneCalendar.hour

    /// Returns `nil` if no time has passed.
    static func perDay(_ units: Double, over time: Int64) -> Double? {
        time > 0 ? units / StockFrame.days(max(time, self.shortest)) : nil
    }
}

/// The start of existence of products: their creation, or their first movement if that was earlier, as for
/// imported history.
struct ProductBeginnings {
    private var beginnings: [ProductID: Int64] = [:]

    /// Determines the beginnings of some products.
    ///
    /// Products created before the frame's span are not searched in the ledger; for the others, rows recorded
    /// before the first of them was created are skipped.
    /// - Complexity: O(rows recorded since the first of these products was created)
    init(of products: some Sequence<ProductID>, _ frame: StockFrame) throws(Refusal) {
        let tables = frame.tables
        var first = Int64.max
        for id in products where tables.products.createdAt[id.row] > frame.span.from {
            self.beginnings[id] = tables.products.createdAt[id.row]
            first = min(first, tables.products.createdAt[id.row])
        }
        guard !self.beginnings.isEmpty else { return }
        var earliest = [Int64](repeating: .min, count: tables.products.rowCount)
        for (id, beginning) in self.beginnings { earliest[id.row] = beginning }
        let ledger = tables.ledger
        var row = frame.rows.lowerBound
        while row < frame.rows.upperBound {
            try frame.view.checkpoint()
            let segment = row >> SegmentSize.shift
            let end = min(frame.rows.upperBound, (segment + 1) << SegmentSize.shift)
            if ledger.recordedAt.zoneMap(ofSegment: segment).highest >= first {
                for row in row..<end {
                    let product = Int(ledger.products[row])
                    let time = ledger.occurredAt[row]
                    if time < earliest[product] { earliest[product] = time }
                }
            }
            row = end
        }
        for id in self.beginnings.keys { self.beginnings[id] = earliest[id.row] }
    }

    /// Returns `nil` for a product that existed before the span.
    func of(_ id: ProductID) -> Int64? { self.beginnings[id] }
}

extension StockFrame {
    /// Returns the time of the span in which a product existed.
    func existed(_ id: ProductID, _ beginnings: ProductBeginnings) -> Int64 {
        max(0, self.span.to - max(self.span.from, beginnings.of(id) ?? .min))
    }
}
