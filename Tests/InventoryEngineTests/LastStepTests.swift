import Bytes
import InventoryModel
import InventoryTestSupport
import Synchronization
import Testing

@testable import InventoryEngine

/// The query for what an actor would undo next.
@Suite struct LastStepTests {
    private func last(_ bench: Bench, of actor: String) throws -> [String] {
        try bench.column("lsn", of: .lastStep(actor: actor))
    }

    @Test func `it is the newest step of the actor that is not reversed, by whomever`() throws {
        var bench = try Bench(products: 1, stock: 90)
        bench.actor = "ann"
        let first = try bench.done(bench.sale(1, 1)).lsn
        bench.actor = "bob"
        let other = try bench.done(bench.sale(1, 2)).lsn
        bench.actor = "ann"
        let second = try bench.done(bench.sale(1, 3)).lsn
        #expect(try self.last(bench, of: "ann") == ["\(second)"])
        bench.actor = "cho"
        try bench.done(bench.reversal(second))
        #expect(try self.last(bench, of: "ann") == ["\(first)"])
        #expect(try self.last(bench, of: "bob") == ["\(other)"])
        // A reversal is no step to undo.
        #expect(try self.last(bench, of: "cho") == [])
        bench.actor = "ann"
        try bench.done(bench.reversal(first))
        #expect(try self.last(bench, of: "ann") == [])
    }

    @Test func `undo after undo takes back one step each, back to the beginning`() throws {
        var bench = try Bench(products: 1, stock: 900)
        bench.actor = "ann"
        for quantity in 1...40 {
            bench.actor = quantity.isMultiple(of: 3) ? "bob" : "ann"
            try bench.done(bench.sale(1, Int64(quantity)))
        }
        bench.actor = "ann"
        var undone = 0
        while let lsn = try self.last(bench, of: "ann").first {
            try bench.done(bench.reversal(LSN(try #require(UInt64(lsn)))))
            undone += 1
        }
        #expect(undone == 27)
        // What bob sold is still sold.
        let left = 900 - (3...39).filter { $0.isMultiple(of: 3) }.reduce(0, +)
        #expect(bench.level(1).onHand.baseUnits == Int64(left))
        bench.check()
    }

    @Test func `all lines of a step are returned, in order, also late cost`() throws {
        var bench = try Bench(products: 2)
        try bench.done(.setFloor(FloorChange(product: ProductID(1), floor: -50)))
        try bench.done(bench.sale(1, 30))
        let lines = [2, 1].map { RestockLine(product: ProductID($0), quantity: 40, unitCost: 6) }
        let done = try bench.done(.restock(Restock(lines: lines))).lsn
        let query = Query.lastStep(actor: "t")
        #expect(try bench.column("lsn", of: query) == ["\(done)", "\(done)", "\(done)"])
        #expect(try bench.column("kind", of: query) == ["restock", "restock", "costVariance"])
    }

    @Test func `a step that cannot be reversed hides the ones before it`() throws {
        var bench = try Bench(products: 1)
        try bench.done(bench.sale(1, 1))
        let reserved = try bench.done(bench.reserve(1, 2)).lsn
        #expect(try self.last(bench, of: "t") == ["\(reserved)"])
        #expect(bench.code(bench.reversal(reserved)) == .invalidField)
    }

    @Test func `an actor who never did anything has none, and one is required`() throws {
        var bench = try Bench(products: 1)
        try bench.done(bench.sale(1, 1))
        #expect(try self.last(bench, of: "nobody") == [])
        #expect(throws: Refusal.self) { try self.last(bench, of: "") }
    }

    @Test func `work on reversals by others ends at its checkpoints`() throws {
        var bench = try Bench(products: 1, stock: 9_000)
        bench.actor = "ann"
        let lines = (0..<Limits.linesMax).map { _ in
            SaleLine(product: ProductID(1), quantity: 1)
        }
        let sold = try bench.done(.sell(Sale(lines: lines))).lsn
        bench.actor = "bob"
        try bench.done(bench.reversal(sold))
        // The step is in one segment, which has one checkpoint of its own.
        bench.actor = "ann"
        let other = try bench.done(bench.sale(1, 1)).lsn
        try bench.done(bench.reversal(other))
        let count = Mutex(0)
        let token = WorkToken(
            onCheckpoint: { () throws(Refusal) in count.withLock { $0 += 1 } },
            isPauseWanted: { false }
        )
        let answer = try bench.state.readView().limited(by: token).answer(.lastStep(actor: "ann"))
        #expect(try answer.wholeTable().rowCount == 0)
        #expect(count.withLock { $0 } > Limits.linesMax / 1_024)
    }
}
