/// A point in time: microseconds since 1970-01-01T00:00:00 UTC, leap seconds not counted.
public struct Instant: Hashable, Comparable, Sendable {
    /// Microseconds since 1970-01-01T00:00:00 UTC; negative before.
    public let microseconds: Int64

    /// Creates an instant; any value is accepted, see ``isInCalendar``.
    @inlinable public init(microseconds: Int64) { self.microseconds = microseconds }

    /// 1970-01-01T00:00:00 UTC.
    public static let zero = Instant(microseconds: 0)

    /// The valid instants: those of the years 1 to 9999 in UTC (ISO 8601, RFC 3339).
    ///
    /// Every instant that a client sends is one of these. Therefore the difference of two instants, and an
    /// instant plus a bounded duration, fit in 64 bits.
    public static let calendar =
        Instant(microseconds: Limits.instantMin)...Instant(microseconds: Limits.instantMax)

    /// Whether the instant lies in the years 1 to 9999.
    public var isInCalendar: Bool { Self.calendar.contains(self) }

    /// This instant, limited to ``calendar``.
    public var clampedToCalendar: Instant {
        min(max(self, Self.calendar.lowerBound), Self.calendar.upperBound)
    }

    /// Orders instants by time.
    public static func < (left: Instant, right: Instant) -> Bool {
        left.microseconds < right.microseconds
    }

    /// Returns this instant plus a duration; saturates at `Int64` microseconds instead of wrapping.
    ///
    /// - Parameter seconds: The duration, which may be negative.
    /// - Returns: The later or earlier instant.
    public func advanced(bySeconds seconds: Int64) -> Instant {
        let (step, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, overflow2) = self.microseconds.addingReportingOverflow(step)
        guard !overflow, !overflow2 else {
            return Instant(microseconds: seconds < 0 ? .min : .max)
        }
        return Instant(microseconds: sum)
    }
}
