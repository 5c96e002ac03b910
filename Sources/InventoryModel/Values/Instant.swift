/// A point in time: microseconds since 1970-01-01T00:00:00 UTC, leap seconds not counted.
public struct Instant: Hashable, Comparable, Sendable {
    public let microseconds: Int64

    @inlinable public init(microseconds: Int64) { self.microseconds = microseconds }

    public static let zero = Instant(microseconds: 0)

    /// The instants of the calendar: those of the years 1 to 9999 in UTC (ISO 8601, RFC 3339).
    ///
    /// Every instant that a client sends is one of these: so the distance between two, and one moved by a
    /// length that has a limit, fit 64 bits.
    public static let calendar =
        Instant(microseconds: Limits.instantMin)...Instant(microseconds: Limits.instantMax)

    /// Whether it is an instant of the years 1 to 9999.
    public var isInCalendar: Bool { Self.calendar.contains(self) }

    /// This instant, or the end of the calendar that it lies beyond.
    public var clampedToCalendar: Instant {
        min(max(self, Self.calendar.lowerBound), Self.calendar.upperBound)
    }

    public static func < (left: Instant, right: Instant) -> Bool {
        left.microseconds < right.microseconds
    }

    /// This instant moved by `seconds`; stops at the ends of the range instead of wrapping.
    public func advanced(bySeconds seconds: Int64) -> Instant {
        let (step, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, overflow2) = self.microseconds.addingReportingOverflow(step)
        guard !overflow, !overflow2 else {
            return Instant(microseconds: seconds < 0 ? .min : .max)
        }
        return Instant(microseconds: sum)
    }
}
