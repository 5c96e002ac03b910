import InventoryTestSupport
import Testing

@testable import Durability

/// A failed sync may have lost unsynced writes.
///
/// The page cache still shows them as if they were on disk: reading the cache would acknowledge lost
/// writes.
@Suite struct FailedSyncTests {
    private static let configuration = LogConfiguration(
        fileByteCount: 6 * StorageAlignment.byteCount
    )

    /// Checks that a power cut cannot undo the state after a restart.
    @Test(arguments: [false, true])
    func `writes lost by a failed sync are not read from the cache`(isSealed: Bool) throws {
        let disk = MemoryStorage()
        var database = try TestDatabase(disk, Self.configuration)
        try database.append(3)
        if isSealed { try database.seal() }
        disk.fail(.sync, errno: 5)
        #expect(throws: DurabilityError.self) { try database.append(2) }
        // The process stops, the machine does not.
        var process = disk.restarted(keeping: .pageCache)
        var next = try TestDatabase(process, Self.configuration)
        #expect(next.machine.lsn == 3)
        #expect(try TestDatabase(process.restarted(), Self.configuration).machine.lsn == 3)
        // The log continues in the next file; the cache still has the lost block in this one.
        try next.append(4, padding: 4_000)
        process = process.restarted(keeping: .pageCache)
        let again = try TestDatabase(process, Self.configuration)
        #expect(again.machine.lsn == 7 && again.machine.isRight)
        #expect(try TestDatabase(process.restarted(), Self.configuration).machine.lsn == 7)
    }

    @Test func `steps read from the page cache survive a power cut`() throws {
        let disk = MemoryStorage()
        var database = try TestDatabase(disk, Self.configuration)
        try database.append(3)
        disk.crash(at: disk.callCount + 2)
        // Written, and killed before the sync.
        #expect(throws: DurabilityError.self) { try database.append(2) }
        let process = disk.restarted(keeping: .pageCache)
        #expect(try TestDatabase(process, Self.configuration).machine.lsn == 5)
        // Once read as part of the state, it must survive.
        #expect(try TestDatabase(process.restarted(), Self.configuration).machine.lsn == 5)
    }
}
