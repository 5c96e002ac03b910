internal import InventoryModel

/// The insights that are plain composable queries: sales, margin, heatmap, valuation and the rollup of
/// categories.
///
/// | insight | source | rows | measures |
/// |---|---|---|---|
/// | sales | sales | the total, or by one dimension | gross, returns, net, units, returned, transactions, average |
/// | margin | sales | by product or another dimension, the largest margin first | net, cost, margin, margin % |
/// | heatmap | sales | 168: weekday × hour of the day | units, net, transactions |
/// | valuation | levels | by category, product or location, and stage; the total | products, at cost, at retail |
/// | categories | levels | category + product + stage, category, total | products, on hand, available, at cost, at retail |
///
/// Units in transit have separate rows, at the destination, and are part of the sums.
///
/// Margin % is 100 · (net − cost) ÷ net, none if net is 0. At retail is Σ price × on hand at current prices.
extension NamedInsight {
    /// The equivalent composable query, or `nil` for an insight with its own formula.
    var composed: InsightQuery? {
        switch self.name {
        case .margin:
            return self.query(
                .sales,
                groups: [self.dimension.map { [$0] } ?? []],
                measures: [.net, .cost, .margin, .marginPercent],
                order: self.dimension?.isBucket == true
                    ? [] : [InsightOrder(.measure(.margin), descending: true)]
            )
        case .heatmap:
            return self.query(
                .sales,
                groups: [[.weekday, .hourOfDay]],
                measures: [.units, .net, .transactions]
            )
        case .valuation:
            return self.query(
                .levels,
                groups: [self.dimension.map { [$0, .stage] } ?? [.stage], []],
                measures: [.products, .value, .retailValue]
            )
        case .categories:
            return self.query(
                .levels,
                groups: [[.category, .product, .stage], [.category], []],
                measures: [.products, .onHand, .available, .value, .retailValue]
            )
        case .sales:
            return self.query(
                .sales,
                groups: [self.dimension.map { [$0] } ?? []],
                measures: [
                    .gross, .returns, .net, .units, .returnedUnits, .transactions, .averageValue,
                ]
            )
        case .top, .abc, .velocity, .cover, .lowStock, .reorder, .dead, .turnover, .ageing,
            .availability, .refused:
            return nil
        }
    }

    /// Returns a query with this insight's window, zone, filter and point in the past.
    func query(
        _ source: InsightSource,
        groups: [[InsightDimension]],
        measures: [InsightMeasure],
        order: [InsightOrder] = [],
        window: InsightWindow? = nil
    ) -> InsightQuery {
        InsightQuery(
            source: source,
            window: source.hasTime ? window ?? self.window : .all,
            zone: self.zone,
            filter: self.filter,
            groups: groups,
            measures: measures,
            order: order,
            limit: self.limit,
            asOf: self.asOf
        )
    }
}
