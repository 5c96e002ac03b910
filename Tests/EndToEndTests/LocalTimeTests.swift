import Foundation
import Inventory
import Testing

@testable import invctl

/// Times of a wall clock on the days on which clocks change, as RFC 5545 (3.3.5) resolves them.
@Suite struct LocalTimeTests {
    private static let times: [(zone: String, local: String, utc: String)] = [
        // Left out: the distance from UTC before the change.
        ("America/New_York", "2017-03-12 02:30:00", "2017-03-12T07:30:00Z"),
        ("America/New_York", "2017-03-12 03:30:00", "2017-03-12T07:30:00Z"),
        ("America/New_York", "2017-03-12 01:59:59", "2017-03-12T06:59:59Z"),
        ("Australia/Lord_Howe", "2026-10-04 02:15:00", "2026-10-03T15:45:00Z"),
        ("Africa/Cairo", "2026-04-24 00:30:00", "2026-04-23T22:30:00Z"),
        ("Pacific/Apia", "2011-12-30 12:00:00", "2011-12-30T22:00:00Z"),
        // Shown twice: the first.
        ("America/New_York", "2017-11-05 01:30:00", "2017-11-05T05:30:00Z"),
        ("Europe/London", "2024-10-27 01:30:00", "2024-10-27T00:30:00Z"),
        ("Europe/London", "2024-10-27 02:30:00", "2024-10-27T02:30:00Z"),
    ]

    @Test
    func `a time that is left out has the distance from before, one shown twice is the first`()
        throws
    {
        for time in Self.times {
            let zone = try #require(TimeZone(identifier: time.zone))
            let instant = TimeText.parse(time.local, zone: zone)
            #expect(instant.map { TimeText.format($0.microseconds) } == time.utc, "\(time)")
            var times = FileTimes(zone: zone)
            var text = time.local
            let ofFile = text.withUTF8 { times.instant(UnsafeRawBufferPointer($0)) }
            #expect(ofFile == instant, "\(time) in a file")
        }
    }

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
