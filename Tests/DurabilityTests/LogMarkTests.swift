import Bytes
import InventoryTestSupport
import Testing

@testable import Durability

/// A lost end of the log is detected, although the rest looks complete.
@Suite struct LogMarkTests {
    private static let page = StorageAlignment.byteCount

    /// A log of several files.
    private func files(_ count: Int = 4, on storage: MemoryStorage) throws -> TestDatabase {
        let configuration = LogConfiguration(fileByteCount: 8 * Self.page)
        var database = try TestDatabase(storage, configuration)
        while database.log.files().count < count { try database.append(1) }
        try database.append(2)
        try database.seal()
        return database
    }

    private func logs(_ storage: MemoryStorage) throws -> [String] {
        try storage.list().filter { LogFileHead.firstLSN(ofName: $0) != nil }.sorted()
    }

    @Test func `missing newest log files are detected`() throws {
        let storage = MemoryStorage()
        _ = try self.files(on: storage)
        let newest = try #require(try self.logs(storage).last)
        let first = try #require(LogFileHead.firstLSN(ofName: newest))
        let path = storage.path(newest)
        for name in try self.logs(storage).dropFirst().reversed() {
            try storage.remove(name)
            let before = storage.bytes(DataDirectory.identityName)
            #expect(throws: DurabilityError.missingNewestLog(path: path, firstLSN: first)) {
                try TestDatabase(storage)
            }
            #expect(storage.bytes(DataDirectory.identityName) == before)
        }
    }

    @Test func `an older copy of the newest file is detected`() throws {
        let storage = MemoryStorage()
        var database = try self.files(on: storage)
        let newest = try #require(try self.logs(storage).last)
        let older = storage.bytes(newest)
        let last = database.machine.lsn
        try database.append(3)
        try database.log.close(acknowledged: LSN(last + 3), time: 9)
        let stopped = storage.copy()
        stopped.setBytes(newest, older)
        let path = storage.path(newest)
        let short = DurabilityError.shortLog(
            path: path,
            last: LSN(last),
            acknowledged: LSN(last + 3)
        )
        #expect(throws: short) { try TestDatabase(stopped) }
        // A start acknowledges the steps that it read.
        let started = MemoryStorage()
        var other = try self.files(on: started)
        let copy = started.bytes(newest)
        try other.append(3)
        _ = try TestDatabase(started)
        started.setBytes(newest, copy)
        #expect(throws: short) { try TestDatabase(started) }
    }

    @Test func `an interrupted start or roll never expects a longer log`()
        throws
    {
        let complete = MemoryStorage()
        var counted = try self.files(2, on: complete)
        let before = complete.callCount
        while counted.log.files().count < 4 { try counted.append(1) }
        let calls = complete.callCount - before
        for call in 1...calls {
            for seed in 0..<6 as Range<UInt64> {
                let storage = MemoryStorage()
                var database = try self.files(2, on: storage)
                storage.crash(at: storage.callCount + call)
                var acknowledged = database.machine.lsn
                do throws(DurabilityError) {
                    while true {
                        try database.append(1)
                        acknowledged = database.machine.lsn
                    }
                } catch {
                    #expect(storage.isCrashed)
                }
                let disk = storage.restarted(keeping: .random(seed: seed))
                let again = try TestDatabase(disk)
                #expect(again.machine.lsn >= acknowledged && again.machine.isRight)
                // And the following start.
                let next = try TestDatabase(disk.restarted(keeping: .random(seed: seed + 1)))
                #expect(next.machine.lsn >= acknowledged)
            }
        }
    }

    @Test func `a start restores a lost copy of the mark`()
        throws
    {
        let storage = MemoryStorage()
        _ = try self.files(on: storage)
        let newest = try #require(try self.logs(storage).last)
        let name = DataDirectory.identityName
        for copy in 0..<LogMark.copies {
            let disk = storage.copy()
            let bit = LogMark.offset(ofCopy: copy) * 8 + 320
            disk.flip(name, bit: bit)
            let missing = disk.copy()
            try missing.remove(newest)
            #expect(throws: DurabilityError.self) { try TestDatabase(missing) }
            _ = try TestDatabase(disk)
            let bytes = disk.bytes(name)
            #expect(bytes[Self.page..<(2 * Self.page)] == bytes[(2 * Self.page)...])
        }
        let disk = storage.copy()
        for copy in 0..<LogMark.copies {
            disk.flip(name, bit: LogMark.offset(ofCopy: copy) * 8 + 320)
        }
        #expect(throws: DurabilityError.corruptHead(path: disk.path(name))) {
            try TestDatabase(disk)
        }
        #expect(try Repair.rewriteIdentity(disk).count == 2)
        _ = try TestDatabase(disk)
    }

    @Test func `a directory of version 0.1.0 opens and gets a mark`() throws {
        let storage = MemoryStorage()
        let last = try self.files(on: storage).machine.lsn
        let name = DataDirectory.identityName
        // As in 0.1.0: 44 bytes, without a mark.
        var old = Array(storage.bytes(name).prefix(DatabaseIdentity.byteCount))
        old[10] = 0
        let checksum = old.prefix(40).withUnsafeBytes { CRC32C.checksum($0) }
        withUnsafeBytes(of: checksum.littleEndian) { old.replaceSubrange(40..<44, with: $0) }
        storage.setBytes(name, old)
        let plain = storage.copy()
        let before = plain.callCount
        #expect(try TestDatabase(plain).machine.lsn == last)
        // Wherever an upgrade is interrupted, the next start reads the directory.
        for call in 1...(plain.callCount - before) {
            let disk = storage.copy()
            disk.crash(at: call)
            #expect(throws: DurabilityError.self) { try TestDatabase(disk) }
            let after = disk.restarted(keeping: .random(seed: UInt64(call)))
            #expect(try TestDatabase(after).machine.lsn == last)
        }
        let newest = try #require(try self.logs(plain).last)
        try plain.remove(newest)
        #expect(throws: DurabilityError.self) { try TestDatabase(plain) }
    }

    @Test func `a lost end is accepted only on request, and the rest opens`() throws {
        let storage = MemoryStorage()
        _ = try self.files(on: storage)
        let newest = try #require(try self.logs(storage).last)
        let first = try #require(LogFileHead.firstLSN(ofName: newest))
        try storage.remove(newest)
        #expect(try Repair(storage).abandonSteps(from: first) == [.abandoned(lsn: first)])
        let database = try TestDatabase(storage)
        #expect(database.machine.lsn == first.value - 1 && database.machine.isRight)
    }

    @Test func `a mark that cannot be written stops the log`() throws {
        let storage = MemoryStorage()
        var database = try self.files(2, on: storage)
        var failed: DurabilityError?
        // The mark is the third file that is synced when the log rolls to another.
        for number in 1...4 {
            let disk = MemoryStorage()
            database = try self.files(2, on: disk)
            let count = database.log.files().count
            disk.fail(.sync, number: number, errno: 5)
            do throws(DurabilityError) {
                while database.log.files().count == count { try database.append(1) }
                disk.clearFailures()
            } catch {
                failed = error
                #expect(throws: DurabilityError.self) { try database.append(1) }
            }
        }
        #expect(failed != nil)
    }
}
