import InventoryTestSupport
import Testing

@testable import ColumnStore

@Suite struct ColumnTests {
    @Test func `segments of one value share memory until one is overwritten`() {
        var column = Column<Int64>()
        for row in 0..<(3 * SegmentSize.capacity + 10) {
            // The last full segment has another value.
            column.append(row < 2 * SegmentSize.capacity ? 7 : 8)
        }
        #expect(column.full[0].storage === column.full[1].storage)
        #expect(column.full[1].storage !== column.full[2].storage)
        let view = column
        column[SegmentSize.capacity + 3] = 9
        #expect(column.full[0].storage !== column.full[1].storage)
        #expect(column[SegmentSize.capacity + 3] == 9)
        for row in 0..<(2 * SegmentSize.capacity) {
            #expect(view[row] == 7)
            if row != SegmentSize.capacity + 3 { #expect(column[row] == 7) }
        }
        column.checkInvariants()
        view.checkInvariants()
    }

    @Test func `batch append equals single appends`() {
        var single = Column<Int64>()
        var together = Column<Int64>()
        var random = SplitMix64(seed: 3)
        for _ in 0..<60 {
            let count = Int(random.below(900))
            let first = Int64(random.below(1_000))
            if random.below(3) == 0 {
                together.append(repeating: first, count: count)
                for _ in 0..<count { single.append(first) }
            } else {
                together.append(count: count) { first - Int64($0) }
                for number in 0..<count { single.append(first - Int64(number)) }
            }
            // A view does not change when values are appended after it.
            if random.below(5) == 0 { single = together }
            together.checkInvariants()
        }
        #expect(together.count > 2 * SegmentSize.capacity)
        #expect(together.count == single.count)
        for row in 0..<together.count where together[row] != single[row] {
            Issue.record("row \(row): \(together[row]), not \(single[row])")
        }
    }
}
