import Bytes
import InventoryTestSupport
import Testing

@testable import Durability

@Suite struct SnapshotTests {
    /// Segments of the test machine's only column.
    private static let segmentCount = TestMachine.cellCount / TestColumn.capacity

    private func files(_ storage: MemoryStorage, _ suffix: String) throws -> [String] {
        try storage.list().filter { $0.hasSuffix(suffix) }.sorted()
    }

    @Test func `a snapshot and the log after it are the state`() throws {
        for count in [0, 1, 5] {
            let storage = MemoryStorage()
            var database = try TestDatabase(storage)
            try database.append(33)
            let info = try database.snapshot()
            #expect(info.lsn == LSN(33))
            #expect(info.segmentsWritten == Self.segmentCount)
            for _ in 0..<count { try database.append(2) }
            let again = try TestDatabase(storage.restarted())
            #expect(again.machine.isRight)
            #expect(again.machine.lsn == UInt64(33 + 2 * count))
            #expect(again.report.snapshotLSN == LSN(33))
        }
    }

    @Test func `only changed segments are written again`() throws {
        let storage = MemoryStorage()
        var database = try TestDatabase(storage)
        try database.append(64)
        try database.snapshot()
        // Steps 65 to 68 change cells 1 to 4: two segments.
        try database.append(4)
        let second = try database.snapshot()
        #expect(second.segmentsWritten == 2)
        #expect(second.segmentsReused == Self.segmentCount - 2)
        #expect(try TestDatabase(storage).machine.isRight)
    }

    @Test func `loaded and unchanged segments are not written again`() throws {
        let storage = MemoryStorage()
        var database = try TestDatabase(storage)
        try database.append(64)
        try database.snapshot()
        try database.append(1)
        // Replay changes one segment, and a step after it the same one.
        var again = try TestDatabase(storage)
        try again.append(1)
        let info = try again.snapshot()
        #expect(info.segmentsWritten == 1)
        #expect(info.segmentsReused == Self.segmentCount - 1)
        #expect(try TestDatabase(storage).machine.isRight)
    }

    @Test func `a change after the view is in the next snapshot`() throws {
        let storage = MemoryStorage()
        var database = try TestDatabase(storage)
        try database.append(32)
        let view = database.machine.cells
        database.machine.cells.beginEpoch(2)
        try database.append(1)
        _ = try database.directory.snapshots.write(
            lsn: LSN(32),
            time: 0,
            epoch: 1,
            parts: [SnapshotPart(number: 1, column: view)]
        )
        database.epoch = 2
        let second = try database.snapshot()
        #expect(second.segmentsWritten == 1)
        #expect(try TestDatabase(storage).machine.isRight)
    }

    @Test func `a snapshot of an already saved state writes nothing`() throws {
        let storage = MemoryStorage()
        var database = try TestDatabase(storage)
        try database.append(3)
        try database.snapshot()
        let count = storage.callCount
        let again = try database.snapshot()
        #expect(again.segmentsWritten == 0 && again.byteCount == 0)
        #expect(storage.callCount == count)
    }

    @Test func `two manifests and their blocks are retained`() throws {
        let storage = MemoryStorage()
        var database = try TestDatabase(storage)
        for round in 1...12 {
            try database.append(round % 3 + 1)
            try database.snapshot()
            let manifests = try self.files(storage, ".invsnap")
            #expect(manifests.count == min(2, round))
            var needed: Set<String> = []
            for name in manifests {
                let manifest = try SnapshotStore.manifest(name, in: storage, of: TestDatabase.id)
                for entry in manifest.entries {
                    needed.insert(SnapshotManifest.blockFileName(entry.file))
                }
            }
            #expect(Set(try self.files(storage, ".invblk")) == needed)
        }
    }

    @Test func `the preceding snapshot is used if the newest is moved away`() throws {
        let storage = MemoryStorage()
        var database = try TestDatabase(storage)
        for _ in 0..<60 {
            try database.append(3, padding: 500)
            if database.machine.lsn % 30 == 0 { try database.snapshot() }
        }
        let newest = try #require(try self.files(storage, ".invsnap").last)
        try storage.remove(newest)
        let again = try TestDatabase(storage)
        #expect(again.machine.isRight)
        #expect(again.machine.lsn == 180)
        #expect(again.report.snapshotLSN == LSN(150))
    }

    @Test func `no block file is retained for less than half of it`() throws {
        let storage = MemoryStorage()
        var database = try TestDatabase(storage)
        for round in 0..<80 {
            try database.append(round % 5 + 1)
            try database.snapshot()
            let newest = try #require(try self.files(storage, ".invsnap").last)
            let manifest = try SnapshotStore.manifest(newest, in: storage, of: TestDatabase.id)
            let live = manifest.entries.reduce(0) { $0 + $1.storedByteCount }
            let total = try self.files(storage, ".invblk").reduce(0) {
                $0 + storage.bytes($1).count - 64
            }
            // Two manifests are retained, and the older one's files may be due for removal.
            #expect(total <= 4 * live, "round \(round): \(total) bytes for \(live)")
        }
    }

    @Test func `the number of block files is bounded`() throws {
        let storage = MemoryStorage()
        var database = try TestDatabase(storage)
        var ledger = TestColumn()
        for round in 1...150 as ClosedRange<UInt64> {
            try database.append(1)
            ledger.beginEpoch(round)
            for _ in 0..<TestColumn.capacity { ledger.append(round) }
            _ = try database.directory.snapshots.write(
                lsn: LSN(database.machine.lsn),
                time: 0,
                epoch: round,
                parts: [SnapshotPart(number: 2, column: ledger)]
            )
        }
        let count = try self.files(storage, ".invblk").count
        #expect(count <= SnapshotStore.blockFileCountMax + 2, "\(count) block files")
        var report = RecoveryReport()
        let store = try SnapshotStore.open(
            storage: storage,
            database: TestDatabase.id,
            report: &report
        )
        var loader = try #require(store.loader())
        var back = TestColumn()
        try loader.visit(2, &back)
        #expect(back.values == ledger.values)
    }

    @Test func `a column that shrank is restored shorter`() throws {
        let storage = MemoryStorage()
        var database = try TestDatabase(storage)
        try database.append(1)
        try database.snapshot()
        try database.append(1)
        var short = TestColumn()
        for value in 0..<6 as Range<UInt64> { short.append(value) }
        _ = try database.directory.snapshots.write(
            lsn: LSN(2),
            time: 0,
            epoch: 9,
            parts: [SnapshotPart(number: 1, column: short)]
        )
        var loader = try #require(database.directory.snapshots.loader())
        var back = TestColumn()
        try loader.visit(1, &back)
        #expect(back.values == [0, 1, 2, 3, 4, 5])
        var missing = TestColumn()
        try loader.visit(7, &missing)
        #expect(missing.values.isEmpty)
    }

    @Test func `a failed snapshot leaves no files and removes none in use`() throws {
        // Each call of a snapshot fails in turn, with a full disk and with a failing one.
        let whole = MemoryStorage()
        var database = try TestDatabase(whole)
        try database.append(40)
        try database.snapshot()
        try database.append(40)
        let base = whole
        for call in [.write, .sync, .rename, .syncDirectory] as [MemoryStorage.Call] {
            for errno in [28, 5] as [Int32] {
                for number in 1...12 {
                    let disk = base.copy()
                    var database = try TestDatabase(disk)
                    let before = Set(try disk.list())
                    disk.fail(call, number: number, errno: errno)
                    var isFailed = false
                    do throws(DurabilityError) { try database.snapshot() } catch { isFailed = true }
                    disk.clearFailures()
                    let names = Set(try disk.list())
                    #expect(!names.contains { $0.hasSuffix(".tmp") }, "\(call) \(number)")
                    guard isFailed else { continue }
                    // A file with its final name may be durable, so its references stay too.
                    let manifests = names.filter { SnapshotManifest.lsn(ofName: $0) != nil }
                    if manifests.count < 2 { #expect(names == before, "\(call) \(number)") }
                    let again = try TestDatabase(disk.restarted(keeping: .everything))
                    #expect(again.machine.lsn == 80 && again.machine.isRight)
                    try database.snapshot()
                }
            }
        }
    }
}
