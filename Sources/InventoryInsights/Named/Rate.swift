internal import ColumnStore
internal import InventoryEngine
internal import InventoryModel

/// Units a day.
enum Rate {
    /// What sells out within a second does not sell 86,400 times as much a day: a rate is taken over
    /// an hour at least.
    static let shortest = ZoneCalendar.hour

    /// None where no time has passed.
    static func perDay(_ units: Double, over time: Int64) -> Double? {
        time > 0 ? units / StockFrame.days(max(time, self.shortest)) : nil
    }
}

/// Since when products exist: since they were created, or since their first movement where that was
/// earlier, as it is of those whose past was imported.
struct ProductBeginnings {
    private var beginnings: [ProductID: Int64] = [:]

    /// Of some products.
    ///
    /// Those that were created before the frame's span are not looked for in the ledger; of the others,
    /// rows that were recorded before any of them was created are not looked at.
    /// - Complexity: O(rows recorded since the first of these products was created)
    init(of products: some Sequence<ProductID>, _ frame: StockFrame) throws(Refusal) {
        let tables = frame.tables
        var first = Int64.max
        for id in products where tables.products.createdAt[id.row] > frame.span.from {
            self.beginnings[id] = tables.products.createdAt[id.row]
            first = min(first, tables.products.createdAt[id.row])
        }
        guard !self.beginnings.isEmpty else { return }
        var wanted = [Int64](repeating: .min, count: tables.products.rowCount)
        for (id, beginning) in self.beginnings { wanted[id.row] = beginning }
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
                    if time < wanted[product] { wanted[product] = time }
                }
            }
            row = end
        }
        for id in self.beginnings.keys { self.beginnings[id] = wanted[id.row] }
    }

    /// `nil` for one that exists since the span began, or before.
    func of(_ id: ProductID) -> Int64? { self.beginnings[id] }
}

extension StockFrame {
    /// The time of the span in which a product existed.
    func existed(_ id: ProductID, _ beginnings: ProductBeginnings) -> Int64 {
        max(0, self.span.to - max(self.span.from, beginnings.of(id) ?? .min))
    }
}
