import Foundation
import InventoryModel
import InventoryTransfer
import Testing

@testable import invctl

/// Time windows as people say them, and spans of time as the calendar of a zone calls them.
@Suite struct WindowTextTests {
    private static func instant(_ text: String) throws -> Instant {
        try #require(TimeText.parse(text, zone: TimeText.utc))
    }

    private static func window(
        _ text: String,
        _ zone: String = "UTC",
        now: String = "2026-11-30T23:30:00Z"
    ) throws -> InsightWindow {
        let zone = try #require(ZoneText.zone(zone))
        return try WindowText(zone, now: self.instant(now)).parse(text)
    }

    private static func between(_ from: String?, _ to: String?) throws -> InsightWindow {
        .between(try from.map { try self.instant($0) }, try to.map { try self.instant($0) })
    }

    @Test func `a year, a month and a day are those of the zone`() throws {
        let cases = [
            ("2026", "UTC", "2026-01-01", "2027-01-01"),
            ("2026-11", "UTC", "2026-11-01", "2026-12-01"),
            ("2026-12", "UTC", "2026-12-01", "2027-01-01"),
            ("2026-11-24", "UTC", "2026-11-24", "2026-11-25"),
            ("2025-04", "Europe/London", "2025-03-31T23:00:00Z", "2025-04-30T23:00:00Z"),
            // The clocks go forward: a day of 23 hours.
            ("2025-03-30", "Europe/London", "2025-03-30", "2025-03-30T23:00:00Z"),
            ("last-year", "UTC", "2025-01-01", "2026-01-01"),
        ]
        for (text, zone, from, to) in cases {
            #expect(try Self.window(text, zone) == Self.between(from, to), "\(text) \(zone)")
        }
    }

    @Test func `a range goes from the start of the first up to the start of the second`() throws {
        #expect(
            try Self.window("2026-11-24..2026-11-25") == Self.between("2026-11-24", "2026-11-25")
        )
        #expect(try Self.window("2026-01..2026-03") == Self.between("2026-01-01", "2026-03-01"))
        #expect(try Self.window("2025..") == Self.between("2025-01-01", nil))
        #expect(
            try Self.window("..2026-11-24T12:30") == Self.between(nil, "2026-11-24T12:30:00Z")
        )
    }

    @Test func `words are relative to now in the zone`() throws {
        #expect(try Self.window("today") == .last(1, .day))
        #expect(try Self.window("yesterday") == .previous(1, .day))
        #expect(try Self.window("this-week") == .last(1, .week))
        #expect(try Self.window("this-year") == .last(11, .month))
        // It is December in Berlin already.
        #expect(try Self.window("this-year", "Europe/Berlin") == .last(12, .month))
        #expect(try Self.window("last-7-days") == .last(7, .day))
    }

    @Test(arguments: ["lately", "2026-13", "2026-02-30", "26", "last-x-days", "", "2026-11-24-1"])
    func `anything else is wrong usage`(_ text: String) {
        #expect(throws: Failure.self) { try Self.window(text) }
    }

    @Test func `spans are called by the calendar of the zone`() throws {
        let text = BucketText("Europe/London")
        let april = try Self.instant("2025-03-31T23:00:00Z").microseconds
        #expect(text.label(april, .month, separator: " ") == "2025-04")
        #expect(text.label(april, .day, separator: " ") == "2025-04-01")
        #expect(text.label(april, .hour, separator: "T") == "2025-04-01T00:00+01:00")
        #expect(text.end(april) == "2025-04-01")
        #expect(text.end(april + 60_000_000) == "2025-04-01 00:01+01:00")
        // An hour that the clocks show twice is two.
        let first = try Self.instant("2025-10-26T00:00:00Z").microseconds
        #expect(text.label(first, .hour, separator: " ") == "2025-10-26 01:00+01:00")
        #expect(text.label(first + 3_600_000_000, .hour, separator: " ") == "2025-10-26 01:00Z")
    }

    @Test func `a zone is an IANA name, not an abbreviation of several`() {
        for name in ["UTC", "Europe/London", "America/Argentina/Ushuaia", "Etc/GMT+1", "CET"] {
            #expect(ZoneText.zone(name) != nil, "\(name)")
        }
        for name in ["BST", "IST", "PST", "Mars/Olympus", "", "London", "GMT+1"] {
            #expect(ZoneText.zone(name) == nil, "\(name)")
        }
    }
}
