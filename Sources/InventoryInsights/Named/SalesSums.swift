internal import InventoryModel

/// The sales of products by id: the answer of a composable query as numbers.
struct SalesSums {
    private var sums: [Int64: [Int64?]] = [:]
    private let measures: [InsightMeasure]

    init(
        _ insight: NamedInsight,
        measures: [InsightMeasure],
        of executor: inout QueryExecutor,
        window: InsightWindow? = nil,
        source: InsightSource = .sales
    ) throws(Refusal) {
        var query = insight.query(
            source,
            groups: [[.product]],
            measures: measures,
            window: window
        )
        query.limit = 0
        let table = try executor.answer(query).table
        self.measures = measures
        let ids = table.columns[0].integers
        let values = measures.map { table.integers("\($0)") }
        for row in ids.indices { self.sums[ids[row]] = values.map { $0[row] } }
    }

    /// 0 for a product without sales; `nil` for a sum out of range.
    subscript(id: ProductID, measure: InsightMeasure) -> Int64? {
        guard let index = self.measures.firstIndex(of: measure) else {
            preconditionFailure("\(measure) was not requested")
        }
        guard let sums = self.sums[Int64(id.value)] else { return 0 }
        return sums[index]
    }
}

extension ResultTable {
    private func ownColumn(_ name: String) -> ResultColumn {
        guard let index = self.column(named: name) else {
            preconditionFailure("no column \(name) in an answer of ours")
        }
        return self.columns[index]
    }

    /// Returns a key column of our own query.
    func keys(_ name: String) -> [Int64] { self.ownColumn(name).integers }

    /// Returns a measure of our own query; `nil` for a sum out of range.
    func integers(_ name: String) -> [Int64?] {
        let column = self.ownColumn(name)
        var integers: [Int64?] = column.integers
        for row in column.missing { integers[row] = nil }
        return integers
    }
}
