import Durability
import InventoryTestSupport

@testable import Durability

/// A disk in memory that remembers each file of the log that was given back.
///
/// The server forgets old steps; what checks it must not.
final class ArchivingStorage: Storage, @unchecked Sendable {
    let disk: MemoryStorage
    private(set) var archive: [String: [UInt8]]

    init(_ disk: MemoryStorage, archive: [String: [UInt8]] = [:]) {
        self.disk = disk
        self.archive = archive
    }

    /// The disk as the next process finds it.
    func restarted(keeping survivors: MemoryStorage.Survivors) -> ArchivingStorage {
        ArchivingStorage(self.disk.restarted(keeping: survivors), archive: self.archive)
    }

    /// Every file of the log there ever was, and what else there is.
    func wholeHistory() throws(DurabilityError) -> MemoryStorage {
        let all = MemoryStorage()
        for (name, bytes) in self.archive { all.setBytes(name, bytes) }
        for name in try self.disk.list() where LogFileHead.firstLSN(ofName: name) != nil {
            all.setBytes(name, self.disk.bytes(name))
        }
        return all
    }

    private func keep(_ name: String) {
        guard LogFileHead.firstLSN(ofName: name) != nil else { return }
        self.archive[name] = self.disk.bytes(name)
    }

    func list() throws(DurabilityError) -> [String] { try self.disk.list() }

    func open(
        _ name: String,
        create: Bool,
        direct: Bool
    ) throws(DurabilityError) -> any StorageFile {
        try self.disk.open(name, create: create, direct: direct)
    }

    func rename(_ name: String, to newName: String) throws(DurabilityError) {
        self.keep(name)
        try self.disk.rename(name, to: newName)
    }

    func remove(_ name: String) throws(DurabilityError) {
        self.keep(name)
        try self.disk.remove(name)
    }

    func syncDirectory() throws(DurabilityError) { try self.disk.syncDirectory() }
    func freeByteCount() throws(DurabilityError) -> UInt64 { try self.disk.freeByteCount() }
    func path(_ name: String) -> String { self.disk.path(name) }
}
