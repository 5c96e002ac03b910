import Bytes
import InventoryModel
import InventoryTestSupport
import Testing

@Suite struct CodingRoundTripTests {
    private static let rounds = 60

    @Test func `a command of every kind survives a round trip`() throws {
        var random = SplitMix64(seed: 1)
        for _ in 0..<Self.rounds {
            for tag in CommandTag.allCases {
                let command = random.command(tag)
                let encoded = bytes(of: command) { $0.encode(into: &$1) }
                #expect(encoded.first == tag.rawValue)
                let decoded = try read(encoded) { (reader) throws(ByteReaderError) in
                    try Command(from: &reader)
                }
                #expect(decoded == command)
            }
        }
    }

    @Test func `a change of every kind survives a round trip`() throws {
        var random = SplitMix64(seed: 2)
        for _ in 0..<Self.rounds {
            for tag in ChangeTag.allCases {
                let (lsn, time) = (random.lsn(), random.instant())
                let change = random.change(tag, lsn: lsn, time: time)
                let encoded = bytes(of: change) { $0.encode(into: &$1, lsn: lsn, time: time) }
                #expect(encoded.first == tag.rawValue)
                let decoded = try read(encoded) { (reader) throws(ByteReaderError) in
                    try Change(from: &reader, lsn: lsn, time: time)
                }
                #expect(decoded == change)
            }
        }
    }

    @Test func `a query of every kind survives a round trip`() throws {
        var random = SplitMix64(seed: 3)
        for _ in 0..<Self.rounds {
            for tag in QueryTag.allCases {
                let query = random.query(tag)
                let encoded = bytes(of: query) { $0.encode(into: &$1) }
                #expect(encoded.first == tag.rawValue)
                let decoded = try read(encoded) { (reader) throws(ByteReaderError) in
                    try Query(from: &reader)
                }
                #expect(decoded == query)
            }
        }
    }

    @Test func `a flag at the end of a query is there only if it is true`() throws {
        func encoded(_ includesPastWriteOffs: Bool) -> [UInt8] {
            let query = SalesQuery(limit: 5, includesPastWriteOffs: includesPastWriteOffs)
            return bytes(of: Query.sales(query)) { $0.encode(into: &$1) }
        }
        func decoded(_ bytes: [UInt8]) throws -> Query {
            try read(bytes) { (reader) throws(ByteReaderError) in try Query(from: &reader) }
        }
        #expect(encoded(true) == encoded(false) + [1])
        for flag in [true, false] {
            let query = Query.sales(SalesQuery(limit: 5, includesPastWriteOffs: flag))
            #expect(try decoded(encoded(flag)) == query)
        }
        #expect(throws: ByteReaderError.self) { try decoded(encoded(false) + [0]) }
    }

    @Test func `outcomes and refusals of every form survive a round trip`() throws {
        var random = SplitMix64(seed: 4)
        for round in 0..<UInt64(Self.rounds) * SplitMix64.detailCount {
            let refusal = random.refusal(detail: round % SplitMix64.detailCount)
            let encodedRefusal = bytes(of: refusal) { $0.encode(into: &$1) }
            let decodedRefusal = try read(encodedRefusal) { (reader) throws(ByteReaderError) in
                try Refusal(from: &reader)
            }
            #expect(decodedRefusal == refusal)
            let outcome = random.outcome()
            let encodedOutcome = bytes(of: outcome) { $0.encode(into: &$1) }
            let decodedOutcome = try read(encodedOutcome) { (reader) throws(ByteReaderError) in
                try Outcome(from: &reader)
            }
            #expect(decodedOutcome == outcome)
        }
    }

    @Test func `a table survives a round trip as its schema and its block`() throws {
        var random = SplitMix64(seed: 5)
        for _ in 0..<Self.rounds * 5 {
            let table = random.table()
            let schemaBytes = bytes(of: table) { $0.encodeSchema(into: &$1) }
            let schema = try read(schemaBytes) { (reader) throws(ByteReaderError) in
                try ResultTable.schema(from: &reader)
            }
            #expect(schema == table.schema)
            let block = bytes(of: table) { $0.encodeBlock(into: &$1) }
            let decoded = try read(block) { (reader) throws(ByteReaderError) in
                try ResultTable(blockFrom: &reader, schema: schema)
            }
            #expect(decoded == table)
        }
    }

    @Test(arguments: [0, 1, ResultTable.blockRowsMax])
    func `a block has from no row up to the maximum`(rowCount: Int) throws {
        var table = ResultTable([ResultField("n", .integer), ResultField("t", .text)])
        for row in 0..<rowCount {
            table.append(row % 3 == 0 ? [.none, .none] : [.integer(Int64(row)), .text("\(row)")])
        }
        let block = bytes(of: table) { $0.encodeBlock(into: &$1) }
        let decoded = try read(block) { (reader) throws(ByteReaderError) in
            try ResultTable(blockFrom: &reader, schema: table.schema)
        }
        #expect(decoded == table)
    }

    @Test func `a subscription survives a round trip`() throws {
        var random = SplitMix64(seed: 6)
        for _ in 0..<Self.rounds * 5 {
            let subscription = random.subscription()
            let encoded = bytes(of: subscription) { $0.encode(into: &$1) }
            let decoded = try read(encoded) { (reader) throws(ByteReaderError) in
                try Subscription(from: &reader)
            }
            #expect(decoded == subscription)
        }
    }

    @Test func `the largest revision is encoded as the one below it, not as none`() throws {
        let command = Command.deleteProduct(ProductID(1), ifRevision: .max)
        let encoded = bytes(of: command) { $0.encode(into: &$1) }
        let decoded = try read(encoded) { (reader) throws(ByteReaderError) in
            try Command(from: &reader)
        }
        #expect(decoded == .deleteProduct(ProductID(1), ifRevision: LSN.max.previous))
    }
}

@Suite struct EntryCodingTests {
    @Test func `entries survive a round trip, alone and in sequence`() throws {
        var random = SplitMix64(seed: 7)
        let entries = (0..<200).map { _ in random.entry() }
        let encoded = bytes(of: entries) { entries, writer in
            for entry in entries { entry.encode(into: &writer) }
        }
        let decoded = try read(encoded) { (reader) throws(ByteReaderError) in
            var entries: [Entry] = []
            while reader.remaining > 0 { entries.append(try Entry(from: &reader)) }
            return entries
        }
        #expect(decoded == entries)
    }

    @Test func `a filter selects changes by their first byte and copies their bytes`() throws {
        var random = SplitMix64(seed: 8)
        for _ in 0..<100 {
            let entry = random.entry()
            let encoded = bytes(of: entry) { $0.encode(into: &$1) }
            let selected = try read(encoded) { (reader) throws(ByteReaderError) -> [UInt8] in
                let view = try EntryView(from: &reader)
                var writer = ByteWriter()
                var target = EntryWriter(
                    lsn: view.lsn,
                    time: view.time,
                    actor: view.actor,
                    into: &writer
                )
                try view.forEachChange { (bytes) throws(ByteReaderError) in
                    if bytes[0] == ChangeTag.moved.rawValue {
                        target.append(encoded: bytes, into: &writer)
                    }
                }
                target.finish(into: &writer)
                return writer.array()
            }
            var expected = entry
            expected.changes = entry.changes.filter { if case .moved = $0 { true } else { false } }
            #expect(selected == bytes(of: expected) { $0.encode(into: &$1) })
        }
    }

    @Test func `the movement of a plain sale takes at most 50 bytes`() {
        let time = Codec.time
        let sale = Movement(
            kind: .sale,
            product: ProductID(123_456),
            location: .main,
            onHandDelta: -2,
            amount: 199_998,
            price: Price(99_999),
            cost: -144_000,
            reference: "POS-7781",
            occurredAt: time
        )
        let level = Level(
            product: sale.product,
            location: .main,
            onHand: 640,
            value: 46_080_000,
            revision: 57
        )
        let change = Change.moved(sale, level)
        let encoded = bytes(of: change) { $0.encode(into: &$1, lsn: 57, time: time) }
        #expect(encoded.count <= 50)
    }

    @Test func `a change shorter than its byte count is refused`() throws {
        let entry = Entry(lsn: 1, time: .zero, actor: "", changes: [.productDeleted(ProductID(1))])
        var encoded = bytes(of: entry) { $0.encode(into: &$1) }
        let countOffset = 4 + 8 + 8 + 1 + 4
        encoded[countOffset] += 1
        encoded[0] += 1
        encoded.append(0)
        #expect(throws: ByteReaderError.trailingBytes(offset: 2, count: 1)) {
            try read(encoded) { (reader) throws(ByteReaderError) in try Entry(from: &reader) }
        }
    }
}
