/// A point in time: microseconds since 1970-01-01T00:00:00 UTC, leap seconds not counted.
public struct Instant: Hashable, Comparable, Sendable {
    public let microseconds: Int64

    @inlinable public init(microseconds: Int64) { self.microseconds = microseconds }

    public static let zero = Instant(microseconds: 0)

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
