import Foundation

/// How many sales each of the last seconds had.
///
///     seconds   … 57 58 59 60     60 goes on and is not counted yet
///     counts    …  3  0  7  2
///
/// A ring: a second that comes later clears those between; one too old is left out.
struct SalesRate: Sendable {
    /// Seconds that are kept.
    static let secondsMax = 180
    /// Seconds that the rate is the mean of.
    static let meanSeconds = 10

    private var counts = [Int](repeating: 0, count: Self.secondsMax)
    /// The second that goes on, since 1970.
    private var newest: Int64 = 0

    mutating func add(_ count: Int, second: Int64) {
        self.advance(to: second)
        guard second > self.newest - Int64(Self.secondsMax) else { return }
        self.counts[Self.slot(second)] += count
    }

    /// Says what time it is; going back changes nothing.
    ///
    /// - Complexity: O(seconds between), at most ``secondsMax``
    mutating func advance(to second: Int64) {
        guard second > self.newest else { return }
        let cleared = min(second - self.newest, Int64(Self.secondsMax))
        for step in 0..<cleared { self.counts[Self.slot(second - step)] = 0 }
        self.newest = second
    }

    /// The last whole seconds, the oldest first.
    func last(_ count: Int) -> [Int] {
        let count = Int64(max(0, min(count, Self.secondsMax - 1)))
        return (0..<count).map { self.counts[Self.slot(self.newest - count + $0)] }
    }

    /// Sales a second, over the last ``meanSeconds`` whole seconds.
    var perSecond: Double {
        Double(self.last(Self.meanSeconds).reduce(0, +)) / Double(Self.meanSeconds)
    }

    private static func slot(_ second: Int64) -> Int {
        let slot = Int(second % Int64(Self.secondsMax))
        return slot < 0 ? slot + Self.secondsMax : slot
    }
}

/// Numbers as a row of small bars.
enum Sparkline {
    private static let bars: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    /// A bar for each value: the lowest for none, the highest for the largest; whatever is above 0 is
    /// seen.
    static func text(_ values: [Int]) -> String {
        let largest = max(1, values.max() ?? 1)
        return String(
            values.map { value in
                guard value > 0 else { return Self.bars[0] }
                let height = (value * (Self.bars.count - 1) + largest - 1) / largest
                return Self.bars[min(max(height, 1), Self.bars.count - 1)]
            }
        )
    }
}

/// The day an instant belongs to, in a zone.
///
/// Zones change their distance from UTC on quarters of an hour, so one look-up serves a quarter.
struct DayClock: Sendable {
    private let zone: TimeZone
    private var quarter = Int64.min
    private var offset: Int64 = 0

    init(_ zone: TimeZone) { self.zone = zone }

    /// Days since 1970-01-01 on the zone's calendar.
    mutating func day(of microseconds: Int64) -> Int64 {
        Self.floor(self.local(microseconds), 86_400)
    }

    /// The clock of the zone, in seconds since 1970 as its hands show it.
    mutating func local(_ microseconds: Int64) -> Int64 {
        let seconds = Self.floor(microseconds, 1_000_000)
        let quarter = Self.floor(seconds, 900)
        if quarter != self.quarter {
            self.quarter = quarter
            let date = Date(timeIntervalSince1970: TimeInterval(seconds))
            self.offset = Int64(self.zone.secondsFromGMT(for: date))
        }
        return seconds + self.offset
    }

    /// When that day begins, in microseconds since 1970, by the distance from UTC that is known.
    func start(of day: Int64) -> Int64 { (day * 86_400 - self.offset) * 1_000_000 }

    private static func floor(_ value: Int64, _ divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }
}
