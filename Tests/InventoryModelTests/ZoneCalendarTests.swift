import Foundation
import InventoryModel
import InventoryTestSupport
import Testing

@Suite struct ZoneCalendarTests {
    private static let hour: Int64 = 3_600_000_000

    /// Returns the instant of a string such as 2024-03-31T00:00:00Z.
    private static func at(_ text: String) throws -> Int64 {
        let date = try Date(text, strategy: .iso8601)
        return Int64(date.timeIntervalSince1970) * 1_000_000
    }

    /// The number of hours of a day, and of its spans of hours.
    private func day(_ zone: String, _ noon: String) throws -> (hours: Double, spans: Int) {
        let calendar = try ZoneCalendar(zone)
        let day = calendar.span(.day, containing: try Self.at(noon))
        var spans = 0
        var at = day.from
        while at < day.to {
            let hour = calendar.span(.hour, containing: at)
            #expect(hour.from == at)
            at = hour.to
            spans += 1
        }
        #expect(at == day.to)
        return (Double(day.to - day.from) / Double(Self.hour), spans)
    }

    @Test(arguments: [
        ("UTC", "2024-03-31T12:00:00Z", 24.0, 24),
        ("Europe/London", "2024-03-31T12:00:00Z", 23.0, 23),
        ("Europe/London", "2024-10-27T12:00:00Z", 25.0, 25),
        ("America/New_York", "2024-03-10T17:00:00Z", 23.0, 23),
        ("America/New_York", "2024-11-03T17:00:00Z", 25.0, 25),
        // Midnight is skipped, and shown twice.
        ("America/Sao_Paulo", "2018-11-04T12:00:00Z", 23.0, 23),
        ("America/Sao_Paulo", "2019-02-16T15:00:00Z", 25.0, 25),
        ("America/Havana", "2024-11-03T17:00:00Z", 25.0, 25),
        ("Africa/Cairo", "2024-04-26T12:00:00Z", 23.0, 23),
        // By half an hour: the rest of the hour is a separate one.
        ("Australia/Lord_Howe", "2024-04-07T02:00:00Z", 24.5, 25),
        ("Australia/Lord_Howe", "2024-10-06T02:00:00Z", 23.5, 24),
        // A new zone from one moment to the next.
        ("Asia/Pyongyang", "2018-05-04T12:00:00Z", 23.5, 24),
    ]) func `the length of a day depends on clock changes`(
        zone: String,
        noon: String,
        hours: Double,
        spans: Int
    ) throws {
        let day = try self.day(zone, noon)
        #expect(day.hours == hours && day.spans == spans, "\(zone) at \(noon): \(day)")
    }

    @Test func `a date that a zone skipped has no day`() throws {
        // Samoa went from Thursday the 29th to Saturday the 31st of December 2011.
        let calendar = try ZoneCalendar("Pacific/Apia")
        let thursday = calendar.span(.day, containing: try Self.at("2011-12-30T00:00:00Z"))
        let change = try Self.at("2011-12-30T10:00:00Z")
        #expect(thursday.to == change)
        #expect(calendar.weekday(thursday.from) == 4)
        let saturday = calendar.span(.day, containing: thursday.to)
        #expect(saturday.from == thursday.to && calendar.weekday(saturday.from) == 6)
    }

    @Test func `spans are contiguous despite all clock changes since 1800`() throws {
        var random = SplitMix64(seed: 11)
        let zones = [
            "Europe/London", "America/St_Johns", "Pacific/Apia", "America/Juneau", "Asia/Manila",
            "Africa/Casablanca", "Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Monrovia",
        ]
        let first = try Self.at("1800-01-01T00:00:00Z")
        let last = try Self.at("2250-01-01T00:00:00Z")
        for zone in zones {
            let calendar = try ZoneCalendar(zone)
            for _ in 0..<400 {
                let instant = first + Int64(random.next() % UInt64(last - first))
                for unit in CalendarUnit.allCases {
                    let span = calendar.span(unit, containing: instant)
                    #expect(span.contains(instant), "\(unit) of \(zone) at \(instant)")
                    #expect(calendar.span(unit, containing: span.from) == span)
                    #expect(calendar.span(unit, containing: span.to - 1) == span)
                    #expect(calendar.span(unit, containing: span.to).from == span.to)
                }
            }
        }
    }

    @Test func `it equals Foundation's calendar in every zone`() throws {
        var random = SplitMix64(seed: 12)
        // Before 1973 some clock changes were not on quarters of an hour, as the naive calendar assumes.
        let first = try Self.at("1973-01-01T00:00:00Z")
        let last = try Self.at("2037-01-01T00:00:00Z")
        for name in TimeZone.knownTimeZoneIdentifiers {
            // Clocks were set back at one minute past midnight there: its dates are not in order.
            if name == "America/St_Johns" || name == "America/Goose_Bay" { continue }
            if name == "America/Moncton" { continue }
            let calendar = try ZoneCalendar(name)
            let naive = try NaiveCalendar(name)
            for _ in 0..<12 {
                let instant = first + Int64(random.next() % UInt64(last - first))
                #expect(calendar.hourOfDay(instant) == naive.hourOfDay(instant), "\(name)")
                #expect(calendar.weekday(instant) == naive.weekday(instant), "\(name) \(instant)")
                for unit in CalendarUnit.allCases {
                    #expect(
                        calendar.span(unit, containing: instant).from
                            == naive.start(unit, instant),
                        "\(unit) of \(name) at \(instant)"
                    )
                }
            }
        }
    }

    @Test func `an abbreviation of several zones is read only where it is stored already`() throws {
        for name in ["BST", "IST", "PST"] {
            #expect(throws: Refusal.self) { try ZoneCalendar(name) }
            let stored = try ZoneCalendar(stored: name)
            #expect(stored.name == name)
            // Once it is cached, too.
            #expect(throws: Refusal.self) { try ZoneCalendar(name) }
        }
        #expect(throws: Refusal.self) { try ZoneCalendar(stored: "Mars/Olympus") }
    }

    @Test func `the ends of the range of instants do not trap`() throws {
        let calendar = try ZoneCalendar("Europe/London")
        for instant in [Int64.min, .min + 1, .max - 1, .max] {
            for unit in CalendarUnit.allCases {
                let span = calendar.span(unit, containing: instant)
                #expect(span.from <= instant)
            }
            _ = calendar.hourOfDay(instant)
            _ = calendar.start(.month, 100_000, before: instant)
        }
    }
}
