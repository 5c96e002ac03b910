import Testing

@testable import InventoryServer

@Suite struct BackupPaceTests {
    private static let second: UInt64 = 1_000_000_000

    @Test func `pieces leave at the rate, whatever the pauses between them`() {
        var pace = BackupPace(bytesPerSecond: 1_000)
        var now: UInt64 = 5 * Self.second
        #expect(pace.sent(500, at: now) == Self.second / 2)
        #expect(pace.sent(500, at: now) == Self.second)
        now += Self.second
        #expect(pace.sent(250, at: now) == Self.second / 4)
        // A pause earns nothing.
        now += 60 * Self.second
        #expect(pace.sent(1_000, at: now) == Self.second)
    }

    @Test func `without a limit no piece waits`() {
        var pace = BackupPace(bytesPerSecond: 0)
        #expect(pace.sent(1 << 30, at: 7) == 0)
    }

    @Test func `the slowest rate does not overflow`() {
        var pace = BackupPace(bytesPerSecond: 1)
        #expect(pace.sent(128 << 10, at: .max / 4) == UInt64(128 << 10) * Self.second)
    }
}
