import Bytes
import InventoryModel
import InventoryTestSupport
import Testing

@Suite struct InsightCodingTests {
    @Test func `an insight survives a round trip, and its first byte is its tag`() throws {
        var random = SplitMix64(seed: 61)
        for _ in 0..<2_000 {
            let insight = random.insight()
            let encoded = bytes(of: insight) { $0.encode(into: &$1) }
            let tag: InsightTag =
                switch insight {
                case .query: .query
                case .named: .named
                case .rows: .rows
                }
            #expect(encoded.first == tag.rawValue)
            let decoded = try read(encoded) { (reader) throws(ByteReaderError) in
                try Insight(from: &reader)
            }
            #expect(decoded == insight)
        }
    }

    @Test(arguments: InsightCodec.all)
    func `truncated values and trailing bytes are refused`(codec: InsightCodec) {
        var random = SplitMix64(seed: 62)
        for _ in 0..<40 {
            let sample = codec.sample(&random)
            for count in 0..<sample.count {
                #expect(throws: ByteReaderError.self) {
                    try codec.reencode(Array(sample.prefix(count)))
                }
            }
            #expect(throws: ByteReaderError.self) { try codec.reencode(sample + [0]) }
        }
    }

    @Test(arguments: InsightCodec.all)
    func `damaged and random bytes are an error or a value with that encoding`(
        codec: InsightCodec
    ) {
        var random = SplitMix64(seed: 63)
        for _ in 0..<60 {
            let sample = codec.sample(&random)
            for _ in 0..<60 where !sample.isEmpty {
                var damaged = sample
                for _ in 0...random.below(3) {
                    let bit = Int(random.below(UInt64(damaged.count * 8)))
                    damaged[bit / 8] ^= 1 << (bit % 8)
                }
                self.check(codec, damaged)
            }
        }
        for _ in 0..<8_000 {
            // Small bytes are more often tags and counts.
            let mask: UInt8 = random.flag() ? 0x0F : 0xFF
            self.check(codec, random.list(upTo: 40) { UInt8(truncatingIfNeeded: $0.next()) & mask })
        }
    }

    private func check(_ codec: InsightCodec, _ bytes: [UInt8]) {
        do throws(ByteReaderError) {
            let reencoded = try codec.reencode(bytes)
            #expect(reencoded == bytes)
        } catch {
            // Refused, which is correct too.
        }
    }

    @Test func `a count beyond its limit is refused before its elements are read`() {
        let measures: [UInt8] = [1, 1, 1, 0, 0, 0, 65]
        #expect(throws: ByteReaderError.tooLong(offset: 6, length: 65, limit: 64)) {
            try read(measures) { (reader) throws(ByteReaderError) in try Insight(from: &reader) }
        }
        let products: [UInt8] = [1, 1, 1, 0, 1, 0x81, 0x80, 0x01]
        #expect(throws: ByteReaderError.tooLong(offset: 5, length: 16_385, limit: 16_384)) {
            try read(products) { (reader) throws(ByteReaderError) in try Insight(from: &reader) }
        }
    }

    @Test func `a field that a mask announces must be present`() {
        for part: UInt8 in [1, 2, 4, 8, 16, 32, 64, 128] {
            let mask: [UInt8] = part < 128 ? [part] : [0x80, 1]
            let rest: [UInt8] = [0, 0, 1, 1, 0, 0, 0]
            #expect(throws: ByteReaderError.self) {
                try read([1, 1, 1, 0] + mask + rest) { (reader) throws(ByteReaderError) in
                    try Insight(from: &reader)
                }
            }
        }
    }

    // MARK: - Golden bytes, written by hand from PROTOCOL.md

    private func check(
        _ insight: Insight,
        _ expected: [UInt8],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(bytes(of: insight) { $0.encode(into: &$1) } == expected)
        let decoded = try read(expected) { (reader) throws(ByteReaderError) in
            try Insight(from: &reader)
        }
        #expect(decoded == insight, sourceLocation: sourceLocation)
    }

    @Test func `net sales of a category by product and day, and in total`() throws {
        try self.check(
            .query(
                InsightQuery(
                    source: .sales,
                    window: .last(7, .day),
                    zone: "UTC",
                    filter: InsightFilter(
                        products: [ProductID(300)],
                        categories: [CategoryID(2)],
                        kinds: [MovementKindSet(.sale), MovementKindSet(.return)],
                        actor: "ann"
                    ),
                    groups: [[.product, .day], []],
                    measures: [.net, .units],
                    order: [
                        InsightOrder(.measure(.net), descending: true),
                        InsightOrder(.dimension(.day)),
                    ],
                    limit: 300,
                    asOf: .lsn(57)
                )
            ),
            [
                1, 1,
                3, 7, 2,
                3, 0x55, 0x54, 0x43,
                // products, categories, kinds, actor
                0x8B, 0x01, 1, 0xAC, 0x02, 1, 2, 6, 3, 0x61, 0x6E, 0x6E,
                2, 2, 1, 5, 0,
                2, 6, 1,
                2, 2, 6, 1, 1, 5, 0,
                0xAC, 0x02,
                1, 57,
            ]
        )
    }

    @Test func `the ten least sold of yesterday`() throws {
        try self.check(
            .named(
                NamedInsight(
                    .top,
                    window: .previous(1, .day),
                    parameters: NamedInsightParameters(
                        measure: .units,
                        isAscending: true,
                        days: 0
                    ),
                    limit: 10
                )
            ),
            [2, 3, 4, 1, 2, 0, 0, 14, 1, 0, 10, 0]
        )
    }

    @Test func `a resolved window`() {
        let window = ResolvedWindow(
            from: Instant(microseconds: 1),
            to: nil,
            zone: "UTC",
            movesAt: Instant(microseconds: 256)
        )
        #expect(
            bytes(of: window) { $0.encode(into: &$1) }
                == [
                    1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0x55, 0x54, 0x43, 1, 0, 1, 0, 0, 0, 0, 0, 0,
                ]
        )
    }
}
