internal import InventoryModel

/// The parts of a named insight that its formula uses; any other part is refused by name.
struct InsightParts {
    /// Whether it uses a time window.
    var window = true
    /// The dimensions it can be grouped by, the default first; empty for insights with fixed rows.
    var by: [InsightDimension] = []
    /// The measures it can rank by, the default first.
    var measures: [InsightMeasure] = []
    var ascending = false
    /// The default number of days, if it counts days.
    var days: UInt32?
    var serviceLevel = false
    /// Whether rows can be filtered by reference, actor, kind and reason.
    var rowFilters = false
    var locations = true
}

extension NamedInsight.Name {
    var parts: InsightParts {
        let time: [InsightDimension] = [.hour, .day, .week, .month, .weekday, .hourOfDay]
        let entities: [InsightDimension] = [.product, .category, .location]
        switch self {
        case .sales: return InsightParts(by: time + entities, rowFilters: true)
        case .margin: return InsightParts(by: entities + time, rowFilters: true)
        case .top:
            return InsightParts(
                by: entities,
                measures: [.net, .units, .margin, .gross, .netUnits],
                ascending: true,
                rowFilters: true
            )
        case .velocity: return InsightParts(days: 7)
        case .cover, .turnover, .availability, .lowStock: return InsightParts()
        case .reorder: return InsightParts(serviceLevel: true)
        case .abc: return InsightParts(measures: [.net, .units, .margin, .gross])
        case .dead: return InsightParts(window: false, days: 90)
        case .ageing: return InsightParts(window: false)
        case .heatmap: return InsightParts(rowFilters: true)
        case .refused: return InsightParts()
        case .valuation: return InsightParts(window: false, by: [.category, .product, .location])
        case .categories: return InsightParts(window: false)
        }
    }
}

extension NamedInsight {
    static let windowDefault = InsightWindow.last(30, .day)

    static let serviceLevelDefault: UInt32 = 950_000

    /// The requested dimension, or the default; `nil` for total sales.
    var dimension: InsightDimension? {
        if let by = self.parameters.by { return by }
        return self.name == .sales ? nil : self.name.parts.by.first
    }

    var measure: InsightMeasure {
        self.parameters.measure ?? self.name.parts.measures.first ?? .net
    }
    var days: UInt32 { self.parameters.days ?? self.name.parts.days ?? 0 }

    /// - Throws: `invalid_field` or `out_of_range` for the first part that the insight does not use, or that
    ///   is beyond its limits.
    func checkParts() throws(Refusal) {
        let parts = self.name.parts
        let given = self.parameters
        let filter = self.filter
        if !parts.window, self.window != .all, self.window != Self.windowDefault {
            throw self.useless("window")
        }
        if let by = given.by, !parts.by.contains(by) { throw self.useless("by", "\(by)") }
        if let measure = given.measure, !parts.measures.contains(measure) {
            throw self.useless("measure", "\(measure)")
        }
        if given.isAscending, !parts.ascending { throw self.useless("ascending") }
        if given.days != nil, parts.days == nil { throw self.useless("days") }
        if given.serviceLevel != nil, !parts.serviceLevel { throw self.useless("serviceLevel") }
        if !parts.rowFilters {
            if !filter.kinds.isEmpty { throw self.useless("filter.kinds") }
            if !filter.reasons.isEmpty { throw self.useless("filter.reasons") }
            if !filter.reference.isEmpty { throw self.useless("filter.reference") }
            if !filter.actor.isEmpty { throw self.useless("filter.actor") }
        }
        try self.checkRanges()
    }

    private func checkRanges() throws(Refusal) {
        if let days = self.parameters.days {
            // 0 days without a sale is all stock; an average of 0 days is undefined.
            let least: UInt32 = self.name == .dead ? 0 : 1
            try Self.check("days", days, in: least...Self.daysMax)
        }
        if let level = self.parameters.serviceLevel {
            try Self.check("serviceLevel", level, in: Self.serviceLevels)
        }
        try Self.check("limit", self.limit, in: 0...UInt32(Limits.queryRowsMax))
    }

    private static func check(
        _ part: String,
        _ value: UInt32,
        in range: ClosedRange<UInt32>
    ) throws(Refusal) {
        guard !range.contains(value) else { return }
        throw Refusal(
            .outOfRange,
            .range(
                part,
                value: Int64(value),
                lowest: Int64(range.lowerBound),
                highest: Int64(range.upperBound)
            )
        )
    }

    private func useless(_ part: String, _ value: String? = nil) -> Refusal {
        let what = value.map { "\($0) cannot be used" } ?? "cannot be used"
        return Refusal(.invalidField, .field(part, problem: "\(what) with insight \(self.name)"))
    }
}
