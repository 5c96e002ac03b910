import ColumnStore
import Testing

/// Caching of segment aggregates and their invalidation.
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

    /// Creates a finding with the same count for each code.
    private static func finding(
        _ segment: Int,
        _ column: LedgerColumn<UInt32>,
        codes: Int = 4,
        count: Int64
    ) -> SegmentAggregateCache.Finding? {
        let space = GroupSpace()
        space.begin(codes: codes, sums: 0)
        for code in 0..<codes { space[0][code] = count }
        return SegmentAggregateCache.Finding(segment, of: column, kinds: 0, headroom: 0, space)
    }

    private static func count(_ finding: SegmentAggregateCache.Finding?) -> Int64? {
        finding?.withCounts { $0[0] }
    }

    @Test func `an open segment is not cached`() {
        var column = Self.column(1)
        column.append(9)
        #expect(Self.finding(0, column, count: 1) != nil)
        #expect(Self.finding(1, column, count: 1) == nil)
    }

    @Test func `findings by code belong to one map, which may grow`() throws {
        let cache = SegmentAggregateCache()
        let column = Self.column(2)
        let map = Self.map([0, 1, 2])
        let first = cache.byCode(of: map)
        #expect(first[0, column] == nil)
        let finding = try #require(Self.finding(0, column, count: 5))
        cache.keep([0: finding], wholeSegments: false, after: first)
        #expect(Self.count(cache.byCode(of: map)[0, column]) == 5)
        #expect(cache.byCode(of: map)[1, column] == nil)
        #expect(cache.whole[0, column] == nil)
        // Longer, shorter, longer: the common prefix agrees.
        #expect(Self.count(cache.byCode(of: Self.map([0, 1, 2, 3]))[0, column]) == 5)
        #expect(Self.count(cache.byCode(of: Self.map([0, 1]))[0, column]) == 5)
        // The shorter map did not invalidate the longer one.
        #expect(cache.byCode(of: Self.map([0, 1, 2, 1]))[0, column] == nil)
        #expect(cache.byCode(of: map)[0, column] == nil)
    }

    @Test func `findings by a replaced map are dropped`() throws {
        let cache = SegmentAggregateCache()
        let column = Self.column(1)
        let before = cache.byCode(of: Self.map([0, 1]))
        let after = cache.byCode(of: Self.map([1, 1]))
        cache.keep(
            [0: try #require(Self.finding(0, column, count: 5))],
            wholeSegments: false,
            after: before
        )
        #expect(cache.byCode(of: Self.map([1, 1]))[0, column] == nil)
        cache.keep(
            [0: try #require(Self.finding(0, column, count: 6))],
            wholeSegments: false,
            after: after
        )
        #expect(Self.count(cache.byCode(of: Self.map([1, 1]))[0, column]) == 6)
        cache.forget()
        #expect(cache.byCode(of: Self.map([1, 1]))[0, column] == nil)
    }

    @Test func `diverged copies have separate findings`() throws {
        let cache = SegmentAggregateCache()
        var one = Self.column(1)
        var two = one
        one.append(repeating: 1, count: SegmentSize.capacity)
        two.append(repeating: 2, count: SegmentSize.capacity)
        for segment in 0...1 {
            cache.keep(
                [segment: try #require(Self.finding(segment, one, codes: 1, count: 7))],
                wholeSegments: true,
                after: cache.whole
            )
        }
        #expect(Self.count(cache.whole[0, one]) == 7)
        #expect(Self.count(cache.whole[0, two]) == 7)
        #expect(Self.count(cache.whole[1, one]) == 7)
        #expect(cache.whole[1, two] == nil)
        #expect(cache.whole[2, one] == nil)
    }

    @Test func `sums are read by kind`() throws {
        let space = GroupSpace()
        space.begin(codes: 2, sums: 2)
        for row in 0...2 {
            for code in 0...1 { space[row][code] = Int64(10 * row + code) }
        }
        let column = Self.column(1)
        let finding = try #require(
            SegmentAggregateCache.Finding(0, of: column, kinds: 0b1_0010, headroom: 3, space)
        )
        #expect(finding.withCounts { Array($0) } == [0, 1])
        #expect(finding.withSums(1) { Array($0) } == [10, 11])
        #expect(finding.withSums(4) { Array($0) } == [20, 21])
    }
}
