import Testing

@testable import InventoryServer

@Suite struct BlockPaceTests {
    private static let apart = BlockPace.nanosecondsApart

    /// Returns the delay of a block, `passed` nanoseconds after the previous one.
    private static func pause(
        after passed: UInt64,
        gathered: Int = 100,
        isFanoutBusy: Bool = true
    ) -> UInt64 {
        var pace = BlockPace()
        pace.began(at: 5_000)
        return pace.pause(at: 5_000 + passed, gathered: gathered, isFanoutBusy: isFanoutBusy)
    }

    @Test func `a block waits for the rest of a millisecond while the fan-out is busy`() {
        #expect(Self.pause(after: 0) == Self.apart)
        #expect(Self.pause(after: 300_000) == Self.apart - 300_000)
        #expect(Self.pause(after: Self.apart) == 0)
    }

    @Test func `without a busy fan-out, or with many bytes, a block never waits`() {
        #expect(Self.pause(after: 0, isFanoutBusy: false) == 0)
        #expect(Self.pause(after: 0, gathered: BlockPace.byteCountAtOnce) == 0)
    }

    @Test func `the first block never waits`() {
        var pace = BlockPace()
        #expect(pace.pause(at: 0, gathered: 1, isFanoutBusy: true) == 0)
        #expect(!pace.isPutOff)
    }

    @Test func `a delayed block is delayed until the caller resumes`() {
        var pace = BlockPace()
        pace.began(at: 0)
        #expect(pace.pause(at: 10, gathered: 1, isFanoutBusy: true) > 0)
        #expect(pace.isPutOff)
        // Enough was gathered meanwhile: it begins, and the resuming caller gets the delay of the next one.
        #expect(pace.pause(at: 20, gathered: 1 << 20, isFanoutBusy: true) == 0)
        #expect(pace.isPutOff)
        pace.resumed()
        #expect(!pace.isPutOff)
    }
}
