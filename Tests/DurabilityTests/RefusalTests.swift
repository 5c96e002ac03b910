import Bytes
import InventoryTestSupport
import Testing

@testable import Durability

/// Refusals, with messages that a person can act on.
@Suite struct RefusalTests {
    private static let page = StorageAlignment.byteCount

    private func refusal(_ storage: MemoryStorage) throws -> DurabilityError {
        let before = try storage.list().sorted().map { ($0, storage.bytes($0)) }
        let error = try #require(
            #expect(throws: DurabilityError.self) { try TestDatabase(storage) }
        )
        #expect(error.isDataRefused)
        let after = try storage.list().sorted().map { ($0, storage.bytes($0)) }
        #expect(before.map(\.0) == after.map(\.0))
        #expect(zip(before, after).allSatisfy { $0.1 == $1.1 }, "a refused start changed a file")
        return error
    }

    /// A log of three files, six steps in each of the first two.
    private func threeFiles() throws -> MemoryStorage {
        let storage = MemoryStorage()
        var database = try TestDatabase(storage)
        while database.log.files().count < 3 { try database.append(1) }
        try database.seal()
        return storage
    }

    private func names(_ storage: MemoryStorage) throws -> [String] {
        try storage.list().filter { $0.hasPrefix("log-") }.sorted()
    }

    /// Writes a changed head of a file, with a matching checksum.
    private func reseal(_ bytes: inout [UInt8], upTo count: Int) {
        let checksum = bytes[0..<count].withUnsafeBytes { CRC32C.checksum($0) }
        withUnsafeBytes(of: checksum.littleEndian) {
            bytes.replaceSubrange(count..<(count + 4), with: $0)
        }
    }

    @Test func `a file missing in the middle is reported with its steps`() throws {
        let storage = try self.threeFiles()
        let names = try self.names(storage)
        try storage.remove(names[1])
        let missing = try #require(LogFileHead.firstLSN(ofName: names[1]))
        let found = try #require(LogFileHead.firstLSN(ofName: names[2]))
        let path = storage.path(names[2])
        #expect(
            try self.refusal(storage) == .missingLog(expected: missing, found: found, path: path)
        )
    }

    @Test func `a missing first file is refused`() throws {
        let storage = try self.threeFiles()
        let names = try self.names(storage)
        try storage.remove(names[0])
        let found = try #require(LogFileHead.firstLSN(ofName: names[1]))
        #expect(
            try self.refusal(storage)
                == .missingLog(expected: .first, found: found, path: storage.path(names[1]))
        )
    }

    @Test func `a database without its log is not treated as new`() throws {
        let storage = try self.threeFiles()
        for name in try self.names(storage) { try storage.remove(name) }
        guard case .missingLog(.first, _, _) = try self.refusal(storage) else {
            Issue.record("not refused as a missing log")
            return
        }
    }

    @Test func `a snapshot without its log is refused`() throws {
        let storage = MemoryStorage()
        var database = try TestDatabase(storage)
        try database.append(3)
        try database.snapshot()
        for name in try self.names(storage) { try storage.remove(name) }
        guard case .missingLog(LSN(4), _, _) = try self.refusal(storage) else {
            Issue.record("not refused as a missing log")
            return
        }
    }

    @Test func `a log that ends before the snapshot is refused`() throws {
        let storage = MemoryStorage()
        var database = try TestDatabase(storage)
        try database.append(3)
        let earlier = storage.bytes(LogFileHead.name(.first))
        try database.append(3)
        try database.snapshot()
        storage.setBytes(LogFileHead.name(.first), earlier)
        let path = storage.path(SnapshotManifest.name(LSN(6)))
        #expect(
            try self.refusal(storage) == .missingLog(expected: LSN(4), found: LSN(6), path: path)
        )
    }

    @Test func `a truncated file is refused, wherever it was cut`() throws {
        let storage = MemoryStorage()
        var database = try TestDatabase(storage)
        for _ in 0..<3 { try database.append(2) }
        let name = LogFileHead.name(.first)
        let bytes = storage.bytes(name)
        for count in [0, 1, 67, 68, 4_095, 4_096, 8_192, 8_193, 12_288, 16_384, 32_767] {
            storage.setBytes(name, Array(bytes.prefix(count)))
            #expect("\(try self.refusal(storage))".contains(name), "cut to \(count)")
        }
    }

    @Test func `files of another database are refused with their names`() throws {
        let other = MemoryStorage()
        var database = try TestDatabase(other, id: TestDatabase.otherID)
        try database.append(1)
        try database.snapshot()

        for name in try other.list() where name != DataDirectory.identityName {
            let storage = MemoryStorage()
            var own = try TestDatabase(storage)
            try own.append(1)
            try own.snapshot()
            storage.setBytes(name, other.bytes(name))
            #expect(try self.refusal(storage) == .foreignFile(path: storage.path(name)))
        }
    }

    @Test func `a newer version of any file is refused with its name`() throws {
        let storage = MemoryStorage()
        var database = try TestDatabase(storage)
        try database.append(1)
        try database.snapshot()
        let checked = [
            (DataDirectory.identityName, 40), (LogFileHead.name(.first), 64),
            (SnapshotManifest.name(.first), storage.bytes(SnapshotManifest.name(.first)).count - 4),
            (SnapshotManifest.blockFileName(.first), 60),
        ]
        for (name, count) in checked {
            let disk = storage.copy()
            var bytes = disk.bytes(name)
            bytes[8] = 2
            self.reseal(&bytes, upTo: count)
            disk.setBytes(name, bytes)
            #expect(
                try self.refusal(disk)
                    == .unsupportedVersion(path: disk.path(name), found: 2, newestKnown: 1)
            )
        }
    }

    @Test func `a mark of a newer version is refused with its file's name`() throws {
        let storage = MemoryStorage()
        _ = try TestDatabase(storage)
        let name = DataDirectory.identityName
        for copy in 0..<LogMark.copies {
            let disk = storage.copy()
            var bytes = disk.bytes(name)
            let start = LogMark.offset(ofCopy: copy)
            var page = Array(bytes[start..<(start + Self.page)])
            page[8] = 2
            self.reseal(&page, upTo: LogMark.checkedByteCount)
            bytes.replaceSubrange(start..<(start + Self.page), with: page)
            disk.setBytes(name, bytes)
            #expect(
                try self.refusal(disk)
                    == .unsupportedVersion(path: disk.path(name), found: 2, newestKnown: 1)
            )
        }
    }

    @Test func `parity of a newer version, or of another database, is ignored`() throws {
        let storage = MemoryStorage()
        var database = try TestDatabase(storage)
        try database.append(1)
        try database.snapshot()
        try database.directory.protection.protectAll()
        let name = SnapshotManifest.name(.first)
        let parityName = try #require(Protection.parityName(for: name))
        #expect(try database.directory.protection.parity(of: name) != nil)
        for offset in [8, 16] {
            let disk = storage.copy()
            var bytes = disk.bytes(parityName)
            bytes[offset] += 1
            self.reseal(&bytes, upTo: 60)
            disk.setBytes(parityName, bytes)
            let again = try TestDatabase(disk)
            #expect(again.machine.lsn == 1 && again.report.healed.isEmpty)
            #expect(try again.directory.protection.parity(of: name) == nil)
        }
    }

    @Test func `a block of a newer version is refused, also after a damaged one`() throws {
        let storage = MemoryStorage()
        var database = try TestDatabase(storage)
        for _ in 0..<3 { try database.append(1) }
        let name = LogFileHead.name(.first)
        var bytes = storage.bytes(name)
        var head = Array(bytes[(3 * Self.page)..<(4 * Self.page)])
        head[4] = 2
        self.reseal(&head, upTo: 92)
        bytes.replaceSubrange((3 * Self.page)..<(4 * Self.page), with: head)
        storage.setBytes(name, bytes)
        #expect(
            try self.refusal(storage)
                == .unsupportedVersion(path: storage.path(name), found: 2, newestKnown: 1)
        )
        // A damaged block before it is not a torn tail.
        storage.flip(name, bit: 2 * Self.page * 8 + 200)
        guard case .corruptBlock(_, UInt64(2 * Self.page), LSN(2), _) = try self.refusal(storage)
        else {
            Issue.record("not refused at the damaged block")
            return
        }
    }

    @Test func `data without an identity file is refused`() throws {
        let storage = try self.threeFiles()
        try storage.remove(DataDirectory.identityName)
        #expect(try self.refusal(storage) == .nameless(path: storage.path("")))
    }

    @Test func `a damaged block is reported with file, byte and step`() throws {
        let storage = try self.threeFiles()
        let names = try self.names(storage)
        // The third block of the first file, in its body.
        storage.flip(names[0], bit: (3 * Self.page + 100) * 8)
        guard case .corruptBlock(let path, let offset, let lsn, _) = try self.refusal(storage)
        else {
            Issue.record("not refused as a damaged block")
            return
        }
        #expect(path == storage.path(names[0]))
        #expect(offset == UInt64(3 * Self.page))
        #expect(lsn == LSN(3))
    }

    @Test func `the last block of a full file is never a torn tail`() throws {
        let storage = try self.threeFiles()
        let names = try self.names(storage)
        storage.flip(names[1], bit: (7 * Self.page + 100) * 8)
        guard case .corruptBlock(let path, _, _, _) = try self.refusal(storage) else {
            Issue.record("not refused as a damaged block")
            return
        }
        #expect(path == storage.path(names[1]))
    }
}
