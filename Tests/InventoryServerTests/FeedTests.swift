import Testing

@testable import InventoryServer

/// The latest blocks in memory: a bounded number of bytes, whatever the blocks are like.
@Suite struct FeedTests {
    @Test func `a block that is beyond the bound is freed at once`() {
        var feed = Feed()
        var dropped: [Weak] = []
        // Three large blocks are more than the bound, and far fewer than a thousand.
        for number in 1...6 as ClosedRange<UInt64> {
            let byteCount = Feed.byteCountMax / 2
            let block = FeedBlock(
                first: number,
                count: 1,
                bytes: [UInt8](repeating: 0, count: byteCount)
            )
            dropped.append(Weak(block))
            feed.append(block)
        }
        #expect(dropped.filter { $0.block != nil }.count == 2)
        #expect(feed.byteCount == Feed.byteCountMax)
        #expect(feed.firstLSN == 5)
        #expect(feed.blocks(after: 4).map { $0.first } == [5, 6])
    }

    private final class Weak {
        weak var block: FeedBlock?
        init(_ block: FeedBlock) { self.block = block }
    }
}
