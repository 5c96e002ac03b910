internal import ColumnStore
internal import InventoryEngine
internal import InventoryModel

/// Unmet demand (lost sales): demand that stock could not satisfy.
///
/// | column | formula | unit | edge |
/// |---|---|---|---|
/// | refusals | sales and reservations refused for lack of stock | count | |
/// | asked | Σ requested in those | base units | |
/// | refusedUnits | Σ requested − available | base units | |
/// | units | units sold in the window: served demand | base units | |
/// | fillRate | units ÷ (units + asked): served ÷ total demand | 0 to 1 | no demand: none |
///
/// | lostSales | refusedUnits at the product's current price | minor units | does not fit: none |
///
/// Refusals count when they were refused, sales when they happened. A row for each product with refusals in
/// the window, the most lost sales first: amounts are comparable between products of different units.
struct RefusedInsight {
    private let insight: NamedInsight

    init(_ insight: NamedInsight) { self.insight = insight }

    func answer(_ executor: inout QueryExecutor) throws(Refusal) -> InsightAnswer {
        var query = self.insight.query(
            .refusals,
            groups: [[.product]],
            measures: [.rows, .asked, .refusedUnits]
        )
        query.limit = 0
        var answer = try executor.answer(query)
        let sales = try SalesSums(self.insight, measures: [.units], of: &executor)
        let ids = answer.table.columns[0].integers
        let asked = answer.table.integers("asked")
        let refused = answer.table.integers("refusedUnits")
        let products = executor.view.tables.products
        let lost = ids.indices.map { row in
            let price = products.price(ProductID(UInt32(ids[row])))
            return refused[row].flatMap { price.amount(of: Quantity($0))?.minorUnits }
        }
        let limit = self.insight.limit == 0 ? ids.count : Int(self.insight.limit)
        let rows = ids.indices.sorted { (lost[$1] ?? .max, ids[$0]) < (lost[$0] ?? .max, ids[$1]) }
        let keys = InsightDimension.product.fields.count
        answer.table = answer.table.inserting(
            [
                ResultField("units", .quantity), ResultField("fillRate", .number),
                ResultField("lostSales", .money),
            ],
            after: keys + 3,
            rows: rows.prefix(limit)
        ) { row in
            let units = sales[ProductID(UInt32(ids[row])), .units]
            var fillRate = ResultCell.none
            if let units, let asked = asked[row] {
                fillRate = .ratio(Double(units), Double(units) + Double(asked))
            }
            return [.whole(units), fillRate, .whole(lost[row])]
        }
        return answer
    }
}
