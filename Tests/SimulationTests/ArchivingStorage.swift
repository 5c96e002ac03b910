import Bytes
import Durability
import InventoryTestSupport

@testable import Durability

/// A disk in memory that retains each retired file of the log.
///
/// The server forgets old steps; the verification must not.
final class ArchivingStorage: Storage, @unchecked Sendable {
    let disk: MemoryStorage
    private(set) var archive: [String: [UInt8]]

    init(_ disk: MemoryStorage, archive: [String: [UInt8]] = [:]) {
        self.disk = disk
        self.archive = archive
    }

    /// Returns the disk that the next process finds.
    func restarted(keeping survivors: MemoryStorage.Survivors) -> ArchivingStorage {
        ArchivingStorage(self.disk.restarted(keeping: survivors), archive: self.archive)
    }

    /// Every log file that ever existed, and all other files.
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

    /// Returns the last step that survives a power cut now, in the worst case.
    ///
    /// It is determined from the bytes on the disk alone, independently of the server's state.
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
