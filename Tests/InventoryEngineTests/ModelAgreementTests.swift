import Bytes
import ColumnStore
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryEngine

/// SplitMix64: the same numbers for the same seed, on any machine.
private struct SeededRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var z = self.state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// An inventory in plain dictionaries, written from the rules and independent of the engine's code.
private struct ModelInventory {
    struct Stock {
        var onHand: Quantity = 0
        var unavailable: Quantity = 0
        var floor: Quantity = 0
        var available: Quantity { self.onHand - self.unavailable }
    }

    var stock: [Int: Stock] = [:]
    var refused = 0

    /// Sells all lines or none.
    mutating func sell(_ lines: [(product: Int, quantity: Quantity)]) -> Bool {
        var next = self.stock
        for line in lines {
            guard var one = next[line.product],
                one.available - line.quantity >= one.floor
            else {
                // Each line that lacks stock is recorded, assuming that the others succeed.
                var rest = self.stock
                for line in lines {
                    guard var one = rest[line.product] else { continue }
                    if max(0, one.available - one.floor) < line.quantity {
                        self.refused += 1
                    } else {
                        one.onHand -= line.quantity
                        rest[line.product] = one
                    }
                }
                return false
            }
            one.onHand -= line.quantity
            next[line.product] = one
        }
        self.stock = next
        return true
    }
}

@Suite struct ModelAgreementTests {
    private static let products = 12

    /// A state with a category and products without stock, and the entries that created it.
    private static func bootstrapped() -> (state: InventoryState, entries: [Entry]) {
        var state = InventoryState()
        var entries: [Entry] = []
        func apply(_ changes: [Change]) {
            let entry = Entry(
                lsn: state.lsn.next,
                time: Instant(microseconds: Int64(state.lsn.next.value) * 1_000),
                actor: "model",
                changes: changes
            )
            state.evolve(entry)
            entries.append(entry)
        }
        guard let currency = Currency(code: "EUR") else { preconditionFailure("EUR") }
        apply(InventoryState.bootstrap(currency: currency))
        let time = { Instant(microseconds: Int64(state.lsn.next.value) * 1_000) }
        apply(state.decide(.createCategory(name: "All"), at: time()).changes)
        for number in 0..<Self.products {
            let draft = ProductDraft(
                sku: "SKU-\(number)",
                name: "Product \(number)",
                category: CategoryID(1),
                price: Price(Int64(number) * 7 + 99)
            )
            apply(state.decide(.createProduct(draft), at: time()).changes)
        }
        return (state, entries)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `every balance equals an independent model after every command`(seed: UInt64) throws {
        var random = SeededRandom(state: seed)
        var (state, entries) = Self.bootstrapped()
        var model = ModelInventory()
        var receipts: Set<Int> = []
        for product in 0..<Self.products { model.stock[product] = ModelInventory.Stock() }
        for step in 0..<4_000 {
            let product = Int.random(in: 0..<Self.products, using: &random)
            let id = ProductID(UInt32(product + 1))
            let quantity = Quantity(.random(in: 1...9, using: &random))
            var one = model.stock[product] ?? ModelInventory.Stock()
            var command: Command
            var isDone = true
            switch Int.random(in: 0..<11, using: &random) {
            case 0...1:
                let line = RestockLine(
                    product: id,
                    quantity: quantity + quantity + quantity,
                    unitCost: Money(quantity.baseUnits)
                )
                command = .restock(Restock(lines: [line]))
                one.onHand += quantity + quantity + quantity
            case 2:
                let delta = Bool.random(using: &random) ? quantity : -quantity
                command = .adjust(
                    Adjustment(product: id, delta: Quantity(delta.baseUnits), reason: .found)
                )
                isDone = one.onHand + delta >= 0 || delta > 0
                if isDone { one.onHand += delta }
            case 3:
                command = .count(StockCount(product: id, counted: quantity))
                one.onHand = quantity
            case 4:
                let delta = Bool.random(using: &random) ? quantity : -quantity
                command = .setUnavailable(
                    Hold(product: id, delta: Quantity(delta.baseUnits), reason: .damaged)
                )
                isDone =
                    one.unavailable + delta >= 0
                    && (delta < 0 || one.unavailable + delta <= one.onHand)
                if isDone { one.unavailable += delta }
            case 5:
                let floor = Quantity(.random(in: -5...5, using: &random))
                command = .setFloor(FloorChange(product: id, floor: floor))
                one.floor = floor
            case 6:
                // The past changes nothing; a receipt that comes again is refused.
                let number = Int.random(in: 0..<400, using: &random)
                let line = PastSaleLine(product: id, quantity: quantity, amount: 7, cost: 3)
                command = .recordPastSale(
                    PastSale(lines: [line], reference: "R\(number)", occurredAt: .zero)
                )
                isDone = receipts.insert(number).inserted
            default:
                let count = Int.random(in: 1...3, using: &random)
                let lines = (0..<count).map { _ in
                    (
                        product: Int.random(in: 0..<Self.products, using: &random),
                        quantity: Quantity(.random(in: 1...6, using: &random))
                    )
                }
                command = .sell(
                    Sale(
                        lines: lines.map {
                            SaleLine(
                                product: ProductID(UInt32($0.product + 1)),
                                quantity: Quantity($0.quantity.baseUnits)
                            )
                        }
                    )
                )
                isDone = model.sell(lines)
                one = model.stock[product] ?? one
            }
            model.stock[product] = one
            let time = Instant(microseconds: Int64(state.lsn.next.value) * 1_000)
            let decision = state.decide(command, at: time)
            if case .done = decision.outcome {
                #expect(isDone, "step \(step): \(command)")
            } else {
                #expect(!isDone, "step \(step): \(command) resulted in \(decision.outcome)")
            }
            if !decision.changes.isEmpty {
                let entry = Entry(
                    lsn: state.lsn.next,
                    time: time,
                    actor: "model",
                    changes: decision.changes
                )
                state.evolve(entry)
                entries.append(entry)
            }
            for (product, expected) in model.stock {
                let level = state.tables.levels.level(ProductID(UInt32(product + 1)), .main)
                try #require(level.onHand == expected.onHand, "step \(step): \(command)")
                try #require(level.unavailable == expected.unavailable)
                try #require(level.floor == expected.floor)
            }
        }
        let view = state.readView()
        #expect(Verification(view).rows.allSatisfy { $0.failure == nil })
        #expect(state.tables.refusals.rowCount == model.refused)
        try Self.checkReplay(entries, checksum: state.checksum())
        try Self.checkPast(entries, view)
    }

    /// Checks that the same log makes the same state: encoded, decoded and folded again.
    static func checkReplay(_ entries: [Entry], checksum: StateChecksum) throws {
        var replica = InventoryState()
        for entry in entries {
            var writer = ByteWriter()
            entry.encode(into: &writer)
            let bytes = writer.array()
            let decoded = try bytes.withUnsafeBytes { bytes -> Entry in
                var reader = ByteReader(bytes)
                return try Entry(from: &reader)
            }
            #expect(decoded == entry)
            replica.evolve(decoded)
        }
        #expect(replica.checksum() == checksum)
    }

    /// Checks that balances as of an LSN are those recorded at that LSN.
    static func checkPast(_ entries: [Entry], _ view: ReadView) throws {
        var state = InventoryState()
        for entry in entries {
            state.evolve(entry)
            guard entry.lsn.value % 499 == 0 else { continue }
            let past = try PastBalances(view, .lsn(entry.lsn))
            for row in 0..<view.tables.levels.rowCount {
                let now = view.tables.levels.level(row)
                let then = past.level(now)
                let recorded = state.tables.levels.level(now.product, now.location)
                #expect(then.onHand == recorded.onHand)
                #expect(then.unavailable == recorded.unavailable)
                #expect(then.reserved == recorded.reserved)
                #expect(then.incoming == recorded.incoming)
                #expect(then.value == recorded.value)
            }
        }
    }

    @Test func `a state read from its image has the same checksum and continues alike`() throws {
        var (state, _) = Self.bootstrapped()
        let restock = Command.restock(
            Restock(lines: [RestockLine(product: ProductID(3), quantity: 50, unitCost: Money(7))])
        )
        func apply(_ command: Command, to state: inout InventoryState) {
            let time = Instant(microseconds: Int64(state.lsn.next.value) * 1_000)
            let changes = state.decide(command, at: time).changes
            let entry = Entry(lsn: state.lsn.next, time: time, actor: "x", changes: changes)
            state.evolve(entry)
        }
        apply(restock, to: &state)
        var source = MemoryImage(state.takeImage())
        var loaded = try InventoryState.load(from: &source)
        #expect(loaded.checksum() == state.checksum())
        let sale = Command.sell(Sale(lines: [SaleLine(product: ProductID(3), quantity: 4)]))
        apply(sale, to: &state)
        apply(sale, to: &loaded)
        #expect(loaded.checksum() == state.checksum())
        #expect(loaded.resolve(.sku(" sku-2")) == ProductID(3))
    }
}

/// The parts of an image, as bytes, provided like a snapshot.
struct MemoryImage: ImageVisitor {
    typealias Failure = ByteReaderError
    /// By number: the bytes of each segment.
    var parts: [UInt32: [[UInt8]]] = [:]

    init(_ image: StateImage) {
        for part in image.parts() {
            self.parts[part.number] = (0..<part.column.imageSegmentCount).map { segment in
                var writer = ByteWriter()
                part.column.writeImageSegment(segment, into: &writer)
                return writer.array()
            }
        }
    }

    mutating func visit(
        _ number: UInt32,
        _ column: inout some ColumnImaging
    ) throws(ByteReaderError) {
        for segment in self.parts[number] ?? [] {
            let result = segment.withUnsafeBytes { bytes -> Result<Void, ByteReaderError> in
                var reader = ByteReader(bytes)
                do throws(ByteReaderError) {
                    return .success(try column.appendImageSegment(&reader))
                } catch {
                    return .failure(error)
                }
            }
            try result.get()
        }
    }
}
