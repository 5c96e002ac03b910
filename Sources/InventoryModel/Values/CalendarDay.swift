/// A day of the proleptic Gregorian calendar, without a time zone.
///
/// A receipt is identified by the day on which its first line was sold, by the clock of the shop: the number
/// of a receipt often restarts each day.
public struct CalendarDay: Hashable, Comparable, Sendable {
    /// Days since 0001-01-01.
    public let ordinal: UInt32

    /// Creates a day; that it is one of the years 1 to 9999 is not checked, see ``isInRange``.
    @inlinable public init(ordinal: UInt32) { self.ordinal = ordinal }

    /// Orders days by time.
    public static func < (left: Self, right: Self) -> Bool { left.ordinal < right.ordinal }

    private static let microsecondsPerDay: Int64 = 86_400_000_000
    /// Days from 0001-01-01 to 1970-01-01.
    private static let epoch = -Limits.instantMin / Self.microsecondsPerDay

    /// Creates the day `number` days after 1970-01-01; the nearest valid day if it is out of range.
    public init(daysSince1970 number: Int64) {
        let last = Self.epoch + Limits.instantMax / Self.microsecondsPerDay
        let clamped = min(max(0, number.addingReportingOverflow(Self.epoch).partialValue), last)
        self.init(ordinal: UInt32(clamped))
    }

    /// The day of an instant, by UTC.
    public init(ofUTC instant: Instant) {
        let (days, rest) = instant.microseconds.quotientAndRemainder(
            dividingBy: Self.microsecondsPerDay
        )
        self.init(daysSince1970: rest < 0 ? days - 1 : days)
    }

    /// Whether it is a day of the years 1 to 9999.
    public var isInRange: Bool {
        Int64(self.ordinal) <= Self.epoch + Limits.instantMax / Self.microsecondsPerDay
    }

    /// Reads a date such as `2026-11-04`; `nil` if the text is anything else, or the date does not exist.
    public init?(text: String) {
        guard text.utf8.count == 10, let midnight = Instant(rfc3339: text + "T00:00:00Z") else {
            return nil
        }
        self.init(ofUTC: midnight)
    }
}
