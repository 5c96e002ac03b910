internal import ColumnStore
internal import Inventory

/// The entries of one group commit: what the log writes, and what subscribers are told from.
final class FeedBlock: Sendable {
    let first: UInt64
    let count: Int
    let bytes: [UInt8]

    var last: UInt64 { self.first + UInt64(self.count) - 1 }

    init(first: UInt64, count: Int, bytes: [UInt8]) {
        self.first = first
        self.count = count
        self.bytes = bytes
    }

    /// Hands over each entry after `lsn` and up to `limit`, in order, until `visit` says to stop.
    func forEachEntry(
        after lsn: UInt64,
        through limit: UInt64,
        _ visit: (EntryView) -> Bool
    ) {
        self.bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            do throws(ByteReaderError) {
                while reader.remaining > 0 {
                    let entry = try EntryView(from: &reader)
                    if entry.lsn <= lsn { continue }
                    if entry.lsn > limit || !visit(entry) { return }
                }
            } catch {
                preconditionFailure("entries of our own that cannot be read: \(error)")
            }
        }
    }
}

/// The latest blocks, in memory: what live subscribers read from.
///
/// Those that are further behind read the log's files.
struct Feed {
    /// Bytes that are kept; the newest block is kept whatever its size.
    static let byteCountMax = 64 << 20

    private var blocks: [FeedBlock] = []
    private var firstIndex = 0
    private(set) var byteCount = 0
    /// Takes the place of a block that was dropped, so that its bytes are free at once.
    private static let dropped = FeedBlock(first: 0, count: 0, bytes: [])

    mutating func append(_ block: FeedBlock) {
        self.blocks.append(block)
        self.byteCount += block.bytes.count
        while self.byteCount > Self.byteCountMax, self.firstIndex < self.blocks.count - 1 {
            self.byteCount -= self.blocks[self.firstIndex].bytes.count
            self.blocks[self.firstIndex] = Self.dropped
            self.firstIndex += 1
        }
        if self.firstIndex > 1_024, self.firstIndex * 2 > self.blocks.count {
            self.blocks.removeFirst(self.firstIndex)
            self.firstIndex = 0
        }
    }

    /// The first step that is here; nothing while there is none.
    var firstLSN: UInt64? {
        self.firstIndex < self.blocks.count ? self.blocks[self.firstIndex].first : nil
    }

    /// The blocks that have a step after `lsn`.
    ///
    /// - Complexity: O(log blocks)
    func blocks(after lsn: UInt64) -> ArraySlice<FeedBlock> {
        var low = self.firstIndex
        var high = self.blocks.count
        while low < high {
            let middle = (low + high) / 2
            if self.blocks[middle].last <= lsn { low = middle + 1 } else { high = middle }
        }
        return self.blocks[low...]
    }
}
