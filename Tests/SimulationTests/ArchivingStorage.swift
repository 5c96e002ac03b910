import Bytes
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

    // MARK: - What is durable

    private var known: (call: Int, lsn: LSN)?

    /// The last step that a power cut now would leave, whatever else it takes.
    ///
    /// Found out from the bytes on the disk alone, whatever the server believes.
    func durableLSN() -> LSN {
        let call = self.disk.callCount
        if let known, known.call == call { return known.lsn }
        let lsn = Self.lastLSN(self.disk.restarted(keeping: .nothing))
        self.known = (call, lsn)
        return lsn
    }

    private static func lastLSN(_ disk: MemoryStorage) -> LSN {
        let names = (try? disk.list()) ?? []
        let last = names.filter { LogFileHead.firstLSN(ofName: $0) != nil }.max()
        guard let last, let first = LogFileHead.firstLSN(ofName: last) else { return 0 }
        var next = first
        disk.bytes(last).withUnsafeBytes { bytes in
            var offset = LogFileHead.byteCount
            while offset + LogBlock.headByteCount <= bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
                guard let block = try? LogBlock(head: rest, database: DatabaseID(1, 2)),
                    block.firstLSN == next,
                    LogBlock.headByteCount + block.storedByteCount <= rest.count
                else { return }
                let end = LogBlock.headByteCount + block.storedByteCount
                let stored = UnsafeRawBufferPointer(rebasing: rest[LogBlock.headByteCount..<end])
                guard block.body(stored) != nil else { return }
                next = block.nextLSN
                offset += block.byteCount
            }
        }
        return next.previous
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
