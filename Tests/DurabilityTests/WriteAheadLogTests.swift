import Bytes
import InventoryTestSupport
import Testing

@testable import Durability

/// The guarantees of a log on any disk: a real directory and the one in memory.
@Suite struct WriteAheadLogTests {
    enum Disk: CaseIterable {
        case memory, directory
    }

    /// Runs `body` with a function that opens the same files repeatedly.
    private func with(
        _ disk: Disk,
        _ body: (() throws -> any Storage) throws -> Void
    ) throws {
        switch disk {
        case .memory:
            let storage = MemoryStorage()
            try body { storage }
        case .directory:
            let directory = TemporaryDirectory()
            try body { try DirectoryStorage(directory: directory.path) }
        }
    }

    @Test(arguments: Disk.allCases)
    func `a new directory has no steps`(_ disk: Disk) throws {
        try self.with(disk) { storage in
            let database = try TestDatabase(try storage())
            #expect(database.log.lastLSN == .zero)
            #expect(database.log.firstRetainedLSN == .first)
            #expect(database.report == RecoveryReport())
            #expect(database.directory.database == TestDatabase.id)
        }
    }

    @Test(arguments: Disk.allCases)
    func `appended blocks are read again`(_ disk: Disk) throws {
        try self.with(disk) { storage in
            var counts = [1, 3, 200, 1]
            do {
                var database = try TestDatabase(try storage())
                for count in counts { try database.append(count) }
            }
            for _ in 0..<3 {
                var database = try TestDatabase(try storage())
                #expect(database.machine.isRight)
                #expect(database.log.lastLSN.value == UInt64(counts.reduce(0, +)))
                #expect(database.report.blocksRead == counts.count)
                #expect(database.report.torn == nil)
                try database.append(2)
                counts.append(2)
            }
        }
    }

    @Test(arguments: Disk.allCases)
    func `a full file is followed by the next`(_ disk: Disk) throws {
        try self.with(disk) { storage in
            do {
                var database = try TestDatabase(try storage())
                for index in 0..<40 {
                    if index % 5 == 0 { try database.log.prepareNext() }
                    try database.append(3)
                }
                #expect(database.log.files().count > 4)
            }
            let database = try TestDatabase(try storage())
            #expect(database.machine.isRight)
            #expect(database.log.lastLSN == LSN(120))
            #expect(database.report.torn == nil)
        }
    }

    @Test(arguments: Disk.allCases)
    func `a block larger than a file gets one of its own size`(_ disk: Disk) throws {
        try self.with(disk) { storage in
            do {
                var database = try TestDatabase(try storage())
                try database.append(1)
                try database.log.prepareNext()
                try database.append(1, padding: 100_000)
                #expect(database.log.lastLSN == LSN(2))
            }
            var bodies: [Int] = []
            _ = try DataDirectory.open(
                try storage(),
                configuration: TestDatabase.small,
                newID: TestDatabase.id,
                time: 0,
                load: { (_) throws(DurabilityError) in },
                replay: { (_, _, body) throws(DurabilityError) in bodies.append(body.count) }
            )
            #expect(bodies == [16, 100_016])
        }
    }

    @Test(arguments: Disk.allCases)
    func `retired files are recycled without their old steps`(_ disk: Disk) throws {
        try self.with(disk) { storage in
            do {
                var database = try TestDatabase(try storage())
                for index in 0..<90 {
                    // Blocks of several pages and of one, so that old and new ones never align.
                    try database.append(index % 7 + 1, padding: index % 3 == 0 ? 900 : 0)
                    if index % 10 == 9 { try database.snapshot() }
                }
                #expect(database.log.firstRetainedLSN > .first)
            }
            for _ in 0..<12 {
                var database = try TestDatabase(try storage())
                #expect(database.machine.isRight)
                #expect(database.report.torn == nil)
                try database.append(4)
            }
        }
    }

    @Test(arguments: Disk.allCases)
    func `entries that shrink are stored compressed`(_ disk: Disk) throws {
        try self.with(disk) { storage in
            do {
                let database = try TestDatabase(try storage())
                let body = [UInt8](repeating: 7, count: 1_000_000)
                try body.withBytes { (bytes) throws(DurabilityError) in
                    try database.log.append(
                        body: bytes,
                        first: .first,
                        count: 1,
                        acknowledged: .zero,
                        time: 0
                    )
                }
                // A million bytes in a file of 32 KiB.
                #expect(database.log.files().count == 1)
            }
            var body: [UInt8] = []
            _ = try DataDirectory.open(
                try storage(),
                configuration: TestDatabase.small,
                newID: TestDatabase.id,
                time: 0,
                load: { (_) throws(DurabilityError) in },
                replay: { (_, _, bytes) throws(DurabilityError) in body = [UInt8](bytes) }
            )
            #expect(body == [UInt8](repeating: 7, count: 1_000_000))
        }
    }

    @Test func `a seal is written once per idle period`() throws {
        let storage = MemoryStorage()
        var database = try TestDatabase(storage)
        try database.append(1)
        try database.seal()
        let count = storage.callCount
        try database.seal()
        #expect(storage.callCount == count)
        try database.append(1)
        try database.seal()
        #expect(storage.callCount > count)
        #expect(try TestDatabase(storage).report.blocksRead == 2)
    }

    @Test func `an append costs one write and one sync`() throws {
        let storage = MemoryStorage()
        var database = try TestDatabase(storage)
        let count = storage.callCount
        try database.append(1)
        #expect(storage.callCount == count + 2)
    }

    @Test func `steps out of order stop the process`() async {
        await #expect(processExitsWith: .failure) {
            let database = try TestDatabase(MemoryStorage())
            let empty = UnsafeRawBufferPointer(start: nil, count: 0)
            try database.log.append(
                body: empty,
                first: LSN(2),
                count: 1,
                acknowledged: .zero,
                time: 0
            )
        }
    }

    // MARK: - Failing disks

    @Test(arguments: [MemoryStorage.Call.write, .sync], [5, 28] as [Int32])
    func `after a failed write or sync all writes are refused`(
        _ call: MemoryStorage.Call,
        _ errno: Int32
    ) throws {
        let storage = MemoryStorage()
        var database = try TestDatabase(storage)
        try database.append(1)
        storage.fail(call, errno: errno)
        let first = #expect(throws: DurabilityError.self) { try database.append(1) }
        guard case .failed(_, _, errno, _) = first else {
            Issue.record("\(String(describing: first))")
            return
        }
        let count = storage.callCount
        for _ in 0..<2 {
            let later = #expect(throws: DurabilityError.self) { try database.append(1) }
            guard case .poisoned = later else {
                Issue.record("\(String(describing: later))")
                return
            }
            #expect(throws: DurabilityError.self) { try database.seal() }
        }
        #expect(storage.callCount == count)
        let recovered = try TestDatabase(storage.restarted())
        #expect(recovered.machine.isRight)
        #expect(recovered.log.lastLSN == .first)
    }

    @Test func `a full disk is detected before the current file is full`() throws {
        let storage = MemoryStorage()
        let page = StorageAlignment.byteCount
        var database = try TestDatabase(storage)
        #expect(database.log.space(for: 5 * page) == .certain)
        #expect(database.log.space(for: 1 << 20) == .likely)
        // Nearly full, and no file was prepared yet.
        storage.setCapacity(storage.usedByteCount + 16 * page)
        #expect(database.log.space(for: 1 << 20) == .unknown)
        storage.setCapacity(8 * page + 500)
        let full = #expect(throws: DurabilityError.self) { try database.log.prepareNext() }
        guard case .full = full else {
            Issue.record("\(String(describing: full))")
            return
        }
        #expect(database.log.space(for: 1 << 20) == .full)
        #expect(database.log.wantsNext)
        while database.log.space(for: page / 2) == .certain { try database.append(1) }
        #expect(database.log.files().count == 1)
        #expect(storage.bytes("preparing.invlog").isEmpty)

        storage.setCapacity(.max)
        try database.log.prepareNext()
        #expect(database.log.space(for: 6 * page) == .certain)
        #expect(database.log.space(for: 1 << 20) == .likely)
        for _ in 0..<10 { try database.append(1) }
        #expect(try TestDatabase(storage).machine.isRight)
    }

    @Test func `a full disk does not stop a start`() throws {
        let storage = MemoryStorage()
        var database = try TestDatabase(storage)
        for _ in 0..<7 { try database.append(1) }
        storage.setCapacity(8 * StorageAlignment.byteCount + 500)
        let again = try TestDatabase(storage)
        #expect(again.machine.isRight)
        #expect(again.log.lastLSN == LSN(7))
        try again.seal()
    }

    @Test func `preparing the next file during appends loses no steps`() async throws {
        let directory = TemporaryDirectory()
        var last: UInt64 = 0
        do {
            var database = try TestDatabase(try DirectoryStorage(directory: directory.path))
            let log = database.log
            let preparing = Task.detached {
                while !Task.isCancelled {
                    try? log.prepareNext()
                    await Task.yield()
                }
            }
            for index in 0..<300 {
                try database.append(index % 5 + 1, padding: index % 4 * 800)
                if index % 16 == 15 { await Task.yield() }
            }
            preparing.cancel()
            await preparing.value
            last = database.machine.lsn
        }
        let database = try TestDatabase(try DirectoryStorage(directory: directory.path))
        #expect(database.machine.isRight)
        #expect(database.log.lastLSN.value == last)
    }
}
