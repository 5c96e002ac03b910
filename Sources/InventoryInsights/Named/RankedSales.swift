internal import InventoryModel

/// The groups of a window by one measure, the largest or the smallest first, ties by id: what top and
/// ABC stand on.
struct RankedSales {
    let answer: InsightAnswer
    /// By row of the answer: the id of its group, and what it comes to; `nil` where that is beyond what its kind
    /// can be.
    let ids: [Int64]
    let values: [Int64?]

    init(
        _ insight: NamedInsight,
        _ questions: inout Questions,
        by dimension: InsightDimension,
        window: InsightWindow? = nil
    ) throws(Refusal) {
        let order = InsightOrder(
            .measure(insight.measure),
            descending: !insight.parameters.isAscending
        )
        var question = insight.question(
            .sales,
            groups: [[dimension]],
            measures: [insight.measure],
            order: [order],
            window: window
        )
        question.limit = 0
        do throws(Refusal) {
            self.answer = try questions.answer(question)
        } catch {
            // The order is that of the insight's measure.
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
    /// Some of the rows, in that order, with further columns put behind the first `count`, and the unit
    /// columns where they were.
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
