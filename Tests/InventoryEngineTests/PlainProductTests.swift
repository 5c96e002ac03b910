import Bytes
import ColumnStore
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryEngine

/// Compares the fast path of a product's creation with the slow path, which is the reference.
///
/// Results must be equal byte for byte.
@Suite struct PlainProductTests {
    private static func bytes(_ encode: (inout ByteWriter) -> Void) -> [UInt8] {
        var writer = ByteWriter()
        encode(&writer)
        return writer.array()
    }

    private static func bootstrapped() throws -> InventoryState {
        var state = InventoryState()
        let currency = try #require(Currency(code: "EUR"))
        let changes = InventoryState.bootstrap(currency: currency)
        state.evolve(Entry(lsn: 1, time: .zero, actor: "", changes: changes))
        // Two of each that accept a product, and one that does not any more.
        let commands =
            ["A", "B", "C"].map { Command.createCategory(name: $0) }
            + [.archiveCategory(CategoryID(3), ifRevision: nil)]
            + ["b", "c"].map { .createLocation(LocationDraft(code: $0, name: $0)) }
            + [.archiveLocation(LocationID(3), ifRevision: nil)]
        for command in commands { Self.apply(command, to: &state) }
        return state
    }

    private static func time(_ state: InventoryState) -> Instant {
        Instant(microseconds: Int64(state.lsn.next.value) * 1_000)
    }

    /// Decides and folds on the slow path.
    @discardableResult
    private static func apply(
        _ command: Command,
        to state: inout InventoryState
    ) -> (outcome: [UInt8], entry: [UInt8]) {
        let time = Self.time(state)
        let decision = state.decide(command, at: time)
        let outcome = Self.bytes { decision.outcome.encode(into: &$0) }
        guard !decision.changes.isEmpty else { return (outcome, []) }
        let entry = Entry(lsn: state.lsn.next, time: time, actor: "till", changes: decision.changes)
        state.evolve(entry)
        return (outcome, Self.bytes { entry.encode(into: &$0) })
    }

    /// A GTIN of 13 digits; one in eight has a wrong check digit.
    private static func barcode(_ number: Int) -> String {
        let digits = "400638\(100_000 + number)"
        let check = number % 8 == 0 ? 0x30 : GTIN.checkDigit(behind: Array(digits.utf8))
        return digits + String(UnicodeScalar(check))
    }

    private static func draft(_ random: inout SplitMix64) -> ProductDraft {
        let number = random.below(1_500)
        let names = ["Product \(number)", "Café", " spaced ", "", "tab\there"]
        var draft = ProductDraft(
            sku: ["SKU-\(number)", "sku-\(number) ", "Ä\(number)"][Int(random.below(3))],
            name: names[random.below(4) == 0 ? Int(random.below(5)) : 0],
            barcode: random.below(3) == 0 ? Self.barcode(Int(number)) : "",
            category: CategoryID(UInt32(1 + random.below(20) / 9 + random.below(40) / 39)),
            unit: random.below(3) == 0 ? Unit(code: "kg", decimals: 3) : .piece,
            price: Price(Int64(random.below(9_999)), per: random.below(3) == 0 ? 1_000 : 1),
            status: random.below(9) == 0 ? .inactive : .active,
            reorderPoint: Quantity(Int64(random.below(30))),
            leadTimeDays: UInt16(random.below(9))
        )
        guard random.below(9) > 0 else { return draft }
        draft.opening = OpeningStock(
            location: LocationID(UInt16(1 + random.below(20) / 18 + random.below(20) / 19)),
            quantity: Quantity(Int64(random.below(200)) - 2),
            unitCost: Money(Int64(random.below(500)) - 1),
            occurredAt: random.below(3) == 0 ? Instant(microseconds: 5) : nil
        )
        return draft
    }

    /// Runs a batch on the fast path like the engine; returns each outcome, and the entries.
    private static func run(
        _ batch: borrowing PlainProduct.Batch,
        on state: inout InventoryState
    ) -> (outcomes: [[UInt8]], entries: [[UInt8]], plain: Int, refused: Int) {
        var (outcomes, entries) = ([[UInt8]](), [[UInt8]]())
        var (plain, refused) = (0, 0)
        var gathered = GatheredProducts()
        var step = PlainProduct.Step()
        state.prefetch(batch)
        for index in 0..<batch.count {
            let time = Self.time(state)
            switch state.decide(batch, index, at: time, behind: gathered, into: &step) {
            case .refused(let refusal):
                refused += 1
                outcomes.append(Self.bytes { Outcome.refused(refusal).encode(into: &$0) })
                entries.append([])
            case .created:
                plain += 1
                outcomes.append(Self.bytes { step.encodeOutcome(into: &$0) })
                var writer = ByteWriter()
                state.encodeEntry(
                    batch,
                    at: index,
                    step: step,
                    by: "till",
                    remembering: nil,
                    into: &writer
                )
                entries.append(writer.array())
                state.evolve(
                    batch,
                    at: index,
                    step: &step,
                    by: "till",
                    remembering: nil,
                    gathering: &gathered
                )
            case .slowPath:
                state.settle(&gathered)
                let (outcome, entry) = Self.apply(batch.command(index), to: &state)
                outcomes.append(outcome)
                entries.append(entry)
            }
        }
        state.settle(&gathered)
        return (outcomes, entries, plain, refused)
    }

    @Test(arguments: [1, 2] as [UInt64])
    func `plain products make the bytes and the state of the slow path`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var slow = try Self.bootstrapped()
        var fast = slow
        var (plain, taken, left) = (0, 0, 0)
        for _ in 0..<30 {
            let drafts = (0..<(1 + random.below(400))).map { _ in Self.draft(&random) }
            let commands = drafts.map { Command.createProduct($0) }
            let encoded = Command.batch(commands, .independent).encoded.bytes
            try encoded.withUnsafeBytes { bytes in
                guard let batch = PlainProduct.Batch.reading(bytes) else {
                    Issue.record("a batch of creations was not accepted")
                    return
                }
                #expect(batch.count == commands.count)
                for (index, command) in commands.enumerated() {
                    try #require(batch.command(index) == command)
                }
                let (outcomes, entries, created, refused) = Self.run(batch, on: &fast)
                plain += created
                taken += refused
                left += commands.count - created - refused
                for (index, command) in commands.enumerated() {
                    let expected = Self.apply(command, to: &slow)
                    #expect(outcomes[index] == expected.outcome, "\(command)")
                    try #require(entries[index] == expected.entry, "\(command)")
                }
            }
            #expect(fast.checksum() == slow.checksum())
        }
        let levels = fast.tables.levels
        let elsewhere = (0..<levels.rowCount).count { levels.locations[$0] == 2 }
        #expect(elsewhere > 30, "\(elsewhere) were created at the second location")
        #expect(plain > 500, "the fast path was taken \(plain) times")
        #expect(taken > 500, "\(taken) were refused because their SKU is taken")
        #expect(left > 500, "the slow path was taken \(left) times")
        #expect(Verification(fast.readView()).rows.allSatisfy { $0.failure == nil })
        // Both states also find their products by the same keys.
        for row in 1..<fast.tables.products.rowCount {
            let product = fast.tables.product(ProductID(UInt32(row)))
            for key in [product.sku, product.sku.uppercased() + " "] {
                #expect(fast.resolve(.sku(key)) == product.id)
            }
            guard !product.barcode.isEmpty else { continue }
            #expect(fast.resolve(.barcode(product.barcode)) == product.id)
        }
    }

    @Test
    func
        `a product with an extension field that the fast path does not know takes the slow path alone`()
        throws
    {
        func creation(_ number: Int, more: String) -> Command {
            var draft = ProductDraft(
                sku: "S\(number)",
                name: "N",
                category: CategoryID(1),
                price: Price(1),
                opening: OpeningStock(quantity: 1)
            )
            (draft.brand, draft.moreBarcodes) = ("B", more)
            return .createProduct(draft)
        }
        let commands = [creation(0, more: ""), creation(1, more: "X1 X2"), creation(2, more: "")]
        let encoded = Command.batch(commands, .errorsOnly).encoded.bytes
        try encoded.withUnsafeBytes { bytes in
            guard let batch = PlainProduct.Batch.reading(bytes) else {
                Issue.record("a batch of creations was not accepted")
                return
            }
            for (index, isPlain) in [true, false, true].enumerated() {
                #expect((batch.product(index) != nil) == isPlain, "\(index)")
                try #require(batch.command(index) == commands[index])
            }
        }
    }

    @Test func `a truncated batch of creations, or one with trailing bytes, is not accepted`() {
        let draft = ProductDraft(
            sku: "A",
            name: "Ä",
            category: CategoryID(1),
            price: Price(1),
            opening: OpeningStock(quantity: 1, occurredAt: .zero)
        )
        let creation = Command.createProduct(draft)
        func isBatch(_ bytes: [UInt8]) -> Bool {
            bytes.withUnsafeBytes { bytes in
                switch PlainProduct.Batch.reading(bytes) {
                case .some: true
                case .none: false
                }
            }
        }
        let whole = Command.batch([creation, creation], .errorsOnly).encoded.bytes
        #expect(isBatch(whole))
        for count in 0..<whole.count { #expect(!isBatch(Array(whole.prefix(count))), "\(count)") }
        #expect(!isBatch(whole + [0]))
        let others = [
            Command.batch([creation, .createCategory(name: "A")], .errorsOnly),
            .batch([.createCategory(name: "A"), creation], .errorsOnly),
            .batch([creation], .atomic), .batch([creation], .dryRun), .batch([], .errorsOnly),
            .batch(Array(repeating: creation, count: Limits.batchMax + 1), .errorsOnly), creation,
        ]
        for other in others { #expect(!isBatch(other.encoded.bytes)) }
        // Strings that are not UTF-8 are not a command: the slow path reports it.
        var torn = whole
        for index in torn.indices where torn[index] == 0xC3 { torn[index] = 0xFF }
        #expect(!isBatch(torn))
    }
}
