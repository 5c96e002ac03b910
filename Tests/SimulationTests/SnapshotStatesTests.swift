import Bytes
import Durability
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryClient
@testable import InventoryEngine
@testable import InventoryServer

/// A process ends in any state of a running snapshot: reads after the restart return the same as before.
@Suite struct SnapshotStatesTests {
    /// Everything that can be read, as a string.
    private static func content(_ state: InventoryState) -> [String] {
        let tables = state.readView().tables
        var lines = ["lsn \(state.lsn) at \(state.time.microseconds)"]
        for row in 0..<tables.levels.rowCount { lines.append("\(tables.levels.level(row))") }
        for row in 0..<tables.ledger.rowCount { lines.append("\(tables.movement(row))") }
        for id in 1...3 as ClosedRange<UInt32> {
            lines.append("\(tables.product(ProductID(id)))")
        }
        let sessions = state.sessions.sessions.map { "session \($0.number) at \($0.sequence)" }
        lines += sessions.sorted()
        return lines
    }

    private static let log = LogConfiguration(
        fileByteCount: 4 * 4_096,
        retentionByteCount: 0,
        retentionSeconds: 0
    )

    private static func open(_ disk: MemoryStorage) throws -> OpenedDatabase {
        try OpenedDatabase.open(
            disk,
            Self.log,
            newID: DatabaseID(1, 2),
            now: Instant(microseconds: 1_767_225_700_000_000)
        )
    }

    @Test func `the same state is read after a crash at any point of a snapshot`() throws {
        let world = try SmallWorld(log: Self.log)
        let client = world.client()
        world.stock(3, by: client)
        var states = 0
        for round in 0..<3 {
            for number in 0..<20 { world.done(.sale(UInt32(number % 3 + 1)), by: client) }
            world.pass(200)
            guard let driver = world.server?.driver else { return }
            let before = Self.content(driver.host.engine.state)
            // A snapshot on a copy of the disk, interrupted at each of its calls in turn.
            var call = 1
            var isOver = false
            while !isOver {
                let disk = world.storage.restarted(keeping: .pageCache)
                let opened = try Self.open(disk)
                disk.crash(at: disk.callCount + call)
                isOver = Self.takeSnapshot(opened, at: world.clock.now)
                for fate in [.nothing, .everything, .pageCache, .random(seed: UInt64(call))]
                    as [MemoryStorage.Survivors]
                {
                    let after = disk.restarted(keeping: fate)
                    let state = try Self.open(after).state
                    states += 1
                    if Self.content(state) != before {
                        Issue.record("round \(round), call \(call), \(fate)")
                    }
                    // And once more after that start.
                    if Self.content(try Self.open(after.restarted()).state) != before {
                        Issue.record("round \(round), call \(call), \(fate), second start")
                    }
                }
                call += 1
            }
            // The real one, so that the next can share blocks and retire files.
            let taken = Box<Bool>()
            driver.snapshots.take { _ in taken.value = true }
            world.pass(500) { taken.value != nil }
        }
        #expect(states > 200)
    }

    /// - Returns: Whether it completed.
    private static func takeSnapshot(_ opened: OpenedDatabase, at now: Instant) -> Bool {
        var state = opened.state
        var snapshots = opened.directory.snapshots
        let image = state.takeImage()
        do throws(DurabilityError) {
            _ = try snapshots.write(
                lsn: image.lsn,
                time: now.microseconds,
                epoch: image.epoch,
                parts: image.parts().map { SnapshotPart(number: $0.number, column: $0.column) }
            )
            if let oldest = snapshots.oldestLSN {
                try opened.directory.log.retire(through: oldest, now: now.microseconds)
            }
            try opened.directory.protection.protectAll()
            return true
        } catch {
            return false
        }
    }
}
