import InventoryEngine
import InventoryModel
import Testing

@testable import InventoryServer

/// The retention of idempotency keys and their memory limits.
@Suite struct KeyRetentionTests {
    private static func at(_ seconds: Int64) -> Instant {
        Instant(microseconds: seconds * 1_000_000)
    }

    private static func use(_ byteCount: Int) -> KeyUse {
        KeyUse(count: 1, byteCount: byteCount, oldest: .zero, firstNumber: 0, nextNumber: 1)
    }

    @Test func `keys are retained for their time, and at most a sixteenth longer`() {
        let keys = KeyRetention(seconds: 160, byteCountMax: 1 << 20)
        #expect(keys.horizon(at: Self.at(1_000)) == Self.at(840))
        #expect(!keys.isDue(Self.at(831), at: Self.at(1_000)))
        #expect(keys.isDue(Self.at(830), at: Self.at(1_000)))
        // A minute, for a day.
        #expect(!KeyRetention().isDue(Self.at(0), at: Self.at(86_400 + 59)))
        #expect(KeyRetention().isDue(Self.at(0), at: Self.at(86_400 + 60)))
        #expect(!KeyRetention().isDue(Instant(microseconds: .max), at: Self.at(1 << 40)))
    }

    @Test func `a new key is refused before the limit, and before a connection's quarter`() {
        let keys = KeyRetention(seconds: 60, byteCountMax: 4 << 20)
        let next = InventoryState.keyByteCount(ofOutcome: Limits.outcomeByteCountMax)
        #expect(keys.refusal(Self.use(keys.byteCountMax - next), 0) == nil)
        let full = keys.refusal(Self.use(keys.byteCountMax - next + 1), 0)
        #expect(full?.code == .overloaded)
        #expect(keys.refusal(Self.use(0), (1 << 20) - next) == nil)
        #expect(keys.refusal(Self.use(0), (1 << 20) - next + 1)?.code == .overloaded)
    }

    @Test func `a connection's share falls as its keys are forgotten`() {
        var share = KeyShare() { didSet { share.checkInvariants() } }
        for number in 0..<1_000 as Range<UInt64> {
            share.add(number, byteCount: 100, of: 64_000)
        }
        #expect(share.byteCount == 100_000)
        share.forget(before: 0)
        #expect(share.byteCount == 100_000)
        share.forget(before: 500)
        // Accurate to a run, of which there are 64 in a quarter.
        #expect((50_000...51_000).contains(share.byteCount))
        share.forget(before: 1_000)
        #expect(share.byteCount == 0)
    }
}
