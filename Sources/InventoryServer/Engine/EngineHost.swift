internal import Bytes
internal import Durability
internal import InventoryEngine
internal import InventoryModel

/// Holds the engine on the loop for all objects that take part in serving it.
///
/// Each of them sees the engine through a protocol with only what it needs.
final class EngineHost {
    var engine: Engine

    init(_ engine: consuming Engine) { self.engine = engine }
}

/// The state as queries read it: that of the server, or the copy of a dry run.
protocol ViewSource: AnyObject {
    /// An immutable view of the current state.
    ///
    /// - Complexity: O(1)
    func readView() -> ReadView
    /// A view that also has the outcomes that retries are answered from.
    ///
    /// - Complexity: O(sessions)
    func wholeView() -> ReadView
    func resolve(_ key: ProductKey) -> ProductID?
}

/// The state, and the LSN up to which it is durable.
protocol StateReader: ViewSource {
    /// The newest LSN.
    var lsn: LSN { get }
    /// The newest durable LSN.
    var durable: LSN { get }
    /// The keys of filters by category and SKU.
    var selectionKeys: SelectionKeys { get }
}

/// The source of the log's blocks.
protocol BlockSource: AnyObject {
    var durable: LSN { get }
    /// Bytes of the entries that wait for the next block.
    var gatheredByteCount: Int { get }
    var hasGathered: Bool { get }
    /// Whether a block is being written.
    var isWriting: Bool { get }
    /// Back-pressure: the reason why no more may be gathered; `nil` if more may be.
    var backlogRefusal: Refusal? { get }
    /// Takes the gathered entries as the next block; `nil` if there are none or a block is being written.
    func beginBlock() -> FeedBlock?
    /// Reports that the block being written is durable.
    func blockWritten()
}

/// The source of snapshots.
protocol ImageSource: AnyObject {
    var durable: LSN { get }
    /// Freezes the current state.
    func takeImage() -> StateImage
}

extension EngineHost: StateReader, BlockSource, ImageSource {
    var lsn: LSN { self.engine.lsn }
    var durable: LSN { self.engine.durable }
    func readView() -> ReadView { self.engine.state.readView() }
    func wholeView() -> ReadView { self.engine.state.wholeView() }
    var selectionKeys: SelectionKeys { self.engine.state.selectionKeys }
    func resolve(_ key: ProductKey) -> ProductID? { self.engine.state.resolve(key) }

    var gatheredByteCount: Int { self.engine.gatheredByteCount }
    var hasGathered: Bool { self.engine.commit.hasGathered }
    var isWriting: Bool { self.engine.commit.isWriting }
    var backlogRefusal: Refusal? { self.engine.backlogRefusal }
    func beginBlock() -> FeedBlock? { self.engine.beginBlock() }
    func blockWritten() { self.engine.blockWritten() }

    func takeImage() -> StateImage { self.engine.takeImage() }
}
