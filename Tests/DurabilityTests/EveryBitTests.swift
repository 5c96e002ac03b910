import Bytes
import ColumnStore
import Foundation
import InventoryTestSupport
import Testing

@testable import Durability

/// Every bit of a log and of a snapshot, flipped one at a time: the data is the same, restored, or the
/// start is refused with the file's name, and nothing is silently lost or changed.
///
/// A run flips one bit in 127, the first run from the first bit, the next from the second; 127 runs,
/// `make long-bit-flips`, flip all of them.
@Suite struct EveryBitTests {
    private static let stride = 127
    /// The bit at which the runs start.
    private static let starts = Campaign.seeds(suite: 1...1).map { Int(($0 - 1) % 127) }

    /// Returns the bits to flip in `byteCount` bytes.
    private static func bits(of byteCount: Int) -> [Int] {
        self.starts.flatMap { Array(Swift.stride(from: $0, to: byteCount * 8, by: self.stride)) }
    }

    private struct Tally: CustomStringConvertible {
        var cases = 0
        var same = 0
        var healed = 0
        var refused = 0
        var silent: [String] = []

        var description: String {
            """
            \(self.cases) bits: \(self.same) without effect, \(self.healed) healed, \
            \(self.refused) refused by name, \(self.silent.count) silent
            """
        }
    }

    /// Flips each bit of a file and starts.
    private func flip(
        _ name: String,
        of storage: MemoryStorage,
        _ configuration: LogConfiguration,
        last: UInt64
    ) throws -> Tally {
        let bytes = storage.bytes(name)
        var tally = Tally()
        for bit in Self.bits(of: bytes.count) {
            tally.cases += 1
            let disk = storage.copy()
            disk.flip(name, bit: bit)
            do throws(DurabilityError) {
                let database = try TestDatabase(disk, configuration)
                let isWhole = database.machine.isRight && database.machine.lsn == last
                if !isWhole || database.report.torn.map({ $0.firstLSN.value <= last }) == true {
                    tally.silent.append("bit \(bit): at \(database.machine.lsn) of \(last)")
                } else if database.report.healed.isEmpty {
                    tally.same += 1
                } else {
                    tally.healed += 1
                    if !haveSameBytes(disk.bytes(name), bytes) {
                        tally.silent.append("bit \(bit): healed wrong")
                    }
                }
            } catch {
                if error.isDataRefused, "\(error)".contains(name) {
                    tally.refused += 1
                } else {
                    tally.silent.append("bit \(bit): \(error)")
                }
            }
        }
        return tally
    }

    /// A sealed log of 17 pages, 68 KiB, all of it blocks.
    private func log() throws -> (MemoryStorage, LogConfiguration, UInt64) {
        let configuration = LogConfiguration(fileByteCount: 17 * StorageAlignment.byteCount)
        let storage = MemoryStorage()
        var database = try TestDatabase(storage, configuration)
        while try storage.list().filter({ $0.hasPrefix("log-") }).count < 2 {
            try database.append(30, padding: 110)
        }
        try database.seal()
        return (storage, configuration, database.machine.lsn)
    }

    @Test func `no bit of a 64 KiB log can flip unnoticed`() throws {
        let (storage, configuration, last) = try self.log()
        let name = LogFileHead.name(.first)
        #expect(storage.bytes(name).count >= 64 << 10)
        let tally = try self.flip(name, of: storage, configuration, last: last)
        #expect(tally.silent.isEmpty, "\(tally.silent.prefix(3))")
        print("log without parity: \(tally)")
    }

    @Test func `parity restores every meaningful bit of a 64 KiB log`() throws {
        let (storage, configuration, last) = try self.log()
        let protection = Protection(storage: storage, database: TestDatabase.id)
        try protection.protectAll()
        let name = LogFileHead.name(.first)
        let tally = try self.flip(name, of: storage, configuration, last: last)
        #expect(tally.silent.isEmpty, "\(tally.silent.prefix(3))")
        #expect(tally.refused == 0)
        print("log with parity: \(tally)")
    }

    /// A column of noise in segments of 8 KiB.
    private struct NoiseColumn: ColumnImaging {
        var segments: [[UInt8]] = []
        var imageRowCount: Int? { nil }
        var imageSegmentCount: Int { self.segments.count }
        func imageSegmentStride(_ segment: Int) -> Int { 8 }
        func imageSegmentEpoch(_ segment: Int) -> UInt64 { 1 }
        func checksum(ofPart part: UInt32) -> UInt64 { 0 }
        mutating func beginEpoch(_ epoch: UInt64) {}

        func writeImageSegment(_ segment: Int, into writer: inout ByteWriter) {
            writer.write(bytes: self.segments[segment])
        }

        func isSame(as other: NoiseColumn) -> Bool {
            self.segments.count == other.segments.count
                && zip(self.segments, other.segments).allSatisfy { haveSameBytes($0, $1) }
        }

        mutating func appendImageSegment(_ reader: inout ByteReader) throws(ByteReaderError) {
            self.segments.append(Array(try reader.readBytes(reader.remaining)))
        }
    }

    private static let snapshotConfiguration = LogConfiguration(
        fileByteCount: 4 * StorageAlignment.byteCount
    )

    /// Starts, and reads the whole snapshot.
    private func noise(_ storage: MemoryStorage) throws(DurabilityError) -> (NoiseColumn, Int) {
        var noise = NoiseColumn()
        let directory = try DataDirectory.open(
            storage,
            configuration: Self.snapshotConfiguration,
            newID: TestDatabase.id,
            time: TestDatabase.time,
            load: { (loader) throws(DurabilityError) in
                noise = NoiseColumn()
                try loader.visit(1, &noise)
            },
            replay: { (_, _, _) throws(DurabilityError) in
                // The snapshot contains the whole state.
            }
        )
        return (noise, directory.report.healed.count)
    }

    @Test(arguments: [false, true])
    func `no bit of a 256 KiB snapshot can flip unnoticed`(isProtected: Bool) throws {
        let storage = MemoryStorage()
        var database = try TestDatabase(storage, Self.snapshotConfiguration)
        try database.append(4)
        var noise = NoiseColumn()
        var random = SplitMix64(seed: 4)
        for _ in 0..<33 {
            noise.segments.append((0..<8_192).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        }
        _ = try database.directory.snapshots.write(
            lsn: LSN(4),
            time: TestDatabase.time,
            epoch: 1,
            parts: [SnapshotPart(number: 1, column: noise)]
        )
        if isProtected { try database.directory.protection.protectAll() }
        var tally = Tally()
        for name in [SnapshotManifest.blockFileName(LSN(4)), SnapshotManifest.name(LSN(4))] {
            let bytes = storage.bytes(name)
            for bit in Self.bits(of: bytes.count) {
                tally.cases += 1
                let disk = storage.copy()
                disk.flip(name, bit: bit)
                do throws(DurabilityError) {
                    let (found, healed) = try self.noise(disk)
                    if !found.isSame(as: noise)
                        || (healed > 0 && !haveSameBytes(disk.bytes(name), bytes))
                    {
                        tally.silent.append("bit \(bit) of \(name)")
                    } else if healed == 0 {
                        tally.same += 1
                    } else {
                        tally.healed += 1
                    }
                } catch {
                    tally.refused += 1
                    if !error.isDataRefused || !"\(error)".contains(name) {
                        tally.silent.append("bit \(bit) of \(name): \(error)")
                    }
                }
            }
        }
        #expect(tally.cases >= (256 << 10) * 8 / Self.stride)
        #expect(tally.silent.isEmpty, "\(tally.silent.prefix(3))")
        if isProtected { #expect(tally.refused == 0) }
        print("snapshot \(isProtected ? "with" : "without") parity: \(tally)")
    }
}
