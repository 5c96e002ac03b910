import InventoryTestSupport
import Testing

@testable import Durability

/// A faulty disk: it writes to a wrong place, stops in the middle of any byte, or cannot read.
@Suite struct LyingDiskTests {
    private static let configuration = LogConfiguration(
        fileByteCount: 6 * StorageAlignment.byteCount,
        retentionByteCount: 0,
        retentionSeconds: 0
    )

    /// Appends, snapshots and parity, and a seal at the end: so only the last sync has nothing after it.
    ///
    /// - Returns: The last acknowledged step, and whether all operations succeeded.
    private func live(on disk: MemoryStorage) -> (acknowledged: UInt64, isWhole: Bool) {
        var random = SplitMix64(seed: 12)
        var acknowledged: UInt64 = 0
        do throws(DurabilityError) {
            var database = try TestDatabase(disk, Self.configuration)
            acknowledged = database.machine.lsn
            for round in 0..<24 {
                try database.append(
                    Int.random(in: 1...4, using: &random),
                    padding: Int.random(in: 0...900, using: &random)
                )
                acknowledged = database.machine.lsn
                // Failed operations are retried later, as in a server.
                if round % 8 == 7 {
                    _ = try? database.snapshot()
                    _ = try? database.directory.protection.protectAll()
                }
                if round % 5 == 4 { try? database.log.prepareNext() }
            }
            try database.seal()
            return (acknowledged, true)
        } catch {
            return (acknowledged, false)
        }
    }

    @Test func `any misdirected write is restored or refused`() {
        let whole = MemoryStorage()
        #expect(self.live(on: whole).isWhole)
        var tally = (cases: 0, same: 0, healed: 0, refused: 0)
        var silent: [String] = []
        for write in 1...whole.writeCount {
            for seed in 0..<4 as Range<UInt64> {
                let disk = MemoryStorage()
                disk.misdirect(write: write, seed: seed << 16 ^ UInt64(write))
                let (acknowledged, _) = self.live(on: disk)
                tally.cases += 1
                do throws(DurabilityError) {
                    let next = disk.restarted(keeping: .everything)
                    let database = try TestDatabase(next, Self.configuration)
                    if database.machine.lsn < acknowledged || !database.machine.isRight {
                        silent.append(
                            "write \(write), seed \(seed): at \(database.machine.lsn)"
                                + " of \(acknowledged)"
                        )
                    } else if database.report.healed.isEmpty {
                        tally.same += 1
                    } else {
                        tally.healed += 1
                    }
                } catch {
                    tally.refused += 1
                    if !error.isDataRefused {
                        silent.append("write \(write), seed \(seed): \(error)")
                    }
                }
            }
        }
        #expect(silent.isEmpty, "\(silent.count): \(silent.prefix(3))")
        #expect(tally.refused > 0 && tally.same > 0)
        print("misdirected writes: \(tally)")
    }

    @Test func `a power cut after any byte of any write loses no acknowledged step`() {
        let whole = MemoryStorage()
        #expect(self.live(on: whole).isWhole)
        var cases = 0
        // About two hundred places, off every boundary.
        let step = whole.writtenByteCount / 200 | 1
        for byte in stride(from: 1, to: whole.writtenByteCount, by: step) {
            let disk = MemoryStorage()
            disk.crash(afterBytes: byte)
            let (acknowledged, _) = self.live(on: disk)
            let fates: [MemoryStorage.Survivors] = [.nothing, .random(seed: UInt64(byte))]
            for fate in fates {
                cases += 1
                do throws(DurabilityError) {
                    let next = disk.restarted(keeping: fate)
                    let database = try TestDatabase(next, Self.configuration)
                    if database.machine.lsn < acknowledged || !database.machine.isRight {
                        Issue.record("byte \(byte), \(fate): \(database.machine.lsn)")
                    }
                } catch {
                    Issue.record("byte \(byte), \(fate): \(error)")
                }
            }
        }
        #expect(cases >= 400)
    }

    @Test func `any failed read is reported or tolerated, and the next start is right`()
        throws
    {
        let disk = MemoryStorage()
        let (last, isWhole) = self.live(on: disk)
        #expect(isWhole)
        var failed = 0
        for number in 1...200 {
            let next = disk.copy()
            next.fail(.read, number: number, errno: 5)
            do throws(DurabilityError) {
                let database = try TestDatabase(next, Self.configuration)
                #expect(database.machine.lsn == last && database.machine.isRight)
                if next.hasFailuresLeft { break }
            } catch {
                guard case .failed(operation: "read", let path, _, _) = error else {
                    Issue.record("read \(number): \(error)")
                    continue
                }
                #expect(path.hasPrefix("memory/"))
                failed += 1
            }
            next.clearFailures()
            let again = try TestDatabase(next, Self.configuration)
            #expect(again.machine.lsn == last && again.machine.isRight)
        }
        #expect(failed >= 3)
    }
}
