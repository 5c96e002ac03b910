import Bytes
import InventoryTestSupport
import Testing

@testable import Durability

/// The checksums of the log written in a life, by its seed: moving code must not change the blocks.
///
/// A change of the written bytes, or of the clients' behaviour in a simulated life, changes the checksums:
/// they are updated in the commit that explains it. The checksums are taken before compression, since
/// another version of liblz4 may compress differently.
@Suite struct WrittenBytesTests {
    @Test(arguments: [(1, 0x71BE_0975), (2, 0xE2A4_3C7B), (3, 0xD32A_6804)] as [(UInt64, UInt32)])
    func `a seed's life writes the same log blocks as before`(
        seed: UInt64,
        checksum: UInt32
    ) throws {
        let simulator = Simulator(seed: seed)
        simulator.run(steps: 2_000)
        let all = try simulator.storage.wholeHistory()
        let recovery = LogRecovery(storage: all, database: DatabaseID(1, 2), after: .zero)
        var report = RecoveryReport()
        var sums = ByteWriter()
        _ = try recovery.run(try all.list().sorted(), report: &report) { (first, count, body) in
            sums.write(first.value)
            sums.write(UInt32(count))
            sums.write(CRC32C.checksum(body))
        }
        let found = sums.withBytes { CRC32C.checksum($0) }
        #expect(sums.count > 100)
        #expect(found == checksum, "seed \(seed): 0x\(String(found, radix: 16))")
    }
}
