import Bytes
import ColumnStore
import InventoryModel
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

    @Test func `linking a return to its sale moves a bounded number of others`() {
        var map = ShardedMap<ReturnedSums>()
        for row in 0..<60_000 { map[row * 2] = ReturnedSums(quantity: 1) }
        map.checkInvariants()
        #expect(map.largestShardCount <= 128)
    }
}
