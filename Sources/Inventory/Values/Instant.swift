/// A point in time: microseconds since 1970-01-01T00:00:00 UTC, leap seconds not counted.
public struct Instant: Hashable, Comparable, Sendable {
    public let microseconds: Int64

    public init(microseconds: Int64) { self.microseconds = microseconds }

    public static let zero = Instant(microseconds: 0)

    public static func < (left: Instant, right: Instant) -> Bool {
        left.microseconds < right.microseconds
    }
}
