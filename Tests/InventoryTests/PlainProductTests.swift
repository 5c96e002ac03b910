import ColumnStore
import InventoryTestSupport
import Testing

@testable import Inventory

/// The quick way of a product's creation against the general way, which is the one that says what is
/// right.
@Suite struct PlainProductTests {
    private static func bytes(_ encode: (inout ByteWriter) -> Void) -> [UInt8] {
        var writer = ByteWriter()
        encode(&writer)
        return writer.array()
    }

    private static func founded() throws -> InventoryState {
        var state = InventoryState()
        let currency = try #require(Currency(code: "EUR"))
        let founding = InventoryState.founding(currency: currency)
        state.evolve(Entry(lsn: 1, time: .zero, actor: "", changes: founding))
        for command in [Command.createCategory(name: "A"), .createCategory(name: "B")] {
            Self.apply(command, to: &state)
        }
        return state
    }

    private static func time(_ state: InventoryState) -> Instant {
        Instant(microseconds: Int64(state.lsn + 1) * 1_000)
    }

    /// Decides and folds the general way.
    @discardableResult
    private static func apply(
        _ command: Command,
        to state: inout InventoryState
    ) -> (outcome: [UInt8], entry: [UInt8]) {
        let time = Self.time(state)
        let decision = state.decide(command, at: time)
        let outcome = Self.bytes { decision.outcome.encode(into: &$0) }
        guard !decision.changes.isEmpty else { return (outcome, []) }
        let entry = Entry(lsn: state.lsn + 1, time: time, actor: "till", changes: decision.changes)
        state.evolve(entry)
        return (outcome, Self.bytes { entry.encode(into: &$0) })
    }

    private static func draft(_ random: inout SplitMix64) -> ProductDraft {
        let number = random.below(1_500)
        let names = ["Product \(number)", "Café", " spaced ", "", "tab\there"]
        var draft = ProductDraft(
            sku: ["SKU-\(number)", "sku-\(number) ", "Ä\(number)"][Int(random.below(3))],
            name: names[random.below(4) == 0 ? Int(random.below(5)) : 0],
            barcode: random.below(3) == 0 ? "400638\(1_000_000 + number)" : "",
            category: CategoryID(UInt32(1 + random.below(20) / 9)),
            unit: random.below(3) == 0 ? Unit(code: "kg", decimals: 3) : .piece,
            price: Price(Int64(random.below(9_999)), per: random.below(3) == 0 ? 1_000 : 1),
            status: random.below(9) == 0 ? .inactive : .active,
            reorderPoint: Int64(random.below(30)),
            leadTimeDays: UInt16(random.below(9))
        )
        guard random.below(9) > 0 else { return draft }
        draft.opening = OpeningStock(
            location: LocationID(UInt16(1 + random.below(20) / 19)),
            quantity: Int64(random.below(200)) - 2,
            unitCost: Money(Int64(random.below(500)) - 1),
            occurredAt: random.below(3) == 0 ? Instant(microseconds: 5) : nil
        )
        return draft
    }

    @Test(arguments: [1, 2] as [UInt64])
    func `a plain product makes the bytes and the state of the general way`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var general = try Self.founded()
        var quick = general
        var (plain, left) = (0, 0)
        for step in 0..<4_000 {
            let draft = Self.draft(&random)
            let created = quick.decide(creating: draft, at: Self.time(quick))
            let expected = Self.apply(.createProduct(draft), to: &general)
            guard let created else {
                left += 1
                Self.apply(.createProduct(draft), to: &quick)
                continue
            }
            plain += 1
            #expect(Self.bytes { created.encodeOutcome(into: &$0) } == expected.outcome)
            let entry = Self.bytes { created.encodeEntry(by: "till", advancing: nil, into: &$0) }
            try #require(entry == expected.entry, "step \(step): \(draft)")
            quick.evolve(created, by: "till", advancing: nil)
        }
        #expect(plain > 300, "the quick way was taken \(plain) times")
        #expect(left > 300, "the general way was taken \(left) times")
        #expect(quick.readView().digest() == general.readView().digest())
        #expect(Verification(quick.readView()).rows.allSatisfy { $0.failure == nil })
    }
}
