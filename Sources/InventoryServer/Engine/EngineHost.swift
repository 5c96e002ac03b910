internal import Bytes
internal import Durability
internal import InventoryEngine
internal import InventoryModel

/// Where the engine is: on the loop, held once for all the objects that have a part in serving it.
///
/// Each of them sees it through the protocol of what it needs.
final class EngineHost {
    var engine: Engine

    init(_ engine: consuming Engine) { self.engine = engine }
}

/// The state, and up to where it is durable.
protocol StateReader: AnyObject {
    /// The newest step.
    var lsn: LSN { get }
    /// The newest step that is on disk.
    var durable: LSN { get }
    /// The state as it is, which stays so.
    ///
    /// - Complexity: O(1)
    func readView() -> ReadView
    /// What filters by category and SKU go by.
    var selectionKeys: SelectionKeys { get }
    func resolve(_ key: ProductKey) -> ProductID?
}

/// What the log takes its blocks from.
protocol BlockSource: AnyObject {
    var durable: LSN { get }
    /// Bytes of the steps that wait for the next block.
    var gatheredByteCount: Int { get }
    var hasGathered: Bool { get }
    /// Whether a block is being written.
    var isWriting: Bool { get }
    /// Why no more may be gathered, if so.
    var backlogRefusal: Refusal? { get }
    /// Takes what was gathered as the next block; `nil` if there is nothing, or one is being written.
    func beginBlock() -> FeedBlock?
    /// The block that was being written is on disk.
    func blockWritten()
}

/// What snapshots are taken of.
protocol ImageSource: AnyObject {
    var durable: LSN { get }
    /// Freezes the state as it is.
    func takeImage() -> StateImage
}

extension EngineHost: StateReader, BlockSource, ImageSource {
    var lsn: LSN { self.engine.lsn }
    var durable: LSN { self.engine.durable }
    func readView() -> ReadView { self.engine.state.readView() }
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
