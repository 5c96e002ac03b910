import Bytes
import InventoryTestSupport
import Testing

@testable import Durability

/// A power cut in the middle of a write: whatever reached the disk, the start succeeds, no acknowledged
/// step is missing, and the dropped block is reported.
@Suite struct TornTailTests {
    private static let page = StorageAlignment.byteCount

    /// Creates a log of `blocks`, whose next append is torn after `count` bytes.
    private func torn(
        after blocks: [Int],
        at count: Int,
        padding: Int = 0,
        seal: Bool = false
    ) throws -> (storage: MemoryStorage, acknowledged: UInt64) {
        let storage = MemoryStorage()
        var database = try TestDatabase(storage)
        for block in blocks { try database.append(block) }
        if seal { try database.seal() }
        let acknowledged = database.machine.lsn
        storage.crash(at: storage.callCount + 1, tornAt: count)
        #expect(throws: DurabilityError.self) { try database.append(5, padding: padding) }
        return (storage.restarted(), acknowledged)
    }

    @Test func `a block torn at any byte is dropped and reported, or is complete`() throws {
        let used = LogBlock.headByteCount + 5 * 16
        for count in Array(0...(used + 1)) + [Self.page - 1, Self.page] {
            let (storage, acknowledged) = try self.torn(after: [2, 1], at: count)
            let database = try TestDatabase(storage)
            #expect(database.machine.isRight)
            let isWhole = count >= used
            #expect(database.machine.lsn == acknowledged + (isWhole ? 5 : 0), "\(count)")
            guard count > 0, !isWhole else {
                #expect(database.report.torn == nil, "\(count)")
                continue
            }
            let torn = try #require(database.report.torn, "\(count)")
            #expect(torn.firstLSN.value == acknowledged + 1)
            #expect(torn.offset == UInt64(3 * Self.page))
            let isHeadWhole = count >= LogBlock.headByteCount
            #expect(torn.lastLSN == (isHeadWhole ? LSN(acknowledged + 5) : nil), "\(count)")
        }
    }

    @Test func `a block of many pages torn at any page is dropped and reported`() throws {
        for seal in [false, true] {
            for count in stride(from: 512, to: 5 * Self.page, by: 512) {
                let (storage, acknowledged) = try self.torn(
                    after: [2],
                    at: count,
                    padding: 3_500,
                    seal: seal
                )
                let database = try TestDatabase(storage)
                #expect(database.machine.isRight)
                let isWhole = count >= LogBlock.headByteCount + 5 * 3_516
                #expect(database.machine.lsn == acknowledged + (isWhole ? 5 : 0))
                #expect((database.report.torn == nil) == isWhole)
            }
        }
    }

    @Test func `after a torn tail the log continues without it`() throws {
        for count in stride(from: 1, to: 4 * Self.page, by: 333) {
            var (storage, _) = try self.torn(after: [2], at: count, padding: 3_500)
            for round in 0..<3 {
                var database = try TestDatabase(storage)
                #expect(database.machine.isRight)
                #expect(round == 0 || database.report.torn == nil)
                try database.append(round + 1)
                storage = storage.restarted()
            }
            #expect(try TestDatabase(storage).report.blocksRead == 4)
        }
    }

    @Test func `a start that fails while dropping a torn tail can be retried`() throws {
        let (storage, acknowledged) = try self.torn(after: [2], at: 200, padding: 3_500)
        let probe = storage.copy()
        _ = try TestDatabase(probe)
        for call in 1...max(1, probe.callCount) {
            for seed in 0..<4 as Range<UInt64> {
                let disk = storage.copy()
                disk.crash(at: call)
                #expect(throws: DurabilityError.self) { try TestDatabase(disk) }
                let database = try TestDatabase(disk.restarted(keeping: .random(seed: seed)))
                #expect(database.machine.isRight)
                #expect(database.machine.lsn == acknowledged)
            }
        }
    }

    @Test func `a torn first block leaves a new database`() throws {
        for count in [1, 95, 96, 150] {
            let (storage, _) = try self.torn(after: [], at: count)
            let database = try TestDatabase(storage)
            #expect(database.machine.lsn == 0)
            #expect(database.report.torn?.firstLSN == .first)
        }
    }

    @Test func `a torn tail in a recycled file is distinguished from old blocks`() throws {
        for seed in 0..<60 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            let storage = MemoryStorage()
            var database = try TestDatabase(storage)
            for index in 0..<Int.random(in: 25..<60, using: &random) {
                try database.append(
                    Int.random(in: 1...5, using: &random),
                    padding: Int.random(in: 0...2_000, using: &random)
                )
                if index % 9 == 8 { try database.snapshot() }
            }
            let acknowledged = database.machine.lsn
            let count = Int.random(in: 0..<(3 * Self.page), using: &random)
            storage.crash(at: storage.callCount + 1, tornAt: count)
            #expect(throws: DurabilityError.self) { try database.append(5, padding: 2_500) }
            let again = try TestDatabase(storage.restarted())
            #expect(again.machine.isRight, "seed \(seed)")
            #expect(again.machine.lsn == acknowledged, "seed \(seed)")
        }
    }
}
