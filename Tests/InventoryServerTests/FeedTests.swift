import Bytes
import Testing

@testable import InventoryServer

/// The latest blocks in memory, bounded in bytes whatever the sizes of the blocks.
@Suite struct FeedTests {
    @Test func `a large block that is beyond the bound is freed at once`() {
        let byteCountMax = 4_096
        var blocks = FeedBlocks(feedByteCountMax: byteCountMax, readByteCountMax: byteCountMax) {
            didSet { blocks.checkInvariants() }
        }
        var dropped: [Weak] = []
        // Three large blocks exceed the limit, and are far fewer than are freed as a group.
        for number in (1...6).map({ LSN($0) }) {
            let block = self.block(number, byteCount: byteCountMax / 2)
            dropped.append(Weak(block))
            blocks.append(IndexedBlock(block))
        }
        #expect(dropped.filter { $0.block != nil }.count == 2)
        #expect(blocks.feedByteCount == byteCountMax)
        #expect(blocks.block(after: 3) == nil)
        #expect(blocks.block(after: 4)?.first == 5)
    }

    /// A block of one entry, whose length fills it.
    private func block(_ lsn: LSN, byteCount: Int) -> FeedBlock {
        var writer = ByteWriter(capacity: byteCount)
        writer.write(UInt32(byteCount - 4))
        writer.write(lsn)
        var bytes = writer.array()
        bytes += [UInt8](repeating: 0, count: byteCount - bytes.count)
        return FeedBlock(first: lsn, count: 1, bytes: bytes)
    }

    private final class Weak {
        weak var block: FeedBlock?
        init(_ block: FeedBlock) { self.block = block }
    }
}
