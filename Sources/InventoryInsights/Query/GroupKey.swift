internal import InventoryModel

/// The key of a group within one grouping set; parts that the set does not use are 0.
struct GroupKey: Hashable, Sendable {
    /// The product, or the category in a set without products: a product has one category.
    var entity: UInt32 = 0
    var location: UInt16 = 0
    var reason: UInt8 = 0
    var kind: UInt8 = 0
    /// 24 · weekday + hour of the day.
    var clock: UInt8 = 0
    /// The ``StockStage`` of balances.
    var stage: UInt8 = 0
    /// The start of the time shared by all units of the set: the latest start of the requested hour, day,
    /// week and month.
    var time: Int64 = 0

    static let hoursOfDay = 24

    var weekday: Int { Int(self.clock) / Self.hoursOfDay }
    var hourOfDay: Int { Int(self.clock) % Self.hoursOfDay }

    func hash(into hasher: inout Hasher) {
        let parts =
            UInt64(self.entity) | UInt64(self.location) << 32 | UInt64(self.reason) << 48
            | UInt64(self.kind) << 56
        hasher.combine(parts)
        hasher.combine(self.time &+ Int64(self.clock) &+ Int64(self.stage) << 8)
    }
}

/// The part of a set's keys derived from a row's time, cached between rows: most rows happened in the same
/// hour or day as the preceding row.
struct TimeKey: Sendable {
    private let units: [CalendarUnit]
    private let hasWeekday: Bool
    private let hasHourOfDay: Bool
    /// The instants for which ``time`` and ``clock`` are valid; empty at first.
    private(set) var span = TimeSpan(from: 0, to: 0)
    private(set) var time: Int64 = 0
    private(set) var clock: UInt8 = 0

    init(_ set: GroupingSet) {
        self.units = set.units
        self.hasWeekday = set.hasWeekday
        self.hasHourOfDay = set.hasHourOfDay
    }

    mutating func move(to instant: Int64, _ calendar: ZoneCalendar) {
        var span = TimeSpan(from: .min, to: .max)
        self.time = self.units.isEmpty ? 0 : .min
        for unit in self.units {
            let one = calendar.span(unit, containing: instant)
            self.time = max(self.time, one.from)
            span = TimeSpan(from: max(span.from, one.from), to: min(span.to, one.to))
        }
        var clock = 0
        if self.hasWeekday {
            let day = calendar.span(.day, containing: instant)
            span = TimeSpan(from: max(span.from, day.from), to: min(span.to, day.to))
            clock = calendar.weekday(instant) * GroupKey.hoursOfDay
        }
        if self.hasHourOfDay {
            let hour = calendar.span(.hour, containing: instant)
            span = TimeSpan(from: max(span.from, hour.from), to: min(span.to, hour.to))
            clock += calendar.hourOfDay(instant)
        }
        self.clock = UInt8(clock)
        self.span = span
    }
}
