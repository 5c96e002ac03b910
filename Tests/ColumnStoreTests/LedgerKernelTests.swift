import ColumnStore
import InventoryTestSupport
import Testing

/// The scan kernels over segments of every width, sealed and open, compared with plain loops.
@Suite struct LedgerKernelTests {
    private static let shapes: [(base: Int64, spread: UInt64)] = [
        (7, 1), (-5, 200), (1_000, 60_000), (-1 << 40, 1 << 31), (-1 << 52, 1 << 53),
    ]

    /// Creates a sealed segment and an open one with values from a base to a spread above it.
    private static func column(
        _ base: Int64,
        _ spread: UInt64,
        _ random: inout SplitMix64
    ) -> (column: LedgerColumn<Int64>, values: [Int64]) {
        var column = LedgerColumn<Int64>()
        var values: [Int64] = []
        for _ in 0..<(SegmentSize.capacity + 100) {
            let value = base + Int64(random.next() % spread)
            column.append(value)
            values.append(value)
        }
        return (column, values)
    }

    /// Returns a run and a list of offsets in a segment of `count` rows.
    private static func offsets(_ count: Int, _ random: inout SplitMix64) -> [[Int]] {
        let from = Int(random.next() % UInt64(count))
        let to = from + Int(random.next() % UInt64(count - from + 1))
        return [Array(from..<to), (0..<count).filter { _ in random.next() % 3 == 0 }]
    }

    private static func withPick<Result>(
        _ offsets: [Int],
        isRun: Bool,
        _ body: (RowPick) throws -> Result
    ) rethrows -> Result {
        if isRun, let first = offsets.first {
            return try body(.run(first..<(first + offsets.count)))
        }
        return try offsets.map { UInt16($0) }.withUnsafeBufferPointer { try body(.list($0)) }
    }

    @Test func `sums, codes, values and filters equal plain loops`() {
        var random = SplitMix64(seed: 21)
        for (base, spread) in Self.shapes {
            let (column, values) = Self.column(base, spread, &random)
            for (segment, count) in [(0, SegmentSize.capacity), (1, 100)] {
                for (kind, offsets) in Self.offsets(count, &random).enumerated() {
                    let picked = offsets.map { values[segment * SegmentSize.capacity + $0] }
                    Self.withPick(offsets, isRun: kind == 0) { pick in
                        Self.check(column, segment, pick, offsets, picked)
                    }
                }
            }
            let largest = values.map(\.magnitude).max() ?? 0
            #expect(
                max(
                    column.largestMagnitude(ofSegment: 0),
                    column.largestMagnitude(ofSegment: 1)
                ) == largest
            )
        }
    }

    private static func check(
        _ column: LedgerColumn<Int64>,
        _ segment: Int,
        _ pick: RowPick,
        _ offsets: [Int],
        _ picked: [Int64]
    ) {
        #expect(column.sum(segment, pick) == picked.reduce(0, &+))
        var values = [Int64](repeating: 0, count: picked.count)
        values.withUnsafeMutableBufferPointer {
            if let base = $0.baseAddress { column.read(segment, pick, into: base) }
        }
        #expect(values == picked)
        var slots = offsets.map { UInt32($0 % 3) }
        var totals = [Int64](repeating: 0, count: 3)
        var seen = [UInt8](repeating: 0, count: 3)
        guard !slots.isEmpty else { return }
        column.add(segment, pick, slots: &slots, to: &totals, marking: &seen)
        for slot in 0..<3 {
            let mine = zip(slots, picked).filter { $0.0 == UInt32(slot) }.map(\.1)
            #expect(totals[slot] == mine.reduce(0, &+))
            #expect(seen[slot] == (mine.isEmpty ? 0 : 1))
        }
        column.appendCodes(segment, pick, multiplier: 5, to: &slots)
        for (index, slot) in slots.enumerated() {
            let code = UInt32(truncatingIfNeeded: picked[index])
            #expect(slot == UInt32(offsets[index] % 3) &* 5 &+ code)
        }
        let middle = picked.sorted()[picked.count / 2]
        var list = [UInt16](repeating: 0, count: picked.count)
        let count = column.filter(segment, pick, in: middle...(.max), into: &list)
        #expect(
            list[..<count].map { Int($0) }
                == zip(offsets, picked).filter { $0.1 >= middle }.map(\.0)
        )
    }

    @Test func `maps and masks are looked up by value`() {
        var random = SplitMix64(seed: 22)
        for spread in [UInt32(1), 250, 5_000] {
            var column = LedgerColumn<UInt32>()
            var values: [Int] = []
            for _ in 0..<(SegmentSize.capacity + 100) {
                let value = 40 + UInt32(random.next() % UInt64(spread))
                column.append(value)
                values.append(Int(value))
            }
            let mask = (0..<6_000).map { UInt8($0 % 2) }
            for (segment, count) in [(0, SegmentSize.capacity), (1, 100)] {
                var list = [UInt16](repeating: 0, count: count)
                let pick = RowPick.run(0..<count)
                let passed = mask.withUnsafeBufferPointer {
                    column.filter(segment, pick, mask: $0, into: &list)
                }
                let mine = values[(segment * SegmentSize.capacity)...].prefix(count)
                for limit in [7, 256, 257, 65_536, 65_537] {
                    let codes = (0..<6_000).map { UInt32($0 * 7 % limit) }
                    var slots = [UInt32](repeating: 9, count: count)
                    let map = CodeMap(Self.column(of: codes), below: limit)
                    column.appendCodes(segment, pick, multiplier: 0, map: map, to: &slots)
                    #expect(slots == mine.map { codes[$0] })
                }
                let expected = mine.enumerated().filter { mask[$0.1] != 0 }.map { UInt16($0.0) }
                #expect(list[..<passed].elementsEqual(expected))
            }
        }
    }

    private static func column(of values: [UInt32]) -> Column<UInt32> {
        var column = Column<UInt32>()
        for value in values { column.append(value) }
        return column
    }

    // MARK: - Sums by code

    /// Widths of the mapped column: 1, 2 and 4 bytes, and a single value.
    private static let spreads: [UInt32] = [200, 3_000, 90_000, 1]

    @Test func `sums by code equal plain loops, in every width`() {
        var random = SplitMix64(seed: 23)
        let space = GroupSpace()
        for spread in Self.spreads {
            var codes = LedgerColumn<UInt32>()
            var values: [Int] = []
            for _ in 0..<(2 * SegmentSize.capacity + 100) {
                let value = UInt32(random.next() % UInt64(spread))
                codes.append(5 + value)
                values.append(5 + Int(value))
            }
            let shapes = [(3, 1)] + Self.shapes + [(.min / 2, UInt64(1) << 62)]
            let columns = shapes.map { base, spread in
                var column = LedgerColumn<Int64>()
                for _ in values { column.append(base + Int64(random.next() % spread)) }
                return column
            }
            for limit in [2, 64, 256, 257, GroupSpace.codesMax] {
                let codeOf = (0..<100_000).map { _ in UInt32(random.next() % UInt64(limit)) }
                let map = CodeMap(Self.column(of: codeOf), below: limit)
                for segment in 0...2 {
                    let count = segment < 2 ? SegmentSize.capacity : 100
                    let from = limit == 64 ? 0 : Int(random.next() % 70)
                    let picks = [Array(from..<count), (from..<count).filter { $0 % 5 < 2 }]
                    for (kind, offsets) in picks.enumerated() {
                        let taken = columns.indices.filter { _ in random.next() % 2 == 0 }
                        space.begin(codes: limit, sums: taken.count)
                        Self.withPick(offsets, isRun: kind == 0) { pick in
                            codes.addGroups(
                                segment,
                                pick,
                                by: map,
                                of: taken.enumerated().map { (columns[$1], 1 + $0) },
                                to: space
                            )
                        }
                        var expected = [Int64](repeating: 0, count: (1 + taken.count) * limit)
                        for row in offsets.map({ segment * SegmentSize.capacity + $0 }) {
                            let code = Int(codeOf[values[row]])
                            expected[code] += 1
                            for (at, column) in taken.enumerated() {
                                expected[(1 + at) * limit + code] &+= columns[column][row]
                            }
                        }
                        let isRight = space.values.elementsEqual(expected)
                        #expect(isRight, "\(spread), \(limit) codes, \(taken), \(segment)")
                    }
                }
            }
        }
    }

    @Test func `sums by code may use all bits of a word`() {
        // 14 bits of rows, 21 of the sum of a byte column and 29 of a two-byte column total 64.
        var codes = LedgerColumn<UInt32>()
        var bytes = LedgerColumn<Int64>()
        var shorts = LedgerColumn<Int64>()
        for row in 0..<SegmentSize.capacity {
            codes.append(UInt32(row == 0 ? 0 : 1))
            bytes.append(row == 0 ? -1 : 254)
            shorts.append(row == 0 ? 7 : 7 + 65_535)
        }
        let map = CodeMap(Self.column(of: [0, 0]), below: 1)
        let space = GroupSpace()
        let rows = Int64(SegmentSize.capacity)
        for (first, second) in [(bytes, shorts), (shorts, bytes)] {
            space.begin(codes: 1, sums: 2)
            codes.addGroups(
                0,
                .run(0..<SegmentSize.capacity),
                by: map,
                of: [(first, 1), (second, 2)],
                to: space
            )
            let sums = [first[1] * (rows - 1) + first[0], second[1] * (rows - 1) + second[0]]
            #expect(Array(space.values) == [rows] + sums)
        }
    }

    @Test func `marks are looked up by code`() {
        for limit in [200, 300, 70_000] {
            let codes = (0..<20_000).map { UInt32($0 * 31 % limit) }
            let map = CodeMap(Self.column(of: codes), below: limit)
            #expect(map.count == codes.count)
            #expect(map.marks([0, 1, 0, 1]) == codes.map { $0 == 1 || $0 == 3 ? 1 : 0 })
        }
    }
}
