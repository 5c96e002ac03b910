import Foundation
internal import InventoryModel

/// The number of sales in each of the last seconds.
///
///     seconds   … 57 58 59 60     60 is not over and not counted yet
///     counts    …  3  0  7  2
///
/// A ring buffer: a later second clears those between; a second that is too old is ignored.
struct SalesRate: Sendable {
    /// The number of seconds stored.
    static let secondsMax = 180
    /// The number of seconds that the rate is averaged over.
    static let meanSeconds = 10

    private var counts = [Int](repeating: 0, count: Self.secondsMax)
    /// The current second, since 1970.
    private var newest: Int64 = 0

    mutating func add(_ count: Int, second: Int64) {
        self.advance(to: second)
        guard second > self.newest - Int64(Self.secondsMax) else { return }
        self.counts[Self.slot(second)] += count
    }

    /// Moves to the current second; an earlier one is ignored.
    ///
    /// - Complexity: O(seconds between), at most ``secondsMax``
    mutating func advance(to second: Int64) {
        guard second > self.newest else { return }
        let cleared = min(second - self.newest, Int64(Self.secondsMax))
        for step in 0..<cleared { self.counts[Self.slot(second - step)] = 0 }
        self.newest = second
    }

    /// Returns the counts of the last whole seconds, the oldest first.
    func last(_ count: Int) -> [Int] {
        let count = Int64(max(0, min(count, Self.secondsMax - 1)))
        return (0..<count).map { self.counts[Self.slot(self.newest - count + $0)] }
    }

    /// Sales per second, averaged over the last ``meanSeconds`` whole seconds.
    var perSecond: Double {
        Double(self.last(Self.meanSeconds).reduce(0, +)) / Double(Self.meanSeconds)
    }

    /// Traps if a second has a negative count.
    func checkInvariants() {
        precondition(self.counts.count == Self.secondsMax, "\(self.counts.count) seconds")
        precondition(self.counts.allSatisfy { $0 >= 0 }, "a negative count of sales")
    }

    private static func slot(_ second: Int64) -> Int {
        let slot = Int(second % Int64(Self.secondsMax))
        return slot < 0 ? slot + Self.secondsMax : slot
    }
}

/// Numbers as a row of small bars.
enum Sparkline {
    private static let bars: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    /// Returns a bar for each value: the lowest for 0, the highest for the largest; any value above 0 is
    /// higher than the lowest bar.
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

/// Days and local times of instants in a time zone.
struct DayClock: Sendable {
    private let calendar: ZoneCalendar

    init(_ zone: TimeZone) { self.calendar = (try? ZoneCalendar(zone.identifier)) ?? .utc }

    /// Returns the day of an instant: days since 1970-01-01 on the zone's calendar.
    func day(of microseconds: Int64) -> Int64 {
        self.calendar.dayNumber(Instant(microseconds: microseconds).clampedToCalendar.microseconds)
    }

    /// Returns the local time of the zone, as seconds since 1970 of its wall clock.
    func local(_ microseconds: Int64) -> Int64 {
        let instant = Instant(microseconds: microseconds).clampedToCalendar
        let local = self.calendar.local(instant.microseconds)
        return local / 1_000_000 - (local % 1_000_000 < 0 ? 1 : 0)
    }

    /// Returns when a day begins, in microseconds since 1970.
    func start(of day: Int64) -> Int64 { self.calendar.startOfDay(day) }
}
