import InventoryTestSupport
import Testing

@testable import Durability

/// A sync that failed may have lost what it was to keep.
///
/// The page cache goes on showing it as if it were on the disk: whoever believes the cache
/// acknowledges what is not there.
@Suite struct FailedSyncTests {
    private static let configuration = LogConfiguration(
        fileByteCount: 6 * StorageAlignment.byteCount
    )

    /// The state after a restart is one that a power cut cannot take back.
    @Test(arguments: [false, true])
    func `what a failed sync lost is not taken up from the page cache`(isSealed: Bool) throws {
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
        // It goes on in the next file, and the cache still has the lost block in this one.
        try next.append(4, padding: 4_000)
        process = process.restarted(keeping: .pageCache)
        let again = try TestDatabase(process, Self.configuration)
        #expect(again.machine.lsn == 7 && again.machine.isRight)
        #expect(try TestDatabase(process.restarted(), Self.configuration).machine.lsn == 7)
    }

    @Test func `a killed process left in the page cache what a power cut may still take`() throws {
        let disk = MemoryStorage()
        var database = try TestDatabase(disk, Self.configuration)
        try database.append(3)
        disk.crash(at: disk.callCount + 2)
        // Written, and killed before the sync.
        #expect(throws: DurabilityError.self) { try database.append(2) }
        let process = disk.restarted(keeping: .pageCache)
        #expect(try TestDatabase(process, Self.configuration).machine.lsn == 5)
        // Once it has been read as the state, it stays.
        #expect(try TestDatabase(process.restarted(), Self.configuration).machine.lsn == 5)
    }
}
