import Bytes
import InventoryEngine
import InventoryModel
import InventoryTestSupport
import Testing

@Suite struct ConflationWindowTests {
    private static let matcher = SubscriptionMatcher(
        Subscription(topics: [.stock, .products, .alerts], start: .now)
    )

    private static func encoded(_ entries: [Entry]) -> [UInt8] {
        var writer = ByteWriter()
        for entry in entries { entry.encode(into: &writer) }
        return writer.array()
    }

    private static func level(_ product: UInt32, _ onHand: Int64, at lsn: LSN) -> Level {
        Level(product: ProductID(product), location: .main, onHand: Quantity(onHand), revision: lsn)
    }

    private static func moved(_ product: UInt32, _ onHand: Int64, at lsn: LSN) -> Change {
        let movement = Movement(
            kind: .sale,
            product: ProductID(product),
            location: .main,
            onHandDelta: -1,
            reference: "R\(lsn)",
            occurredAt: Instant(microseconds: Int64(lsn.value))
        )
        return .moved(movement, self.level(product, onHand, at: lsn))
    }

    private static func entry(_ lsn: LSN, _ changes: [Change]) -> Entry {
        Entry(
            lsn: lsn,
            time: Instant(microseconds: Int64(lsn.value)),
            actor: "till",
            changes: changes
        )
    }

    /// The window of these entries, as it is sent.
    private static func window(_ entries: [Entry]) throws -> ConflationWindow {
        var window = ConflationWindow()
        try self.encoded(entries).withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            while reader.remaining > 0 {
                _ = try window.take(EntryView(from: &reader), Self.matcher, in: .none)
                try window.checkInvariants()
            }
        }
        return window
    }

    private static func sent(
        _ window: ConflationWindow,
        byteCountMax: Int = 1 << 20
    ) throws -> [[Entry]] {
        var pieces: [[Entry]] = []
        var lasts: [LSN] = []
        try window.forEachPiece(byteCountMax: byteCountMax) { writer, last in
            lasts.append(last)
            pieces.append(
                writer.withBytes { bytes in
                    var reader = ByteReader(bytes)
                    var entries: [Entry] = []
                    while reader.remaining > 0 {
                        guard let entry = try? Entry(from: &reader) else { break }
                        entries.append(entry)
                    }
                    return entries
                }
            )
        }
        #expect(lasts == pieces.map { $0.last?.lsn ?? 0 })
        return pieces
    }

    @Test func `a window has the latest level of each, in step order, and every edge of an alert`()
        throws
    {
        let edge = Change.alert(
            .lowStock,
            isRaised: true,
            ProductID(1),
            .main,
            available: 8,
            threshold: 8
        )
        let window = try Self.window([
            Self.entry(41, [Self.moved(1, 9, at: 41)]),
            Self.entry(42, [Self.moved(2, 4, at: 42)]),
            Self.entry(43, [Self.moved(1, 8, at: 43), edge]),
            Self.entry(44, [Self.moved(3, 1, at: 44)]),
            Self.entry(45, [Self.moved(1, 7, at: 45)]),
        ])
        let expected = [
            Self.entry(42, [.level(Self.level(2, 4, at: 42))]),
            Self.entry(43, [edge]),
            Self.entry(44, [.level(Self.level(3, 1, at: 44))]),
            Self.entry(45, [.level(Self.level(1, 7, at: 45))]),
        ]
        #expect(try Self.sent(window) == [expected])
        #expect(window.count == 4)
    }

    @Test func `an empty window has no pieces`() throws {
        #expect(try Self.sent(ConflationWindow()).isEmpty)
        #expect(try Self.window([Self.entry(7, [.sessionsExpired([1])])]).isEmpty)
    }

    /// The levels after a window equal those after all of its steps, whatever it left out and however it
    /// is cut; and a window of windows equals the window of all.
    @Test(arguments: 0..<6 as Range<UInt64>)
    func `the levels after a window are those of its last step`(seed: UInt64) throws {
        var random = SplitMix64(seed: 4_700 + seed)
        var entries: [Entry] = []
        var levels: [UInt32: Int64] = [:]
        for lsn in (1...20_000).map({ LSN($0) }) {
            var changes: [Change] = []
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let product = UInt32.random(
                    in: 1...(seed.isMultiple(of: 2) ? 40 : 9_000),
                    using: &random
                )
                let onHand = Int64.random(in: -5...1_000, using: &random)
                levels[product] = onHand
                changes.append(
                    Bool.random(using: &random)
                        ? Self.moved(product, onHand, at: lsn)
                        : .level(Self.level(product, onHand, at: lsn))
                )
            }
            entries.append(Self.entry(lsn, changes))
        }
        let window = try Self.window(entries)
        let pieces = try Self.sent(window, byteCountMax: 2_000)
        let flat = pieces.flatMap { $0 }
        #expect(flat.map { $0.lsn } == flat.map { $0.lsn }.sorted())
        #expect(Set(flat.map { $0.lsn }).count == flat.count)
        #expect(flat.flatMap { $0.changes }.count == levels.count)
        #expect(Self.levels(flat) == levels)
        var merged = ConflationWindow()
        for half in [entries[..<10_000], entries[10_000...]] {
            for piece in try Self.sent(try Self.window(Array(half)), byteCountMax: 5_000) {
                try Self.encoded(piece).withUnsafeBytes { try merged.take(selected: $0) }
            }
        }
        #expect(try Self.sent(merged).flatMap { $0 } == flat)
    }

    private static func levels(_ entries: [Entry]) -> [UInt32: Int64] {
        var levels: [UInt32: Int64] = [:]
        for entry in entries {
            for case .level(let level) in entry.changes {
                levels[level.product.value] = level.onHand.baseUnits
            }
        }
        return levels
    }
}
