import Bytes
import Foundation
import InventoryTestSupport
import Testing

@testable import Durability

/// The disk fails, or is full, at each operation of a long run.
@Suite struct FailedCallsTests {
    /// Operations of a run; `make long-failed-calls` repeats it any number of times.
    private static let operations = 2_000

    private static let small = LogConfiguration(
        fileByteCount: 6 * StorageAlignment.byteCount,
        retentionByteCount: 0,
        retentionSeconds: 0
    )

    /// A failed call, by its kind and number within the operation.
    struct Fault: Sendable, CustomTestStringConvertible {
        var call: MemoryStorage.Call
        var number: Int
        var errno: Int32
        var testDescription: String { "\(self.call) \(self.number), errno \(self.errno)" }
    }

    @Test(arguments: [
        Fault(call: .write, number: 1, errno: 5), Fault(call: .sync, number: 1, errno: 5),
        Fault(call: .write, number: 2, errno: 5), Fault(call: .sync, number: 2, errno: 5),
        Fault(call: .write, number: 1, errno: 28), Fault(call: .sync, number: 1, errno: 28),
    ])
    func `after a failed call nothing is acknowledged, at each operation of a run`(
        fault: Fault
    ) throws {
        for seed in Campaign.seeds(suite: 17...17) { try self.run(fault, seed) }
    }

    private func run(_ fault: Fault, _ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var disk = MemoryStorage()
        var database = try TestDatabase(disk, Self.small)
        var failed = 0
        for operation in 0..<Self.operations {
            let acknowledged = database.machine.lsn
            let count = Int.random(in: 1...4, using: &random)
            if operation % 10 == 9 { try database.snapshot() }
            disk.fail(fault.call, number: fault.number, errno: fault.errno)
            do throws(DurabilityError) {
                try database.append(count, padding: 300)
                // The operation had fewer calls of this kind.
                disk.clearFailures()
                continue
            } catch {
                if case .full = error {
                    // No space for another file: nothing was written, and the same block may be tried again.
                    disk.clearFailures()
                    try database.append(count, padding: 300)
                    continue
                }
                guard case .failed = error else {
                    Issue.record("seed \(seed), operation \(operation): \(error)")
                    return
                }
            }
            failed += 1
            // The disk works again, but its content is unknown.
            let later = #expect(throws: DurabilityError.self) { try database.append(1) }
            guard case .poisoned = later else {
                Issue.record("seed \(seed), operation \(operation): written after a failure")
                return
            }
            disk = disk.restarted(keeping: .random(seed: random.next()))
            database = try TestDatabase(disk, Self.small)
            let allowed = acknowledged...(acknowledged + UInt64(count))
            if !allowed.contains(database.machine.lsn) || !database.machine.isRight {
                let lsn = database.machine.lsn
                Issue.record("seed \(seed), operation \(operation): at \(lsn), not \(allowed)")
                return
            }
        }
        // A second call of its kind exists only if the log rolls to another file.
        #expect(failed >= Self.operations * (fault.number == 1 ? 90 : 8) / 100, "\(failed)")
    }

    @Test(arguments: Campaign.seeds(suite: 23...23))
    func `a full disk allows reads, and writes once there is space`(
        seed: UInt64
    ) throws {
        var random = SplitMix64(seed: seed)
        let disk = MemoryStorage()
        // Its history is retained, to be read while the disk is full.
        let configuration = LogConfiguration(fileByteCount: 6 * StorageAlignment.byteCount)
        var database = try TestDatabase(disk, configuration)
        var refusals = 0
        for operation in 0..<Self.operations {
            disk.setCapacity(disk.usedByteCount + Int.random(in: 0...20_000, using: &random))
            let before = database.machine.lsn
            do throws(DurabilityError) {
                try database.append(2, padding: 200)
            } catch {
                guard case .full = error else {
                    Issue.record("operation \(operation): \(error)")
                    return
                }
                refusals += 1
                #expect(database.machine.lsn == before)
                // Durable steps can be read.
                if before > 0 {
                    var cursor = LogCursor(database.log, after: LSN(before - 1))
                    #expect(try cursor.read(through: LSN(before)) != nil)
                }
                disk.setCapacity(.max)
                try database.append(2, padding: 200)
            }
        }
        #expect(refusals > Self.operations * 8 / 100)
        disk.setCapacity(.max)
        let again = try TestDatabase(disk.restarted(), configuration)
        #expect(again.machine.lsn == UInt64(2 * Self.operations) && again.machine.isRight)
    }
}
