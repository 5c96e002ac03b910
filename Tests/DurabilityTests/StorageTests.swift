import Durability
import InventoryTestSupport
import Testing

/// Common behaviour of both disks, and faults that only the one in memory can simulate.
@Suite struct StorageTests {
    private func write(_ file: any StorageFile, _ bytes: [UInt8], at offset: UInt64) throws {
        try bytes.withUnsafeBytes { try file.write($0, at: offset) }
    }

    private func read(_ file: any StorageFile, at offset: UInt64, count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0xEE, count: count)
        let filled = try bytes.withUnsafeMutableBytes { try file.read(at: offset, into: $0) }
        return Array(bytes.prefix(filled))
    }

    private func exercise(_ storage: any Storage) throws {
        #expect(try storage.list().isEmpty)
        #expect(throws: DurabilityError.self) {
            try storage.open("a", create: false, direct: false)
        }
        let file = try storage.open("a", create: true, direct: false)
        #expect(try file.byteCount() == 0)
        try self.write(file, [1, 2, 3], at: 2)
        #expect(try file.byteCount() == 5)
        #expect(try self.read(file, at: 0, count: 5) == [0, 0, 1, 2, 3])
        #expect(try self.read(file, at: 4, count: 5) == [3])
        #expect(try self.read(file, at: 5, count: 5).isEmpty)
        try file.sync()
        // Opened again it is the same file, not an empty one.
        let again = try storage.open("a", create: true, direct: false)
        #expect(try again.byteCount() == 5)
        _ = try storage.open("b", create: true, direct: false)
        try storage.rename("a", to: "b")
        #expect(try storage.list() == ["b"])
        try self.write(again, [9], at: 0)
        let moved = try storage.open("b", create: false, direct: false)
        #expect(try self.read(moved, at: 0, count: 3) == [9, 0, 1])
        try storage.syncDirectory()
        try storage.remove("b")
        #expect(try self.read(moved, at: 0, count: 1) == [9])
        #expect(try storage.list().isEmpty)
        #expect(throws: DurabilityError.self) { try storage.remove("b") }
        #expect(throws: DurabilityError.self) { try storage.rename("b", to: "c") }
        #expect(try storage.freeByteCount() > 0)
    }

    @Test func `a directory behaves like a storage`() throws {
        let directory = TemporaryDirectory()
        try self.exercise(try DirectoryStorage(directory: directory.path))
    }

    @Test func `the disk in memory behaves like a storage`() throws {
        try self.exercise(MemoryStorage())
    }

    @Test func `many names of every length are listed completely`() throws {
        let directory = TemporaryDirectory()
        let storage = try DirectoryStorage(directory: directory.path)
        var names: Set<String> = []
        for number in 0..<1_000 {
            let name = "\(number)-" + String(repeating: "ä", count: number % 120)
            names.insert(name)
            _ = try storage.open(name, create: true, direct: false)
        }
        #expect(try Set(storage.list()) == names)
    }

    @Test func `a directory stays locked if files are removed`() throws {
        let directory = TemporaryDirectory()
        let held = try DirectoryStorage(directory: directory.path)
        let lock = try held.open("lock", create: true, direct: false)
        try held.remove("lock")
        #expect(throws: DurabilityError.locked(path: directory.path)) {
            try DirectoryStorage(directory: directory.path)
        }
        withExtendedLifetime(lock) {}
    }

    @Test func `a locked directory is refused, and free again afterwards`() throws {
        let directory = TemporaryDirectory()
        do {
            let held = try DirectoryStorage(directory: directory.path)
            #expect(throws: DurabilityError.locked(path: directory.path)) {
                try DirectoryStorage(directory: directory.path)
            }
            #expect(try held.list().isEmpty)
        }
        _ = try DirectoryStorage(directory: directory.path)
    }

    @Test func `a missing parent directory is an error that names it`() {
        let error = #expect(throws: DurabilityError.self) {
            try DirectoryStorage(directory: "/no/such/place")
        }
        #expect("\(String(describing: error))".contains("/no/such/place"))
    }

    @Test func `unsynced writes are lost after a power cut`() throws {
        let storage = MemoryStorage()
        let file = try storage.open("a", create: true, direct: false)
        try self.write(file, [1], at: 0)
        try file.sync()
        #expect(try storage.restarted().list().isEmpty)
        try storage.syncDirectory()
        try self.write(file, [2], at: 0)
        #expect(storage.bytes("a") == [2])
        #expect(storage.restarted().bytes("a") == [1])
        #expect(storage.restarted(keeping: .everything).bytes("a") == [2])
        try storage.rename("a", to: "b")
        #expect(try storage.restarted().list() == ["a"])
        let surviving = (0..<64 as Range<UInt64>).map { seed in
            storage.restarted(keeping: .random(seed: seed)).bytes("b")
        }
        #expect(Set(surviving) == [[], [1], [2]])
    }

    @Test func `after a power cut all calls fail, and a torn write has its beginning`() throws {
        let storage = MemoryStorage()
        let file = try storage.open("a", create: true, direct: false)
        try storage.syncDirectory()
        storage.crash(at: storage.callCount + 1, tornAt: 2)
        #expect(throws: DurabilityError.self) { try self.write(file, [1, 2, 3], at: 0) }
        #expect(throws: DurabilityError.self) { try file.sync() }
        #expect(throws: DurabilityError.self) { try storage.list() }
        #expect(storage.restarted().bytes("a") == [1, 2])
    }

    @Test func `a full disk refuses writes with an error`() throws {
        let storage = MemoryStorage()
        storage.setCapacity(4)
        let file = try storage.open("a", create: true, direct: false)
        try self.write(file, [1, 2, 3, 4], at: 0)
        try self.write(file, [5], at: 3)
        #expect(throws: DurabilityError.full(operation: "write", path: "memory/a")) {
            try self.write(file, [6], at: 4)
        }
        #expect(try storage.freeByteCount() == 0)
    }
}
