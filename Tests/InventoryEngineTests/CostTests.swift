import Bytes
import ColumnStore
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryEngine

/// The cost of stock if a command does not give it, and the refund and cost of a part of a sale.
@Suite struct CostTests {
    private let one = ProductID(1)
    private let back = LocationID(2)

    private func benched(stock: Int64 = 2, cost: Int64 = 400) throws -> Bench {
        var bench = try Bench(products: 1, stock: stock, cost: cost)
        try bench.done(.createLocation(LocationDraft(code: "back", name: "Back")))
        try bench.done(.createLocation(LocationDraft(code: "side", name: "Side")))
        return bench
    }

    private func find(_ quantity: Int64, at location: LocationID = .main) -> Command {
        .adjust(
            Adjustment(
                product: self.one,
                location: location,
                delta: Quantity(quantity),
                reason: .found
            )
        )
    }

    private func deliver(
        _ quantity: Int64,
        _ cost: Int64?,
        at location: LocationID = .main
    ) -> Command {
        let line = RestockLine(
            product: self.one,
            location: location,
            quantity: Quantity(quantity),
            unitCost: cost.map { Money($0) }
        )
        return .restock(Restock(lines: [line]))
    }

    private func value(_ bench: Bench, _ location: LocationID = .main) -> Int64 {
        bench.state.tables.levels.level(self.one, location).value.minorUnits
    }

    // MARK: - The last known cost

    @Test func `units added to an empty level have its last unit cost`() throws {
        for command in [
            self.find(1),
            .count(StockCount(product: self.one, counted: 1)),
            .returnSale(SaleReturn(lines: [SaleLine(product: self.one, quantity: 1)])),
            self.deliver(1, nil),
        ] {
            var bench = try self.benched()
            try bench.done(bench.sale(1, 2))
            try bench.done(command)
            #expect(bench.level(1).onHand == 1 && self.value(bench) == 400, "\(command)")
            bench.check()
        }
    }

    @Test func `the last cost is an unrounded average`() throws {
        // Three cost 1.00: 33 1/3 each. Seven of them are 2.33.
        var bench = try self.benched(stock: 0)
        try bench.done(self.deliver(2, 50))
        try bench.done(self.deliver(1, 0))
        try bench.done(bench.sale(1, 3))
        try bench.done(self.find(7))
        #expect(self.value(bench) == 233)
        bench.check()
    }

    @Test func `at a new location a product costs what it does where its stock changed last`()
        throws
    {
        var bench = try self.benched()
        try bench.done(self.find(3, at: self.back))
        #expect(self.value(bench, self.back) == 1_200)
        // The third location uses the cost of the second, whose average differs by now.
        try bench.done(self.deliver(3, 600, at: self.back))
        try bench.done(self.find(1, at: LocationID(3)))
        #expect(self.value(bench, LocationID(3)) == 500)
        bench.check()
    }

    @Test func `an unknown cost is 0`() throws {
        var bench = try self.benched(stock: 0)
        try bench.done(self.find(3))
        #expect(self.value(bench) == 0)
        try bench.done(self.deliver(3, nil))
        #expect(self.value(bench) == 0)
    }

    @Test func `the last cost is known within one step`() throws {
        var bench = try self.benched()
        try bench.done(.batch([bench.sale(1, 2), self.find(1)], .atomic))
        #expect(self.value(bench) == 400)
        bench.check()
    }

    @Test func `a delivery that a backorder consumes determines the unit cost`() throws {
        var bench = try self.benched()
        try bench.done(.setFloor(FloorChange(product: self.one, floor: -9)))
        try bench.done(bench.sale(1, 9))
        try bench.done(self.deliver(3, 700))
        #expect(bench.level(1).onHand == -4 && self.value(bench) == 0)
        // Five are found: four were sold before, and cost 28.00; one remains.
        let found = try bench.done(self.find(5)).lsn
        #expect(bench.level(1).onHand == 1 && self.value(bench) == 700)
        let ledger = bench.state.tables.ledger
        let rows = ledger.rows(of: found)
        #expect(rows.map { ledger.kind($0) } == [.adjust, .costVariance])
        #expect(ledger.amounts[rows.lowerBound + 1] == 2_800)
        bench.check()
    }

    @Test func `the last cost survives a snapshot, and a replay agrees`() throws {
        var bench = try self.benched()
        try bench.done(bench.sale(1, 2))
        var source = ImageSource(bench.state.takeImage())
        let loaded = try InventoryState.load(from: &source)
        #expect(loaded.checksum() == bench.state.checksum())
        let command = self.find(1)
        let expected = bench.state.decide(command, at: bench.time)
        #expect(loaded.decide(command, at: bench.time).changes == expected.changes)
        guard case .moved(let movement, _) = expected.changes.first else { throw Unexpected() }
        #expect(movement.cost == 400)
    }

    @Test func `the fast path of a sale records the last cost like the slow one`() throws {
        var slow = try self.benched()
        try slow.done(.setFloor(FloorChange(product: self.one, floor: -9)))
        try slow.done(slow.sale(1, 2))
        try slow.done(self.deliver(1, 90))
        // On hold, so that the sale raises no alert and takes the fast path.
        let hold = Hold(product: self.one, delta: 1, reason: .damaged)
        try slow.done(.setUnavailable(hold))
        let command = slow.sale(1, 2)
        var writer = ByteWriter()
        command.encode(into: &writer)
        let plain = writer.array().withUnsafeBytes { PlainSale($0) }
        let sale = try #require(plain)
        var fast = slow.state
        var step = PlainSale.Step()
        let isTaken = fast.decide(sale, at: slow.time, into: &step)
        try #require(isTaken)
        var sales = GatheredMovements(of: .sale)
        fast.evolve(step, by: "t", remembering: nil, gathering: &sales)
        fast.settle(&sales)
        try slow.done(command)
        #expect(fast.checksum() == slow.state.checksum())
        #expect(fast.tables.levels.lastCost(self.one, .main) == Price(90, per: 1))
    }

    // MARK: - Deliveries without a cost

    @Test func `a delivery without a cost takes the average, and 0 must be given`() throws {
        var bench = try self.benched(stock: 10)
        try bench.done(self.deliver(5, nil))
        #expect(bench.level(1).onHand == 15 && self.value(bench) == 6_000)
        try bench.done(self.deliver(5, 0))
        #expect(bench.level(1).onHand == 20 && self.value(bench) == 6_000)
        bench.check()
    }

    @Test func `an average below one minor unit is not 0`() throws {
        // A thousand cost 4.00.
        var bench = try self.benched(stock: 0)
        try bench.done(self.deliver(1_000, 0))
        try bench.done(self.deliver(1, 400))
        try bench.done(self.deliver(1_001, nil))
        #expect(bench.level(1).onHand == 2_002 && self.value(bench) == 800)
        bench.check()
    }

    // MARK: - Returns in parts

    /// A kilogram, sold at 15.01 and bought for 5.01.
    private func weighed() throws -> (bench: Bench, sale: LSN) {
        var bench = try Bench(products: 0)
        let draft = ProductDraft(
            sku: "W",
            name: "W",
            category: CategoryID(1),
            unit: Unit(code: "kg", decimals: 3),
            price: Price(1_501, per: 1_000),
            opening: OpeningStock(quantity: 1_000, unitCost: Money(501))
        )
        try bench.done(.createProduct(draft))
        let sale = try bench.done(bench.sale(1, 1_000)).lsn
        return (bench, sale)
    }

    @Test func `a kilogram that is returned gram by gram is refunded as charged`() throws {
        var (bench, sale) = try self.weighed()
        var back: Int64 = 0
        for _ in 0..<1_000 {
            back += try bench.done(bench.comeBack(1, 1, of: sale)).amount.minorUnits
        }
        #expect(back == -1_501 && self.value(bench) == 501)
        #expect(bench.code(bench.comeBack(1, 1, of: sale)) == .exceedsSold)
        bench.check()
    }

    @Test func `returns in one step and in several parts have the same total`() throws {
        var (bench, sale) = try self.weighed()
        let parts = [333, 1, 333, 332].map { bench.comeBack(1, Int64($0), of: sale) }
        let first = try bench.done(.batch(parts, .atomic)).amount
        let last = try bench.done(bench.comeBack(1, 1, of: sale)).amount
        #expect(first + last == -1_501 && self.value(bench) == 501)
        bench.check()
    }

    @Test func `a reversed part gives its share back to the others`() throws {
        var (bench, sale) = try self.weighed()
        let first = try bench.done(bench.comeBack(1, 500, of: sale))
        #expect(first.amount == -751)
        try bench.done(bench.reversal(first.lsn))
        let all = try bench.done(bench.comeBack(1, 1_000, of: sale))
        #expect(all.amount == -1_501 && self.value(bench) == 501)
        bench.check()
    }

    @Test func `a return's own price is refunded instead of what was charged`() throws {
        var (bench, sale) = try self.weighed()
        func comeBack(_ price: Int64) -> Command {
            let line = SaleLine(product: self.one, quantity: 500, price: Money(price))
            return .returnSale(SaleReturn(lines: [line], original: sale))
        }
        #expect(try bench.done(comeBack(1_000)).amount == -500)
        // The sale's own price counts as none: the rest is what was charged and is not yet refunded.
        #expect(try bench.done(comeBack(1_501)).amount == -1_001)
        bench.check()
    }

    @Test func `a weighed amount is rounded half away from zero, and so is its refund`() throws {
        var bench = try Bench(products: 0)
        let draft = ProductDraft(
            sku: "W",
            name: "W",
            category: CategoryID(1),
            unit: Unit(code: "kg", decimals: 3),
            price: Price(100, per: 1_000),
            opening: OpeningStock(quantity: 9_000)
        )
        try bench.done(.createProduct(draft))
        for (grams, amount) in [(945, 95), (125, 13), (944, 94), (5, 1), (4, 0)] {
            #expect(try bench.done(bench.sale(1, Int64(grams))).amount == Money(Int64(amount)))
            #expect(
                try bench.done(bench.comeBack(1, Int64(grams), of: nil)).amount
                    == Money(-Int64(amount))
            )
        }
        #expect(bench.state.tables.product(self.one).reorderPoint == 10_000)
    }

    // MARK: - Sums out of range

    @Test func `lines whose total cost exceeds 64 bits are refused`() throws {
        var bench = try self.benched()
        let line = RestockLine(product: self.one, quantity: 1, unitCost: Money(Limits.moneyMax))
        let lines = [RestockLine](repeating: line, count: Limits.linesMax)
        #expect(bench.code(.restock(Restock(lines: lines))) == .amountOverflow)
        let many = RestockLine(
            product: self.one,
            quantity: Quantity(Limits.quantityMax),
            unitCost: Money(0)
        )
        let all = [RestockLine](repeating: many, count: Limits.linesMax)
        #expect(bench.code(.restock(Restock(lines: all))) == .outOfRange)
        let refused = bench.refusal(self.deliver(2, Limits.moneyMax))
        let overflow = try #require(refused)
        #expect(
            overflow.detail
                == .field("cost", problem: "is beyond 9007199254740991 minor units")
        )
        bench.check()
    }

    @Test func `a return split over too many lines of a sale is refused`() throws {
        var bench = try self.benched(stock: 100_000)
        let line = SaleLine(product: self.one, quantity: 1)
        let lines = [SaleLine](repeating: line, count: Limits.linesMax)
        let count = Limits.stepMovementsMax / Limits.linesMax + 1
        var returns: [Command] = []
        for _ in 0..<count {
            let sale = try bench.done(.sell(Sale(lines: lines))).lsn
            returns.append(bench.comeBack(1, Int64(Limits.linesMax), of: sale))
        }
        let refused = bench.refusal(.batch(returns, .atomic))
        let refusal = try #require(refused)
        guard case .batch(let index, let inner) = refusal.detail else { throw Unexpected() }
        #expect(index == UInt32(count - 1) && inner.code == .tooManyLines)
        try bench.done(.batch([Command](returns.dropLast()), .atomic))
        bench.check()
    }
}

/// Provides the columns of an image like a snapshot.
private struct ImageSource: ImageVisitor {
    typealias Failure = ByteReaderError
    private var parts: [UInt32: any ColumnImaging] = [:]

    init(_ image: StateImage) {
        for part in image.parts() { self.parts[part.number] = part.column }
    }

    mutating func visit(
        _ number: UInt32,
        _ column: inout some ColumnImaging
    ) throws(ByteReaderError) {
        guard let part = self.parts[number] else { return }
        for segment in 0..<part.imageSegmentCount {
            var writer = ByteWriter()
            part.writeImageSegment(segment, into: &writer)
            let bytes = writer.array()
            var reader: ByteReaderError?
            bytes.withUnsafeBytes { bytes in
                var bytes = ByteReader(bytes)
                do throws(ByteReaderError) {
                    try column.appendImageSegment(&bytes)
                } catch {
                    reader = error
                }
            }
            if let reader { throw reader }
        }
    }
}
