import Testing

@testable import InventoryServer

@Suite struct BlockPaceTests {
    private static let apart = BlockPace.nanosecondsApart

    /// The pause before a block, so many nanoseconds after the one before.
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

    @Test func `with nobody to tell, or much to write, it never waits`() {
        #expect(Self.pause(after: 0, isFanoutBusy: false) == 0)
        #expect(Self.pause(after: 0, gathered: BlockPace.byteCountAtOnce) == 0)
    }

    @Test func `the first block never waits`() {
        var pace = BlockPace()
        #expect(pace.pause(at: 0, gathered: 1, isFanoutBusy: true) == 0)
        #expect(!pace.isPutOff)
    }

    @Test func `one that is put off is put off until whoever asked comes back`() {
        var pace = BlockPace()
        pace.began(at: 0)
        #expect(pace.pause(at: 10, gathered: 1, isFanoutBusy: true) > 0)
        #expect(pace.isPutOff)
        // Enough was gathered meanwhile: it begins, and the one who comes back finds the next one's time.
        #expect(pace.pause(at: 20, gathered: 1 << 20, isFanoutBusy: true) == 0)
        #expect(pace.isPutOff)
        pace.resumed()
        #expect(!pace.isPutOff)
    }
}
