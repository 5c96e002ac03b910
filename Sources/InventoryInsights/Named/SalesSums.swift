internal import InventoryModel

/// What products sold, by id: the answer of a composable question, as numbers to work with.
struct SalesSums {
    private var sums: [Int64: [Int64]] = [:]
    private let measures: [InsightMeasure]

    init(
        _ insight: NamedInsight,
        _ measures: [InsightMeasure],
        _ questions: inout Questions,
        window: InsightWindow? = nil,
        source: InsightSource = .sales
    ) throws(Refusal) {
        var question = insight.question(source, [[.product]], measures, window: window)
        question.limit = 0
        let table = try questions.answer(question).table
        self.measures = measures
        let ids = table.columns[0].integers
        let values = try measures.map { (measure) throws(Refusal) in
            try table.integers("\(measure)")
        }
        for row in ids.indices { self.sums[ids[row]] = values.map { $0[row] } }
    }

    subscript(id: ProductID, measure: InsightMeasure) -> Int64 {
        guard let index = self.measures.firstIndex(of: measure) else {
            preconditionFailure("\(measure) was not asked for")
        }
        return self.sums[Int64(id.value)]?[index] ?? 0
    }
}

extension ResultTable {
    /// The whole numbers of a column of our own question.
    func integers(_ name: String) throws(Refusal) -> [Int64] {
        guard let column = self.column(named: name) else {
            preconditionFailure("no column \(name) in an answer of ours")
        }
        return self.columns[column].integers
    }
}
