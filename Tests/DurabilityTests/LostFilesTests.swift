import Bytes
import InventoryTestSupport
import Testing

@testable import Durability

/// Missing files, and their repair.
@Suite struct LostFilesTests {
    private func directory() throws -> (disk: MemoryStorage, last: UInt64) {
        let disk = MemoryStorage()
        var database = try TestDatabase(disk)
        try database.append(30)
        try database.snapshot()
        try database.append(4)
        try database.seal()
        try database.directory.protection.protectAll()
        return (disk, database.machine.lsn)
    }

    @Test func `a snapshot without a block file is refused with its name`() throws {
        let (disk, _) = try self.directory()
        let name = SnapshotManifest.blockFileName(LSN(30))
        try disk.remove(name)
        let error = #expect(throws: DurabilityError.self) { try TestDatabase(disk) }
        #expect(error?.isDataRefused == true)
        #expect("\(String(describing: error))".contains(name))
    }

    @Test(arguments: [nil, 0, 100, 351])
    func `a lost identity file is recreated from the log`(bit: Int?) throws {
        let (disk, last) = try self.directory()
        let name = DataDirectory.identityName
        let before = disk.bytes(name)
        if let bit { disk.flip(name, bit: bit) } else { try disk.remove(name) }
        #expect(throws: DurabilityError.self) { try TestDatabase(disk) }
        // A dry run on an overlay first: it changes nothing.
        let said = try Repair.rewriteIdentity(try OverlayStorage(over: disk))
        #expect(disk.bytes(name) != before)
        #expect(try Repair.rewriteIdentity(disk) == said)
        #expect(said.last == .named(path: disk.path(name)))
        #expect(said.count == (bit == nil ? 1 : 2))
        let named = DatabaseIdentity.byteCount
        #expect(disk.bytes(name).prefix(named) == before.prefix(named))
        let database = try TestDatabase(disk)
        #expect(database.machine.lsn == last && database.machine.isRight)
        #expect(try Repair.rewriteIdentity(disk).isEmpty)
    }

    @Test func `no identity is created if the log files disagree`() throws {
        let (disk, _) = try self.directory()
        let other = MemoryStorage()
        var stranger = try TestDatabase(other, id: TestDatabase.otherID)
        try stranger.append(2)
        disk.setBytes(LogFileHead.name(LSN(900)), other.bytes(LogFileHead.name(.first)))
        try disk.remove(DataDirectory.identityName)
        #expect(try Repair.rewriteIdentity(disk).isEmpty)
        let empty = MemoryStorage()
        empty.setBytes(DataDirectory.identityName, [1, 2, 3])
        #expect(try Repair.rewriteIdentity(empty).isEmpty)
    }

    // MARK: - Each kind of file

    /// The result of a start and of a check.
    private enum Verdict: Equatable {
        /// It opens completely, with notices about these files, by the last part of their names.
        case opens(noted: [String])
        case refused(naming: String)
    }

    private static func ending(_ path: String) -> String {
        String(path.split(separator: ".").last ?? "")
    }

    /// Whether a check reports that a start is refused.
    private func refuses(_ scan: DirectoryScan) -> Bool {
        scan.findings.contains { finding in
            if case .refused = finding { true } else { false }
        }
    }

    private func start(_ disk: MemoryStorage, _ last: UInt64) throws -> Verdict {
        do throws(DurabilityError) {
            let database = try TestDatabase(disk)
            #expect(database.machine.lsn == last && database.machine.isRight)
            let noted = database.report.notices.map { notice in
                switch notice {
                case .leftover(let path): "leftover \(Self.ending(path))"
                case .unused(let path): "unused \(Self.ending(path))"
                case .noFallback(let path, _): "no fallback \(Self.ending(path))"
                case .noHistory(let path, _, _):
                    "no history \(path.split(separator: "/").last ?? "")"
                }
            }
            return .opens(noted: noted.sorted())
        } catch {
            guard error.isDataRefused else { throw error }
            return .refused(naming: "\(error)")
        }
    }

    /// Creates a directory with at least three log files, two snapshots, parity, and a next file.
    private func rich() throws -> (disk: MemoryStorage, last: UInt64) {
        let disk = MemoryStorage()
        let configuration = LogConfiguration(fileByteCount: 8 * StorageAlignment.byteCount)
        var database = try TestDatabase(disk, configuration)
        for round in 0..<24 {
            try database.append(3, padding: 500)
            if round == 12 || round == 18 { try database.snapshot() }
        }
        try database.seal()
        try database.log.prepareNext()
        try database.directory.protection.protectAll()
        return (disk, database.machine.lsn)
    }

    @Test func `a start and a check agree about any missing file`() throws {
        let (whole, last) = try self.rich()
        let names = try whole.list().sorted()
        let logs = names.filter { LogFileHead.firstLSN(ofName: $0) != nil }
        let manifests = names.filter { SnapshotManifest.lsn(ofName: $0) != nil }
        let blocks = names.filter { SnapshotManifest.blockFileLSN($0) != nil }
        #expect(logs.count > 3 && manifests.count == 2 && blocks.count == 2)
        for name in names {
            let disk = whole.copy()
            try disk.remove(name)
            // A check opens an overlay, like a start that changes nothing.
            let scan = try? DirectoryScan(disk)
            let overlay = try OverlayStorage(over: disk)
            var isOpened = true
            do throws(DurabilityError) { _ = try TestDatabase(overlay) } catch { isOpened = false }
            let isSound = isOpened && !(scan.map { self.refuses($0) } ?? true)
            let verdict = try self.start(disk, last)
            switch verdict {
            case .opens: #expect(isSound, "\(name): \(scan?.findings ?? [])")
            case .refused: #expect(!isSound, "\(name)")
            }
            switch name {
            case DataDirectory.identityName:
                guard case .refused(let said) = verdict else { fallthrough }
                #expect(said.contains(name))
            case logs[logs.count - 1]:
                #expect(verdict == .refused(naming: "\(self.missingNewest(disk, name))"))
            case manifests[1]:
                // The preceding snapshot and the log contain the same state.
                #expect(verdict == .opens(noted: ["unused invblk"]), "\(name)")
            case manifests[0]:
                #expect(verdict == .opens(noted: ["unused invblk"]), "\(name)")
            case blocks[1]:
                guard case .refused(let said) = verdict else { fallthrough }
                #expect(said.contains(name), "\(said)")
            case blocks[0]:
                #expect(verdict == .opens(noted: ["no fallback invsnap"]), "\(verdict)")
            case LogFileHead.spareName:
                #expect(verdict == .opens(noted: []))
            case _ where name.hasSuffix(Protection.suffix):
                #expect(verdict == .opens(noted: []))
            case logs[0]:
                // As if it had been retired.
                #expect(verdict == .opens(noted: []))
            case _ where logs.contains(name):
                guard case .opens(let noted) = verdict else {
                    // The newest snapshot needs it.
                    let first = LogFileHead.firstLSN(ofName: name) ?? .zero
                    let newest = SnapshotManifest.lsn(ofName: manifests[1]) ?? .zero
                    #expect(logs.contains { LogFileHead.firstLSN(ofName: $0) == first })
                    #expect(
                        logs.last { LogFileHead.firstLSN(ofName: $0) ?? .zero <= newest.next }
                            ?? "" <= name
                    )
                    continue
                }
                #expect(noted.contains("no history \(name)"), "\(noted)")
            default:
                Issue.record("\(name) has an unknown kind")
            }
        }
    }

    /// A way to damage a file beyond what parity restores.
    enum Damage: CaseIterable {
        case emptied, halved, zeroed, firstPagesOverwritten, garbled
    }

    private func damage(_ disk: MemoryStorage, _ name: String, _ how: Damage) {
        var bytes = disk.bytes(name)
        let count = bytes.count
        switch how {
        case .emptied: bytes = []
        case .halved: bytes.removeLast(count - count / 2)
        case .zeroed: bytes = [UInt8](repeating: 0, count: count)
        case .firstPagesOverwritten:
            for index in 0..<min(count, 8 * StorageAlignment.byteCount) { bytes[index] ^= 0x5A }
        case .garbled:
            for index in stride(from: 0, to: count, by: 16) { bytes[index] ^= 1 }
        }
        disk.setBytes(name, bytes)
    }

    @Test(arguments: Damage.allCases)
    func `a start and a check agree about any damaged file`(how: Damage) throws {
        let (whole, last) = try self.rich()
        let names = try whole.list().sorted()
        let logs = names.filter { LogFileHead.firstLSN(ofName: $0) != nil }
        let newest = try #require(names.compactMap { SnapshotManifest.lsn(ofName: $0) }.max())
        let needed = logs[LogRecovery.firstNeeded(logs, after: newest)...]
        #expect(needed.count > 1 && logs.count > needed.count + 1)
        let isNeeded = Set(
            needed + [
                DataDirectory.identityName, SnapshotManifest.name(newest),
                SnapshotManifest.blockFileName(newest),
            ]
        )
        for name in names {
            let disk = whole.copy()
            self.damage(disk, name, how)
            let scan = try? DirectoryScan(disk)
            let verdict = try self.start(disk, last)
            let isRefused = if case .refused = verdict { true } else { false }
            #expect(isRefused == (scan.map { self.refuses($0) } ?? true), "\(name): \(verdict)")
            // A file of one page is restored completely.
            let isHealed =
                scan?.findings == [
                    .damagedPage(path: disk.path(name), offset: 0, isHealable: true)
                ]
            #expect(disk.bytes(name).count <= StorageAlignment.byteCount || !isHealed)
            #expect(isRefused == (isNeeded.contains(name) && !isHealed), "\(name): \(verdict)")
            guard !isRefused, let first = LogFileHead.firstLSN(ofName: name) else { continue }
            // The log now starts after it, and it is removed once a snapshot is written.
            guard case .opens(let noted) = verdict else { continue }
            #expect(noted.contains("no history \(name)"), "\(noted)")
            var database = try TestDatabase(disk, LogConfiguration())
            #expect(database.log.firstRetainedLSN > first)
            try database.append(1)
            try database.snapshot()
            #expect(try !disk.list().contains(name))
            #expect(try TestDatabase(disk).machine.lsn == last + 1)
        }
    }

    @Test func `a file of the log's history restored from parity is kept`() throws {
        let (disk, last) = try self.rich()
        let oldest = try #require(disk.list().compactMap { LogFileHead.firstLSN(ofName: $0) }.min())
        let before = disk.bytes(LogFileHead.name(oldest))
        disk.flip(LogFileHead.name(oldest), bit: 300)
        let database = try TestDatabase(disk)
        #expect(database.machine.lsn == last && database.machine.isRight)
        #expect(database.report.healed.count == 1 && database.report.notices.isEmpty)
        #expect(database.log.firstRetainedLSN == oldest)
        #expect(disk.bytes(LogFileHead.name(oldest)) == before)
    }

    @Test func `a valid snapshot is not set aside because of the log`() throws {
        let (disk, _) = try self.rich()
        let names = try disk.list()
        let newest = try #require(names.compactMap { SnapshotManifest.lsn(ofName: $0) }.max())
        let repair = try Repair(disk)
        for name in names where LogFileHead.firstLSN(ofName: name) != nil {
            #expect(try repair.goBackOneSnapshot(from: disk.path(name)) == nil)
        }
        #expect(try repair.goBackOneSnapshot(from: "the log") == nil)
        #expect(try Set(disk.list()) == Set(names))
        let blocks = disk.path(SnapshotManifest.blockFileName(newest))
        #expect(try repair.goBackOneSnapshot(from: blocks) != nil)
        #expect(try !disk.list().contains(SnapshotManifest.name(newest)))
    }

    private func missingNewest(_ disk: MemoryStorage, _ name: String) -> DurabilityError {
        .missingNewestLog(
            path: disk.path(name),
            firstLSN: LogFileHead.firstLSN(ofName: name) ?? .zero
        )
    }

    @Test func `a start removes files of an interrupted attempt`() throws {
        let (disk, last) = try self.rich()
        let before = Set(try disk.list())
        for name in ["blocks-00000000000000000072.invblk.tmp", "log-1.invpar.tmp"] {
            disk.setBytes(name, [1, 2, 3])
        }
        #expect(try self.start(disk, last) == .opens(noted: ["leftover tmp", "leftover tmp"]))
        #expect(try Set(disk.list()) == before)
    }
}
