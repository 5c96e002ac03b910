internal import Bytes

/// Blocks in memory: the newest ones, without a gap, and some that were read from the log's files.
///
///     log's files ─one block for all behind──▶ [41…60] [61…90]            [930…941] [942…960]
///                                               └ blocks read ┘            └──── the feed ───┘
struct FeedBlocks {
    private let feedByteCountMax: Int
    private let readByteCountMax: Int
    private var feed: [IndexedBlock] = []
    private var firstIndex = 0
    private(set) var feedByteCount = 0
    /// Bytes of dropped blocks that are still held, before ``firstIndex``.
    private var droppedByteCount = 0
    /// Blocks read from files, by their first LSN.
    private var read: [IndexedBlock] = []
    /// The first LSNs of those blocks in the order in which they were read.
    private var readOrder: [LSN] = []
    private(set) var readByteCount = 0

    init(
        feedByteCountMax: Int = FanoutLimits.feedByteCountMax,
        readByteCountMax: Int = FanoutLimits.logBlocksByteCountMax
    ) {
        self.feedByteCountMax = feedByteCountMax
        self.readByteCountMax = readByteCountMax
    }

    /// Adds a block that became durable; the newest is retained whatever its size.
    mutating func append(_ block: IndexedBlock) {
        if let last = self.feed.last, last.last + 1 != block.first { self.removeFeed() }
        self.feed.append(block)
        self.feedByteCount += block.byteCount
        while self.feedByteCount > self.feedByteCountMax, self.firstIndex < self.feed.count - 1 {
            let byteCount = self.feed[self.firstIndex].byteCount
            self.feedByteCount -= byteCount
            self.droppedByteCount += byteCount
            self.firstIndex += 1
        }
        // Large blocks are freed at once, small ones in groups.
        if self.firstIndex >= max(8, self.feed.count / 4)
            || self.droppedByteCount > self.feedByteCountMax / 8
        {
            self.feed.removeFirst(self.firstIndex)
            self.firstIndex = 0
            self.droppedByteCount = 0
        }
    }

    private mutating func removeFeed() {
        self.feed = []
        self.firstIndex = 0
        self.feedByteCount = 0
        self.droppedByteCount = 0
    }

    /// Adds a block that was read from the log's files.
    mutating func insert(read block: IndexedBlock) {
        let index = Self.index(behind: block.first, in: self.read[...])
        if index > 0, self.read[index - 1].first == block.first { return }
        self.read.insert(block, at: index)
        self.readOrder.append(block.first)
        self.readByteCount += block.byteCount
        while self.readByteCount > self.readByteCountMax, self.readOrder.count > 1 {
            let oldest = self.readOrder.removeFirst()
            let place = Self.index(behind: oldest, in: self.read[...]) - 1
            self.readByteCount -= self.read[place].byteCount
            self.read.remove(at: place)
        }
    }

    mutating func removeAll() {
        self.removeFeed()
        self.removeRead()
    }

    /// Drops the blocks read from files, once no subscriber is behind.
    mutating func removeRead() {
        self.read = []
        self.readOrder = []
        self.readByteCount = 0
    }

    /// The block with the step after `lsn`; `nil` if it is not in memory.
    ///
    /// - Complexity: O(log blocks)
    func block(after lsn: LSN) -> IndexedBlock? {
        Self.block(after: lsn, in: self.feed[self.firstIndex...])
            ?? Self.block(after: lsn, in: self.read[...])
    }

    private static func block(
        after lsn: LSN,
        in blocks: ArraySlice<IndexedBlock>
    ) -> IndexedBlock? {
        let index = Self.index(behind: lsn + 1, in: blocks)
        guard index > blocks.startIndex, blocks[index - 1].last > lsn else { return nil }
        return blocks[index - 1]
    }

    /// The index of the first block that begins after `lsn`.
    private static func index(behind lsn: LSN, in blocks: ArraySlice<IndexedBlock>) -> Int {
        var low = blocks.startIndex
        var high = blocks.endIndex
        while low < high {
            let middle = (low + high) / 2
            if blocks[middle].first <= lsn { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Traps if a block is out of order, or the bytes of the blocks are not those that are counted.
    ///
    /// - Complexity: O(blocks)
    func checkInvariants() {
        let dropped = self.feed[..<self.firstIndex]
        let kept = self.feed[self.firstIndex...]
        for (block, next) in zip(kept, kept.dropFirst()) {
            precondition(
                block.last.next == next.first,
                "block \(next.first) follows \(block.last) in the feed"
            )
        }
        Self.check(self.droppedByteCount, of: dropped)
        Self.check(self.feedByteCount, of: kept)
        Self.check(self.readByteCount, of: self.read[...])
        precondition(
            self.feedByteCount <= self.feedByteCountMax || kept.count == 1,
            "\(self.feedByteCount) bytes of the feed are in memory"
        )
        precondition(
            self.readByteCount <= self.readByteCountMax || self.read.count == 1,
            "\(self.readByteCount) bytes of old blocks are in memory"
        )
        let firsts = self.read.map { $0.first }
        precondition(firsts == self.readOrder.sorted(), "\(firsts) are not \(self.readOrder)")
    }

    private static func check(_ byteCount: Int, of blocks: ArraySlice<IndexedBlock>) {
        let sum = blocks.reduce(0) { $0 + $1.byteCount }
        precondition(byteCount == sum, "\(byteCount) bytes of blocks with \(sum)")
    }
}
