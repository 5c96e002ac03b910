internal import Bytes
internal import Durability
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire
internal import Logging
internal import NIOCore

/// Snapshots: taken as an image on the loop, which costs microseconds, and written by the file thread.
///
///     due or requested ──▶ image ──its LSN durable──▶ file thread: write, retire old log files ──▶ reply
///
/// Used on the engine's loop, except the store, which the file thread owns while a snapshot is written, hence
/// `@unchecked Sendable`.
final class SnapshotWriter: @unchecked Sendable {
    typealias Completion = (Result<SnapshotTaken, DurabilityError>) -> Void

    private(set) var store: SnapshotStore
    private let context: LoopContext
    private let source: any ImageSource
    private let log: LogWriter
    private let protection: FileProtection
    private let thread: any Worker
    /// Bytes of log after which a snapshot is due.
    private let byteCountBetween: Int

    /// Bytes of log since the last snapshot.
    private var logByteCount = 0
    private var isRunning = false
    /// The image that waits for its LSN to become durable.
    private var image: StateImage?
    /// Requests for the snapshot that is running or waiting.
    private var requests: [Completion] = []

    init(
        _ context: LoopContext,
        to store: SnapshotStore,
        of source: any ImageSource,
        log: LogWriter,
        protection: FileProtection,
        on thread: any Worker,
        byteCountBetween: Int
    ) {
        self.context = context
        self.store = store
        self.source = source
        self.log = log
        self.protection = protection
        self.thread = thread
        self.byteCountBetween = byteCountBetween
    }

    /// Takes a snapshot now, or joins the one that is being taken.
    func take(_ completion: @escaping Completion) {
        self.requests.append(completion)
        self.begin()
    }

    /// Counts bytes of the log as durable: begins a snapshot if one is due or was waiting for them.
    func logged(_ byteCount: Int) {
        self.logByteCount += byteCount
        if self.image != nil || self.logByteCount >= self.byteCountBetween { self.begin() }
    }

    private func begin() {
        guard !self.isRunning else { return }
        if self.image == nil {
            let start = self.context.loop.now
            self.image = self.source.takeImage()
            let stall = (self.context.loop.now - start).nanoseconds / 1_000
            self.context.metrics.snapshotStall = max(self.context.metrics.snapshotStall, stall)
            self.logByteCount = 0
        }
        guard let image = self.image else { return }
        // A snapshot must not contain steps that a power failure could undo.
        guard image.lsn <= self.source.durable else {
            self.log.tick()
            return
        }
        self.image = nil
        self.isRunning = true
        let store = self.store
        let start = self.context.loop.now
        self.thread.submit {
            let result = self.write(image, to: store)
            self.context.loop.execute { self.ended(result, start: start) }
        }
    }

    /// A written snapshot, and the checksum of its state.
    private struct Written: Sendable {
        var store: SnapshotStore
        var info: SnapshotInfo
        var checksum: StateChecksum
    }

    private func write(
        _ image: StateImage,
        to store: SnapshotStore
    ) -> Result<Written, DurabilityError> {
        var store = store
        do throws(DurabilityError) {
            let now = self.context.now().microseconds
            let info = try store.write(
                lsn: image.lsn,
                time: now,
                epoch: image.epoch,
                parts: image.parts().map { SnapshotPart(number: $0.number, column: $0.column) }
            )
            if let oldest = store.oldestLSN { try self.log.store.retire(through: oldest, now: now) }
            return .success(Written(store: store, info: info, checksum: image.checksum))
        } catch {
            return .failure(error)
        }
    }

    private func ended(
        _ result: Result<Written, DurabilityError>,
        start: NIODeadline
    ) {
        self.isRunning = false
        self.protection.fileEnded()
        let took = (self.context.loop.now - start).nanoseconds / 1_000_000
        let taken = result.map { SnapshotTaken($0.info, milliseconds: took) }
        switch result {
        case .success(let written):
            self.store = written.store
            self.context.metrics.snapshots += 1
            self.context.logger.info(
                """
                snapshot at LSN \(written.info.lsn): \(written.info.byteCount) bytes, \
                \(written.info.segmentsWritten) segments written, \
                \(written.info.segmentsReused) reused, state checksum \(written.checksum), \
                \(took) ms
                """
            )
        case .failure(let error):
            // The log is complete; the next attempt follows after more of it.
            self.context.logger.error("cannot write a snapshot: \(error)")
        }
        let requests = self.requests
        self.requests = []
        for completion in requests { completion(taken) }
    }

    func checkInvariants() {
        self.store.checkInvariants()
        precondition(
            self.requests.isEmpty || self.isRunning || self.image != nil,
            "\(self.requests.count) snapshots are requested, and none is being taken"
        )
    }
}

extension SnapshotTaken {
    fileprivate init(_ info: SnapshotInfo, milliseconds: Int64) {
        self.init(
            lsn: info.lsn,
            byteCount: info.byteCount,
            segmentsWritten: UInt64(info.segmentsWritten),
            segmentsReused: UInt64(info.segmentsReused),
            milliseconds: UInt64(max(0, milliseconds))
        )
    }
}
