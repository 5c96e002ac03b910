import Foundation
import InventoryModel
import Testing

@testable import InventoryTransfer
@testable import invctl

/// Days on which clocks change, as a screen and a command line have them.
@Suite struct LocalDayTests {
    @Test func `a day begins with its first instant, also where its midnight is left out`() throws {
        let days = [
            ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z"),
            ("America/Sao_Paulo", "2017-10-15", "2017-10-15T03:00:00Z"),
            ("Atlantic/Azores", "2026-03-29", "2026-03-29T01:00:00Z"),
            // From 23:30 to 00:30: the day begins at half past midnight.
            ("America/Toronto", "1919-03-31", "1919-03-31T04:30:00Z"),
            ("America/Havana", "2024-11-03", "2024-11-03T04:00:00Z"),
            ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"),
        ]
        for (name, day, utc) in days {
            let zone = try #require(TimeZone(identifier: name))
            let instant = TimeText.parse(day, zone: zone)
            #expect(instant.map { TimeText.format($0.microseconds) } == utc, "\(name) \(day)")
            var clock = DayClock(zone)
            let start = try #require(instant).microseconds
            #expect(clock.start(of: clock.day(of: start)) == start, "\(name) \(day)")
            clock = DayClock(zone)
            #expect(clock.day(of: start - 1) < clock.day(of: start))
        }
    }

    @Test func `the clock of a screen shows the lowest instant there is`() throws {
        let clock = DayClock(try #require(TimeZone(identifier: "Asia/Tokyo")))
        for instant in [Int64.min, .max] {
            _ = clock.day(of: instant)
            _ = clock.local(instant) * 1_000_000
        }
    }
}
