import Bytes
import ColumnStore
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryEngine

/// Indexes over rows grow shard by shard: however many rows there are, one more moves few entries.
@Suite struct IndexGrowthTests {
    @Test func `recording a receipt moves a bounded number of others`() {
        let count = 60_000
        var table = ReceiptTable()
        var index = ReceiptIndex()
        func record(_ reference: Int, firstLine: UInt32) {
            let day = CalendarDay(ordinal: UInt32(700_000 + reference % 365))
            let key = ReceiptTable.Key(.main, reference: UInt32(reference), day: day)
            table.append(key, firstLine: firstLine, count: 2, row: 2 * table.rowCount)
            index.insert(table.rowCount - 1, in: table)
        }
        for reference in 1...count { record(reference, firstLine: 0) }
        #expect(index.count == count)
        // A shard has 59 receipts on average. In one piece, the index would have 131,072 slots.
        #expect(index.largestShardCount <= 256)
        for reference in 1...(count / 3) { record(reference, firstLine: 2) }
        index.checkInvariants(for: table)
        #expect(index.count == count)
        #expect(index.largestShardCount <= 256)
    }

    @Test func `beginning an import run moves a bounded number of others`() {
        let count = 30_000
        var table = ImportRunTable()
        var index = ImportRunIndex()
        for number in 1...count {
            var run = ImportRun()
            run.number = UInt32(number)
            run.name = "run \(number)"
            run.session = SessionID(high: UInt64(number), low: 7)
            table.append(run, actor: 0)
            index.insert(number - 1, in: table)
        }
        index.checkInvariants(for: table)
        #expect(index.largestShardCount <= 128)
        #expect(index.row(named: "run 0", in: table) == nil)
        #expect(index.row(of: SessionID(high: 0, low: 7), in: table) == nil)
    }

    @Test func `a string, a SKU or a key moves a bounded number of others`() {
        let count = 60_000
        var strings = TextColumn()
        var index = KeyIndex()
        strings.append("")
        for number in 1...count {
            strings.append("R\(number)")
            index.insert(row: UInt32(number), in: strings)
        }
        index.checkInvariants()
        #expect(index.largestSlotCount <= 256)
    }

    private static func level(_ number: Int) -> (product: ProductID, location: LocationID) {
        (ProductID(UInt32(1 + number % 3_000)), LocationID(UInt16(1 + number / 3_000)))
    }

    @Test func `ordering goods moves a bounded number of other orders`() {
        var goods = ExpectedGoods()
        var ledger = MovementLedger()
        for number in 0..<40_000 {
            let (product, location) = Self.level(number)
            ledger.append(
                Movement(
                    kind: .expectIncoming,
                    product: product,
                    location: location,
                    incomingDelta: 5,
                    occurredAt: .zero
                ),
                id: MovementID(lsn: LSN(UInt64(number + 1)), line: 0),
                recordedAt: .zero,
                origin: nil,
                strings: MovementLedger.StringCodes(
                    reference: UInt32(1 + number / 20),
                    note: 0,
                    actor: 0
                )
            )
            goods.note(number, in: ledger)
        }
        goods.checkInvariants(for: ledger)
        // A shard has 39 sums on average. In one piece, there would be 65,536 slots.
        #expect(goods.largestShardCount <= 128)
    }

    @Test func `dispatching a transfer moves a bounded number of others`() {
        var table = TransferTable()
        var open = OpenTransfers(for: table)
        for number in 1...30_000 {
            let (product, location) = Self.level(number)
            let transfer = Transfer(
                id: TransferID(UInt32(number)),
                product: product,
                source: LocationID(60_000),
                destination: location,
                quantity: 2,
                remaining: 2,
                value: 0,
                origin: MovementID(lsn: 1, line: 0)
            )
            table.put(transfer, reference: 0)
            open.note(number, wasInTransit: false, remainingBefore: 0, in: table)
        }
        open.checkInvariants(for: table)
        #expect(open.count == 30_000)
        #expect(open.largestShardCount <= 128)
    }

    @Test func `extending reservations moves a bounded number of others`() {
        var random = SplitMix64(seed: 8)
        var table = ReservationTable()
        var deadlines = ReservationDeadlines(for: table)
        func put(_ row: Int, dueBefore before: Instant?) {
            let expiresAt = Instant(microseconds: Int64(random.below(1_000_000)))
            table.put(
                Reservation(
                    id: ReservationID(UInt32(row)),
                    product: ProductID(1),
                    location: .main,
                    quantity: 1,
                    remaining: 1,
                    expiresAt: expiresAt,
                    origin: MovementID(lsn: 1, line: 0)
                ),
                reference: 0
            )
            deadlines.note(row, dueBefore: before, in: table)
        }
        let count = 40_000
        for row in 1...count { put(row, dueBefore: nil) }
        var largest = 0
        for step in 0..<(3 * count) {
            let row = 1 + Int(random.below(UInt64(count)))
            put(row, dueBefore: Instant(microseconds: table.expiresAt[row]))
            if step % 10_000 == 0 { largest = max(largest, deadlines.largestShardCount) }
        }
        deadlines.checkInvariants(for: table)
        // A shard has 39 reservations on average. In one piece, 80,000 entries would be sorted at once.
        #expect(largest <= 128)
    }

    @Test func `linking a return to its sale moves a bounded number of others`() {
        var map = ShardedMap<Int, ReturnedSums>()
        for row in 0..<60_000 { map[row * 2] = ReturnedSums(quantity: 1) }
        map.checkInvariants()
        #expect(map.largestShardCount <= 128)
    }
}
