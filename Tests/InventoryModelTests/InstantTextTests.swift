import InventoryModel
import InventoryTestSupport
import Testing

@Suite struct InstantTextTests {
    @Test func `an instant is read back from its text`() {
        var random = SplitMix64(seed: 19)
        for _ in 0..<2_000 {
            let span =
                Instant.calendar.lowerBound.microseconds...Instant.calendar.upperBound.microseconds
            let instant = Instant(microseconds: .random(in: span, using: &random))
            #expect(Instant(rfc3339: instant.rfc3339) == instant)
        }
        #expect(Instant(microseconds: 0).rfc3339 == "1970-01-01T00:00:00Z")
        #expect(Instant(microseconds: -1).rfc3339 == "1969-12-31T23:59:59.999999Z")
    }

    @Test(arguments: [
        ("2026-03-01T12:30:05Z", 1_772_368_205_000_000),
        ("2026-03-01t12:30:05z", 1_772_368_205_000_000),
        ("2026-03-01 13:30:05.5+01:00", 1_772_368_205_500_000),
        ("2026-03-01T07:00:05.000001-05:30", 1_772_368_205_000_001),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
    ])
    func `a time with an offset is read`(text: String, microseconds: Int64) {
        #expect(Instant(rfc3339: text)?.microseconds == microseconds)
    }

    @Test(arguments: [
        "", "2026-03-01", "2026-03-01T12:30:05", "2026-03-01T12:30Z", "2026-02-29T00:00:00Z",
        "2026-03-01T24:00:00Z", "2026-03-01T12:30:60Z", "0000-01-01T00:00:00Z",
        "2026-03-01T12:30:05.Z", "2026-03-01T12:30:05.1234567Z", "2026-03-01T12:30:05+0100",
        "2026-03-01T12:30:05+24:00", "2026-03-01T12:30:05Zz", "20260301T123005Z00000",
    ])
    func `anything else is not a time`(text: String) {
        #expect(Instant(rfc3339: text) == nil)
    }
}
