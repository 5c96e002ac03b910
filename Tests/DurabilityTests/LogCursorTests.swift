import Bytes
import InventoryTestSupport
import Synchronization
import Testing

@testable import Durability

@Suite struct LogCursorTests {
    /// Reads all blocks up to `durable`, checks that they are consecutive, and returns the number of steps.
    private func drain(_ cursor: inout LogCursor, through durable: UInt64) throws -> Int {
        var count = 0
        while let block = try cursor.read(through: LSN(durable)) {
            let body = TestMachine.body(first: block.first.value, count: block.count)
            let size = block.body.count / block.count
            for index in 0..<block.count {
                let entry = block.body[(index * size)..<(index * size + 16)]
                #expect(entry.elementsEqual(body[(index * 16)..<(index * 16 + 16)]))
            }
            count += block.count
        }
        #expect(cursor.next == LSN(durable).next)
        return count
    }

    @Test func `a cursor reads durable steps only`() throws {
        var database = try TestDatabase(MemoryStorage())
        var cursor = LogCursor(database.log, after: .zero)
        #expect(try cursor.read(through: .zero) == nil)
        try database.append(3)
        try database.append(2)
        let first = try cursor.read(through: LSN(3))
        #expect(first?.first == .first && first?.count == 3)
        #expect(try cursor.read(through: LSN(3)) == nil)
        #expect(try cursor.read(through: LSN(5))?.first == LSN(4))
        #expect(try cursor.read(through: LSN(5)) == nil)
    }

    @Test func `a cursor in the middle of a block gets the whole block`() throws {
        var database = try TestDatabase(MemoryStorage())
        try database.append(3)
        try database.append(4)
        var cursor = LogCursor(database.log, after: LSN(5))
        let block = try cursor.read(through: LSN(7))
        #expect(block?.first == LSN(4) && block?.count == 4)
    }

    @Test func `a cursor continues after seals and in the next files`() throws {
        var database = try TestDatabase(MemoryStorage())
        var early = LogCursor(database.log, after: .zero)
        var count = 0
        for round in 0..<60 {
            try database.append(round % 4 + 1, padding: round % 5 * 300)
            if round % 3 == 0 { try database.seal() }
            if round % 7 == 0 {
                count += try self.drain(&early, through: database.machine.lsn)
            }
        }
        count += try self.drain(&early, through: database.machine.lsn)
        #expect(count == Int(database.machine.lsn))
        #expect(database.log.files().count > 5)
        for start in 0..<database.machine.lsn {
            var cursor = LogCursor(database.log, after: LSN(start))
            let block = try #require(try cursor.read(through: LSN(database.machine.lsn)))
            #expect(block.first.value <= start + 1)
            #expect(block.first.value + UInt64(block.count) > start + 1)
        }
    }

    @Test func `a cursor behind the retention gets the start of the log`() throws {
        var database = try TestDatabase(MemoryStorage())
        var early = LogCursor(database.log, after: .zero)
        try database.append(1)
        #expect(try early.read(through: .first)?.count == 1)
        for round in 0..<120 {
            try database.append(3, padding: 200)
            if round % 20 == 19 { try database.snapshot() }
        }
        let first = database.log.firstRetainedLSN
        #expect(first > LSN(2))
        let durable = LSN(database.machine.lsn)
        #expect(throws: DurabilityError.retired(requested: LSN(2), firstRetained: first)) {
            try early.read(through: durable)
        }
        #expect(throws: DurabilityError.retired(requested: LSN(1), firstRetained: first)) {
            var late = LogCursor(database.log, after: .zero)
            _ = try late.read(through: durable)
        }
        var retained = LogCursor(database.log, after: LSN(first.value - 1))
        #expect(try self.drain(&retained, through: durable.value) > 0)
    }

    @Test func `a damaged block is an error and never returned`() throws {
        let storage = MemoryStorage()
        var database = try TestDatabase(storage)
        for _ in 0..<3 { try database.append(2) }
        let page = StorageAlignment.byteCount
        storage.flip(LogFileHead.name(.first), bit: (2 * page + 100) * 8)
        var cursor = LogCursor(database.log, after: .zero)
        #expect(try cursor.read(through: LSN(6))?.first == .first)
        let error = #expect(throws: DurabilityError.self) { try cursor.read(through: LSN(6)) }
        guard case .corruptBlock(_, let offset, let lsn, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(offset == UInt64(2 * page) && lsn == LSN(3))
    }

    private final class Progress: Sendable {
        let durable = Atomic<UInt64>(0)
        let isDone = Atomic<Bool>(false)
    }

    /// On a real disk, with the log thread, the file thread and a concurrent reader.
    @Test func `a concurrent reader gets every step once, or a retired error`()
        async throws
    {
        let directory = TemporaryDirectory()
        var database = try TestDatabase(try DirectoryStorage(directory: directory.path))
        let log = database.log
        let progress = Progress()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var cursor = LogCursor(log, after: .zero)
                var expected: UInt64 = 1
                while true {
                    let last = progress.isDone.load(ordering: .acquiring)
                    let now = progress.durable.load(ordering: .acquiring)
                    do throws(DurabilityError) {
                        while let block = try cursor.read(through: LSN(now)) {
                            #expect(block.first.value == expected)
                            expected += UInt64(block.count)
                        }
                    } catch {
                        guard case .retired(_, let first) = error else { throw error }
                        expected = first.value
                        cursor = LogCursor(log, after: LSN(first.value - 1))
                        continue
                    }
                    if last { break }
                    await Task.yield()
                }
                #expect(expected == progress.durable.load(ordering: .acquiring) + 1)
            }
            group.addTask {
                while !progress.isDone.load(ordering: .acquiring) {
                    try log.prepareNext()
                    let now = progress.durable.load(ordering: .acquiring)
                    try log.retire(through: LSN(now / 2), now: TestDatabase.time + 1)
                    await Task.yield()
                }
            }
            for round in 0..<400 {
                try database.append(round % 5 + 1, padding: round % 4 * 700)
                if round % 9 == 0 { try database.seal() }
                progress.durable.store(database.machine.lsn, ordering: .releasing)
                if round % 8 == 0 { await Task.yield() }
            }
            progress.isDone.store(true, ordering: .releasing)
            try await group.waitForAll()
        }
    }
}
