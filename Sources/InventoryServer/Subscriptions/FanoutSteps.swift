internal import Bytes
internal import InventoryEngine

/// Where the fan-out gets steps from: blocks in memory, readers of the log's files, and the rows of products that
/// enter a filter.
struct FanoutSteps {
    var blocks = FeedBlocks()
    var readers = LogReaders()
    var entering = EnteringProducts()
    /// The keys by which filters of categories and SKUs select now.
    var keys = SelectionKeys.none

    /// Bytes of cached blocks.
    var byteCount: Int { self.blocks.feedByteCount + self.blocks.readByteCount }

    /// Nobody reads from the log's files any more.
    mutating func removeRead() {
        self.blocks.removeRead()
        self.readers.closeWaiting()
    }

    /// There are no subscriptions left.
    ///
    /// Blocks written from now on do not come here, so the cached ones would have a gap.
    mutating func removeAll() {
        self.blocks.removeAll()
        self.readers.closeWaiting()
        self.entering.removeAll()
    }

    func checkInvariants() {
        self.blocks.checkInvariants()
        self.readers.checkInvariants()
        self.entering.checkInvariants()
    }
}
