import Bytes
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryEngine

/// Sales of the past: they change no stock of today, and a receipt is recorded once.
@Suite struct PastSaleTests {
    private static func day(_ text: String) -> CalendarDay? { CalendarDay(text: text) }

    private static func at(_ days: Int64) -> Instant {
        Instant(microseconds: days * 86_400_000_000)
    }

    private static func line(
        _ product: UInt32,
        _ quantity: Int64,
        _ amount: Int64,
        cost: Int64? = nil
    ) -> PastSaleLine {
        PastSaleLine(
            product: ProductID(product),
            quantity: Quantity(quantity),
            amount: Money(amount),
            cost: cost.map { Money($0) }
        )
    }

    private static func sale(
        _ lines: [PastSaleLine],
        _ reference: String = "R1",
        firstLine: UInt32 = 0
    ) -> PastSale {
        PastSale(
            lines: lines,
            reference: reference,
            day: Self.day("1969-11-03"),
            firstLine: firstLine,
            occurredAt: Self.at(-58),
            openedAt: Self.at(-60)
        )
    }

    /// The columns of the sales of a product, oldest first.
    private static func rows(_ bench: Bench, _ kind: MovementKind) -> [Movement] {
        let tables = bench.state.tables
        return (0..<tables.ledger.rowCount).map { tables.movement($0) }.filter { $0.kind == kind }
    }

    @Test func `a sale of the past leaves every balance, its value and its alerts`() throws {
        var bench = try Bench()
        let before = bench.level(1)
        let done = try bench.done(
            .recordPastSale(
                Self.sale([Self.line(1, 9, 8_910, cost: 100), Self.line(2, 30, 3_000)])
            )
        )
        #expect(done.amount == 11_910)
        var after = bench.level(1)
        after.revision = before.revision
        #expect(after == before)
        #expect(bench.state.readView().violations().isEmpty)
        let openings = Self.rows(bench, .openingBalance)
        let sales = Self.rows(bench, .sale)
        #expect(openings.map(\.onHandDelta) == [9, 30] && sales.map(\.onHandDelta) == [-9, -30])
        // The second has the unit cost of the stock, 5.
        #expect(openings.map(\.cost) == [100, 150] && sales.map(\.cost) == [-100, -150])
        #expect(openings.allSatisfy { $0.occurredAt == Self.at(-60) && $0.isImported })
        #expect(sales.allSatisfy { $0.occurredAt == Self.at(-58) && $0.isImported })
        #expect(Self.rows(bench, .reversal).isEmpty)
    }

    @Test func `a sale of the past is not refused for stock, and is no unmet demand`() throws {
        var bench = try Bench(stock: 0)
        try bench.done(.setFloor(FloorChange(product: ProductID(1), floor: 5)))
        try bench.done(.recordPastSale(Self.sale([Self.line(1, 1_000, 5)])))
        #expect(bench.state.tables.refusals.rowCount == 0)
        #expect(bench.level(1).onHand == 0)
        #expect(bench.level(1).value == 0)
    }

    @Test func `history neither uses nor changes the last known unit cost`() throws {
        var bench = try Bench(stock: 4, cost: 5)
        try bench.done(bench.sale(1, 4))
        try bench.done(.recordPastSale(Self.sale([Self.line(1, 2, 50, cost: 99)])))
        let restock = RestockLine(product: ProductID(1), quantity: 2)
        try bench.done(.restock(Restock(lines: [restock])))
        #expect(bench.level(1).value == 10)
    }

    @Test func `while a level is in backorder, the past is not`() throws {
        var bench = try Bench(stock: 0)
        try bench.done(.setFloor(FloorChange(product: ProductID(1), floor: -20)))
        try bench.done(bench.sale(1, 5))
        let lsn = try bench.done(.recordPastSale(Self.sale([Self.line(1, 3, 300, cost: 30)]))).lsn
        #expect(bench.level(1).onHand == -5)
        #expect(bench.state.readView().violations().isEmpty)
        let row = try #require(bench.state.tables.ledger.rows(of: lsn).last)
        #expect(bench.state.tables.ledger.backordered(row) == 0)
    }

    @Test func `returns, discounts and write-offs are lines of the past`() throws {
        var bench = try Bench()
        let lines = [Self.line(1, 3, 1_000), Self.line(1, -1, -333), Self.line(2, 0, -50)]
        let done = try bench.done(.recordPastSale(Self.sale(lines)))
        #expect(done.amount == 617)
        let returned = try #require(Self.rows(bench, .return).first)
        #expect(returned.onHandDelta == 1 && returned.amount == -333 && returned.cost == 5)
        // 10.00 for 3 has no price for one.
        #expect(Self.rows(bench, .sale).map(\.price) == [Price(1_000, per: 3), Price(0)])
        var lost = Self.sale([Self.line(1, 2, 0)], "")
        lost.isWriteOff = true
        try bench.done(.recordPastSale(lost))
        #expect(Self.rows(bench, .adjust).map(\.onHandDelta) == [-2])
        #expect(bench.level(1).onHand == 10)
        #expect(bench.state.readView().violations().isEmpty)
    }

    @Test func `a receipt that comes again is recorded once`() throws {
        var bench = try Bench()
        let lines = [Self.line(1, 2, 300, cost: 8), Self.line(2, 1, 600), Self.line(3, 0, -10)]
        try bench.done(.recordPastSale(Self.sale(lines)))
        let again = bench.refusal(.recordPastSale(Self.sale(lines)))
        #expect(again == Refusal(.alreadyRecorded, line: 0, .recorded(lines: 3)))
        // A line without a cost says nothing about it.
        let plain = [Self.line(1, 2, 300)] + lines.dropFirst()
        #expect(bench.code(.recordPastSale(Self.sale(plain))) == .alreadyRecorded)
        let longer = lines + [Self.line(1, 4, 400)]
        #expect(
            bench.refusal(.recordPastSale(Self.sale(longer)))
                == Refusal(.alreadyRecorded, line: 0, .recorded(lines: 3))
        )
        try bench.done(.recordPastSale(Self.sale([longer[3]], firstLine: 3)))
        #expect(
            bench.refusal(.recordPastSale(Self.sale(longer)))
                == Refusal(.alreadyRecorded, line: 0, .recorded(lines: 4))
        )
        #expect(Self.rows(bench, .sale).count == 4)
    }

    @Test func `a line that says something else is refused by its number`() throws {
        var bench = try Bench()
        let lines = [Self.line(1, 2, 300, cost: 8), Self.line(2, 1, 600)]
        try bench.done(.recordPastSale(Self.sale(lines, firstLine: 5)))
        for other in [
            Self.line(1, 3, 300), Self.line(1, 2, 301), Self.line(1, 2, 300, cost: 9),
            Self.line(3, 2, 300),
        ] {
            #expect(
                bench.refusal(.recordPastSale(Self.sale([other], firstLine: 5)))
                    == Refusal(.receiptDiffers, line: 0, .receiptLine(5))
            )
        }
        var later = Self.sale([lines[0]], firstLine: 5)
        later.occurredAt = Self.at(-57)
        #expect(bench.code(.recordPastSale(later)) == .receiptDiffers)
    }

    @Test func `another location, day or reference is another receipt, and none is no receipt`()
        throws
    {
        var bench = try Bench()
        try bench.done(.createLocation(LocationDraft(code: "depot", name: "Depot")))
        let sale = Self.sale([Self.line(1, 1, 100)])
        try bench.done(.recordPastSale(sale))
        var other = sale
        other.location = LocationID(2)
        try bench.done(.recordPastSale(other))
        other = sale
        other.day = Self.day("1969-11-04")
        try bench.done(.recordPastSale(other))
        try bench.done(.recordPastSale(Self.sale(sale.lines, "R2")))
        for _ in 0..<2 { try bench.done(.recordPastSale(Self.sale(sale.lines, ""))) }
        #expect(bench.code(.recordPastSale(Self.sale(sale.lines, " R1 "))) == .alreadyRecorded)
        // Without a day it is that of the time, by UTC.
        other = sale
        other.day = nil
        other.occurredAt = Self.at(-59)
        #expect(bench.code(.recordPastSale(other)) == .receiptDiffers)
        #expect(Self.rows(bench, .sale).count == 6)
    }

    @Test func `an atomic batch sees the receipts of its earlier commands`() throws {
        var bench = try Bench()
        let sale = Command.recordPastSale(Self.sale([Self.line(1, 1, 100)]))
        let refusal = bench.refusal(.batch([sale, sale], .atomic))
        let cause = Refusal(.alreadyRecorded, line: 0, .recorded(lines: 1))
        #expect(refusal == Refusal(.batchRolledBack, .batch(index: 1, cause)))
        let next = Command.recordPastSale(Self.sale([Self.line(1, 1, 100)], firstLine: 1))
        try bench.done(.batch([sale, next], .atomic))
        #expect(bench.code(sale) == .alreadyRecorded)
        #expect(bench.code(next) == .alreadyRecorded)
    }

    @Test func `a reversed receipt may be recorded again, and the stock stays`() throws {
        var bench = try Bench(stock: 0)
        let lines = [Self.line(1, 3, 300, cost: 30), Self.line(2, -1, -5), Self.line(2, 0, -7)]
        let lsn = try bench.done(.recordPastSale(Self.sale(lines))).lsn
        #expect(try bench.done(bench.reversal(lsn)).amount == -288)
        #expect(bench.level(1).onHand == 0 && bench.level(1).value == 0)
        #expect(bench.state.readView().violations().isEmpty)
        try bench.done(.recordPastSale(Self.sale([Self.line(1, 4, 400)])))
        #expect(bench.code(.recordPastSale(Self.sale([Self.line(1, 4, 400)]))) == .alreadyRecorded)
        #expect(bench.code(bench.reversal(lsn)) == .alreadyReversed)
    }

    @Test func `an atomic batch records a receipt again that it has reversed`() throws {
        var bench = try Bench()
        let lsn = try bench.done(.recordPastSale(Self.sale([Self.line(1, 3, 300)]))).lsn
        let other = Command.recordPastSale(Self.sale([Self.line(1, 4, 400)]))
        try bench.done(.batch([bench.reversal(lsn), other], .atomic))
        #expect(bench.code(other) == .alreadyRecorded)
        #expect(bench.state.readView().violations().isEmpty)
    }

    @Test func `goods of a past sale come back to the stock of today`() throws {
        var bench = try Bench(stock: 2, cost: 5)
        let lsn = try bench.done(.recordPastSale(Self.sale([Self.line(1, 3, 1_000, cost: 30)]))).lsn
        let done = try bench.done(bench.comeBack(1, 1, of: lsn))
        #expect(done.amount == -333)
        #expect(bench.level(1).onHand == 3 && bench.level(1).value == 20)
        #expect(bench.code(bench.comeBack(1, 3, of: lsn)) == .exceedsSold)
        #expect(bench.code(bench.reversal(lsn)) == .alreadyReversed)
        #expect(bench.state.readView().violations().isEmpty)
    }

    @Test func `products and locations that were archived have a past`() throws {
        var bench = try Bench(stock: 0)
        try bench.done(.createLocation(LocationDraft(code: "depot", name: "Depot")))
        try bench.done(.archiveLocation(LocationID(2), ifRevision: nil))
        try bench.done(bench.writeOff(1))
        try bench.done(.deleteProduct(ProductID(1), ifRevision: nil))
        var sale = Self.sale([Self.line(1, 3, 300)])
        sale.location = LocationID(2)
        let lsn = try bench.done(.recordPastSale(sale)).lsn
        #expect(bench.state.readView().violations().isEmpty)
        #expect(bench.code(.recordPastSale(sale)) == .alreadyRecorded)
        // It is reversed as it was recorded, and can be recorded again.
        try bench.done(bench.reversal(lsn))
        #expect(bench.state.readView().violations().isEmpty)
        #expect(bench.code(bench.reversal(lsn)) == .alreadyReversed)
        try bench.done(.recordPastSale(sale))
        bench.check()
        sale.lines = [Self.line(9, 1, 1)]
        #expect(bench.code(.recordPastSale(sale)) == .productNotFound)
        sale.location = LocationID(9)
        #expect(bench.code(.recordPastSale(sale)) == .productNotFound)
        sale.lines = [Self.line(1, 1, 1)]
        #expect(bench.code(.recordPastSale(sale)) == .locationNotFound)
    }

    @Test func `what a line says must agree`() throws {
        var bench = try Bench()
        let wrong: [(PastSaleLine, RefusalCode)] = [
            (Self.line(1, 1, -1), .invalidField), (Self.line(1, -1, 1), .invalidField),
            (Self.line(1, 0, 0), .invalidField), (Self.line(1, 0, -1, cost: 1), .invalidField),
            (Self.line(1, Limits.quantityMax + 1, 1), .outOfRange),
            (Self.line(1, 1, Limits.moneyMax + 1), .outOfRange),
            (Self.line(1, 1, 1, cost: -1), .outOfRange),
        ]
        for (line, code) in wrong {
            #expect(bench.code(.recordPastSale(Self.sale([line]))) == code, "\(line)")
        }
        var sale = Self.sale([Self.line(1, 1, 1)])
        sale.openedAt = Self.at(-57)
        #expect(bench.code(.recordPastSale(sale)) == .occurredAtOutOfWindow)
        sale.openedAt = nil
        sale.occurredAt = bench.seconds(Limits.occurredAtFutureSeconds + 1)
        #expect(bench.code(.recordPastSale(sale)) == .occurredAtOutOfWindow)
        sale = Self.sale([Self.line(1, 1, 1)], firstLine: UInt32(Limits.receiptLinesMax))
        #expect(bench.code(.recordPastSale(sale)) == .tooManyLines)
        #expect(bench.code(.recordPastSale(Self.sale([]))) == .invalidField)
        sale = Self.sale(Array(repeating: Self.line(1, 1, 1), count: Limits.linesMax + 1))
        #expect(bench.code(.recordPastSale(sale)) == .tooManyLines)
        sale.lines.removeLast()
        try bench.done(.recordPastSale(sale))
    }

    @Test func `a receipt has at most receiptPartsMax parts`() throws {
        var bench = try Bench()
        func part(_ number: Int) -> Command {
            .recordPastSale(Self.sale([Self.line(1, 1, 1)], firstLine: UInt32(number)))
        }
        let parts = (0..<Limits.receiptPartsMax).map { part($0) }
        try bench.done(.batch(parts, .atomicErrorsOnly))
        #expect(bench.code(part(Limits.receiptPartsMax)) == .tooManyLines)
        #expect(bench.code(part(0)) == .alreadyRecorded)
    }

    @Test func `an atomic batch records at most receiptPartsMax parts of a receipt`() throws {
        var bench = try Bench()
        let parts = (0...Limits.receiptPartsMax).map {
            Command.recordPastSale(Self.sale([Self.line(1, 1, 1)], firstLine: UInt32($0)))
        }
        let stored = 3
        try bench.done(.batch(Array(parts[..<stored]), .atomicErrorsOnly))
        let limit = Int64(Limits.receiptPartsMax)
        let cause = Refusal(
            .tooManyLines,
            .range("parts of the receipt", value: limit + 1, lowest: 1, highest: limit)
        )
        let index = UInt32(Limits.receiptPartsMax - stored)
        #expect(
            bench.refusal(.batch(Array(parts[stored...]), .atomicErrorsOnly))
                == Refusal(.batchRolledBack, .batch(index: index, cause))
        )
        try bench.done(.batch(Array(parts[stored...].dropLast()), .atomicErrorsOnly))
    }

    @Test func `a line is compared alike in the ledger and in an atomic batch`() throws {
        let first = Self.line(1, 2, 300)
        // The unit cost of the stock is 5.
        for (cost, code) in [
            (nil, RefusalCode.alreadyRecorded), (10, .alreadyRecorded), (11, .receiptDiffers),
        ] as [(Int64?, RefusalCode)] {
            let commands = [first, Self.line(1, 2, 300, cost: cost)].map {
                Command.recordPastSale(Self.sale([$0]))
            }
            var bench = try Bench()
            let batch = bench.refusal(.batch(commands, .atomic))
            try bench.done(commands[0])
            let again = bench.refusal(commands[1])
            let single = try #require(again)
            #expect(single.code == code)
            #expect(batch == Refusal(.batchRolledBack, .batch(index: 1, single)), "\(cost ?? 0)")
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `each line of a receipt leads to the newest part with it`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var parts: ReceiptParts?
        var expected = [Int?](repeating: nil, count: 60)
        for part in 0..<40 {
            let first = Int(random.below(50))
            let lines = first..<(first + 1 + Int(random.below(10)))
            if parts == nil {
                parts = ReceiptParts(part, with: lines)
            } else {
                parts?.add(part, with: lines)
            }
            for line in lines { expected[line] = part }
            let start = Int(random.below(60))
            for wanted in [0..<60, start..<60, start..<(start + 1)] {
                var found = [Int?](repeating: nil, count: 60)
                var visits = 0
                parts?.forEachRun(in: wanted) { run, part in
                    visits += 1
                    for line in run { found[line] = part }
                }
                #expect(visits <= wanted.count && parts?.count == part + 1)
                #expect(found[wanted] == expected[wanted])
            }
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `parts in any order and overlap make one receipt`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var bench = try Bench()
        let lines = (0..<40).map { (number: Int) -> PastSaleLine in
            let product = UInt32(1 + number % 3)
            return Self.line(product, Int64(number) + 1, Int64(number))
        }
        var recorded = Set<Int>()
        for _ in 0..<60 {
            let first = Int(random.below(40))
            let count = 1 + Int(random.below(UInt64(40 - first)))
            let part = Array(lines[first..<(first + count)])
            let command = Command.recordPastSale(Self.sale(part, firstLine: UInt32(first)))
            let known = (first..<(first + count)).filter { recorded.contains($0) }
            switch bench.run(command) {
            case .done:
                #expect(known.isEmpty)
                recorded.formUnion(first..<(first + count))
            case .refused(let refusal):
                let line = try #require(known.first)
                let run = (line..<(first + count)).prefix { recorded.contains($0) }.count
                #expect(
                    refusal
                        == Refusal(
                            .alreadyRecorded,
                            line: UInt32(line - first),
                            .recorded(lines: UInt32(run))
                        )
                )
            default: Issue.record("unexpected outcome")
            }
        }
        #expect(Self.rows(bench, .sale).count == recorded.count)
        #expect(bench.state.readView().violations().isEmpty)
    }

    @Test func `receipts survive a snapshot and a replay`() throws {
        var bench = try Bench()
        try bench.done(.recordPastSale(Self.sale([Self.line(1, 1, 100), Self.line(2, 1, 5)])))
        var image = MemoryImage(bench.state.takeImage())
        var loaded = try InventoryState.load(from: &image)
        loaded.checkInvariants()
        #expect(loaded.checksum() == bench.state.checksum())
        let time = bench.time
        let again = Command.recordPastSale(Self.sale([Self.line(2, 1, 5)], firstLine: 1))
        let expected = Outcome.refused(Refusal(.alreadyRecorded, line: 0, .recorded(lines: 1)))
        #expect(loaded.decide(again, at: time).outcome == expected)
        let next = loaded.decide(
            .recordPastSale(Self.sale([Self.line(3, 1, 5)], firstLine: 2)),
            at: time
        )
        loaded.evolve(Entry(lsn: loaded.lsn.next, time: time, actor: "t", changes: next.changes))
        loaded.checkInvariants()
    }
}
