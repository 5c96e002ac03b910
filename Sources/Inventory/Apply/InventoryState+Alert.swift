/// The rule of alerts: edges, not repeats.
///
///     available   ──────╲                    ╱──────
///     point + hysteresis ╲          ╱───────╱  cleared
///     reorder point       ╲────────╱
///                          raised
extension InventoryState {
    /// Raises and clears the alerts of every level the step touched, as the step leaves it.
    func settleAlerts(in draft: inout Draft) {
        for index in draft.levels.indices {
            let level = draft.levels[index]
            let facts = self.facts(level.product, draft)
            let isListed = facts.map { $0.status != .archived } ?? false
            let point = facts?.reorderPoint ?? 0
            let clearAbove = point + (facts?.hysteresis ?? 0)

            let isLow = level.alerts.contains(.lowStock)
            let staysLow = level.available <= (isLow ? clearAbove : point)
            self.settle(.lowStock, isListed && staysLow, at: index, threshold: point, in: &draft)

            let isOut = isListed && level.available <= 0
            self.settle(.stockout, isOut, at: index, threshold: 0, in: &draft)

            let isOversold = isListed && level.available < level.floor
            self.settle(.oversold, isOversold, at: index, threshold: level.floor, in: &draft)
        }
    }

    private func settle(
        _ kind: AlertKind,
        _ isRaised: Bool,
        at index: Int,
        threshold: Int64,
        in draft: inout Draft
    ) {
        guard draft.levels[index].alerts.contains(AlertSet(kind)) != isRaised else { return }
        draft.setAlert(kind, isRaised: isRaised, at: index, threshold: threshold)
    }
}
