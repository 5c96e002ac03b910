internal import ColumnStore
package import InventoryEngine
package import InventoryModel

/// Presentation of totals: empty buckets, measures, order, limit, names.
extension GroupedTotals {
    /// Returns the answer with the rows added so far; names and categories are those of the view, and so are
    /// its LSN and time.
    ///
    /// A sum out of range is an empty cell, so one group does not prevent the others from being shown.
    ///
    /// - Throws: The reason for ending the query early.
    /// - Complexity: O(groups log groups)
    package func answer(of view: ReadView) throws(Refusal) -> InsightAnswer {
        InsightAnswer(
            lsn: view.lsn,
            time: view.time,
            window: self.plan.window,
            keyColumnCount: self.plan.keyColumnCount,
            table: try self.table(of: view)
        )
    }

    /// Returns the rows of the answer, in order.
    package func table(of view: ReadView) throws(Refusal) -> ResultTable {
        let all = self.groups()
        try self.checkOrder(of: all, view)
        let groups = self.leading(all)
        let units = groups.map { self.unit(of: $0, view) }
        var columns: [InsightMeasure: MeasureColumn] = [:]
        for measure in self.plan.query.measures {
            columns[measure] = try MeasureColumn(
                measure,
                groups: groups,
                units: units,
                totals: self,
                of: view
            )
        }
        let values = try self.plan.dimensions.map { (dimension) throws(Refusal) in
            try view.checkpoint()
            return groups.map { self.value(of: dimension, in: $0, view) }
        }
        let order = GroupOrder(self.plan, values: values, measures: columns)
        let rows = try order.sorted(groups.count, limit: Int(self.plan.query.limit), view)
        return try AnswerTable(self.plan, view).table(
            rows,
            values: values,
            measures: columns,
            units: units
        )
    }

    // MARK: - Units

    /// Returns the unit of a group's quantities; unknown for a group without rows in a shop with several
    /// units.
    func unit(of group: GroupRow, _ view: ReadView) -> GroupUnit {
        if self.plan.sets[group.set].hasProduct {
            return .one(view.tables.products.unit(Int(group.key.entity)))
        }
        if let unit = self.plan.unit { return .one(unit) }
        guard let slot = group.slot, self.plan.tracksUnits else { return .none }
        return self.sets[group.set].units[slot]
    }

    /// Refuses to order groups of different units by a quantity.
    private func checkOrder(of groups: [GroupRow], _ view: ReadView) throws(Refusal) {
        guard self.plan.tracksUnits,
            let measure = self.plan.query.order.lazy.compactMap(\.quantity).first
        else { return }
        var all = GroupUnit.none
        for group in groups { all.add(self.unit(of: group, view)) }
        guard all == .mixed else { return }
        let problem = """
            \(measure) of different units have no order; order by net or another amount, or ask only \
            for products of one unit
            """
        throw Refusal(.invalidField, .field("order", problem: problem))
    }

    /// Returns the groups with a row in the answer: those with rows of the source, and those shown empty.
    private func groups() -> [GroupRow] {
        var groups: [GroupRow] = []
        groups.reserveCapacity(self.sets.reduce(0) { $0 + $1.count })
        for (index, set) in self.plan.sets.enumerated() {
            let totals = self.sets[index]
            for (slot, key) in totals.keys.enumerated() {
                groups.append(GroupRow(set: index, slot: slot, key: key))
            }
            let shown = self.emptyKeys(of: set)
            guard !shown.isEmpty else { continue }
            let present = Set(totals.keys)
            for key in shown where !present.contains(key) {
                groups.append(GroupRow(set: index, slot: nil, key: key))
            }
        }
        return groups
    }

    /// Returns the keys of a set that have a row even without data.
    private func emptyKeys(of set: GroupingSet) -> [GroupKey] {
        if set.dimensions.isEmpty { return [GroupKey()] }
        if set.fillsClock {
            return (set.hasWeekday ? 1...7 : 0...0).flatMap { weekday in
                (set.hasHourOfDay ? 0...23 : 0...0).map { hour in
                    GroupKey(clock: UInt8(weekday * GroupKey.hoursOfDay + hour))
                }
            }
        }
        guard let unit = set.filledUnit, self.plan.window.isBounded else { return [] }
        var keys: [GroupKey] = []
        let window = self.plan.window.span
        var span = self.plan.calendar.span(unit, containing: window.from)
        while span.from < window.to {
            keys.append(GroupKey(time: span.from))
            span = self.plan.calendar.span(unit, containing: span.to)
        }
        return keys
    }

    /// Returns the value of a dimension's column, as a number with the order of the dimension, or `nil` if
    /// the group's set does not have the dimension.
    private func value(
        of dimension: InsightDimension,
        in group: GroupRow,
        _ view: ReadView
    ) -> Int64? {
        let set = self.plan.sets[group.set]
        guard set.dimensions.contains(dimension) else { return nil }
        let key = group.key
        switch dimension {
        case .product: return Int64(key.entity)
        case .category where set.hasProduct:
            return Int64(view.tables.products.categories[Int(key.entity)])
        case .category: return Int64(key.entity)
        case .location: return Int64(key.location)
        case .hour: return self.plan.calendar.span(.hour, containing: key.time).from
        case .day: return self.plan.calendar.span(.day, containing: key.time).from
        case .week: return self.plan.calendar.span(.week, containing: key.time).from
        case .month: return self.plan.calendar.span(.month, containing: key.time).from
        case .weekday: return Int64(key.weekday)
        case .hourOfDay: return Int64(key.hourOfDay)
        case .reason: return Int64(key.reason)
        case .kind: return Int64(key.kind)
        case .stage: return Int64(key.stage)
        }
    }
}

extension InsightOrder {
    /// The quantity by which it orders, if it is one.
    fileprivate var quantity: InsightMeasure? {
        if case .measure(let measure) = self.key, measure.kind == .quantity { measure } else { nil }
    }
}

/// A group of an answer; one without a slot is shown empty.
struct GroupRow {
    var set: Int
    var slot: Int?
    var key: GroupKey
}

/// A measure of every group: whole numbers, or floating-point numbers for a ratio.
struct MeasureColumn {
    let kind: ResultKind
    private(set) var cells: [ResultCell] = []

    init(
        _ measure: InsightMeasure,
        groups: [GroupRow],
        units: [GroupUnit],
        totals: GroupedTotals,
        of view: ReadView
    ) throws(Refusal) {
        self.kind = measure.kind
        self.cells.reserveCapacity(groups.count)
        let terms = MeasureTerms(measure, totals.plan)
        for (index, group) in groups.enumerated() {
            try view.checkpoint(at: index)
            let isNone = self.kind == .quantity && units[index] == .mixed
            self.cells.append(isNone ? .none : totals.cell(of: terms, in: group))
        }
    }
}

/// A measure as factors of each sum of the plan.
struct MeasureTerms {
    let measure: InsightMeasure
    /// By the plan's sums: −1, 0 or 1.
    let factors: [Int128]
    /// Like ``factors``, for the net that a margin is a share of.
    let netFactors: [Int128]

    init(_ measure: InsightMeasure, _ plan: QueryPlan) {
        self.measure = measure
        self.factors = Self.factors(measure, plan)
        self.netFactors = Self.factors(.net, plan)
    }

    private static func factors(_ measure: InsightMeasure, _ plan: QueryPlan) -> [Int128] {
        let terms = measure.terms
        return plan.sums.map { sum in terms.first { $0.sum == sum }?.sign ?? 0 }
    }
}

extension GroupedTotals {
    fileprivate func cell(of terms: MeasureTerms, in group: GroupRow) -> ResultCell {
        let measure = terms.measure
        switch measure {
        case .rows: return .integer(group.slot.map { self.sets[group.set].rowCounts[$0] } ?? 0)
        case .products: return .integer(self.productCount(group))
        case .transactions: return .integer(self.transactionCount(group))
        case .averageValue:
            let count = self.transactionCount(group)
            guard count > 0, let net = measure.kind.fitting(self.sum(terms.factors, group))
            else { return .none }
            return .whole(Price.proportion(net, times: 1, over: count))
        case .marginPercent:
            let net = self.sum(terms.netFactors, group)
            let margin = self.sum(terms.factors, group)
            guard net != 0, InsightMeasure.net.kind.fitting(net) != nil,
                InsightMeasure.margin.kind.fitting(margin) != nil
            else { return .none }
            return .number(100 * Double(margin) / Double(net))
        default: return measure.kind.cell(ofSum: self.sum(terms.factors, group))
        }
    }

    private func productCount(_ group: GroupRow) -> Int64 {
        group.slot.map { self.sets[group.set].products.count($0) } ?? 0
    }

    private func transactionCount(_ group: GroupRow) -> Int64 {
        group.slot.map { self.sets[group.set].transactions.count($0) } ?? 0
    }

    func sum(_ factors: [Int128], _ group: GroupRow) -> Int128 {
        guard let slot = group.slot else { return 0 }
        var sum: Int128 = 0
        for at in factors.indices {
            switch factors[at] {
            case 1: sum += self.sets[group.set].sum(at, of: slot)
            case -1: sum -= self.sets[group.set].sum(at, of: slot)
            default: break
            }
        }
        return sum
    }
}
