import Bytes
import InventoryTestSupport
import Testing

@testable import Durability

/// The boundaries of the log's files: rolling, sealing, retiring, and missing files.
@Suite struct LogFilesTests {
    private static let page = StorageAlignment.byteCount
    private static let id = DatabaseID(3, 4)

    /// A log alone, on any storage; step n's entry is 8 bytes of n, then padding.
    private struct OpenedLog {
        var log: WriteAheadLog
        var report: RecoveryReport
        var steps: [UInt64] = []

        init(_ storage: any Storage, pageCount: Int = 4) throws(DurabilityError) {
            var steps: [UInt64] = []
            let directory = try DataDirectory.open(
                storage,
                configuration: LogConfiguration(
                    fileByteCount: pageCount * LogFilesTests.page,
                    retentionByteCount: 0,
                    retentionSeconds: 0
                ),
                newID: LogFilesTests.id,
                time: 1,
                load: { (_) throws(DurabilityError) in },
                replay: { (first, _, body) throws(DurabilityError) in
                    steps.append(body.loadUnaligned(as: UInt64.self))
                    #expect(steps.last == first.value)
                }
            )
            self.log = directory.log
            self.report = directory.report
            self.steps = steps
        }

        /// Returns one step that fills `pageCount` pages with incompressible bytes.
        func append(pageCount: Int = 1) throws(DurabilityError) {
            let next = self.log.lastLSN.next
            var random = SplitMix64(seed: next.value)
            var writer = ByteWriter()
            writer.write(next)
            while writer.count < pageCount * LogFilesTests.page - LogBlock.headByteCount {
                writer.write(random.next())
            }
            try writer.array().withBytes { (body) throws(DurabilityError) in
                try self.log.append(
                    body: body,
                    first: next,
                    count: 1,
                    acknowledged: self.log.lastLSN,
                    time: 1
                )
            }
        }

        func seal() throws(DurabilityError) {
            try self.log.seal(acknowledged: self.log.lastLSN, time: 1)
        }
    }

    @Test func `a block larger than the current empty file replaces it`() throws {
        let storage = MemoryStorage()
        let opened = try OpenedLog(storage)
        try opened.append(pageCount: 9)
        #expect(opened.log.files().map(\.name) == [LogFileHead.name(.first)])
        #expect(try OpenedLog(storage.restarted()).steps == [1])
        try opened.append()
        #expect(try opened.log.retire(through: LSN(1), now: .max / 2) == 1)
        #expect(opened.log.files().map(\.name) == [LogFileHead.name(LSN(2))])
        #expect(storage.bytes(LogFileHead.name(LSN(2))).count == 4 * Self.page)
    }

    @Test func `a seal without space leaves a file that any block can start`() throws {
        let storage = MemoryStorage()
        let opened = try OpenedLog(storage)
        for _ in 0..<3 { try opened.append() }
        let cursor = LogCursor(opened.log, after: .zero)
        try opened.seal()
        #expect(opened.log.files().map(\.firstLSN) == [LSN(1), LSN(4)])
        try opened.append(pageCount: 5)
        #expect(opened.log.files().map(\.firstLSN) == [LSN(1), LSN(4)])
        var reading = cursor
        for step in 1...4 {
            #expect(try reading.read(through: LSN(4))?.first.value == UInt64(step))
        }
        #expect(try OpenedLog(storage.restarted()).steps == [1, 2, 3, 4])
    }

    @Test func `a reader at the end of a replaced file continues in the new one`()
        throws
    {
        let storage = MemoryStorage()
        let opened = try OpenedLog(storage)
        for _ in 0..<3 { try opened.append() }
        try opened.seal()
        var cursor = LogCursor(opened.log, after: LSN(3))
        // Opens the new file, which is still empty, as if its block were durable.
        #expect(throws: DurabilityError.self) { try cursor.read(through: LSN(4)) }
        try opened.append(pageCount: 5)
        cursor = LogCursor(opened.log, after: LSN(3))
        #expect(try cursor.read(through: LSN(4))?.first == LSN(4))
    }

    @Test func `damage to the last block of a sealed full file is corruption`() throws {
        let storage = MemoryStorage()
        let opened = try OpenedLog(storage)
        for _ in 0..<3 { try opened.append() }
        try opened.seal()
        let name = LogFileHead.name(.first)
        storage.flip(name, bit: (3 * Self.page + 200) * 8)
        let error = #expect(throws: DurabilityError.self) { try OpenedLog(storage) }
        guard case .corruptBlock(_, let offset, let lsn, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(offset == UInt64(3 * Self.page))
        #expect(lsn == LSN(3))
    }

    @Test func `a file that lost its end is refused`() throws {
        let storage = MemoryStorage()
        let opened = try OpenedLog(storage, pageCount: 8)
        for _ in 0..<5 { try opened.append() }
        let name = LogFileHead.name(.first)
        // Without the last two blocks and everything after them.
        storage.setBytes(name, Array(storage.bytes(name).prefix(4 * Self.page)))
        let error = #expect(throws: DurabilityError.self) { try OpenedLog(storage, pageCount: 8) }
        guard case .corruptBlock(_, let offset, _, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(offset == UInt64(4 * Self.page))
    }

    @Test func `a missing file is distinguished from a damaged one`() throws {
        let storage = MemoryStorage()
        let opened = try OpenedLog(storage)
        for _ in 0..<9 { try opened.append() }
        try storage.remove(LogFileHead.name(LSN(4)))
        #expect(
            throws: DurabilityError.missingLog(
                expected: LSN(4),
                found: LSN(7),
                path: storage.path(LogFileHead.name(LSN(7)))
            )
        ) { try OpenedLog(storage) }
    }

    @Test func `a database without its log is refused, never recreated`() throws {
        let storage = MemoryStorage()
        _ = try OpenedLog(storage)
        try storage.remove(LogFileHead.name(.first))
        #expect(throws: DurabilityError.self) { try OpenedLog(storage) }
        #expect(try storage.list() == [DataDirectory.identityName])
    }

    @Test func `an interrupted creation is finished by the next start`() throws {
        let complete = MemoryStorage()
        _ = try OpenedLog(complete)
        for call in 1...complete.callCount {
            for seed in 0..<8 as Range<UInt64> {
                let storage = MemoryStorage()
                storage.crash(at: call)
                #expect(throws: DurabilityError.self) { try OpenedLog(storage) }
                let after = storage.restarted(keeping: .random(seed: seed))
                try OpenedLog(after).append()
                #expect(try OpenedLog(after.restarted()).steps == [1])
            }
        }
    }

    @Test func `a failed creation of the next file only costs time`() throws {
        let storage = MemoryStorage()
        let opened = try OpenedLog(storage)
        for _ in 0..<3 { try opened.append() }
        storage.setCapacity(4 * Self.page + 500)
        let error = #expect(throws: DurabilityError.self) { try opened.append() }
        guard case .full = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(opened.log.space(for: 1) == .full)
        storage.setCapacity(.max)
        try opened.append()
        try opened.log.prepareNext()
        #expect(opened.log.space(for: 1) == .certain)
        #expect(try OpenedLog(storage.restarted()).steps == [1, 2, 3, 4])
    }

    @Test func `an incomplete file is never used as the next one`() throws {
        // The log continues in a file of the same temporary name; then the power fails.
        func run(_ call: Int?, _ seed: UInt64) throws -> Bool {
            let storage = MemoryStorage()
            let opened = try OpenedLog(storage)
            for _ in 0..<3 { try opened.append() }
            storage.setCapacity(4 * Self.page + 500)
            #expect(throws: DurabilityError.self) { try opened.append() }
            storage.setCapacity(.max)
            let before = storage.callCount
            if let call { storage.crash(at: before + call) }
            let isWritten = (try? opened.append()) != nil
            let steps = try OpenedLog(storage.restarted(keeping: .random(seed: seed))).steps
            #expect(steps.starts(with: isWritten ? [1, 2, 3, 4] : [1, 2, 3]), "\(steps)")
            return !isWritten
        }
        var call = 1
        while try run(call, 0) {
            for seed in 1..<64 as Range<UInt64> { _ = try run(call, seed) }
            call += 1
        }
        #expect(call > 6)
    }

    @Test func `a spare file has no space for a larger block`() throws {
        let storage = MemoryStorage()
        let opened = try OpenedLog(storage)
        for _ in 0..<3 { try opened.append() }
        try opened.log.prepareNext()
        // The disk becomes full while there is a spare file.
        storage.setCapacity(0)
        #expect(throws: DurabilityError.self) { try opened.append(pageCount: 6) }
        #expect(opened.log.space(for: 6 * Self.page) == .full)
        #expect(opened.log.space(for: Self.page) == .certain)
    }

    @Test func `a directory created for the database survives a power cut`() throws {
        let parent = TemporaryDirectory()
        let storage = try DirectoryStorage(directory: parent.path + "/data")
        #expect(try storage.list().isEmpty)
        #expect(throws: DurabilityError.locked(path: parent.path + "/data")) {
            try DirectoryStorage(directory: parent.path + "/data")
        }
    }
}
