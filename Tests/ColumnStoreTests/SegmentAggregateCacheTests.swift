import ColumnStore
import Testing

/// What is kept of sealed segments, and when it is forgotten.
@Suite struct SegmentAggregateCacheTests {
    private static func column(_ segments: Int, _ value: UInt32 = 0) -> LedgerColumn<UInt32> {
        var column = LedgerColumn<UInt32>()
        column.append(repeating: value, count: segments * SegmentSize.capacity)
        return column
    }

    private static func map(_ codes: [UInt32], below limit: Int = 4) -> CodeMap {
        var column = Column<UInt32>()
        for code in codes { column.append(code) }
        return CodeMap(column, below: limit)
    }

    /// A finding with the same count for each code.
    private static func finding(
        _ segment: Int,
        _ column: LedgerColumn<UInt32>,
        codes: Int = 4,
        count: Int64
    ) -> SegmentAggregateCache.Finding? {
        let room = GroupSpace()
        room.begin(codes: codes, sums: 0)
        for code in 0..<codes { room[0][code] = count }
        return SegmentAggregateCache.Finding(segment, of: column, kinds: 0, headroom: 0, room)
    }

    private static func count(_ finding: SegmentAggregateCache.Finding?) -> Int64? {
        finding?.withCounts { $0[0] }
    }

    @Test func `an open segment is not kept`() {
        var column = Self.column(1)
        column.append(9)
        #expect(Self.finding(0, column, count: 1) != nil)
        #expect(Self.finding(1, column, count: 1) == nil)
    }

    @Test func `findings by code are of one map, which may grow`() throws {
        let kept = SegmentAggregateCache()
        let column = Self.column(2)
        let map = Self.map([0, 1, 2])
        let first = kept.byCode(of: map)
        #expect(first[0, column] == nil)
        let finding = try #require(Self.finding(0, column, count: 5))
        kept.keep([0: finding], wholeSegments: false, after: first)
        #expect(Self.count(kept.byCode(of: map)[0, column]) == 5)
        #expect(kept.byCode(of: map)[1, column] == nil)
        #expect(kept.whole[0, column] == nil)
        // Longer, shorter, longer: what both have agrees.
        #expect(Self.count(kept.byCode(of: Self.map([0, 1, 2, 3]))[0, column]) == 5)
        #expect(Self.count(kept.byCode(of: Self.map([0, 1]))[0, column]) == 5)
        // The shorter one did not make the longer one forgotten.
        #expect(kept.byCode(of: Self.map([0, 1, 2, 1]))[0, column] == nil)
        #expect(kept.byCode(of: map)[0, column] == nil)
    }

    @Test func `what was found by a map that is no longer kept is dropped`() throws {
        let kept = SegmentAggregateCache()
        let column = Self.column(1)
        let before = kept.byCode(of: Self.map([0, 1]))
        let after = kept.byCode(of: Self.map([1, 1]))
        kept.keep(
            [0: try #require(Self.finding(0, column, count: 5))],
            wholeSegments: false,
            after: before
        )
        #expect(kept.byCode(of: Self.map([1, 1]))[0, column] == nil)
        kept.keep(
            [0: try #require(Self.finding(0, column, count: 6))],
            wholeSegments: false,
            after: after
        )
        #expect(Self.count(kept.byCode(of: Self.map([1, 1]))[0, column]) == 6)
        kept.forget()
        #expect(kept.byCode(of: Self.map([1, 1]))[0, column] == nil)
    }

    @Test func `copies that were appended to apart have findings of their own`() throws {
        let kept = SegmentAggregateCache()
        var one = Self.column(1)
        var two = one
        one.append(repeating: 1, count: SegmentSize.capacity)
        two.append(repeating: 2, count: SegmentSize.capacity)
        for segment in 0...1 {
            kept.keep(
                [segment: try #require(Self.finding(segment, one, codes: 1, count: 7))],
                wholeSegments: true,
                after: kept.whole
            )
        }
        #expect(Self.count(kept.whole[0, one]) == 7)
        #expect(Self.count(kept.whole[0, two]) == 7)
        #expect(Self.count(kept.whole[1, one]) == 7)
        #expect(kept.whole[1, two] == nil)
        #expect(kept.whole[2, one] == nil)
    }

    @Test func `sums are lent by their kind`() throws {
        let room = GroupSpace()
        room.begin(codes: 2, sums: 2)
        for row in 0...2 {
            for code in 0...1 { room[row][code] = Int64(10 * row + code) }
        }
        let column = Self.column(1)
        let finding = try #require(
            SegmentAggregateCache.Finding(0, of: column, kinds: 0b1_0010, headroom: 3, room)
        )
        #expect(finding.withCounts { Array($0) } == [0, 1])
        #expect(finding.withSums(1) { Array($0) } == [10, 11])
        #expect(finding.withSums(4) { Array($0) } == [20, 21])
    }
}
