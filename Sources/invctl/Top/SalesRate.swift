import Foundation
internal import InventoryInsights
internal import InventoryModel

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
struct DayClock: Sendable {
    private let calendar: ZoneCalendar

    init(_ zone: TimeZone) { self.calendar = (try? ZoneCalendar(zone.identifier)) ?? .utc }

    /// Days since 1970-01-01 on the zone's calendar.
    func day(of microseconds: Int64) -> Int64 {
        self.calendar.dayNumber(Instant(microseconds: microseconds).clampedToCalendar.microseconds)
    }

    /// The clock of the zone, in seconds since 1970 as its hands show it.
    func local(_ microseconds: Int64) -> Int64 {
        let instant = Instant(microseconds: microseconds).clampedToCalendar
        let local = self.calendar.local(instant.microseconds)
        return local / 1_000_000 - (local % 1_000_000 < 0 ? 1 : 0)
    }

    /// When that day begins, in microseconds since 1970.
    func start(of day: Int64) -> Int64 { self.calendar.startOfDay(day) }
}
