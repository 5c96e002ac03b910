/// The span of time of an insight, `[from, to)`.
///
/// Windows in calendar units use the calendar of the query's zone. They move at the start of an hour, day,
/// week or month there, and with them the result of a live insight, even without sales.
public enum InsightWindow: Hashable, Sendable {
    /// All time.
    case all
    /// From one instant, inclusive, to another, exclusive; `from` < `to`, and `nil` is unbounded.
    case between(Instant?, Instant?)
    /// The last `count` units, including the current one up to its end.
    ///
    /// In days, 1 is today, 7 is today and the six days before it. 1 to ``InsightLimits/windowUnitsMax``.
    case last(UInt32, CalendarUnit)
    /// The `count` whole units before the current one: 1 to ``InsightLimits/windowUnitsMax``.
    ///
    /// Hours are elapsed hours; days, weeks and months are those of the calendar.
    case previous(UInt32, CalendarUnit)
}

/// The calendar units of windows and buckets.
public enum CalendarUnit: UInt8, CaseIterable, Sendable {
    /// An hour.
    case hour = 1
    /// A calendar day: 23 to 25 hours when clocks change.
    case day = 2
    /// A week from Monday (ISO 8601).
    case week = 3
    /// A calendar month.
    case month = 4
}

/// A window as instants, as a result reports it.
public struct ResolvedWindow: Hashable, Sendable {
    /// The start, inclusive; `nil` if unbounded.
    public var from: Instant?
    /// The end, exclusive; `nil` if unbounded.
    public var to: Instant?
    /// The IANA time zone of its days.
    public var zone: String
    /// When the window moves next; `nil` if it never does.
    public var movesAt: Instant?

    /// Creates a window.
    public init(from: Instant?, to: Instant?, zone: String, movesAt: Instant? = nil) {
        self.from = from
        self.to = to
        self.zone = zone
        self.movesAt = movesAt
    }
}
