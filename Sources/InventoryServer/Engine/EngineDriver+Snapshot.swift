internal import Bytes
internal import Durability
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire
internal import Logging
internal import NIOCore
internal import NIOPosix

/// Where the server is with its snapshots.
///
/// Of the engine's loop, but for the store, which the file thread has while a snapshot is written.
struct SnapshotState {
    var store: SnapshotStore
    /// Bytes of log since the last one.
    var logByteCount = 0
    var isRunning = false
    /// Taken, and waiting for its LSN to become durable.
    var image: StateImage?
    /// Who asked for the one that is running or waiting.
    var requests: [(Result<SnapshotTaken, DurabilityError>) -> Void] = []

    init(store: SnapshotStore) { self.store = store }
}

/// Snapshots: taken as an image on the loop, which costs microseconds, and written by the file
/// thread meanwhile.
extension EngineDriver {
    /// Takes a snapshot now, or joins the one that is being taken.
    func takeSnapshot(
        _ completion: @escaping (Result<SnapshotTaken, DurabilityError>) -> Void
    ) {
        self.snapshots.requests.append(completion)
        self.beginSnapshot()
    }

    func beginSnapshotIfDue() {
        if self.snapshots.image != nil
            || self.snapshots.logByteCount
                >= self.configuration.snapshotByteCount
        {
            self.beginSnapshot()
        }
    }

    private func beginSnapshot() {
        guard !self.snapshots.isRunning else { return }
        if self.snapshots.image == nil {
            let start = self.loop.now
            self.snapshots.image = self.engine.takeImage()
            let stall = (self.loop.now - start).nanoseconds / 1_000
            self.metrics.snapshotStall = max(self.metrics.snapshotStall, stall)
            self.snapshots.logByteCount = 0
        }
        guard let image = self.snapshots.image else { return }
        // A snapshot must not show what a power cut could take back.
        guard image.lsn <= self.engine.durable else {
            self.tick()
            return
        }
        self.snapshots.image = nil
        self.snapshots.isRunning = true
        let store = self.snapshots.store
        let start = self.milliseconds
        self.filePool.submit {
            let result = self.write(image, to: store)
            self.loop.execute { self.snapshotEnded(result, start: start) }
        }
    }

    private func write(
        _ image: StateImage,
        to store: SnapshotStore
    ) -> Result<(SnapshotStore, SnapshotInfo), DurabilityError> {
        var store = store
        do throws(DurabilityError) {
            let now = self.now().microseconds
            let info = try store.write(
                lsn: LSN(image.lsn),
                time: now,
                epoch: image.epoch,
                parts: image.parts().map { SnapshotPart(number: $0.number, column: $0.column) }
            )
            if let oldest = store.oldestLSN { try self.log.retire(through: oldest, now: now) }
            return .success((store, info))
        } catch {
            return .failure(error)
        }
    }

    private func snapshotEnded(
        _ result: Result<(SnapshotStore, SnapshotInfo), DurabilityError>,
        start: Int64
    ) {
        self.snapshots.isRunning = false
        self.protection.isWanted = true
        let took = self.milliseconds - start
        let taken = result.map { store, info in
            self.snapshots.store = store
            self.metrics.snapshots += 1
            return SnapshotTaken(
                lsn: info.lsn.value,
                byteCount: info.byteCount,
                segmentsWritten: UInt64(info.segmentsWritten),
                segmentsReused: UInt64(info.segmentsReused),
                milliseconds: UInt64(max(0, took))
            )
        }
        switch taken {
        case .success(let taken):
            self.logger.info(
                """
                snapshot at LSN \(taken.lsn): \(taken.byteCount) bytes, \
                \(taken.segmentsWritten) segments written, \(taken.segmentsReused) reused, \
                \(took) ms
                """
            )
        case .failure(let error):
            // The log has everything; the next attempt comes with more of it.
            self.logger.error("no snapshot: \(error)")
        }
        let requests = self.snapshots.requests
        self.snapshots.requests = []
        for completion in requests { completion(taken) }
    }
}
