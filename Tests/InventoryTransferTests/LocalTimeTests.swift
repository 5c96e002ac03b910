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
}
