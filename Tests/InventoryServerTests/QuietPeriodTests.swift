import Testing

@testable import InventoryServer

/// When memory is returned to the system: after work, once it is quiet, and not again without work.
@Suite struct QuietPeriodTests {
    private static let much: Int64 = 32 << 20
    private static let long = QuietPeriod.milliseconds

    /// The decision at each of these points of work so far and time.
    private static func said(_ points: [(worked: Int64, at: Int64)]) -> [Bool] {
        var quiet = QuietPeriod()
        return points.map { quiet.hasPassed(worked: $0.worked, at: $0.at) }
    }

    @Test func `memory is returned once after work and a quiet period`() {
        let said = Self.said([
            (0, Self.long), (Self.much, 20_000), (Self.much, 20_000 + Self.long - 1),
            (Self.much, 20_000 + Self.long), (Self.much, 20_000 + 9 * Self.long),
        ])
        #expect(said == [false, false, false, true, false])
    }

    @Test func `memory is returned after little work too, since it may have freed much`() {
        let said = Self.said([
            (0, Self.long), (1, 2 * Self.long), (1, 3 * Self.long), (2, 4 * Self.long),
            (3, 5 * Self.long - 1), (3, 5 * Self.long),
        ])
        #expect(said == [false, true, false, true, false, true])
    }

    @Test func `little traffic is quiet, a stream is not`() {
        let trickle = Self.much + QuietPeriod.byteCountMax
        #expect(Self.said([(Self.much, 0), (trickle, Self.long)]) == [false, true])
        let stream = Self.said(
            (0..<100 as Range<Int64>).map {
                (Self.much + $0 * (QuietPeriod.byteCountMax + 1), $0 * 1_000)
            }
        )
        #expect(!stream.contains(true))
    }
}
