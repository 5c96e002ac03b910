internal import ColumnStore
package import InventoryEngine
package import InventoryModel

/// A validated query in its executable form, with all references resolved.
///
/// A plan is valid for the catalog and the moment it was created for: when the window moves, or a product's
/// category or SKU changes, the query is planned again.
package struct QueryPlan: Sendable {
    package let query: InsightQuery
    package let calendar: ZoneCalendar
    package let window: ResolvedWindow
    /// The dimensions with columns, in the order of the columns.
    package let dimensions: [InsightDimension]
    let sets: [GroupingSet]
    /// The required sums, in a fixed order.
    let sums: [Sum]
    let countsTransactions: Bool
    let countsProducts: Bool
    /// The unit of all products; `nil` if they have several, or no quantity is requested.
    let unit: UnitID?
    /// Whether a group may have rows of several units: only if a quantity is requested.
    let tracksUnits: Bool
    /// The last included moment, for a point in the past given as a time of events.
    let happenedBy: Instant?
    var filter: RowFilter

    /// Validates and prepares a query.
    ///
    /// - Throws: A ``Refusal`` that names the parts that are incompatible, do not exist, or are beyond a
    ///   limit of ``InsightLimits``.
    package init(_ query: InsightQuery, at now: Instant, of view: ReadView) throws(Refusal) {
        try PartChecks(query).check()
        self.query = query
        self.calendar = try Self.calendar(of: query, view)
        let point = try Self.moment(of: query.asOf, view)
        self.window = try Self.window(query.window, until: point, now: now, in: self.calendar)
        var dimensions: [InsightDimension] = []
        for dimension in query.groups.joined() where !dimensions.contains(dimension) {
            dimensions.append(dimension)
        }
        self.dimensions = dimensions
        self.sets = query.groups.map { GroupingSet($0) }
        self.sums = Sum.allCases.filter { sum in
            query.measures.contains { $0.terms.contains { $0.sum == sum } }
        }
        self.countsTransactions = query.measures.contains { $0.needsTransactions }
        self.countsProducts = query.measures.contains(.products)
        let hasQuantities = query.measures.contains { $0.kind == .quantity }
        self.unit = hasQuantities ? view.tables.products.onlyUnit : nil
        self.tracksUnits = hasQuantities && self.unit == nil
        var span = self.window.span
        if case .effective(let time) = query.asOf {
            self.happenedBy = time
            let end = min(span.to, ZoneCalendar.sum(time.microseconds, 1))
            span = TimeSpan(from: min(span.from, end), to: end)
        } else {
            self.happenedBy = nil
        }
        self.filter = try RowFilter(query, span: span, of: view)
        for set in self.sets { try self.checkBuckets(of: set) }
    }

    /// The number of columns that identify a row.
    package var keyColumnCount: Int { self.dimensions.reduce(0) { $0 + $1.fields.count } }

    /// Whether the units of a set's groups must be determined: a product has one.
    func tracksUnits(_ set: GroupingSet) -> Bool { self.tracksUnits && !set.hasProduct }

    private static func calendar(
        of query: InsightQuery,
        _ view: ReadView
    ) throws(Refusal) -> ZoneCalendar {
        if !query.zone.isEmpty { return try ZoneCalendar(query.zone) }
        let locations = Set(query.filter.locations)
        if locations.count == 1, let location = locations.first,
            view.tables.locations.contains(location)
        {
            return try ZoneCalendar(stored: view.tables.locations.zones[location.row])
        }
        return .utc
    }

    /// Returns the moment of a point in the past; `nil` for now.
    ///
    /// That of an LSN is when the last movement by then was recorded, which later steps do not change.
    private static func moment(of asOf: AsOf?, _ view: ReadView) throws(Refusal) -> Instant? {
        switch asOf {
        case nil: return nil
        case .time(let time)?, .effective(let time)?:
            try time.checkCalendar("asOf")
            return time
        case .lsn(let lsn)?:
            let row = try view.firstMovement(after: .lsn(lsn)) - 1
            return row < 0 ? .zero : Instant(microseconds: view.tables.ledger.recordedAt[row])
        }
    }

    /// Returns a window whose current hour, day, week or month is that of now, or of an earlier point; it
    /// moves until that point.
    private static func window(
        _ window: InsightWindow,
        until point: Instant?,
        now: Instant,
        in calendar: ZoneCalendar
    ) throws(Refusal) -> ResolvedWindow {
        guard let point else { return try window.resolve(at: now, in: calendar) }
        var resolved = try window.resolve(at: min(now, point), in: calendar)
        if let movesAt = resolved.movesAt, movesAt > point { resolved.movesAt = nil }
        return resolved
    }

    /// Checks that a window does not have too many buckets that are shown even if empty.
    private func checkBuckets(of set: GroupingSet) throws(Refusal) {
        guard let unit = set.filledUnit, self.window.isBounded else { return }
        let length: Int64 =
            switch unit {
            case .hour: ZoneCalendar.hour
            case .day: ZoneCalendar.day
            case .week: 7 * ZoneCalendar.day
            case .month: 28 * ZoneCalendar.day
            }
        let span = self.window.span
        let (duration, overflow) = span.to.subtractingReportingOverflow(span.from)
        let count = overflow ? Int64.max : duration / length
        guard count > InsightLimits.bucketsMax else { return }
        throw Refusal(
            .outOfRange,
            .range(
                "\(unit)s of the window",
                value: count,
                lowest: 1,
                highest: Int64(InsightLimits.bucketsMax)
            )
        )
    }
}

/// One list of dimensions for grouping.
struct GroupingSet: Sendable {
    let dimensions: [InsightDimension]
    /// The calendar units by which it divides time.
    let units: [CalendarUnit]
    let hasProduct: Bool
    let hasCategory: Bool
    let hasLocation: Bool
    let hasReason: Bool
    let hasKind: Bool
    let hasWeekday: Bool
    let hasHourOfDay: Bool
    let hasStage: Bool

    init(_ dimensions: [InsightDimension]) {
        self.dimensions = dimensions
        self.units = dimensions.compactMap(\.unit)
        self.hasProduct = dimensions.contains(.product)
        self.hasCategory = dimensions.contains(.category)
        self.hasLocation = dimensions.contains(.location)
        self.hasReason = dimensions.contains(.reason)
        self.hasKind = dimensions.contains(.kind)
        self.hasWeekday = dimensions.contains(.weekday)
        self.hasHourOfDay = dimensions.contains(.hourOfDay)
        self.hasStage = dimensions.contains(.stage)
    }

    var cutsTime: Bool { !self.units.isEmpty || self.hasWeekday || self.hasHourOfDay }

    /// The unit whose empty spans within a bounded window also have rows: that of the only dimension.
    var filledUnit: CalendarUnit? { self.dimensions.count == 1 ? self.units.first : nil }

    /// Whether it has a row for every weekday, hour of the day, or both.
    var fillsClock: Bool {
        !self.dimensions.isEmpty
            && self.dimensions.allSatisfy { $0 == .weekday || $0 == .hourOfDay }
    }
}

extension InsightDimension {
    /// Its columns, the first of which identifies its values.
    package var fields: [ResultField] {
        switch self {
        case .product:
            [
                ResultField("productId", .integer), ResultField("sku", .text),
                ResultField("name", .text),
            ]
        case .category: [ResultField("categoryId", .integer), ResultField("category", .text)]
        case .location: [ResultField("locationId", .integer), ResultField("location", .text)]
        case .hour, .day, .week, .month: [ResultField("\(self)", .instant)]
        case .weekday, .hourOfDay: [ResultField("\(self)", .integer)]
        case .reason, .kind, .stage: [ResultField("\(self)", .text)]
        }
    }
}
