import Bytes
import ColumnStore
import Foundation
import InventoryTestSupport
import Synchronization
import Testing

@testable import Durability

/// What a power cut may leave, at every moment of a run: every start from it must succeed.
///
/// At each call to the disk, many fates of unsynced data are tried: none of it, all of it, any sectors of
/// any writes, a write cut off at any byte, any of the renames. A run is the life of one database;
/// `make long-crash-states` repeats it any number of times.
@Suite struct CrashStatesTests {
    private static let seeds = Campaign.seeds(suite: 1...60)

    private static let small = LogConfiguration(
        fileByteCount: 4 * StorageAlignment.byteCount,
        retentionByteCount: 0,
        retentionSeconds: 0
    )

    private final class Tally: Sendable {
        /// The next life to run.
        let next = Atomic(CrashStatesTests.seeds.lowerBound)
        let states = Atomic<Int>(0)
        let torn = Atomic<Int>(0)
        let failures = Guarded<[String]>([])

        func fail(_ problem: String) { self.failures.withLock { $0.append(problem) } }
    }

    /// Runs one database's life, and cuts each moment of it off in `fates` ways.
    private static func live(_ seed: UInt64, fates: Int, _ tally: Tally) throws {
        let disk = MemoryStorage()
        let acknowledged = Atomic<UInt64>(0)
        let attempted = Atomic<UInt64>(0)
        let moment = Atomic<UInt64>(0)
        let storage = ObservedStorage(disk) {
            let now = moment.wrappingAdd(1, ordering: .relaxed).newValue
            let least = acknowledged.load(ordering: .relaxed)
            let most = attempted.load(ordering: .relaxed)
            for fate in 0..<fates {
                let survivors: MemoryStorage.Survivors =
                    switch fate {
                    case 0: .nothing
                    case 1: .everything
                    default: .random(seed: seed << 40 ^ now << 8 ^ UInt64(fate))
                    }
                Self.start(disk.restarted(keeping: survivors), least...most, tally) {
                    "seed \(seed), moment \(now), fate \(fate)"
                }
            }
        }
        var random = SplitMix64(seed: seed)
        var database = try TestDatabase(storage, Self.small)
        for _ in 0..<12 {
            switch Int.random(in: 0..<8, using: &random) {
            case 0:
                try database.snapshot()
                try database.directory.protection.protectAll()
            case 1:
                try database.seal()
            case 2:
                try database.log.prepareNext()
            default:
                let count = Int.random(in: 1...5, using: &random)
                attempted.store(database.machine.lsn + UInt64(count), ordering: .relaxed)
                try database.append(
                    count,
                    padding: Int.random(in: 0...900, using: &random),
                    compresses: Bool.random(using: &random)
                )
                acknowledged.store(database.machine.lsn, ordering: .relaxed)
            }
        }
    }

    /// Starts after a power cut: all acknowledged steps exist, only whole steps, and the log continues.
    private static func start(
        _ disk: MemoryStorage,
        _ allowed: ClosedRange<UInt64>,
        _ tally: Tally,
        _ name: () -> String
    ) {
        let count = tally.states.wrappingAdd(1, ordering: .relaxed).newValue
        do throws(DurabilityError) {
            var database = try TestDatabase(disk, Self.small)
            let lsn = database.machine.lsn
            if !allowed.contains(lsn) { tally.fail("\(name()): at \(lsn), not in \(allowed)") }
            if !database.machine.isRight { tally.fail("\(name()): not the state of \(lsn)") }
            if database.report.torn != nil { tally.torn.wrappingAdd(1, ordering: .relaxed) }
            guard count % 64 == 0 else { return }
            try database.append(3)
            try database.snapshot()
            let again = try TestDatabase(disk.restarted(), Self.small)
            if again.machine.lsn != lsn + 3 || !again.machine.isRight {
                tally.fail("\(name()): it does not continue")
            }
        } catch {
            tally.fail("\(name()): \(error)")
        }
    }

    @Test func `no power cut at any moment loses an acknowledged step, or leaves half of one`()
        async throws
    {
        let tally = Tally()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<(ProcessInfo.processInfo.activeProcessorCount as Int) {
                group.addTask {
                    while true {
                        let seed = tally.next.wrappingAdd(1, ordering: .relaxed).oldValue
                        guard seed <= Self.seeds.upperBound else { return }
                        try Self.live(seed, fates: 24, tally)
                    }
                }
            }
            try await group.waitForAll()
        }
        let failures = tally.failures.withLock { $0 }
        #expect(failures.isEmpty, "\(failures.count): \(failures.prefix(3))")
        let states = tally.states.load(ordering: .relaxed)
        let torn = tally.torn.load(ordering: .relaxed)
        #expect(states > Self.seeds.count * 1_000 && torn > states / 500)
        Campaign.report("\(states) crash states, \(torn) with a torn tail, \(failures.count) wrong")
    }
}
