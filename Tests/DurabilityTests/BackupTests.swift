import Bytes
import InventoryTestSupport
import Testing

@testable import Durability

/// A backup is the whole, or is refused: cut at any byte, with any bit flipped, with blocks of another.
@Suite struct BackupTests {
    /// A database with two snapshots, and steps before, between and after them.
    private static func database(_ storage: MemoryStorage) throws -> TestDatabase {
        var database = try TestDatabase(storage)
        try database.append(40)
        try database.snapshot()
        for _ in 0..<3 { try database.append(5) }
        try database.snapshot()
        for _ in 0..<3 { try database.append(7) }
        return database
    }

    private func backup() throws -> [UInt8] {
        let source = try TestBackup.begin(try Self.database(MemoryStorage()))
        return try TestBackup.bytes(of: source)
    }

    @Test func `a backup has the image of the oldest snapshot and every step after it`() throws {
        let database = try Self.database(MemoryStorage())
        let source = try TestBackup.begin(database)
        #expect(source.head.image == 40 && source.head.last == 76)
        let bytes = try TestBackup.bytes(of: source)
        #expect(UInt64(bytes.count) == source.byteCount)
        let target = MemoryStorage()
        #expect(try TestBackup.restore(bytes, into: target).isRight)
        let restored = try TestDatabase(target.restarted())
        #expect(restored.machine.isRight && restored.machine.lsn == 76)
        #expect(restored.directory.database == TestBackup.newID)
        #expect(restored.report.notices == [] && restored.report.torn == nil)
    }

    @Test func `a restored database continues, and can be backed up again`() throws {
        let target = MemoryStorage()
        try TestBackup.restore(try self.backup(), into: target)
        var database = try TestDatabase(target)
        try database.append(3)
        try database.snapshot()
        try database.append(2)
        let again = MemoryStorage()
        let bytes = try TestBackup.bytes(of: try TestBackup.begin(database))
        #expect(try TestBackup.restore(bytes, into: again).lsn == 81)
        #expect(try TestDatabase(again).machine.isRight)
    }

    @Test func `a database without a snapshot is backed up from its first step on`() throws {
        var database = try TestDatabase(MemoryStorage())
        try database.append(9)
        let source = try TestBackup.begin(database)
        #expect(source.head.image == 0 && source.head.earliest == 1)
        let target = MemoryStorage()
        #expect(try TestBackup.restore(TestBackup.bytes(of: source), into: target).lsn == 9)
        #expect(try TestDatabase(target).machine.isRight)
    }

    @Test func `a backup right after a snapshot has no entries`() throws {
        var database = try TestDatabase(MemoryStorage())
        try database.append(9)
        try database.snapshot()
        let target = MemoryStorage()
        let bytes = try TestBackup.bytes(of: try TestBackup.begin(database))
        #expect(try TestBackup.restore(bytes, into: target).lsn == 9)
        #expect(try TestDatabase(target.restarted()).machine.lsn == 9)
    }

    @Test func `steps after its last one are not in a backup, even of the same block`() throws {
        var database = try Self.database(MemoryStorage())
        let source = try TestBackup.begin(database)
        try database.append(6)
        let target = MemoryStorage()
        #expect(try TestBackup.restore(TestBackup.bytes(of: source), into: target).lsn == 76)
        // A block of the log that continues beyond the last step.
        let log = database.log
        let cut = try database.directory.snapshots.beginBackup(
            through: 79,
            end: (TestMachine(at: 79).checksum, 0),
            time: 0,
            firstRetained: log.firstRetainedLSN,
            log: { LogCursor(log, after: $0) },
            cut: { (body, last) in
                stride(from: 0, to: body.count, by: 16).first {
                    body.loadUnaligned(fromByteOffset: $0, as: UInt64.self) > last.value
                } ?? body.count
            }
        )
        let other = MemoryStorage()
        #expect(try TestBackup.restore(TestBackup.bytes(of: cut), into: other).lsn == 79)
    }

    // MARK: - Retention

    @Test func `what a backup needs is retained until it ends, and removed afterwards`() throws {
        let storage = MemoryStorage()
        var database = try Self.database(storage)
        var source: BackupSource? = try TestBackup.begin(database)
        for _ in 0..<6 {
            try database.append(200)
            try database.snapshot()
        }
        #expect(database.directory.snapshots.oldestLSN == 40)
        #expect(database.log.firstRetainedLSN <= 41)
        let bytes = try TestBackup.bytes(of: try #require(source))
        source = nil
        #expect(database.directory.snapshots.hold.lsn == nil)
        try database.append(1)
        try database.snapshot()
        #expect(database.log.firstRetainedLSN > 41)
        #expect(try !storage.list().contains(SnapshotManifest.name(40)))
        #expect(try TestBackup.restore(bytes, into: MemoryStorage()).lsn == 76)
        // The backup held a third manifest, which a start in between does not need.
        #expect(try TestDatabase(storage.restarted()).machine.isRight)
    }

    @Test func `a start after a kill during a backup needs nothing of what was held`() throws {
        let storage = MemoryStorage()
        var database = try Self.database(storage)
        let source = try TestBackup.begin(database)
        for _ in 0..<3 {
            try database.append(100)
            try database.snapshot()
        }
        let restarted = try TestDatabase(storage.restarted())
        #expect(restarted.machine.isRight && restarted.machine.lsn == database.machine.lsn)
        withExtendedLifetime(source) {}
    }

    @Test func `a damaged older snapshot is passed over for the newest`() throws {
        let storage = MemoryStorage()
        let database = try Self.database(storage)
        let name = SnapshotManifest.name(40)
        let file = try storage.open(name, create: false, direct: false)
        try file.write([0xFF], at: 20)
        let source = try TestBackup.begin(database)
        #expect(source.head.image == 55)
        #expect(try TestBackup.restore(TestBackup.bytes(of: source), into: MemoryStorage()).isRight)
    }

    @Test func `a damaged segment ends a backup with the name of its file`() throws {
        let storage = MemoryStorage()
        let database = try Self.database(storage)
        let name = SnapshotManifest.blockFileName(40)
        let file = try storage.open(name, create: false, direct: false)
        try file.write([0xFF], at: UInt64(BlockFileHead.byteCount + 3))
        let source = try TestBackup.begin(database)
        let error = try #require(throws: DurabilityError.self) {
            _ = try TestBackup.bytes(of: source)
        }
        #expect("\(error)".contains(name))
    }

    // MARK: - Damage

    @Test func `a backup cut off at any byte is refused and leaves no database`() throws {
        let bytes = try self.backup()
        for count in 0..<bytes.count {
            let target = MemoryStorage()
            let error = #expect(throws: DurabilityError.self) {
                try TestBackup.restore(Array(bytes[..<count]), into: target)
            }
            #expect(error?.isDataRefused == true, "\(count) bytes: \(error.debugDescription)")
            #expect(try !target.list().contains(DataDirectory.identityName))
        }
    }

    @Test func `a backup with any bit flipped is refused and leaves no database`() throws {
        let bytes = try self.backup()
        for offset in bytes.indices {
            var damaged = bytes
            damaged[offset] ^= 1 << UInt8(offset % 8)
            let target = MemoryStorage()
            let error = #expect(throws: DurabilityError.self) {
                try TestBackup.restore(damaged, into: target)
            }
            #expect(error?.isDataRefused == true, "byte \(offset): \(error.debugDescription)")
            #expect(try !target.list().contains(DataDirectory.identityName))
        }
    }

    @Test func `a missing, repeated, exchanged or foreign block is refused by its byte`() throws {
        let blocks = try TestBackup.blocks(of: try Self.database(MemoryStorage()))
        var other = try Self.database(MemoryStorage())
        try other.append(1)
        let foreign = try TestBackup.blocks(of: other)
        var cases: [[[UInt8]]] = [blocks + [[0]], blocks + [blocks[blocks.count - 1]]]
        for index in 1..<blocks.count {
            var changed = blocks
            changed.remove(at: index)
            cases.append(changed)
            changed.insert(blocks[index], at: index)
            changed.insert(blocks[index], at: index)
            cases.append(changed)
            if index + 1 < blocks.count {
                changed = blocks
                changed.swapAt(index, index + 1)
                cases.append(changed)
            }
        }
        var mixed = blocks
        mixed[blocks.count - 2] = foreign[foreign.count - 2]
        cases.append(mixed)
        for (number, blocks) in cases.enumerated() {
            let error = #expect(throws: DurabilityError.self) {
                try TestBackup.restore(Array(blocks.joined()), into: MemoryStorage())
            }
            #expect(error?.isDataRefused == true, "case \(number): \(error.debugDescription)")
        }
    }

    @Test func `another file, or a newer version, is refused by name`() throws {
        var bytes = try self.backup()
        #expect(throws: DurabilityError.notABackup(path: "backup")) {
            _ = try TestBackup.reader(
                Array("no backup, but long enough to be a head of one, 64".utf8)
            )
        }
        #expect(throws: DurabilityError.notABackup(path: "backup")) {
            _ = try TestBackup.reader([])
        }
        bytes[8] = 2
        let checksum = bytes.withUnsafeBytes {
            CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[0..<60]))
        }
        for index in 0..<4 {
            bytes[60 + index] = UInt8(truncatingIfNeeded: checksum >> (8 * index))
        }
        let newer = DurabilityError.unsupportedVersion(path: "backup", found: 2, newestKnown: 1)
        #expect(throws: newer) { _ = try TestBackup.reader(bytes) }
    }

    // MARK: - Faults of the disk

    @Test func `a power cut at any call of a restore leaves nothing, or everything`() throws {
        let bytes = try self.backup()
        let whole = MemoryStorage()
        try TestBackup.restore(bytes, into: whole)
        for call in 1...whole.callCount {
            let storage = MemoryStorage()
            storage.crash(at: call, tornAt: 100)
            #expect(throws: DurabilityError.self) { try TestBackup.restore(bytes, into: storage) }
            for survivors in [
                MemoryStorage.Survivors.nothing, .everything, .pageCache,
                .random(seed: UInt64(call)),
            ] {
                self.check(
                    storage.restarted(keeping: survivors),
                    bytes,
                    "call \(call), \(survivors)"
                )
            }
        }
    }

    /// Checks what a start makes of an interrupted restore, and that another restore succeeds.
    private func check(_ storage: MemoryStorage, _ bytes: [UInt8], _ what: String) {
        let copy = storage.copy()
        do throws(DurabilityError) {
            let database = try TestDatabase(copy)
            // A start in an empty directory makes an empty database, with an id of its own.
            let isNew = database.machine.lsn == 0 && database.directory.database == TestDatabase.id
            let isWhole = database.machine.isRight && database.machine.lsn == 76
            #expect(isNew || isWhole && database.directory.database == TestBackup.newID, "\(what)")
        } catch {
            guard case .nameless = error else {
                Issue.record("\(what): \(error)")
                return
            }
        }
        do throws(DurabilityError) {
            #expect(try TestBackup.restore(bytes, into: storage).lsn == 76, "\(what)")
        } catch {
            Issue.record("\(what): \(error)")
        }
    }

    @Test func `a full disk at any byte of a restore is reported`() throws {
        let bytes = try self.backup()
        let whole = MemoryStorage()
        try TestBackup.restore(bytes, into: whole)
        for capacity in stride(from: 0, to: whole.usedByteCount, by: 1_777) {
            let storage = MemoryStorage()
            storage.setCapacity(capacity)
            #expect(throws: DurabilityError.self) { try TestBackup.restore(bytes, into: storage) }
            #expect(try !storage.list().contains(DataDirectory.identityName))
        }
    }
}
