import ColumnStore
import InventoryTestSupport
import Testing

@testable import Durability

/// Files that are gone, and what a repair makes of it.
@Suite struct LostFilesTests {
    private func directory() throws -> (disk: MemoryStorage, last: UInt64) {
        let disk = MemoryStorage()
        var database = try TestDatabase(disk)
        try database.append(30)
        try database.snapshot()
        try database.append(4)
        try database.seal()
        try database.directory.protection.protectAll()
        return (disk, database.machine.lsn)
    }

    @Test func `a snapshot that lacks a file of blocks is refused by that file`() throws {
        let (disk, _) = try self.directory()
        let name = SnapshotManifest.blockFileName(LSN(30))
        try disk.remove(name)
        let error = #expect(throws: DurabilityError.self) { try TestDatabase(disk) }
        #expect(error?.isDataRefused == true)
        #expect("\(String(describing: error))".contains(name))
    }

    @Test(arguments: [nil, 0, 100, 351])
    func `a directory that lost its name gets it back from the log`(bit: Int?) throws {
        let (disk, last) = try self.directory()
        let name = DataDirectory.identityName
        let before = disk.bytes(name)
        if let bit { disk.flip(name, bit: bit) } else { try disk.remove(name) }
        #expect(throws: DurabilityError.self) { try TestDatabase(disk) }
        // Said first, on an overlay: nothing is changed.
        let said = try Repair.nameAgain(try OverlayStorage(over: disk))
        #expect(disk.bytes(name) != before)
        #expect(try Repair.nameAgain(disk) == said)
        #expect(said.last == .named(path: disk.path(name)))
        #expect(said.count == (bit == nil ? 1 : 2))
        #expect(disk.bytes(name) == before)
        let database = try TestDatabase(disk)
        #expect(database.machine.lsn == last && database.machine.isRight)
        #expect(try Repair.nameAgain(disk).isEmpty)
    }

    @Test func `no name is made up where the log's files do not agree on it`() throws {
        let (disk, _) = try self.directory()
        let other = MemoryStorage()
        var stranger = try TestDatabase(other, id: TestDatabase.otherID)
        try stranger.append(2)
        disk.setBytes(LogFileHead.name(LSN(900)), other.bytes(LogFileHead.name(.first)))
        try disk.remove(DataDirectory.identityName)
        #expect(try Repair.nameAgain(disk).isEmpty)
        let nothing = MemoryStorage()
        nothing.setBytes(DataDirectory.identityName, [1, 2, 3])
        #expect(try Repair.nameAgain(nothing).isEmpty)
    }
}
