import InventoryModel
import InventoryTestSupport
import Testing

@Suite struct ResultDifferenceTests {
    private static let schema = [ResultField("sku", .text), ResultField("units", .integer)]

    private static func table(_ rows: [(String, Int64?)]) -> ResultTable {
        var table = ResultTable(Self.schema)
        for row in rows {
            table.append([.text(row.0), row.1.map { .integer($0) } ?? .none])
        }
        return table
    }

    @Test func `the difference of two tables turns the old into the new`() {
        var random = SplitMix64(seed: 71)
        for _ in 0..<3_000 {
            var rows = random.list(upTo: 12) { random in
                ("\(random.below(8))", random.maybe { Int64($0.below(3)) })
            }
            let old = Self.table(rows)
            for _ in 0..<random.below(5) {
                switch random.below(4) {
                case 0 where !rows.isEmpty: rows.remove(at: Int(random.below(UInt64(rows.count))))
                case 1:
                    let index = Int(random.below(UInt64(rows.count + 1)))
                    rows.insert(("\(random.below(8))", Int64(random.below(3))), at: index)
                case 2 where !rows.isEmpty:
                    rows[Int(random.below(UInt64(rows.count)))].1 = random.maybe {
                        Int64($0.below(3))
                    }
                default:
                    if rows.count > 1 {
                        rows.swapAt(0, Int(random.below(UInt64(rows.count))))
                    }
                }
            }
            let new = Self.table(rows)
            let difference = ResultDifference(from: old, to: new)
            #expect(difference.applied(to: old) == new)
            #expect(difference.isEmpty == (old == new))
            #expect(difference.removed.count <= old.rowCount)
            #expect(difference.inserted.count <= new.rowCount)
        }
    }

    @Test func `a difference has only the changed row, wherever it moves`() {
        let old = Self.table([("A", 9), ("B", 8), ("C", 7), ("D", 6), ("E", 5)])
        let new = Self.table([("B", 8), ("C", 7), ("A", 7), ("D", 6), ("E", 5)])
        let difference = ResultDifference(from: old, to: new)
        #expect(difference.removed == [0])
        #expect(difference.inserted == [2])
        #expect(difference.rows == Self.table([("A", 7)]))
    }

    @Test func `a missing value differs from zero`() {
        let old = Self.table([("A", nil)])
        let new = Self.table([("A", 0)])
        #expect(ResultDifference(from: old, to: new).removed == [0])
    }

    @Test func `a difference that does not fit the table is refused`() {
        let old = Self.table([("A", 1), ("B", 2)])
        let row = Self.table([("C", 3)])
        func makes(_ removed: [Int], _ inserted: [Int]) -> Bool {
            let rows = row.rows(inserted.map { _ in 0 })
            return ResultDifference(removed: removed, inserted: inserted, rows: rows)
                .applied(to: old) != nil
        }
        #expect(makes([1], [1]))
        #expect(makes([], [2]))
        #expect(!makes([2], [1]))
        #expect(!makes([1, 1], [0, 1]))
        #expect(!makes([1, 0], [0, 1]))
        #expect(!makes([], [3]))
        #expect(!makes([0, 1, 2], []))
        let other = ResultTable([ResultField("n", .integer)])
        #expect(ResultDifference(from: other, to: other).applied(to: old) == nil)
    }
}
