internal import InventoryModel

/// Selection of the groups that can be among the first rows, so that the rest need not be sorted.
extension GroupedTotals {
    /// Returns the groups without those that cannot be among the first ``InsightQuery/limit`` rows: all of
    /// them if the order does not start with a sum.
    ///
    /// Groups ordered by a quantity have one unit, so none of them lacks a value. Ties with the last shown
    /// row are included, since later parts of the order decide them.
    ///
    /// - Complexity: O(groups · log limit) in the worst case; O(groups) for most data.
    func leading(_ groups: [GroupRow]) -> [GroupRow] {
        let limit = Int(self.plan.query.limit)
        guard limit > 0, groups.count > 2 * limit, let first = self.plan.query.order.first,
            case .measure(let measure) = first.key, !measure.terms.isEmpty,
            measure != .averageValue, measure != .marginPercent
        else { return groups }
        let factors = MeasureTerms(measure, self.plan).factors
        var leaders = Leaders(limit)
        let ranks = groups.map { group -> Int64 in
            let sum = Int64(clamping: self.sum(factors, group))
            // The largest rank leads; a rank is never the minimum number, so it can be negated.
            let rank = first.isDescending ? max(sum, -.max) : -max(sum, -.max)
            leaders.note(rank)
            return rank
        }
        let least = leaders.least
        return groups.indices.filter { ranks[$0] >= least }.map { groups[$0] }
    }
}
