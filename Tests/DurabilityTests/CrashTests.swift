import Bytes
import InventoryTestSupport
import Testing

@testable import Durability

/// A power cut between any two calls to the disk: the next start finds every acknowledged step, and
/// continues.
@Suite struct CrashTests {
    /// Appends, seals, snapshots, prepares and retires until the power cut.
    ///
    /// - Returns: The last acknowledged step.
    private func work(on storage: MemoryStorage, seed: UInt64, rounds: Int) -> UInt64 {
        var random = SplitMix64(seed: seed)
        var acknowledged: UInt64 = 0
        do throws(DurabilityError) {
            var database = try TestDatabase(storage)
            acknowledged = database.machine.lsn
            for _ in 0..<rounds {
                switch Int.random(in: 0..<10, using: &random) {
                case 0: try database.seal()
                case 1: try database.log.prepareNext()
                case 2, 3: try database.snapshot()
                default:
                    try database.append(
                        Int.random(in: 1...6, using: &random),
                        padding: Int.random(in: 0...1_500, using: &random)
                    )
                    acknowledged = database.machine.lsn
                }
            }
        } catch {
            return acknowledged
        }
        return acknowledged
    }

    private func check(_ storage: MemoryStorage, acknowledged: UInt64, _ what: String) {
        do throws(DurabilityError) {
            var database = try TestDatabase(storage)
            #expect(database.machine.isRight, "\(what)")
            #expect(database.machine.lsn >= acknowledged, "\(what)")
            #expect(database.machine.lsn <= acknowledged + 6, "\(what)")
            try database.append(3)
            try database.snapshot()
            try database.append(1)
            let again = try TestDatabase(storage.restarted())
            #expect(again.machine.isRight, "\(what)")
            #expect(again.machine.lsn == database.machine.lsn, "\(what)")
            #expect(again.report.torn == nil, "\(what)")
        } catch {
            Issue.record("\(what): \(error)")
        }
    }

    @Test(arguments: 0..<6 as Range<UInt64>)
    func `a power cut at any call loses no acknowledged step`(_ seed: UInt64) {
        let whole = MemoryStorage()
        _ = self.work(on: whole, seed: seed, rounds: 40)
        for call in 1...whole.callCount {
            let storage = MemoryStorage()
            storage.crash(at: call)
            let acknowledged = self.work(on: storage, seed: seed, rounds: 40)
            let fates: [MemoryStorage.Survivors] = [
                .nothing, .everything, .random(seed: seed), .random(seed: seed + 100),
            ]
            for fate in fates {
                self.check(
                    storage.restarted(keeping: fate),
                    acknowledged: acknowledged,
                    "seed \(seed), call \(call), \(fate)"
                )
            }
        }
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `repeated power cuts lose no acknowledged step`(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var storage = MemoryStorage()
        var acknowledged: UInt64 = 0
        for life in 0..<12 as Range<UInt64> {
            storage.crash(
                at: Int.random(in: 1...80, using: &random),
                tornAt: Int.random(in: 0...8_192, using: &random)
            )
            let last = self.work(on: storage, seed: random.next(), rounds: 30)
            acknowledged = max(acknowledged, last)
            storage = storage.restarted(keeping: .random(seed: random.next()))
            do throws(DurabilityError) {
                let database = try TestDatabase(storage)
                #expect(database.machine.isRight, "seed \(seed), life \(life)")
                #expect(database.machine.lsn >= acknowledged, "seed \(seed), life \(life)")
                acknowledged = database.machine.lsn
            } catch {
                Issue.record("seed \(seed), life \(life): \(error)")
                return
            }
        }
    }

    @Test(arguments: [MemoryStorage.Call.open, .write, .sync, .rename, .remove, .syncDirectory])
    func `a failed snapshot can be retried`(
        _ call: MemoryStorage.Call
    ) throws {
        for number in 1...6 {
            let storage = MemoryStorage()
            var database = try TestDatabase(storage)
            try database.append(5)
            try database.snapshot()
            try database.append(9)
            storage.fail(call, number: number, errno: number % 2 == 0 ? 5 : 28)
            _ = try? database.snapshot()
            storage.clearFailures()
            try database.append(2)
            try database.snapshot()
            try database.append(1)
            let again = try TestDatabase(storage.restarted())
            #expect(again.machine.isRight, "\(call) \(number)")
            #expect(again.machine.lsn == 17)
            #expect(again.report.snapshotLSN == LSN(16))
            let left = try storage.list().filter { $0.hasSuffix(".tmp") }
            #expect(left.isEmpty, "\(call) \(number)")
        }
    }
}
