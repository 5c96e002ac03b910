import Bytes
import InventoryTestSupport
import Testing

@testable import Durability

/// A damaged page of a file that no longer changes is restored byte for byte, or reported.
@Suite struct ParityTests {
    private static let page = StorageAlignment.byteCount

    /// Two snapshots and several log files, all protected.
    private func protected() throws -> (storage: MemoryStorage, protection: Protection) {
        let storage = MemoryStorage()
        // Nothing is retired, so that there is history to damage.
        let configuration = LogConfiguration(fileByteCount: 8 * Self.page)
        var database = try TestDatabase(storage, configuration)
        for index in 0..<12 {
            try database.append(40, padding: 200)
            if index == 4 || index == 8 { try database.snapshot() }
        }
        try database.directory.protection.protectAll()
        return (storage, database.directory.protection)
    }

    private func sealed(_ storage: MemoryStorage) throws -> [String] {
        Protection.sealed(try storage.list())
    }

    private func pageCount(_ bytes: [UInt8]) -> Int { Parity.pageCount(UInt64(bytes.count)) }

    /// Returns the bytes with one page zeroed, or filled with noise.
    private func damage(_ bytes: [UInt8], page: Int, _ random: inout SplitMix64) -> [UInt8] {
        var damaged = bytes
        let isZeroed = Bool.random(using: &random)
        for index in (page * Self.page)..<min((page + 1) * Self.page, bytes.count) {
            damaged[index] = isZeroed ? 0 : UInt8(truncatingIfNeeded: random.next())
        }
        return damaged
    }

    @Test func `every sealed file has parity, and the one being written has none`() throws {
        let (storage, _) = try self.protected()
        let names = try storage.list()
        let sealed = try self.sealed(storage)
        #expect(sealed.count >= 4 + 4)
        for name in sealed {
            let parity = try #require(Protection.parityName(for: name))
            #expect(names.contains(parity), "\(name)")
        }
        #expect(names.count { $0.hasSuffix(".invpar") } == sealed.count)
    }

    @Test func `any page of a sealed file is restored exactly, in 100,000 cases`() throws {
        let (storage, protection) = try self.protected()
        var random = SplitMix64(seed: 3)
        let sealed = try self.sealed(storage)
        let originals = sealed.map { storage.bytes($0) }
        let parities = try sealed.map { try #require(try protection.parity(of: $0)) }
        for count in 0..<100_000 {
            let index = count % sealed.count
            let (name, bytes) = (sealed[index], originals[index])
            let page = Int.random(in: 0..<self.pageCount(bytes), using: &random)
            storage.setBytes(name, self.damage(bytes, page: page, &random))
            let parity = parities[index]
            let file = try storage.open(name, create: false, direct: false)
            let damaged = try parity.damagedPages(of: file)
            // A zeroed page of zeros is not damaged.
            guard let found = damaged.first else {
                if storage.bytes(name) != bytes { Issue.record("\(name) page \(page) unnoticed") }
                continue
            }
            guard damaged.count == 1, found == page,
                let patch = try protection.patch(name, page: page, file: file, parity: parity)
            else {
                Issue.record("\(name) page \(page): \(damaged)")
                continue
            }
            _ = try protection.heal([patch])
            if storage.bytes(name) != bytes {
                Issue.record("\(name) page \(page) was restored wrong")
            }
        }
    }

    @Test func `a start restores and reports damaged pages of files it needs`() throws {
        let (storage, _) = try self.protected()
        var random = SplitMix64(seed: 5)
        for name in try self.sealed(storage) {
            let bytes = storage.bytes(name)
            for page in 0..<self.pageCount(bytes) {
                let disk = storage.copy()
                disk.setBytes(name, self.damage(bytes, page: page, &random))
                let wasDamaged = disk.bytes(name) != bytes
                let database = try TestDatabase(disk)
                #expect(database.machine.isRight)
                #expect(database.machine.lsn == 480)
                // Files that a start does not need are left to the scrub.
                guard !database.report.healed.isEmpty else { continue }
                let offset = UInt64(page * Self.page)
                #expect(wasDamaged)
                #expect(database.report.healed == [.init(path: disk.path(name), offset: offset)])
                #expect(disk.bytes(name) == bytes)
            }
        }
    }

    @Test func `an unreadable page is restored like one with wrong bytes`() throws {
        let (storage, _) = try self.protected()
        let name = try #require(self.sealed(storage).last { $0.hasPrefix("blocks-") })
        storage.loseSector(name, page: 0)
        let database = try TestDatabase(storage)
        #expect(database.machine.isRight)
        #expect(database.report.healed.count == 1)
        #expect(try TestDatabase(storage).report.healed.isEmpty)
    }

    @Test func `one damaged page per stripe is restored, two are refused`() throws {
        let storage = MemoryStorage()
        let configuration = LogConfiguration(fileByteCount: 130 * Self.page)
        var database = try TestDatabase(storage, configuration)
        for _ in 0..<4 { try database.append(800, padding: 200) }
        try database.directory.protection.protectAll()
        let name = LogFileHead.name(.first)
        let bytes = storage.bytes(name)
        let damaged = { (pages: [Int]) -> MemoryStorage in
            let disk = storage.copy()
            var changed = bytes
            for page in pages { changed[page * Self.page + 7] ^= 0x10 }
            disk.setBytes(name, changed)
            return disk
        }
        // 130 pages are 3 stripes.
        let healed = damaged([4, 5, 6])
        #expect(try TestDatabase(healed).report.healed.count == 3)
        #expect(healed.bytes(name) == bytes)

        let lost = damaged([4, 7])
        let before = lost.bytes(name)
        #expect(throws: DurabilityError.self) { _ = try TestDatabase(lost) }
        #expect(lost.bytes(name) == before)
    }

    @Test func `no bit of a parity file can make a start fail`() throws {
        let (storage, _) = try self.protected()
        var random = SplitMix64(seed: 8)
        let name = LogFileHead.name(.first)
        let parity = try #require(Protection.parityName(for: name))
        let bytes = storage.bytes(name)
        for _ in 0..<500 {
            let disk = storage.copy()
            let bit = Int.random(in: 0..<(disk.bytes(parity).count * 8), using: &random)
            disk.flip(parity, bit: bit)
            let page = Int.random(in: 0..<self.pageCount(bytes), using: &random)
            disk.setBytes(name, self.damage(bytes, page: page, &random))
            do throws(DurabilityError) {
                let database = try TestDatabase(disk)
                #expect(database.machine.isRight && database.machine.lsn == 480)
                if !database.report.healed.isEmpty { #expect(disk.bytes(name) == bytes) }
            } catch {
                #expect(error.isDataRefused, "\(error)")
            }
        }
    }

    // MARK: - The scrub

    private func scrub(_ protection: Protection) throws -> Scrub.Findings {
        var scrub = try Scrub(protection)
        while try scrub.step(pageCount: 3) {}
        return scrub.findings
    }

    @Test func `a scrub reads every page of an intact directory`() throws {
        let (storage, protection) = try self.protected()
        let findings = try self.scrub(protection)
        let sealed = try self.sealed(storage)
        #expect(findings.files == sealed.count)
        #expect(
            findings.pages == sealed.reduce(0) { $0 + self.pageCount(storage.bytes($1)) }
        )
        #expect(findings.healed.isEmpty && findings.lost.isEmpty)
        #expect(findings.parityRewritten == 0)
    }

    @Test func `a scrub restores or reports every damaged page`() throws {
        let (storage, protection) = try self.protected()
        let sealed = try self.sealed(storage)
        let originals = sealed.map { storage.bytes($0) }
        storage.flip(sealed[0], bit: 12_345)
        storage.loseSector(sealed[1], page: 2)
        storage.flip(sealed[2], bit: 5)
        storage.flip(sealed[2], bit: 3 * Self.page * 8 + 5)
        let parity = try #require(Protection.parityName(for: sealed[3]))
        storage.flip(parity, bit: storage.bytes(parity).count * 8 - 1)
        let findings = try self.scrub(protection)
        #expect(findings.healed.count == 2)
        #expect(storage.bytes(sealed[0]) == originals[0])
        #expect(storage.bytes(sealed[1]) == originals[1])
        #expect(
            findings.lost.map { $0.path } == [String](repeating: storage.path(sealed[2]), count: 2)
        )
        #expect(findings.parityRewritten == 1)
        #expect(try self.scrub(protection).parityRewritten == 0)
    }

    @Test func `a scrub skips files that are retired between its steps`() throws {
        let (storage, protection) = try self.protected()
        var scrub = try Scrub(protection)
        _ = try scrub.step(pageCount: 2)
        try storage.remove(try self.sealed(storage)[0])
        try storage.remove(try self.sealed(storage)[1])
        while try scrub.step(pageCount: 2) {}
        #expect(scrub.findings.lost.isEmpty && scrub.findings.healed.isEmpty)
        try protection.protectAll()
        #expect(
            try storage.list().count { $0.hasSuffix(".invpar") } == self.sealed(storage).count
        )
    }
}
