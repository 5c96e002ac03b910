import Bytes
import InventoryTestSupport
import Testing

@testable import InventoryModel

/// The handwritten encodings match the descriptions, for every field.
@Suite struct DescribedBytesTests {
    private static let seeds: Range<UInt64> = 1..<400

    @Test func `every command is encoded as its description says`() {
        for tag in CommandTag.described {
            for seed in Self.seeds.prefix(100) {
                var random = SplitMix64(seed: seed)
                let command = random.command(tag)
                // A delivery ends with its flags, and the indices of its lines without a cost.
                if case .restock = command { continue }
                var writer = DescribedBytes()
                Self.visit(command, to: &writer)
                #expect(writer.bytes == Array(command.encoded.bytes.dropFirst()), "\(tag) \(seed)")
            }
        }
    }

    @Test func `the lines of a delivery are encoded as their description says`() {
        for seed in Self.seeds {
            var random = SplitMix64(seed: seed)
            guard case .restock(let restock) = random.command(.restock) else {
                preconditionFailure("restock")
            }
            var described = DescribedBytes()
            var lines = restock.lines
            described.lines(.plain, &lines)
            let bytes = Command.restock(restock).encoded.bytes.dropFirst()
            #expect(described.bytes == Array(bytes.prefix(described.bytes.count)))
        }
    }

    @Test func `every query, insight and subscription is encoded as its description says`() {
        func described(_ query: some DescribedQuery) -> [UInt8] {
            var (query, writer) = (query, DescribedBytes())
            query.visit(&writer)
            return writer.bytes
        }
        for seed in Self.seeds {
            var random = SplitMix64(seed: seed)
            for tag in QueryTag.allCases {
                let query = random.query(tag)
                let bytes = DescribedBytes.bytes { query.encode(into: &$0) }
                #expect([tag.rawValue] + described(query) == bytes, "\(tag) \(seed)")
            }
            let insight = random.insight()
            let bytes = DescribedBytes.bytes { insight.encode(into: &$0) }
            #expect([insight.tag.rawValue] + described(insight) == bytes, "\(seed)")
            let subscription = random.subscription()
            let written = DescribedBytes.bytes { subscription.encode(into: &$0) }
            #expect(described(subscription) == written, "\(seed)")
        }
    }

    @Test func `every change with a description is encoded as it says`() {
        func described(_ change: some DescribedChange) -> [UInt8] {
            var (change, writer, strings) = (change, DescribedBytes(), EntryStrings())
            change.visit(&writer, &strings)
            return writer.bytes
        }
        for seed in Self.seeds {
            var random = SplitMix64(seed: seed)
            for tag in [ChangeTag.demandRefused, .reorderPoint, .reservation, .transfer] {
                let change = random.change(tag, lsn: 1, time: .zero)
                let expected: [UInt8]
                switch change {
                case .demandRefused(let refused): expected = described(refused)
                case .reorderPoint(let point): expected = described(point)
                case .reservation(let reservation): expected = described(reservation)
                case .transfer(let transfer): expected = described(transfer)
                default: preconditionFailure("\(change)")
                }
                #expect([tag.rawValue] + expected == Self.bytes(change, lsn: 1, time: .zero))
            }
        }
    }

    @Test func `a level is encoded as its description says`() {
        for seed in Self.seeds {
            var random = SplitMix64(seed: seed)
            let lsn = random.unsigned()
            let level = random.level(at: LSN(lsn))
            let bytes = Self.bytes(.level(level), lsn: LSN(lsn), time: .zero)
            #expect(Self.described(LevelRow(level, at: LSN(lsn))) == Array(bytes.dropFirst()))
        }
    }

    @Test func `a movement and the resulting level are encoded as their descriptions say`() {
        for seed in Self.seeds {
            var random = SplitMix64(seed: seed)
            let (lsn, time) = (random.unsigned(), random.instant())
            let movement = random.movement(recordedAt: time)
            var level = random.level(at: LSN(lsn))
            (level.product, level.location) = (movement.product, movement.location)
            let bytes = Self.bytes(.moved(movement, level), lsn: LSN(lsn), time: time)
            // The level omits product and location, which the movement has.
            var place = ByteWriter()
            place.writePlace(level.product, level.location)
            let balances = Self.described(LevelRow(level, at: LSN(lsn))).dropFirst(place.count)
            let expected = Self.described(MovementRow(movement, recordedAt: time)) + balances
            #expect(expected == Array(bytes.dropFirst()))
        }
    }

    @Test func `an outcome is encoded as its description says, followed by its levels and its ids`()
    {
        var seen = 0
        for seed in Self.seeds {
            var random = SplitMix64(seed: seed)
            let done = Outcome.Done(
                lsn: LSN(random.unsigned()),
                time: random.instant(),
                id: random.unsigned(),
                amount: Money(random.signed()),
                levels: random.list { $0.level(at: 7) },
                ids: random.list { $0.unsigned() }
            )
            var writer = ByteWriter()
            Outcome.done(done).encode(into: &writer)
            var expected = Self.described(DoneRow(done))
            expected += DescribedBytes.bytes { $0.writeVarint(UInt64(done.levels.count)) }
            for level in done.levels { expected += Self.described(LevelRow(level, at: done.lsn)) }
            expected += DescribedBytes.bytes {
                $0.writeVarint(UInt64(done.ids.count))
                for id in done.ids { $0.writeVarint(id) }
            }
            #expect(expected == Array(writer.array().dropFirst()))
            seen += done.levels.count
        }
        #expect(seen > 0)
    }

    private static func bytes(_ change: Change, lsn: LSN, time: Instant) -> [UInt8] {
        var writer = ByteWriter()
        change.encode(into: &writer, lsn: lsn, time: time)
        return writer.array()
    }

    private static func described<Row: DescribedRow>(_ row: Row) -> [UInt8] {
        var row = row
        var writer = DescribedBytes()
        row.visit(&writer)
        return writer.bytes
    }

    private static func visit(_ command: Command, to writer: inout DescribedBytes) {
        func show(_ described: some DescribedCommand) {
            var described = described
            described.visit(&writer)
        }
        switch command {
        case .createCategory(let name): show(Creation(CategoryFields(name: name)))
        case .renameCategory(let id, let name, let revision):
            show(Renaming(id, name: name, revision))
        case .archiveCategory(let id, let revision): show(Removal(id, revision))
        case .createLocation(let fields): show(Creation(fields))
        case .updateLocation(let id, let update, let revision):
            show(Updating(id, update: update, ifRevision: revision))
        case .archiveLocation(let id, let revision): show(Removal(id, revision))
        case .createProduct(let draft): show(draft)
        case .updateProduct(let id, let update, let revision):
            show(Updating(id, update: update, ifRevision: revision))
        case .deleteProduct(let id, let revision): show(Removal(id, revision))
        case .sell(let value): show(value)
        case .returnSale(let value): show(value)
        case .adjust(let value): show(value)
        case .count(let value): show(value)
        case .setUnavailable(let value): show(value)
        case .expectIncoming(let value): show(value)
        case .setFloor(let value): show(value)
        case .setReorderPoint(let value): show(value)
        case .writeOff(let value): show(value)
        case .reverse(let value): show(value)
        case .reserve(let value): show(value)
        case .extendReservation(let value): show(value)
        case .commitReservation(let value): show(value)
        case .releaseReservation(let value): show(value)
        case .dispatchTransfer(let value): show(value)
        case .receiveTransfer(let value), .cancelTransfer(let value): show(value)
        case .recordImportRun(let value): show(value)
        case .describeImportRun(let value): show(value)
        case .inferProduct(let value): show(value)
        case .recordPastSale(let value): show(value)
        case .restock, .batch: preconditionFailure("has no description of its encoding")
        }
    }
}
