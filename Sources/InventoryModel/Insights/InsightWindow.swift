/// The span of time a question is about, `[from, to)`.
///
/// What is said by the calendar is cut in the question's zone and moves on as time passes, at the
/// beginning of an hour, day, week or month there: so does the result of a subscription, also when
/// nothing is sold.
public enum InsightWindow: Hashable, Sendable {
    /// From the first row on, without an end.
    case all
    /// From one moment to before another; `from` < `to`, and either may be left open.
    case between(Instant?, Instant?)
    /// The last `count` units of the calendar up to the end of the one that is running: of days,
    /// `1` is today, `7` today and the six days before it.
    ///
    /// From 1 to ``InsightLimits/windowUnitsMax``.
    case last(UInt32, CalendarUnit)
    /// The `count` whole units that came before the one that is running.
    ///
    /// Hours are counted as they pass, days, weeks and months by the calendar.
    case previous(UInt32, CalendarUnit)
}

/// The units of the calendar that windows and buckets are cut by.
public enum CalendarUnit: UInt8, CaseIterable, Sendable {
    case hour = 1
    case day = 2
    /// From Monday (ISO 8601).
    case week = 3
    case month = 4
}

/// A window as it stands at one moment; what an answer says of itself.
public struct ResolvedWindow: Hashable, Sendable {
    /// Nothing where it is open.
    public var from: Instant?
    public var to: Instant?
    /// The IANA zone its days are cut in.
    public var zone: String
    /// When it moves on; nothing if it never does.
    public var movesAt: Instant?

    public init(from: Instant?, to: Instant?, zone: String, movesAt: Instant? = nil) {
        self.from = from
        self.to = to
        self.zone = zone
        self.movesAt = movesAt
    }
}
