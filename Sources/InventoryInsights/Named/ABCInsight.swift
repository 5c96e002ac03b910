internal import InventoryModel

/// ABC analysis: the few products with most of the turnover.
///
/// Products by a measure (net by default), descending, ties by id. With the share of the total **before** a
/// product, it is
///
///     A   before 80 %        B   before 95 %        C   otherwise, and wherever the measure is ≤ 0
///
/// so the product that crosses a threshold still belongs to the class above it. Shares are of the sum of all
/// positive values, compared as whole numbers without rounding. `share` and `shareBefore` are from 0 to 1,
/// none if no value is positive.
struct ABCInsight {
    private let insight: NamedInsight
    private let sold: RankedSales

    private static let linesOfA = 80
    private static let linesOfB = 95

    init(_ insight: NamedInsight, _ executor: inout QueryExecutor) throws(Refusal) {
        self.insight = insight
        self.sold = try RankedSales(insight, &executor, by: .product)
    }

    func answer() -> InsightAnswer {
        let values = self.sold.values
        let total = values.reduce(Int128(0)) { $0 + Int128(max(0, $1 ?? 0)) }
        var before: [Int128] = []
        before.reserveCapacity(values.count)
        var sum: Int128 = 0
        for value in values {
            before.append(sum)
            sum += Int128(max(0, value ?? 0))
        }
        let limit = self.insight.limit == 0 ? values.count : Int(self.insight.limit)
        var answer = self.sold.answer
        answer.table = answer.table.inserting(
            [
                ResultField("class", .text), ResultField("share", .number),
                ResultField("shareBefore", .number),
            ],
            after: InsightDimension.product.fields.count + 1,
            rows: values.indices.prefix(limit)
        ) { row in
            // A value beyond its limit is not part of the total.
            guard let value = values[row] else { return [.none, .none, .none] }
            return [
                .text(Self.letter(of: value, before: before[row], total)),
                .ratio(Double(max(0, value)), Double(total)),
                .ratio(Double(before[row]), Double(total)),
            ]
        }
        return answer
    }

    private static func letter(of value: Int64, before: Int128, _ total: Int128) -> String {
        if value <= 0 { return "C" }
        if before * 100 < total * Int128(Self.linesOfA) { return "A" }
        return before * 100 < total * Int128(Self.linesOfB) ? "B" : "C"
    }
}
