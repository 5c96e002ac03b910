import Testing

@testable import ColumnStore

@Suite struct ColumnTests {
    @Test func `segments of one value share memory until one is overwritten`() {
        var column = Column<Int64>()
        for row in 0..<(3 * SegmentSize.capacity + 10) {
            // The last whole segment has another value.
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
}
