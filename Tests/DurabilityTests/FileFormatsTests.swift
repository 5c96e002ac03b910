import Bytes
import ColumnStore
import InventoryTestSupport
import Testing

@testable import Durability

/// Verifies FileFormats.md: a reader that knows only the document reads the files, including snapshots of
/// real columns.
@Suite struct FileFormatsTests {
    /// Columns of each kind, some with a full segment and a part of the next.
    private struct State {
        var lsn: UInt64 = 0
        var epoch: UInt64 = 1
        var levels = Column<Int64>()
        var ledger = LedgerColumn<Int32>()
        var names = TextColumn()

        /// Appends a row to each column, and changes a level that does not depend on `row` alone.
        mutating func apply(_ row: UInt64) {
            self.lsn = row
            self.levels.append(Int64(row) &* 0x1234_5678_9ABC)
            self.levels[Int(row) / 2] &+= 1
            self.ledger.append(Int32(truncatingIfNeeded: row / 3))
            self.names.append("product \(row)")
        }

        var parts: [SnapshotPart] {
            var collector = Collector()
            var state = self
            try? state.visit(&collector)
            return collector.parts
        }

        mutating func visit<Visitor: ImageVisitor>(
            _ visitor: inout Visitor
        ) throws(Visitor.Failure) {
            try visitor.visit(1, &self.levels)
            try visitor.visit(2, &self.ledger)
            try self.names.visitParts(3, &visitor)
        }

        var checksum: UInt64 {
            self.parts.reduce(0) { $0 &+ $1.column.checksum(ofPart: $1.number) }
        }
    }

    private struct Collector: ImageVisitor {
        typealias Failure = DurabilityError
        var parts: [SnapshotPart] = []
        mutating func visit(
            _ number: UInt32,
            _ column: inout some ColumnImaging
        ) throws(DurabilityError) {
            self.parts.append(SnapshotPart(number: number, column: column))
        }
    }

    private struct Opened {
        var directory: DataDirectory
        var state = State()

        init(_ storage: any Storage) throws(DurabilityError) {
            var state = State()
            self.directory = try DataDirectory.open(
                storage,
                configuration: LogConfiguration(
                    fileByteCount: 1 << 20,
                    retentionByteCount: 0,
                    retentionSeconds: 0
                ),
                newID: DatabaseID(0x0102_0304_0506_0708, 0x090A_0B0C_0D0E_0F10),
                time: 5,
                load: { (loader) throws(DurabilityError) in
                    try state.visit(&loader)
                    state.lsn = loader.lsn.value
                },
                replay: { (first, count, _) throws(DurabilityError) in
                    for row in first.value..<(first.value + UInt64(count)) where row > state.lsn {
                        state.apply(row)
                    }
                }
            )
            self.state = state
        }

        /// Returns one block of `count` steps of 16 bytes each.
        mutating func append(_ count: Int) throws(DurabilityError) {
            let first = self.state.lsn + 1
            try FileFormatsTests.body(first, count).withBytes { (body) throws(DurabilityError) in
                try self.directory.log.append(
                    body: body,
                    first: LSN(first),
                    count: count,
                    acknowledged: LSN(first - 1),
                    time: 6
                )
            }
            for row in first..<(first + UInt64(count)) { self.state.apply(row) }
        }

        mutating func snapshot() throws(DurabilityError) -> SnapshotInfo {
            let parts = self.state.parts
            let epoch = self.state.epoch
            self.state.epoch += 1
            var beginner = Beginner(epoch: self.state.epoch)
            try self.state.visit(&beginner)
            return try self.directory.snapshots.write(
                lsn: LSN(self.state.lsn),
                time: 7,
                epoch: epoch,
                parts: parts
            )
        }
    }

    private struct Beginner: ImageVisitor {
        typealias Failure = DurabilityError
        let epoch: UInt64
        mutating func visit(
            _ number: UInt32,
            _ column: inout some ColumnImaging
        ) throws(DurabilityError) {
            column.beginEpoch(self.epoch)
        }
    }

    private static func body(_ first: UInt64, _ count: Int) -> [UInt8] {
        var writer = ByteWriter()
        for step in first..<(first + UInt64(count)) {
            writer.write(step)
            writer.write(step &* step)
        }
        return writer.array()
    }

    @Test func `the checksum of nine digits matches the document`() {
        #expect(IndependentReader.checksum("123456789".utf8) == 0xE306_9283)
        let digits = Array("123456789".utf8)
        #expect(digits.withUnsafeBytes { CRC32C.checksum($0) } == 0xE306_9283)
    }

    @Test func `the document suffices to read a log of many files`() throws {
        let storage = MemoryStorage()
        var opened = try Opened(storage)
        var expected: [IndependentReader.Block] = []
        // The longer ones are compressed; together they fill more than one file.
        for count in [1, 2, 300, 5, 60_000, 7, 90_000, 1] {
            let first = opened.state.lsn + 1
            try opened.append(count)
            expected.append(.init(first: first, count: count, body: Self.body(first, count)))
        }
        let reader = try IndependentReader(storage.restarted())
        let found = try reader.log()
        #expect(found.blocks == expected)
        #expect(!found.isTorn)
        let files = try storage.list().compactMap { LogFileHead.firstLSN(ofName: $0)?.value }
        let mark = try reader.mark()
        #expect(mark.newestFile == files.max() && mark.acknowledged == mark.newestFile - 1)
        #expect(try reader.snapshot() == nil)
        #expect(try reader.log(after: expected[3].first + 4).blocks == Array(expected[4...]))
    }

    @Test func `a start agrees with the document on torn tails and damage`()
        throws
    {
        let storage = MemoryStorage()
        var opened = try Opened(storage)
        for count in [1, 2, 3] { try opened.append(count) }
        let name = LogFileHead.name(.first)
        var random = SplitMix64(seed: 3)
        for _ in 0..<400 {
            let damaged = storage.copy()
            damaged.flip(name, bit: Int.random(in: 0..<(4 * 4_096 * 8), using: &random))
            let found = try? IndependentReader(damaged).log()
            let start = try? Opened(damaged)
            #expect((found == nil) == (start == nil))
            #expect(found?.isTorn == start.map { $0.directory.report.torn != nil })
            let last = found.map { $0.blocks.reduce(0) { $0 + UInt64($1.count) } }
            #expect(last == start?.state.lsn)
        }
    }

    @Test func `the document suffices to read a snapshot of real columns`() throws {
        let storage = MemoryStorage()
        var opened = try Opened(storage)
        try opened.append(9_000)
        _ = try opened.snapshot()
        let parts = opened.state.parts
        try opened.append(3)
        let found = try #require(try IndependentReader(storage.restarted()).snapshot())
        #expect(found.lsn == 9_000)
        #expect(found.parts.count == parts.count)
        for part in parts {
            let segments = (0..<part.column.imageSegmentCount).map { segment in
                var writer = ByteWriter()
                part.column.writeImageSegment(segment, into: &writer)
                return writer.array()
            }
            #expect(found.parts[part.number] == segments)
        }
    }

    @Test func `the document suffices to read a backup and to compute a state checksum`() throws {
        let storage = MemoryStorage()
        var opened = try Opened(storage)
        try opened.append(9_000)
        _ = try opened.snapshot()
        let parts = opened.state.parts
        for count in [3, 40_000, 1] { try opened.append(count) }
        let log = opened.directory.log
        let source = try opened.directory.snapshots.beginBackup(
            through: LSN(opened.state.lsn - 1),
            end: (StateChecksum(opened.state.checksum), 8),
            time: 9,
            firstRetained: log.firstRetainedLSN,
            log: { LogCursor(log, after: $0) },
            cut: { (body, last) in
                stride(from: 0, to: body.count, by: 16).first {
                    body.loadUnaligned(fromByteOffset: $0, as: UInt64.self) > last.value
                } ?? body.count
            }
        )
        let bytes = try TestBackup.bytes(of: source)
        let database = try IndependentReader(storage).database
        let found = try IndependentReader.backup(bytes, of: database)
        #expect(found.image == 9_000 && found.last == opened.state.lsn - 1)
        #expect(found.checksum == opened.state.checksum)
        #expect(found.parts.count == parts.count)
        for part in parts {
            let segments = (0..<part.column.imageSegmentCount).map { segment in
                var writer = ByteWriter()
                part.column.writeImageSegment(segment, into: &writer)
                return writer.array()
            }
            #expect(found.parts[part.number] == segments)
        }
        var next: UInt64 = 9_001
        for block in found.blocks {
            #expect(block.first == next && block.body == Self.body(next, block.count))
            next += UInt64(block.count)
        }
        #expect(next == opened.state.lsn)
        let levels = (0..<opened.state.levels.count).map {
            UInt64(bitPattern: opened.state.levels[$0])
        }
        let sum = IndependentReader.stateChecksum(ofPart: 1, levels)
        #expect(opened.state.levels.checksum(ofPart: 1) == sum)
    }

    @Test func `real columns are restored, and unchanged segments not rewritten`() throws {
        var storage = MemoryStorage()
        var opened = try Opened(storage)
        try opened.append(20_000)
        let first = try opened.snapshot()
        #expect(first.segmentsReused == 0)
        for _ in 0..<3 {
            try opened.append(10)
            let checksum = opened.state.checksum
            let info = try opened.snapshot()
            // The last segment of each column, and the changed ones of the levels.
            #expect(info.segmentsWritten + info.segmentsReused == first.segmentsWritten)
            #expect(info.segmentsReused > 0 && info.byteCount * 2 < first.byteCount)
            storage = storage.restarted()
            opened = try Opened(storage)
            #expect(opened.state.checksum == checksum)
            #expect(opened.directory.report.snapshotLSN == LSN(opened.state.lsn))
        }
        try opened.append(1)
        let checksum = opened.state.checksum
        #expect(try Opened(storage.restarted()).state.checksum == checksum)
    }

    @Test func `the document suffices to restore a page from parity`() throws {
        let storage = MemoryStorage()
        var opened = try Opened(storage)
        try opened.append(70_000)
        _ = try opened.snapshot()
        try opened.directory.protection.protectAll()
        let reader = try IndependentReader(storage)
        let name = SnapshotManifest.blockFileName(LSN(70_000))
        let bytes = storage.bytes(name)
        let pageCount = (bytes.count + 4_095) / 4_096
        #expect(pageCount > 64)
        for page in stride(from: 0, to: pageCount, by: 7) + [pageCount - 1] {
            let range = (page * 4_096)..<min((page + 1) * 4_096, bytes.count)
            #expect(try reader.original(page, of: name) == Array(bytes[range]), "page \(page)")
        }
    }

    @Test func `a block file with few used segments is removed`() throws {
        let storage = MemoryStorage()
        var opened = try Opened(storage)
        var random = SplitMix64(seed: 9)
        var column = Column<UInt64>()
        for _ in 0..<(5 * SegmentSize.capacity) { column.append(random.next()) }
        var files: [[String]] = []
        for epoch in 1...4 as ClosedRange<UInt64> {
            try opened.append(1)
            _ = try opened.directory.snapshots.write(
                lsn: LSN(epoch),
                time: 0,
                epoch: epoch,
                parts: [SnapshotPart(number: 1, column: column)]
            )
            files.append(try storage.list().filter { $0.hasPrefix("blocks-") }.sorted())
            column.beginEpoch(epoch + 1)
            // Only the first segment, a fifth of the first file, never changes.
            for segment in 1..<5 { column[segment * SegmentSize.capacity] = random.next() }
        }
        // Each snapshot rewrites the first segment, so the next one can remove the preceding file.
        let names = (1...4).map { SnapshotManifest.blockFileName(LSN($0)) }
        #expect(files[1] == Array(names[0...1]))
        #expect(files[2] == Array(names[1...2]))
        #expect(files[3] == Array(names[2...3]))
    }

    @Test func `a snapshot does not use files of a failed one`() throws {
        let storage = MemoryStorage()
        var opened = try Opened(storage)
        try opened.append(100)
        let noise = [UInt8](repeating: 0xAA, count: 1 << 20)
        storage.setBytes(SnapshotManifest.name(LSN(100)) + ".tmp", noise)
        storage.setBytes(SnapshotManifest.blockFileName(LSN(100)) + ".tmp", noise)
        _ = try opened.snapshot()
        #expect(try Opened(storage.restarted()).state.checksum == opened.state.checksum)
        #expect(try storage.list().allSatisfy { !$0.hasSuffix(".tmp") })
    }
}
