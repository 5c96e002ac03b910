import Bytes
import Foundation
import InventoryTestSupport
import Testing

@testable import Durability

/// A directory written once and kept: every later version must read it, and this one must write it.
///
/// It has a snapshot at step 67, and a log with later steps in one raw block and one compressed block,
/// then a seal.
@Suite struct GoldenFilesTests {
    private static let snapshotLSN = LSN(67)
    private static let last: UInt64 = 67 + 5 + 400

    static func write(to storage: MemoryStorage) throws {
        var database = try TestDatabase(storage)
        try database.append(67)
        try database.snapshot()
        try database.append(5)
        try database.append(400, padding: 8, compresses: true)
        try database.seal()
        try database.directory.protection.protectAll()
    }

    private func golden() throws -> MemoryStorage {
        let storage = MemoryStorage()
        let path = try #require(Bundle.module.path(forResource: "Golden", ofType: nil))
        for name in try FileManager.default.contentsOfDirectory(atPath: path) {
            let bytes = try #require(FileManager.default.contents(atPath: path + "/" + name))
            storage.setBytes(name, [UInt8](bytes))
        }
        return storage
    }

    @Test func `the files of version 1 are read`() throws {
        let database = try TestDatabase(try self.golden())
        #expect(database.machine.isRight)
        #expect(database.machine.lsn == Self.last)
        #expect(database.directory.database == TestDatabase.id)
        #expect(database.report.snapshotLSN == Self.snapshotLSN)
        #expect(database.report.blocksRead == 3)
        #expect(database.report.torn == nil)
    }

    @Test func `the parity of version 1 restores a page`() throws {
        let storage = try self.golden()
        let name = SnapshotManifest.blockFileName(Self.snapshotLSN)
        let bytes = storage.bytes(name)
        storage.flip(name, bit: 70 * 8)
        let database = try TestDatabase(storage)
        #expect(database.machine.isRight)
        #expect(database.report.healed.map { $0.path } == [storage.path(name)])
        #expect(storage.bytes(name) == bytes)
    }

    @Test func `the log of version 1 is read without its snapshot`() throws {
        let storage = try self.golden()
        try storage.remove(SnapshotManifest.name(Self.snapshotLSN))
        let database = try TestDatabase(storage)
        #expect(database.machine.isRight)
        #expect(database.machine.lsn == Self.last)
        #expect(database.report.snapshotLSN == nil)
    }

    @Test func `the same steps result in the same bytes`() throws {
        let golden = try self.golden()
        let storage = MemoryStorage()
        try Self.write(to: storage)
        #expect(try storage.list().sorted() == golden.list().sorted())
        for name in try golden.list() {
            // From the compressed block on, another version of LZ4 may compress differently.
            let isLog = LogFileHead.firstLSN(ofName: name) != nil
            let count = isLog ? 3 * StorageAlignment.byteCount : golden.bytes(name).count
            #expect(
                storage.bytes(name).prefix(count).elementsEqual(golden.bytes(name).prefix(count)),
                "\(name)"
            )
        }
    }

    @Test func `the golden log has a block of each kind and encoding`() throws {
        let bytes = try self.golden().bytes(LogFileHead.name(.first))
        var blocks: [String] = []
        var offset = LogFileHead.byteCount
        while let block = bytes[offset...].withUnsafeBytes({
            try? LogBlock(head: $0, database: TestDatabase.id)
        }) {
            blocks.append("\(block.kind) \(block.encoding) \(block.firstLSN.value)")
            offset += block.byteCount
        }
        #expect(
            blocks == ["changes raw 1", "changes raw 68", "changes lz4 73", "seal raw 473"]
        )
    }
}
