import Foundation
internal import InventoryModel

/// The days of instants in a time zone: of millions of rows, whose times are close to one another.
///
/// The offset from UTC is looked up once for each quarter of an hour, which is where clocks change.
struct LocalDays {
    private let zone: TimeZone
    /// Offsets in seconds by quarter of an hour since 1970; `nil` if it changes within that quarter.
    private var offsets: [Int64: Int64?] = [:]
    private var recent: (quarter: Int64, offset: Int64)?

    private static let secondsPerQuarter: Int64 = 900
    private static let secondsPerDay: Int64 = 86_400

    init(zone: TimeZone) { self.zone = zone }

    /// Returns the day of an instant by the zone's clock.
    mutating func day(of instant: Instant) -> CalendarDay {
        let seconds = Self.floor(instant.microseconds, 1_000_000)
        let local = seconds + self.offset(at: seconds)
        return CalendarDay(daysSince1970: Self.floor(local, Self.secondsPerDay))
    }

    private mutating func offset(at seconds: Int64) -> Int64 {
        let quarter = Self.floor(seconds, Self.secondsPerQuarter)
        if let recent, recent.quarter == quarter { return recent.offset }
        let known: Int64?
        if let cached = self.offsets[quarter] {
            known = cached
        } else {
            let start = quarter * Self.secondsPerQuarter
            let offset = self.lookUp(start)
            known = offset == self.lookUp(start + Self.secondsPerQuarter - 1) ? offset : nil
            self.offsets[quarter] = .some(known)
        }
        guard let known else { return self.lookUp(seconds) }
        self.recent = (quarter, known)
        return known
    }

    private func lookUp(_ seconds: Int64) -> Int64 {
        Int64(self.zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds))))
    }

    private static func floor(_ value: Int64, _ divisor: Int64) -> Int64 {
        let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? quotient - 1 : quotient
    }
}
