import Foundation
import InventoryModel
import Testing

@testable import InventoryTransfer

/// Times are read in a stated format or in ISO 8601, and nothing is guessed.
@Suite struct FileTimesTests {
    private static func read(
        _ text: String,
        _ pattern: String? = nil,
        zone: String = "UTC"
    ) -> String? {
        var times = FileTimes(
            FileTimes.Format(
                zone: TimeZone(identifier: zone) ?? .gmt,
                pattern: pattern.flatMap { DatePattern($0) }
            )
        )
        var text = text
        return text.withUTF8 { times.instant(UnsafeRawBufferPointer($0)) }
            .map { TimeText.format($0.microseconds) }
    }

    @Test(arguments: [
        ("dd.MM.yyyy HH:mm", "05.10.2026 14:30", "2026-10-05T14:30:00Z"),
        ("d.M.yy H:m:s", "5.1.26 4:3:2", "2026-01-05T04:03:02Z"),
        ("MM/dd/yyyy h:mm a", "10/05/2026 12:30 am", "2026-10-05T00:30:00Z"),
        ("M/d/yyyy hh:mma", "1/5/2026 02:30PM", "2026-01-05T14:30:00Z"),
        ("yyyyMMdd'T'HHmmss", "20261005T143005", "2026-10-05T14:30:05Z"),
        ("EEE, dd MMM yyyy HH:mm:ss Z", "Mon, 05 Oct 2026 14:30:00 +0200", "2026-10-05T12:30:00Z"),
        ("dd.MM.yyyy", "05.10.2026", "2026-10-05T00:00:00Z"),
        ("yyyy-MM-dd HH:mm:ss.SSS", "2026-10-05 14:30:00.125", "2026-10-05T14:30:00.125000Z"),
        ("dd-MMM-yy", "05-October-69", "2069-10-05T00:00:00Z"),
        ("dd-MMM-yy", "05-oct-70", "1970-10-05T00:00:00Z"),
    ])
    func `a pattern reads`(pattern: String, text: String, wanted: String) {
        #expect(Self.read(text, pattern) == wanted)
    }

    @Test(arguments: [
        ("dd.MM.yyyy", "31.02.2026"), ("dd.MM.yyyy", "5.10.2026"), ("dd.MM.yyyy", "05.13.2026"),
        ("dd.MM.yyyy", "05.10.2026 x"), ("dd.MM.yyyy HH:mm", "05.10.2026 24:00"),
        ("h:mm a d/M/yyyy", "13:00 PM 1/1/2026"), ("dd.MM.yyyy", "00.10.2026"), ("dd.MM.yyyy", ""),
    ])
    func `a pattern refuses`(pattern: String, text: String) {
        #expect(Self.read(text, pattern) == nil)
    }

    @Test func `a pattern needs a year, a month and a day of known letters`() {
        for pattern in [
            "", "HH:mm", "dd.MM", "yyyy-MM", "yyyy-MM-dd QQQ", "ddd.MM.yyyy", "yyyy'MM",
        ] {
            #expect(DatePattern(pattern) == nil, "\(pattern)")
        }
    }

    @Test func `a pattern's times are in the zone, also where clocks change`() {
        let pattern = "MM/dd/yyyy HH:mm"
        #expect(
            Self.read("10/05/2026 14:30", pattern, zone: "America/New_York")
                == "2026-10-05T18:30:00Z"
        )
        // 02:30 does not exist on 29 March, 02:30 on 25 October is twice: the first.
        #expect(
            Self.read("03/29/2026 02:30", pattern, zone: "Europe/Berlin") == "2026-03-29T01:30:00Z"
        )
        #expect(
            Self.read("10/25/2026 02:30", pattern, zone: "Europe/Berlin") == "2026-10-25T00:30:00Z"
        )
        #expect(
            Self.read("10/25/2026", "MM/dd/yyyy", zone: "Europe/Berlin") == "2026-10-24T22:00:00Z"
        )
    }

    @Test func `ISO 8601 has an offset in each form`() {
        for text in [
            "2026-10-01T12:30:00+02:00", "2026-10-01T12:30:00+0200", "2026-10-01 12:30:00 +0200",
            "2026-10-01T12:30+02", "2026-10-01T10:30:00Z", "2026-10-01T07:00:00-03:30",
        ] {
            #expect(Self.read(text, zone: "Asia/Tokyo") == "2026-10-01T10:30:00Z", "\(text)")
        }
        #expect(Self.read("2026-10-01T12:30:00.250+02:00") == "2026-10-01T10:30:00.250000Z")
        for text in [
            "03/04/2026", "2026-10-01T12:30+2", "2026-10-01T12:30+02:60", "2026-10-01+02:00",
        ] {
            #expect(Self.read(text) == nil, "\(text)")
        }
    }

    @Test func `a date and a time of day can be in two columns`() {
        func read(_ date: String, _ time: String, _ pattern: String? = nil) -> String? {
            var times = FileTimes(
                FileTimes.Format(zone: .gmt, pattern: pattern.flatMap { DatePattern($0) })
            )
            return times.instant(date, time: time).map { TimeText.format($0.microseconds) }
        }
        #expect(read("2026-10-05", "14:30:05") == "2026-10-05T14:30:05Z")
        #expect(read("2026-10-05 00:00:00", "2:30 PM") == "2026-10-05T14:30:00Z")
        #expect(read("05.10.2026", "14:30", "dd.MM.yyyy") == "2026-10-05T14:30:00Z")
        #expect(read("05.10.2026", "14:30", "dd.MM.yyyy HH:mm") == "2026-10-05T14:30:00Z")
        #expect(read("2026-10-05", "") == "2026-10-05T00:00:00Z")
        #expect(read("2026-10-05", "noon") == nil)
        #expect(read("2026-10-05", "25:00") == nil)
    }
}
