internal import InventoryModel

/// The rule of alerts: they are sent on edges, not repeated.
///
///     available   ──────╲                    ╱──────
///     point + hysteresis ╲          ╱───────╱  cleared
///     reorder point       ╲────────╱            the level's own, else its product's
///                          raised
extension InventoryState {
    /// Raises and clears the alerts of every level the step touched, as the step leaves it.
    func settleAlerts(in draft: inout Draft) {
        for index in draft.levels.indices {
            let level = draft.levels[index]
            let facts = self.facts(of: level, draft)
            let alerts = Self.alerts(of: level, facts)
            guard alerts != level.alerts else { continue }
            for kind in AlertKind.allCases {
                let isRaised = alerts.contains(AlertSet(kind))
                guard level.alerts.contains(AlertSet(kind)) != isRaised else { continue }
                let point = facts?.reorderPoint ?? 0
                let threshold = Self.threshold(of: kind, level, reorderPoint: point)
                draft.setAlert(kind, isRaised: isRaised, at: index, threshold: threshold)
            }
        }
    }

    /// The threshold that an alert compares a level's available units with.
    @inline(__always)
    static func threshold(of kind: AlertKind, _ level: Level, reorderPoint: Quantity) -> Quantity {
        switch kind {
        case .lowStock: reorderPoint
        case .stockout: 0
        case .oversold: level.floor
        }
    }

    /// The alerts that should be active for a level, given those that are.
    ///
    /// `facts` has the reorder point that applies to the level.
    /// Empty for an archived product.
    static func alerts(of level: Level, _ facts: ProductTable.Facts?) -> AlertSet {
        guard let facts, facts.status != .archived else { return [] }
        let isLow = level.alerts.contains(.lowStock)
        let clearAbove = facts.clearPoint
        var alerts: AlertSet = []
        if level.available <= (isLow ? clearAbove : facts.reorderPoint) { alerts.insert(.lowStock) }
        if level.available <= 0 { alerts.insert(.stockout) }
        if level.available < level.floor { alerts.insert(.oversold) }
        return alerts
    }
}
