internal import InventoryModel

/// The best or worst sellers of a window, and the change from the preceding window.
///
/// | column | formula | edge |
/// |---|---|---|
/// | (measure) | net, units, margin, gross or net units in the window | ties by id |
/// | rank | from 1 | |
/// | previousRank | the rank in the preceding window | not sold there: none |
/// | rankChange | previousRank − rank: positive for a climb | none if previousRank is |
/// | previous | the measure in the preceding window | not sold there: 0 |
/// | growth | (now − previous) ÷ previous, a share: 0.5 is half as much again | previous ≤ 0: none |
/// | isNew | sold now, but not in the preceding window | |
///
/// Units rank only if all sold products have one unit; otherwise they are refused.
///
/// The preceding window has as many units of the calendar, or the same length, just before; a window without
/// a start has none, and columns that compare with it are none. Rows are groups sold in the window.
struct TopInsight {
    private let insight: NamedInsight

    init(_ insight: NamedInsight) { self.insight = insight }

    func answer(_ executor: inout QueryExecutor) throws(Refusal) -> InsightAnswer {
        let dimension = self.insight.dimension ?? .product
        let sold = try RankedSales(self.insight, &executor, by: dimension)
        var before: RankedSales?
        if let window = try self.windowBefore(sold.answer.window) {
            before = try RankedSales(self.insight, &executor, by: dimension, window: window)
        }
        let ranks = before?.ranks ?? [:]
        let limit = self.insight.limit == 0 ? sold.ids.count : Int(self.insight.limit)
        let keys = dimension.fields.count
        var answer = sold.answer
        answer.table = answer.table.inserting(
            [
                ResultField("rank", .integer), ResultField("previousRank", .integer),
                ResultField("rankChange", .integer),
                ResultField("previous", self.insight.measure.kind),
                ResultField("growth", .number), ResultField("isNew", .boolean),
            ],
            after: keys + 1,
            rows: sold.ids.indices.prefix(limit)
        ) { row in
            let rank = Int64(row) + 1
            guard let before else {
                return [.integer(rank), .none, .none, .none, .none, .none]
            }
            guard let previousRank = ranks[sold.ids[row]] else {
                return [.integer(rank), .none, .none, .integer(0), .none, .integer(1)]
            }
            let previous = before.values[Int(previousRank) - 1]
            var growth = ResultCell.none
            if let previous, let now = sold.values[row] {
                growth = .ratio(Double(now) - Double(previous), Double(previous))
            }
            return [
                .integer(rank), .integer(previousRank), .integer(previousRank - rank),
                .whole(previous), growth, .integer(0),
            ]
        }
        return answer
    }

    /// Returns the window of the same length just before; `nil` for one without a start or an end.
    private func windowBefore(_ window: ResolvedWindow) throws(Refusal) -> InsightWindow? {
        guard let from = window.from, let to = window.to else { return nil }
        // There is nothing to compare with before the start of the calendar.
        guard from > Instant.calendar.lowerBound else { return nil }
        let start: Int64
        switch self.insight.window {
        case .last(let count, let unit), .previous(let count, let unit):
            let calendar = try ZoneCalendar(stored: window.zone)
            start = calendar.start(unit, count, before: from.microseconds)
        case .all, .between:
            start = from.microseconds - (to.microseconds - from.microseconds)
        }
        return .between(Instant(microseconds: start).clampedToCalendar, from)
    }
}
