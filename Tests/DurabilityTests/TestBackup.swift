import Bytes
import InventoryTestSupport

@testable import Durability

/// Backups of a ``TestDatabase``, whole and step by step, and restores of them.
enum TestBackup {
    static let newID = DatabaseID(0xAAAA, 0xBBBB)

    /// Begins a backup of everything that a database has.
    static func begin(_ database: TestDatabase) throws(DurabilityError) -> BackupSource {
        let log = database.log
        return try database.directory.snapshots.beginBackup(
            through: LSN(database.machine.lsn),
            end: (database.machine.checksum, TestDatabase.time),
            time: TestDatabase.time,
            firstRetained: log.firstRetainedLSN,
            log: { LogCursor(log, after: $0) },
            cut: { (body, last) in Self.cut(body, last) }
        )
    }

    /// Steps without padding have 16 bytes, and begin with their number.
    private static func cut(_ body: UnsafeRawBufferPointer, _ last: LSN) -> Int {
        var byteCount = 0
        while byteCount < body.count,
            body.loadUnaligned(fromByteOffset: byteCount, as: UInt64.self) <= last.value
        {
            byteCount += 16
        }
        return byteCount
    }

    static func bytes(of source: BackupSource) throws(DurabilityError) -> [UInt8] {
        var bytes: [UInt8] = []
        while let block = try source.next() { bytes += block }
        return bytes
    }

    /// The byte offset of each block.
    static func blocks(of database: TestDatabase) throws(DurabilityError) -> [[UInt8]] {
        let source = try Self.begin(database)
        var blocks: [[UInt8]] = []
        while let block = try source.next() { blocks.append(block) }
        return blocks
    }

    static func reader(_ bytes: [UInt8]) throws(DurabilityError) -> BackupReader {
        var rest = bytes[...]
        return try BackupReader(path: "backup") { (buffer) throws(DurabilityError) in
            let part = rest.prefix(buffer.count)
            rest = rest.dropFirst(part.count)
            buffer.copyBytes(from: part)
            return part.count
        }
    }

    /// Restores every step, and returns the machine; compares the checksum at the end.
    @discardableResult
    static func restore(
        _ bytes: [UInt8],
        into base: MemoryStorage
    ) throws(DurabilityError) -> TestMachine {
        guard try RestoringStorage.begin(base) else { throw .nameless(path: "not of a restore") }
        let storage = RestoringStorage(base)
        var reader = try Self.reader(bytes)
        var machine = TestMachine()
        let directory = try DataDirectory.restore(
            into: storage,
            from: &reader,
            configuration: TestDatabase.small,
            newID: Self.newID,
            time: TestDatabase.time,
            load: { (loader) throws(DurabilityError) in try machine.load(&loader) }
        )
        while let entries = try reader.nextEntries() {
            try entries.body.withBytes { (body) throws(DurabilityError) in
                machine.replay(entries.first, entries.count, body)
                try directory.log.append(
                    body: body,
                    first: entries.first,
                    count: entries.count,
                    acknowledged: LSN(entries.first.value - 1),
                    time: TestDatabase.time
                )
            }
        }
        let end = try reader.end()
        guard machine.checksum == end.checksum else {
            throw reader.unreadable(LSN(machine.lsn), "another state")
        }
        try directory.log.close(acknowledged: LSN(machine.lsn), time: TestDatabase.time)
        try storage.complete()
        return machine
    }
}

extension TestMachine {
    var checksum: StateChecksum {
        var checksum = StateChecksum()
        checksum.add(self.cells.checksum(ofPart: 1) &+ self.lsn)
        return checksum
    }
}
