import Foundation
import InventoryModel
import Testing

@testable import InventoryTransfer

/// Local times on days on which clocks change, resolved as RFC 5545 (3.3.5) says.
@Suite struct LocalTimeTests {
    private static let times: [(zone: String, local: String, utc: String)] = [
        // Skipped: the UTC offset before the change.
        ("America/New_York", "2017-03-12 02:30:00", "2017-03-12T07:30:00Z"),
        ("America/New_York", "2017-03-12 03:30:00", "2017-03-12T07:30:00Z"),
        ("America/New_York", "2017-03-12 01:59:59", "2017-03-12T06:59:59Z"),
        ("Australia/Lord_Howe", "2026-10-04 02:15:00", "2026-10-03T15:45:00Z"),
        ("Africa/Cairo", "2026-04-24 00:30:00", "2026-04-23T22:30:00Z"),
        ("Pacific/Apia", "2011-12-30 12:00:00", "2011-12-30T22:00:00Z"),
        // Ambiguous: the first.
        ("America/New_York", "2017-11-05 01:30:00", "2017-11-05T05:30:00Z"),
        ("Europe/London", "2024-10-27 01:30:00", "2024-10-27T00:30:00Z"),
        ("Europe/London", "2024-10-27 02:30:00", "2024-10-27T02:30:00Z"),
    ]

    @Test
    func `a skipped time has the offset before the change, an ambiguous one is the first`()
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

    @Test(arguments: [
        ("America/New_York", "2017-03-12 01:59:59", nil),
        ("America/New_York", "2017-03-12 02:00:00", ClockChange.skipped),
        ("America/New_York", "2017-03-12 02:59:59", .skipped),
        ("America/New_York", "2017-03-12 03:00:00", nil),
        ("America/New_York", "2017-11-05 00:59:59", nil),
        ("America/New_York", "2017-11-05 01:00:00", .repeated),
        ("America/New_York", "2017-11-05 01:59:59", .repeated),
        ("America/New_York", "2017-11-05 02:00:00", nil),
        ("Pacific/Apia", "2011-12-30 12:00:00", .skipped),
        ("Pacific/Apia", "2011-12-29 12:00:00", nil),
        ("Pacific/Apia", "2011-12-31 12:00:00", nil),
        ("Pacific/Kiritimati", "2026-03-12 02:30:00", nil),
        ("UTC", "2026-03-29 02:30:00", nil),
        ("Europe/Berlin", "2026-10-25T02:30:00+01:00", nil),
        ("Europe/Berlin", "2026-10-25T02:30:00Z", nil),
        ("Europe/Berlin", "2026-10-25T02:30", .repeated),
        ("Europe/Berlin", "2026-10-25", nil),
    ])
    func `a time that is skipped or comes twice is reported as such`(
        name: String,
        local: String,
        change: ClockChange?
    ) throws {
        let zone = try #require(TimeZone(identifier: name))
        var times = FileTimes(zone: zone)
        // What was reported of a time before it does not count.
        for text in ["2026-10-25 02:30:00", "x", local] {
            var text = text
            _ = text.withUTF8 { times.instant(UnsafeRawBufferPointer($0)) }
        }
        #expect(times.change == change)
        let parts = local.split { $0 == " " || $0 == "T" }.map { String($0) }
        guard parts.count == 2, parts[1].count <= 8, !parts[1].hasSuffix("Z") else { return }
        _ = times.instant(parts[0], time: parts[1])
        #expect(times.change == change, "in columns of their own")
        var patterned = FileTimes(
            FileTimes.Format(zone: zone, pattern: DatePattern("yyyy-MM-dd HH:mm:ss"))
        )
        _ = patterned.instant(parts[0], time: (parts[1] + ":00").prefix(8).description)
        #expect(patterned.change == change, "in a pattern")
    }

    @Test func `rows at such times are counted, and the first are named, in parts too`()
        async throws
    {
        let zone = try #require(TimeZone(identifier: "Europe/Berlin"))
        var text = "sku,quantity,price,occurredAt\n"
        for row in 2..<200 {
            let time =
                row % 30 == 0
                ? "2026-03-29 02:30" : row == 77 ? "2026-10-25 02:30" : "2026-03-29 03:30"
            text += "A,1,1.00,\(time)\n"
        }
        var options = SalesReader.Options(
            currency: FileCurrency(code: "EUR", decimals: 2),
            category: "Imported",
            latest: Instant(microseconds: .max)
        )
        options.reading.zone = zone
        for partCount in 1...7 {
            let file = try await SalesFile(
                FileBytes(Array(text.utf8)),
                options,
                listedMax: 50,
                partCount: partCount
            )
            let notes = file.clockChanges.notes(in: zone)
            #expect(notes.count == 2)
            #expect(notes.first?.hasPrefix("6 rows (30, 60, 90, …) have a time that the") == true)
            #expect(notes.last?.hasPrefix("1 row (77) has a time that the clocks of") == true)
        }
    }
}
