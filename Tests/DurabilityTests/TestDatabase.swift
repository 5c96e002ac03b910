import Bytes
import Durability
import InventoryTestSupport

/// A database of a ``TestMachine``, with its steps and snapshots.
struct TestDatabase {
    static let id = DatabaseID(0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210)
    static let otherID = DatabaseID(1, 2)
    /// 2026-01-01, in µs.
    static let time: Int64 = 1_767_225_600_000_000
    static let small = LogConfiguration(
        fileByteCount: 8 * StorageAlignment.byteCount,
        retentionByteCount: 0,
        retentionSeconds: 0
    )

    var directory: DataDirectory
    var machine: TestMachine
    var epoch: UInt64 = 1

    var log: WriteAheadLog { self.directory.log }
    var report: RecoveryReport { self.directory.report }

    init(
        _ storage: any Storage,
        _ configuration: LogConfiguration = Self.small,
        id: DatabaseID = Self.id
    ) throws(DurabilityError) {
        var machine = TestMachine()
        self.directory = try DataDirectory.open(
            storage,
            configuration: configuration,
            newID: id,
            time: Self.time,
            load: { (loader) throws(DurabilityError) in try machine.load(&loader) },
            replay: { (first, count, body) throws(DurabilityError) in
                machine.replay(first, count, body)
            }
        )
        self.machine = machine
    }

    /// Makes `count` more steps durable in one block.
    mutating func append(
        _ count: Int,
        padding: Int = 0,
        compresses: Bool = false
    ) throws(DurabilityError) {
        let first = self.machine.lsn + 1
        let body = TestMachine.body(
            first: first,
            count: count,
            padding: padding,
            compresses: compresses
        )
        var failure: DurabilityError?
        body.withUnsafeBytes { body in
            do throws(DurabilityError) {
                try self.log.append(
                    body: body,
                    first: LSN(first),
                    count: count,
                    acknowledged: LSN(first - 1),
                    time: Self.time
                )
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        self.log.checkInvariants()
        for step in 0..<UInt64(count) { self.machine.apply(first + step) }
    }

    func seal() throws(DurabilityError) {
        try self.log.seal(acknowledged: LSN(self.machine.lsn), time: Self.time)
    }

    /// Writes a snapshot, and retires the log before the preceding one.
    @discardableResult
    mutating func snapshot() throws(DurabilityError) -> SnapshotInfo {
        let view = self.machine.cells
        let epoch = self.epoch
        self.epoch += 1
        self.machine.cells.beginEpoch(self.epoch)
        let info = try self.directory.snapshots.write(
            lsn: LSN(self.machine.lsn),
            time: Self.time,
            epoch: epoch,
            parts: [SnapshotPart(number: 1, column: view)]
        )
        if let oldest = self.directory.snapshots.oldestLSN {
            try self.log.retire(through: oldest, now: Self.time + 1)
        }
        return info
    }
}

extension TestMachine {
    /// Whether it equals a machine of its LSN.
    var isRight: Bool {
        self.strangeSteps == 0 && self.cells.values == TestMachine(at: self.lsn).cells.values
    }
}
