internal import Inventory

/// Demand that stock could not meet.
///
/// | column | formula | unit | edge |
/// |---|---|---|---|
/// | refusals | how often a sale or reservation was refused for stock | count | |
/// | asked | Σ asked in those | base units | |
/// | refusedUnits | Σ asked − what could have been had | base units | |
/// | units | units sold in the window: what was served | base units | |
/// | fillRate | units ÷ (units + asked): served ÷ all that was asked for | 0 to 1 | nothing asked: none |
///
/// Refusals count when they were refused, sales when they happened. A row for each product that was
/// refused in the window, the most refused units first.
struct RefusedInsight {
    private let insight: NamedInsight

    init(_ insight: NamedInsight) { self.insight = insight }

    func answer(_ questions: inout Questions) throws(Refusal) -> InsightAnswer {
        let question = self.insight.question(
            .refusals,
            [[.product]],
            [.rows, .asked, .refusedUnits],
            [InsightOrder(.measure(.refusedUnits), descending: true)]
        )
        var answer = try questions.answer(question)
        let sales = try SalesSums(self.insight, [.units], &questions)
        let ids = answer.table.columns[0].integers
        let asked = try answer.table.integers("asked")
        let keys = InsightDimension.product.fields.count
        answer.table = answer.table.inserting(
            [ResultField("units", .quantity), ResultField("fillRate", .number)],
            after: keys + 3,
            rows: ids.indices
        ) { row in
            let units = sales[ProductID(UInt32(ids[row])), .units]
            return [
                .integer(units),
                .ratio(Double(units), Double(units) + Double(asked[row])),
            ]
        }
        return answer
    }
}
