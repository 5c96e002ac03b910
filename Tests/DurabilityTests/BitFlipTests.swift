import Bytes
import InventoryTestSupport
import Testing

@testable import Durability

/// Any single flipped bit: the data is the same, or the start is refused with the file's name.
///
/// The only steps that may be lost are those of an unsealed last block.
@Suite struct BitFlipTests {
    /// The result of a start with one flipped bit.
    private enum Result: Equatable {
        case same
        case dropped(through: UInt64)
        case refused
    }

    private func start(_ storage: MemoryStorage, flipping bit: Int, of name: String) -> Result {
        let disk = storage.copy()
        disk.flip(name, bit: bit)
        let before = disk.bytes(name)
        do throws(DurabilityError) {
            let database = try TestDatabase(disk)
            #expect(database.machine.isRight, "bit \(bit) of \(name)")
            guard let torn = database.report.torn else {
                return .same
            }
            #expect(torn.firstLSN.value == database.machine.lsn + 1)
            return .dropped(through: database.machine.lsn)
        } catch {
            #expect(error.isDataRefused, "bit \(bit) of \(name): \(error)")
            #expect("\(error)".contains(name), "bit \(bit) of \(name): \(error)")
            #expect(disk.bytes(name) == before, "bit \(bit) of \(name)")
            return .refused
        }
    }

    /// Every meaningful bit, and one in 61 of the padding between.
    private func bits(of bytes: [UInt8]) -> [Int] {
        let page = StorageAlignment.byteCount
        return (0..<(bytes.count * 8)).filter { bit in
            let byte = bit / 8
            let used = byte < page ? 80 : 96 + 6 * 16
            return byte % page < used || bytes[byte] != 0 || bit % 61 == 0
        }
    }

    private func log(_ blocks: [Int]) throws -> (MemoryStorage, TestDatabase) {
        let storage = MemoryStorage()
        var database = try TestDatabase(storage)
        for block in blocks { try database.append(block) }
        return (storage, database)
    }

    @Test func `no bit of a sealed log can lose a step`() throws {
        let (storage, database) = try self.log([1, 3, 2])
        try database.seal()
        let name = LogFileHead.name(.first)
        for bit in self.bits(of: storage.bytes(name)) {
            let result = self.start(storage, flipping: bit, of: name)
            #expect(
                result == .same || result == .refused || result == .dropped(through: 6),
                "bit \(bit): \(result)"
            )
        }
    }

    @Test func `only the last block of an unsealed log is ever dropped`() throws {
        let (storage, _) = try self.log([1, 3, 2])
        let name = LogFileHead.name(.first)
        let last = 3 * StorageAlignment.byteCount * 8
        for bit in self.bits(of: storage.bytes(name)) {
            let result = self.start(storage, flipping: bit, of: name)
            switch result {
            case .same, .refused: break
            case .dropped(let lsn):
                #expect(bit >= last && lsn >= 4, "bit \(bit) dropped all after \(lsn)")
            }
            let isMeant = bit >= last && bit < last + (96 + 32) * 8
            #expect(!isMeant || result == .dropped(through: 4), "bit \(bit): \(result)")
        }
    }

    @Test func `a start seals the log, so that no bit can lose a step later`() throws {
        let (storage, _) = try self.log([1, 3, 2])
        _ = try TestDatabase(storage)
        let name = LogFileHead.name(.first)
        for bit in self.bits(of: storage.bytes(name)) {
            let result = self.start(storage, flipping: bit, of: name)
            #expect(result == .same || result == .refused || result == .dropped(through: 6))
        }
    }

    @Test func `no bit of any file of a long log can lose a step`() throws {
        let storage = MemoryStorage()
        var database = try TestDatabase(storage)
        var random = SplitMix64(seed: 11)
        for index in 0..<40 {
            try database.append(
                Int.random(in: 1...4, using: &random),
                padding: Int.random(in: 0...1_500, using: &random)
            )
            if index == 15 || index == 25 { try database.snapshot() }
        }
        try database.seal()
        let last = database.machine.lsn
        let needed = try #require(database.directory.snapshots.newestLSN)
        for name in try storage.list() where name.hasPrefix("log-") {
            let byteCount = storage.bytes(name).count
            for _ in 0..<400 {
                let bit = Int.random(in: 0..<(byteCount * 8), using: &random)
                let result = self.start(storage, flipping: bit, of: name)
                #expect(
                    result == .same || result == .refused || result == .dropped(through: last),
                    "bit \(bit) of \(name), snapshot \(needed): \(result)"
                )
            }
        }
    }

    @Test func `no bit of an identity file can flip unnoticed`() throws {
        let (storage, _) = try self.log([1])
        let name = DataDirectory.identityName
        for bit in 0..<(DatabaseIdentity.byteCount * 8) {
            #expect(self.start(storage, flipping: bit, of: name) == .refused)
        }
        // There are two copies of the mark after it.
        let page = StorageAlignment.byteCount * 8
        for copy in 1...LogMark.copies {
            for bit in 0..<((LogMark.checkedByteCount + 4) * 8) {
                #expect(self.start(storage, flipping: copy * page + bit, of: name) == .same)
            }
        }
    }

    @Test func `no bit of a snapshot can flip unnoticed`() throws {
        let (storage, database) = try self.log([9, 3])
        var changed = database
        try changed.snapshot()
        try changed.append(2)
        try changed.snapshot()
        for name in try storage.list() where name.hasSuffix(".invblk") || name.hasSuffix("snap") {
            let isNewest = name == SnapshotManifest.name(LSN(14))
            let isOld = name.hasSuffix("snap") && !isNewest
            for bit in 0..<(storage.bytes(name).count * 8) {
                let result = self.start(storage, flipping: bit, of: name)
                if isOld {
                    #expect(result == .same)
                } else if isNewest || bit < 64 * 8 {
                    #expect(result == .refused, "bit \(bit) of \(name)")
                } else {
                    // Blocks that only the older snapshot refers to are not read.
                    #expect(result != .dropped(through: 12), "bit \(bit) of \(name)")
                }
            }
        }
    }
}
