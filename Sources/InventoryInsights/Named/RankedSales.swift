internal import InventoryModel

/// The groups of a window by one measure, the largest or the smallest first, ties by id: the basis of top
/// and ABC.
struct RankedSales {
    let answer: InsightAnswer
    /// By row of the answer: the id of its group, and its value; `nil` if it is out of range.
    let ids: [Int64]
    let values: [Int64?]

    init(
        _ insight: NamedInsight,
        _ executor: inout QueryExecutor,
        by dimension: InsightDimension,
        window: InsightWindow? = nil
    ) throws(Refusal) {
        let order = InsightOrder(
            .measure(insight.measure),
            descending: !insight.parameters.isAscending
        )
        var query = insight.query(
            .sales,
            groups: [[dimension]],
            measures: [insight.measure],
            order: [order],
            window: window
        )
        query.limit = 0
        do throws(Refusal) {
            self.answer = try executor.answer(query)
        } catch {
            // The insight's measure determines the order.
            if case .field("order", let problem) = error.detail {
                throw Refusal(error.code, .field("measure", problem: problem))
            }
            throw error
        }
        self.ids = self.answer.table.columns[0].integers
        self.values = self.answer.table.integers("\(insight.measure)")
    }

    /// The rank of each group, from 1.
    var ranks: [Int64: Int64] {
        Dictionary(uniqueKeysWithValues: zip(self.ids, (1...max(1, Int64(self.ids.count)))))
    }
}

extension ResultTable {
    /// Returns some of the rows, in that order, with more columns inserted after the first `count`; the unit
    /// columns stay last.
    func inserting(
        _ fields: [ResultField],
        after count: Int,
        rows: some Sequence<Int>,
        _ cells: (Int) -> [ResultCell]
    ) -> ResultTable {
        var table = ResultTable(self.schema[..<count] + fields + self.schema[count...])
        for row in rows {
            let own = self.columns.indices.map { self.cell(row, $0) }
            table.append(own[..<count] + cells(row) + own[count...])
        }
        return table
    }
}
