internal import ColumnStore
internal import InventoryEngine
internal import InventoryModel

/// The basis of most named insights: the window resolved in the zone, the selected products, and the rows of
/// the ledger that count.
///
/// Elapsed time is counted to the end of the current hour, so that an answer is valid for an hour: it is the
/// end of the window, the end of the hour or the requested point in the past, whichever comes first. An open
/// window starts with the first movement.
struct StockFrame {
    let view: ReadView
    let plan: QueryPlan
    let window: ResolvedWindow
    /// From the window's start to the end of counted time, in microseconds.
    let span: TimeSpan
    /// The moment of the balances: the end of the current hour, or the requested point in the past.
    let moment: Int64
    /// The calendar day of `now`, or of that point.
    let today: Int64
    /// The rows recorded up to the requested point.
    let rows: Range<Int>
    let past: PastBalances

    init(_ insight: NamedInsight, of view: ReadView, at now: Instant) throws(Refusal) {
        let isTimed = insight.name.parts.window
        let query = insight.query(
            .movements,
            groups: [[.product]],
            measures: [.rows],
            window: isTimed ? insight.window : .last(1, .day)
        )
        let plan = try QueryPlan(query, at: now, of: view)
        let rows = try GroupedTotals.rows(of: plan, in: view)
        self.view = view
        self.plan = plan
        self.rows = rows
        self.past = try PastBalances(view, insight.asOf)
        let point = insight.asOf == nil ? nil : try Self.point(insight.asOf, view)
        self.today = plan.calendar.dayNumber(min(now.microseconds, point ?? .max))
        let hour = plan.calendar.span(.hour, containing: now.microseconds)
        let window = plan.window
        self.moment = min(hour.to, point ?? .max)
        let counted = point.map { ZoneCalendar.sum($0, 1) } ?? .max
        let end = min(window.to?.microseconds ?? .max, hour.to, counted)
        let from = window.from?.microseconds ?? Self.first(rows, view) ?? end
        self.span = TimeSpan(from: min(from, end), to: end)
        if isTimed, window.from != nil { try Self.checkDays(self.span) }
        // An answer that counts time to the end of the hour changes with it.
        let moves = [window.movesAt?.microseconds, end == hour.to ? hour.to : nil].compactMap { $0 }
        self.window = ResolvedWindow(
            from: isTimed ? window.from : nil,
            to: isTimed ? window.to : nil,
            zone: window.zone,
            movesAt: moves.min().map { Instant(microseconds: $0) }
        )
    }

    /// Returns the moment of a point in the past.
    private static func point(_ asOf: AsOf?, _ view: ReadView) throws(Refusal) -> Int64 {
        switch asOf {
        case .time(let time), .effective(let time): time.microseconds
        case .lsn, nil: try view.version(asOf).time.microseconds
        }
    }

    /// Whether all products have the same unit, so that quantities are comparable.
    var hasOneUnit: Bool { self.tables.products.onlyUnit != nil }

    /// Whether a row of ``rows`` counts: not if it happened after a point given as a time of events.
    func counts(_ row: Int) -> Bool {
        self.plan.happenedBy.map { self.tables.ledger.occurredAt[row] <= $0.microseconds } ?? true
    }

    private static func first(_ rows: Range<Int>, _ view: ReadView) -> Int64? {
        let ledger = view.tables.ledger
        let times = ledger.occurredAt
        var first: Int64?
        // The expected time of a delivery is not a time at which anything happened.
        func look(at rows: Range<Int>) {
            for row in rows
            where times[row] < first ?? .max && ledger.kind(row) != .expectIncoming {
                first = times[row]
            }
        }
        let whole = rows.upperBound >> SegmentSize.shift
        look(at: (whole << SegmentSize.shift)..<rows.upperBound)
        // The ledger is append-only, so the zone maps of whole segments are exact: usually only the segment
        // with the first row is read.
        let segments = (0..<whole).map { (lowest: times.zoneMap(ofSegment: $0).lowest, number: $0) }
        for segment in segments.sorted(by: { $0.lowest < $1.lowest }) {
            guard segment.lowest < first ?? .max else { break }
            let start = segment.number << SegmentSize.shift
            look(at: start..<(start + (1 << SegmentSize.shift)))
        }
        // A log of an early version may contain instants outside the calendar.
        return first.map { Instant(microseconds: $0).clampedToCalendar.microseconds }
    }

    /// Checks that a requested window does not have too many days; one without a start is as long as the
    /// data.
    private static func checkDays(_ span: TimeSpan) throws(Refusal) {
        let count = (span.to - span.from) / ZoneCalendar.day
        guard count > InsightLimits.bucketsMax else { return }
        throw Refusal(
            .outOfRange,
            .range(
                "days of the window",
                value: count,
                lowest: 0,
                highest: Int64(InsightLimits.bucketsMax)
            )
        )
    }

    var calendar: ZoneCalendar { self.plan.calendar }
    var tables: InventoryTables { self.view.tables }

    /// Converts to days of 24 hours.
    static func days(_ microseconds: Int64) -> Double {
        Double(microseconds) / Double(ZoneCalendar.day)
    }

    /// The whole past calendar days in the window, counted from 1970.
    var fullDays: Range<Int64> {
        var first = self.calendar.dayNumber(self.span.from)
        if self.calendar.startOfDay(first) < self.span.from { first += 1 }
        var end = self.calendar.dayNumber(self.span.to)
        if end > self.today { end = self.today }
        return first..<max(first, end)
    }

    func takes(_ product: UInt32, _ location: UInt16) -> Bool {
        self.plan.filter.takes(product: product, location: location)
    }

    /// The products that are not archived, existed then, and pass the filter, ascending.
    var products: [ProductID] {
        (1..<max(self.tables.products.rowCount, 1)).compactMap { row in
            let id = ProductID(UInt32(row))
            let status = self.tables.products.status(id)
            guard status == .active || status == .inactive, self.past.contains(id),
                self.plan.filter.products.map({ $0[row] == 1 }) ?? true
            else { return nil }
            return id
        }
    }

    /// Returns the balances of the products, by id, over the locations that pass the filter.
    func stock() throws(Refusal) -> [Level] {
        var stock = (0..<max(self.tables.products.rowCount, 1)).map {
            Level(product: ProductID(UInt32($0)), location: LocationID(0))
        }
        for row in 0..<self.tables.levels.rowCount {
            try self.view.checkpoint(at: row)
            let level = self.past.level(self.tables.levels.level(row))
            guard self.takes(level.product.value, level.location.value) else { continue }
            stock[level.product.row].add(level)
        }
        return stock
    }

    func answer(_ keyColumnCount: Int, _ table: ResultTable) -> InsightAnswer {
        InsightAnswer(
            lsn: self.view.lsn,
            time: self.view.time,
            window: self.window,
            keyColumnCount: keyColumnCount,
            table: table
        )
    }
}

extension Level {
    /// Adds another level's balances; values saturate at the largest number.
    ///
    /// Quantities always fit: there are at most ``Limits/locationsMax`` of ``Limits/quantityMax``.
    fileprivate mutating func add(_ other: Level) {
        for part in [\Level.onHand, \.unavailable, \.reserved, \.incoming] {
            self[keyPath: part] += other[keyPath: part]
        }
        let added = other.value.minorUnits
        let (sum, overflow) = self.value.minorUnits.addingReportingOverflow(added)
        self.value = Money(overflow ? (added < 0 ? .min : .max) : sum)
    }
}
