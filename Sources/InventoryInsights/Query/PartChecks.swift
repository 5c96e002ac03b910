internal import InventoryModel

/// Checks of a query by itself: incompatible or too many parts.
///
/// The first problem, in the order of declaration, is refused.
struct PartChecks {
    private let query: InsightQuery

    init(_ query: InsightQuery) { self.query = query }

    func check() throws(Refusal) {
        try self.checkWindow()
        try self.checkFilter()
        try self.checkGroups()
        try self.checkMeasures()
        try self.checkOrder()
        try Self.check("limit", Int(self.query.limit), in: 0...Int(Limits.queryRowsMax))
    }

    private func checkWindow() throws(Refusal) {
        guard self.query.window != .all, !self.query.source.hasTime else { return }
        throw self.problem(
            "window",
            "cannot be used with source \(self.query.source), which has no times"
        )
    }

    private func checkFilter() throws(Refusal) {
        let filter = self.query.filter
        let source = self.query.source
        let idsMax = InsightLimits.filterIDsMax
        try Self.check("filter.products", filter.products.count, in: 0...idsMax)
        try Self.check("filter.categories", filter.categories.count, in: 0...idsMax)
        try Self.check("filter.locations", filter.locations.count, in: 0...idsMax)
        let given: [(name: String, isGiven: Bool, applies: Bool)] = [
            ("locations", !filter.locations.isEmpty, source != .products),
            ("kinds", !filter.kinds.isEmpty, source.isLedger),
            ("reasons", !filter.reasons.isEmpty, source.isLedger),
            ("reference", !filter.reference.isEmpty, source.hasTime),
            ("actor", !filter.actor.isEmpty, source.hasTime),
        ]
        for part in given where part.isGiven && !part.applies {
            throw self.problem("filter.\(part.name)", "cannot be used with source \(source)")
        }
        guard source == .sales else { return }
        for kind in MovementKind.allCases
        where filter.kinds.contains(MovementKindSet(kind)) && !kind.isSales {
            throw self.problem("filter.kinds", "\(kind) cannot be used with source sales")
        }
    }

    private func checkGroups() throws(Refusal) {
        let groups = self.query.groups
        try Self.check("groups", groups.count, in: 1...InsightLimits.groupingSetsMax)
        var seen: Set<Set<InsightDimension>> = []
        for set in groups {
            try Self.check("groups", set.count, in: 0...InsightLimits.dimensionsMax)
            for dimension in set where !dimension.isAvailable(in: self.query.source) {
                throw self.problem(
                    "groups",
                    "\(dimension) cannot be used with source \(self.query.source)"
                )
            }
            let names = Set(set)
            if let duplicate = set.first(where: { one in set.filter { $0 == one }.count > 1 }) {
                throw self.problem("groups", "\(duplicate) appears twice in one set")
            }
            guard seen.insert(names).inserted else {
                let text = set.map { "\($0)" }.joined(separator: ", ")
                throw self.problem("groups", "the set (\(text)) appears twice")
            }
        }
    }

    private func checkMeasures() throws(Refusal) {
        let measures = self.query.measures
        try Self.check("measures", measures.count, in: 1...InsightLimits.measuresMax)
        for (index, measure) in measures.enumerated() {
            if !measure.isAvailable(in: self.query.source) {
                throw self.problem(
                    "measures",
                    "\(measure) cannot be used with source \(self.query.source)"
                )
            }
            if measures[..<index].contains(measure) {
                throw self.problem("measures", "\(measure) appears twice")
            }
        }
    }

    private func checkOrder() throws(Refusal) {
        var seen: Set<InsightOrder.Key> = []
        for order in self.query.order {
            switch order.key {
            case .dimension(let dimension):
                if !self.query.groups.contains(where: { $0.contains(dimension) }) {
                    throw self.problem("order", "\(dimension) is not in groups")
                }
            case .measure(let measure):
                if !self.query.measures.contains(measure) {
                    throw self.problem("order", "\(measure) is not among the measures")
                }
            }
            if !seen.insert(order.key).inserted {
                throw self.problem("order", "\(order.key.name) appears twice")
            }
        }
    }

    private func problem(_ part: String, _ problem: String) -> Refusal {
        Refusal(.invalidField, .field(part, problem: problem))
    }

    private static func check(
        _ part: String,
        _ count: Int,
        in range: ClosedRange<Int>
    ) throws(Refusal) {
        guard !range.contains(count) else { return }
        throw Refusal(
            .outOfRange,
            .range(
                part,
                value: Int64(count),
                lowest: Int64(range.lowerBound),
                highest: Int64(range.upperBound)
            )
        )
    }
}

extension MovementKind {
    /// Whether rows of the kind can be sales, returns, cost variances, or reversals of these.
    var isSales: Bool {
        switch self {
        case .sale, .return, .reversal, .costVariance: true
        default: false
        }
    }
}

extension InsightOrder.Key {
    fileprivate var name: String {
        switch self {
        case .dimension(let dimension): "\(dimension)"
        case .measure(let measure): "\(measure)"
        }
    }
}
