internal import Bytes
internal import Durability
internal import InventoryEngine
internal import InventoryModel
internal import NIOCore

/// A backup that is being sent, and how far.
///
/// Used on the engine's loop, except for the source and the checksum, which the file thread owns while it works on
/// them, hence `@unchecked Sendable`.
final class SentBackup: @unchecked Sendable {
    let requestID: UInt64
    let writer: ConnectionWriter
    let lsn: LSN
    let startedAt: NIODeadline
    var pace: BackupPace
    /// The state at `lsn`, until its checksum is being computed.
    var view: ReadView?
    var source: BackupSource?
    var checksum = StateChecksum()
    /// The bytes of the last block that were not sent yet.
    var rest: ArraySlice<UInt8> = []
    var byteCount: UInt64 = 0
    /// Whether the file thread or a timer continues.
    var isAwaited = false
    /// Since when the reader is behind, in milliseconds; `nil` if it is not.
    var stalledAt: Int64?
    var lastPieceAt: Int64
    /// Bytes of log written since it began.
    var loggedByteCount = 0

    init(
        _ view: ReadView,
        to requestID: UInt64,
        of writer: ConnectionWriter,
        pace: BackupPace,
        context: LoopContext
    ) {
        self.view = view
        self.lsn = view.lsn
        self.requestID = requestID
        self.writer = writer
        self.pace = pace
        self.startedAt = context.loop.now
        self.lastPieceAt = context.milliseconds
    }
}
