internal import Bytes
internal import Durability
internal import InventoryEngine
internal import InventoryModel
internal import NIOCore

/// A backup that is being sent: its state is ``BackupMachine``, a value; this holds what it is made of.
///
/// Used on the engine's loop, except for the source and the checksum, which the file thread owns while it works on
/// them, hence `@unchecked Sendable`.
final class SentBackup: @unchecked Sendable {
    let requestID: UInt64
    let writer: ConnectionWriter
    let startedAt: NIODeadline
    var machine: BackupMachine
    /// The state that it is of, until its checksum is being computed.
    var view: ReadView?
    var source: BackupSource?
    var checksum = StateChecksum()
    /// The bytes of the last block that were not sent yet.
    var rest: ArraySlice<UInt8> = []

    init(
        _ view: ReadView,
        to requestID: UInt64,
        of writer: ConnectionWriter,
        machine: BackupMachine,
        at now: NIODeadline
    ) {
        self.view = view
        self.requestID = requestID
        self.writer = writer
        self.machine = machine
        self.startedAt = now
    }

    var lsn: LSN { self.machine.lsn }

    func checkInvariants() {
        self.machine.checkInvariants(hasView: self.view != nil, rest: self.rest.count)
    }
}
