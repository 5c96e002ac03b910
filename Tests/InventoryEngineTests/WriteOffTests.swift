import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryEngine

/// Writing off stock on hold: one movement that changes what is on hand and what is on hold.
@Suite struct WriteOffTests {
    private let one = ProductID(1)

    private func writeOff(_ quantity: Int64) -> Command {
        .writeOff(
            WriteOff(product: self.one, quantity: Quantity(quantity), reason: .damaged)
        )
    }

    /// Product 1 with 10 on hand at 5 each, 4 of them on hold.
    private func held() throws -> Bench {
        var bench = try Bench(products: 1)
        try bench.done(.setUnavailable(Hold(product: self.one, delta: 4, reason: .damaged)))
        return bench
    }

    @Test func `it takes units and their value, and leaves what is available`() throws {
        var bench = try self.held()
        let changes = bench.changes(of: self.writeOff(3))
        let level = bench.level(1)
        #expect(level.onHand == 7 && level.unavailable == 1 && level.available == 6)
        #expect(level.value == 35)
        guard case .moved(let movement, _) = changes[0], changes.count == 1 else {
            throw Unexpected()
        }
        #expect(movement.kind == .adjust && movement.reason == .damaged && movement.cost == -15)
        bench.check()
    }

    @Test func `at most what is on hold, and on hand`() throws {
        var bench = try self.held()
        #expect(bench.code(self.writeOff(0)) == .outOfRange)
        #expect(bench.code(self.writeOff(5)) == .outOfRange)
        try bench.done(.count(StockCount(product: self.one, counted: 2)))
        #expect(bench.code(self.writeOff(3)) == .outOfRange)
        try bench.done(self.writeOff(2))
        #expect(bench.level(1).onHand == 0 && bench.level(1).unavailable == 2)
        #expect(bench.code(self.writeOff(1)) == .outOfRange)
        bench.check()
    }

    @Test func `a reversal puts it back on hold in one step, whatever the floor`() throws {
        var bench = try self.held()
        try bench.done(.setFloor(FloorChange(product: self.one, floor: 9)))
        let before = bench.level(1)
        let done = try bench.done(self.writeOff(4)).lsn
        try bench.done(bench.reversal(done))
        var after = bench.level(1)
        after.revision = before.revision
        #expect(after == before)
        bench.check()
    }
}
