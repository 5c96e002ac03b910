import Bytes
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryEngine

/// Compares the fast path of a plain sale with the slow path, which is the reference.
@Suite struct PlainSaleTests {
    private static let products: UInt32 = 9

    private static func time(_ state: InventoryState) -> Instant {
        Instant(microseconds: Int64(state.lsn.next.value) * 1_000)
    }

    private static func bytes(_ encode: (inout ByteWriter) -> Void) -> [UInt8] {
        var writer = ByteWriter()
        encode(&writer)
        return writer.array()
    }

    /// Decides and folds on the slow path.
    ///
    /// - Returns: The bytes of the reply and of the entry.
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

    /// Decides and folds on the fast path; `nil` if that does not accept the command.
    private static func applyPlain(
        _ command: [UInt8],
        to state: inout InventoryState
    ) -> (outcome: [UInt8], entry: [UInt8])? {
        guard let sale = command.withUnsafeBytes({ PlainSale($0) }) else { return nil }
        var step = PlainSale.Step()
        guard state.decide(sale, at: Self.time(state), into: &step) else { return nil }
        var outcome = ByteWriter()
        let balances = step.encodeOutcome(into: &outcome)
        var writer = ByteWriter()
        outcome.withBytes { bytes in
            step.encodeEntry(
                by: "till",
                leaving: UnsafeRawBufferPointer(rebasing: bytes[balances]),
                remembering: nil,
                into: &writer
            )
        }
        var sales = GatheredMovements(of: .sale)
        state.evolve(step, by: "till", remembering: nil, gathering: &sales)
        state.settle(&sales)
        return (outcome.array(), writer.array())
    }

    private static func bootstrapped() throws -> InventoryState {
        var state = InventoryState()
        let currency = try #require(Currency(code: "EUR"))
        let changes = InventoryState.bootstrap(currency: currency)
        state.evolve(Entry(lsn: 1, time: .zero, actor: "", changes: changes))
        _ = Self.apply(.createCategory(name: "All"), to: &state)
        _ = Self.apply(.createLocation(LocationDraft(code: "back", name: "Back")), to: &state)
        for number in 1...Self.products {
            let draft = ProductDraft(
                sku: "SKU-\(number)",
                name: "Product \(number)",
                category: CategoryID(1),
                price: Price(Int64(number) * 7 + 99, per: number % 3 == 0 ? 1_000 : 1),
                status: number == 4 ? .inactive : .active,
                reorderPoint: Quantity(Int64(number) * 3)
            )
            _ = Self.apply(.createProduct(draft), to: &state)
        }
        return state
    }

    /// Now, recently, long ago or in the future, by the clock or by an importer.
    private static func occurrence(
        _ random: inout SplitMix64,
        _ state: InventoryState
    ) -> Occurrence {
        let limits = [-Limits.occurredAtPastSeconds, Limits.occurredAtFutureSeconds]
        let seconds =
            (limits.randomElement(using: &random) ?? 0) + Int64.random(in: -1...1, using: &random)
        let isNow = Int.random(in: 0..<3, using: &random) == 0
        return Occurrence(
            at: isNow ? Self.time(state) : Self.time(state).advanced(bySeconds: seconds),
            isImported: Bool.random(using: &random)
        )
    }

    private static func sale(_ random: inout SplitMix64, _ state: InventoryState) -> Command {
        let product = ProductID(UInt32.random(in: 1...(Self.products + 1), using: &random))
        let location = LocationID(UInt16([1, 1, 1, 2, 3].randomElement(using: &random) ?? 1))
        var line = SaleLine(
            product: product,
            location: location,
            quantity: Quantity(Int64.random(in: 0...12, using: &random))
        )
        if Int.random(in: 0..<4, using: &random) == 0 {
            line.price = Money(Int64.random(in: -1...5_000, using: &random))
        }
        if Int.random(in: 0..<4, using: &random) == 0 {
            let level = state.tables.levels.level(product, location)
            line.ifRevision = level.revision + Int.random(in: 0...1, using: &random)
        }
        let strings = [
            "", "", "R-1", "a reference of more than fifteen bytes", "tab\there", "café",
        ]
        return .sell(
            Sale(
                lines: Array(repeating: line, count: Int.random(in: 0..<9, using: &random) / 8 + 1),
                reference: strings.randomElement(using: &random) ?? "",
                note: strings.randomElement(using: &random) ?? "",
                occurred: Int.random(in: 0..<3, using: &random) == 0
                    ? Self.occurrence(&random, state) : nil
            )
        )
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `a plain sale makes the bytes and the state of the slow path`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var slow = try Self.bootstrapped()
        var fast = slow
        var replica = slow
        var plain = 0
        var refused = 0
        for step in 0..<5_000 {
            var command = Self.sale(&random, slow)
            if Int.random(in: 0..<5, using: &random) == 0 {
                let restock = RestockLine(
                    product: ProductID(UInt32.random(in: 1...Self.products, using: &random)),
                    location: LocationID(UInt16.random(in: 1...2, using: &random)),
                    quantity: Quantity(Int64.random(in: 1...60, using: &random)),
                    unitCost: Money(Int64.random(in: 0...99, using: &random))
                )
                command = .restock(Restock(lines: [restock]))
                if random.below(3) == 0 {
                    // Reserved units are not for sale, on either path.
                    let line = ReserveLine(
                        product: restock.product,
                        location: restock.location,
                        quantity: 1 + Quantity(Int64(random.below(9)))
                    )
                    let until = Self.time(slow).advanced(bySeconds: 60)
                    command = .reserve(Reserve(lines: [line], expiry: .at(until)))
                }
            }
            let encoded = Self.bytes { command.encode(into: &$0) }
            let expected = Self.apply(command, to: &slow)
            if let found = Self.applyPlain(encoded, to: &fast) {
                plain += 1
                #expect(found.outcome == expected.outcome, "step \(step): \(command)")
                try #require(found.entry == expected.entry, "step \(step): \(command)")
            } else {
                refused += 1
                _ = Self.apply(command, to: &fast)
            }
            try expected.entry.withUnsafeBytes { bytes in
                var reader = ByteReader(bytes)
                while reader.remaining > 0 { try replica.evolve(try EntryView(from: &reader)) }
            }
        }
        #expect(plain > 500, "the fast path was taken \(plain) times")
        #expect(refused > 500, "the slow path was taken \(refused) times")
        let checksum = slow.checksum()
        #expect(fast.checksum() == checksum)
        #expect(replica.checksum() == checksum)
        #expect(Verification(fast.readView()).rows.allSatisfy { $0.failure == nil })
    }

    @Test func `references that compare equal keep their bytes`() throws {
        var slow = try Self.bootstrapped()
        let restock = RestockLine(product: ProductID(1), location: LocationID(1), quantity: 99)
        _ = Self.apply(.restock(Restock(lines: [restock])), to: &slow)
        var fast = slow
        let line = SaleLine(product: ProductID(1), location: LocationID(1), quantity: 1)
        for reference in [
            "\u{E9}1", "e\u{301}1", "\u{E9}1", "\u{212B}", "\u{C5}", "K", "\u{212A}", "K",
        ] {
            let command = Command.sell(Sale(lines: [line], reference: reference))
            let expected = Self.apply(command, to: &slow)
            let found = Self.applyPlain(Self.bytes { command.encode(into: &$0) }, to: &fast)
            #expect(found?.entry == expected.entry)
        }
        #expect(fast.checksum() == slow.checksum())
    }

    @Test func `a sale and its remembered outcome make the entry of the slow path`() throws {
        var state = try Self.bootstrapped()
        let id = SessionID(high: 1, low: 2)
        let opening = try state.opening(id, at: Self.time(state))
        state.evolve(
            Entry(lsn: state.lsn.next, time: Self.time(state), actor: "", changes: opening)
        )
        let restock = RestockLine(product: ProductID(1), quantity: 5_000, unitCost: Money(3))
        _ = Self.apply(.restock(Restock(lines: [restock])), to: &state)
        var slow = state
        var sales = GatheredMovements(of: .sale)
        var step = PlainSale.Step()
        let line = SaleLine(product: ProductID(1), quantity: 2)
        let command = Command.sell(Sale(lines: [line], reference: "R-7", note: "café"))
        let sale = try #require(
            Self.bytes { command.encode(into: &$0) }.withUnsafeBytes { PlainSale($0) }
        )
        // More of them than are buffered at once.
        for sequence in 1...600 as ClosedRange<UInt64> {
            let time = Self.time(state)
            let isPlain = state.decide(sale, at: time, into: &step)
            try #require(isPlain)
            let decision = slow.decide(command, at: time)
            let outcome = Self.bytes { decision.outcome.encode(into: &$0) }
            // Alternately under a key and as the next of a session.
            let key = KeyFingerprint(high: sequence, low: sequence &* 0x9E37_79B9_7F4A_7C15)
            let isKeyed = sequence % 2 == 0
            let number = (sequence + 1) / 2
            let remembered =
                isKeyed
                ? Change.keyRemembered(key, digest: 77, outcome: outcome)
                : .sessionAdvanced(number: 1, sequence: number, digest: 77, outcome: outcome)
            let expected = Entry(
                lsn: slow.lsn + 1,
                time: time,
                actor: "a till with a name of some length",
                changes: decision.changes + [remembered]
            )
            var answer = ByteWriter()
            var entry = ByteWriter()
            let balances = step.encodeOutcome(into: &answer)
            answer.withBytes { bytes in
                let name: RememberedOutcome.Name =
                    isKeyed ? .key(key) : .session(1, sequence: number)
                let session = RememberedOutcome(name, digest: 77, outcome: bytes)
                step.encodeEntry(
                    by: expected.actor,
                    leaving: UnsafeRawBufferPointer(rebasing: bytes[balances]),
                    remembering: session,
                    into: &entry
                )
                state.evolve(step, by: expected.actor, remembering: session, gathering: &sales)
            }
            slow.evolve(expected)
            try #require(entry.array() == Self.bytes { expected.encode(into: &$0) })
        }
        state.settle(&sales)
        #expect(state.checksum() == slow.checksum())
        #expect(state.sessionStatus(of: id) == slow.sessionStatus(of: id))
    }

    @Test func `a truncated sale, or one with trailing bytes, is not a plain sale`() {
        let line = SaleLine(product: ProductID(300), quantity: 70, price: Money(5))
        let sale = Command.sell(Sale(lines: [line], reference: "R", note: "N"))
        let whole = Self.bytes { sale.encode(into: &$0) }
        #expect(whole.withUnsafeBytes { PlainSale($0)?.command } == sale)
        for count in 0..<whole.count {
            #expect(whole[..<count].withUnsafeBytes { PlainSale($0) } == nil)
        }
        #expect((whole + [0]).withUnsafeBytes { PlainSale($0) } == nil)
        let batch = Self.bytes { Command.batch([sale, sale], .independent).encode(into: &$0) }
        let sales = batch.withUnsafeBytes { PlainSaleBatch($0) }
        #expect(sales?.sales.map(\.command) == [sale, sale])
        #expect(sales?.isErrorsOnly == false)
        let errorsOnly = Self.bytes { Command.batch([sale], .errorsOnly).encode(into: &$0) }
        #expect(errorsOnly.withUnsafeBytes { PlainSaleBatch($0)?.isErrorsOnly } == true)
        for count in 0..<batch.count {
            #expect(batch[..<count].withUnsafeBytes { PlainSaleBatch($0) } == nil)
        }
        let atomic = Self.bytes { Command.batch([sale], .atomic).encode(into: &$0) }
        #expect(atomic.withUnsafeBytes { PlainSaleBatch($0) } == nil)
    }
}

@Suite struct OutcomeWindowTests {
    @Test(arguments: [0, 1_500] as [UInt64])
    func `a window agrees with a list of all outcomes`(beginning: UInt64) {
        var random = SplitMix64(seed: beginning + 7)
        var window = OutcomeWindow(beginningAfter: beginning)
        var all: [(digest: UInt64, outcome: [UInt8])] = []
        var oldest = beginning + 1
        for number in (beginning + 1)...(beginning + 4_000) {
            // Occasionally so long that the limit in bytes forgets, once even exceeding it alone.
            let isLong = Int.random(in: 0..<300, using: &random) == 0
            let limit = Limits.sessionOutcomeByteCountMax
            let count = number == beginning + 2_000 ? limit + 1 : isLong ? limit / 3 : 40
            let outcome = (0..<Int.random(in: 0...count, using: &random)).map { UInt8($0 & 0xFF) }
            let digest = UInt64.random(in: 0 ... .max, using: &random)
            all.append((digest, outcome))
            outcome.withUnsafeBytes { window.remember(number, digest: digest, $0) }
            func bytes(from first: UInt64) -> Int {
                all[Int(first - beginning - 1)...].reduce(0) { $0 + $1.outcome.count }
            }
            if number - oldest == UInt64(Limits.sessionWindow) { oldest += 1 }
            while bytes(from: oldest) > limit, oldest < number { oldest += 1 }
            #expect(window.sequence == number)
            #expect(window.oldest == oldest)
            #expect(window.byteCount == bytes(from: oldest))
            for asked in [oldest, number, UInt64.random(in: oldest...number, using: &random)] {
                let expected = all[Int(asked - beginning - 1)]
                #expect(window.digest(asked) == expected.digest)
                #expect(window.outcome(asked).elementsEqual(expected.outcome))
            }
            #expect(!window.remembers(oldest - 1))
            #expect(!window.remembers(number + 1))
        }
    }
}

@Suite struct StockedProductTests {
    @Test func `a product is encoded from its columns as from its value`() throws {
        var random = SplitMix64(seed: 3)
        var state = InventoryState()
        let currency = try #require(Currency(code: "EUR"))
        func apply(_ changes: [Change]) {
            let time = Instant(microseconds: Int64(state.lsn.next.value))
            state.evolve(Entry(lsn: state.lsn.next, time: time, actor: "", changes: changes))
        }
        apply(InventoryState.bootstrap(currency: currency))
        apply([.category(Category(id: CategoryID(1), name: "All"))])
        apply([.location(Location(id: LocationID(2), LocationFields(code: "b", name: "B")))])
        apply([.location(Location(id: LocationID(3), LocationFields(code: "c", name: "C")))])
        for number in 1...200 as ClosedRange<UInt32> {
            var product = random.productRow()
            let id = ProductID(number)
            product.fields.sku = "Sku-\(number)"
            product.fields.barcode = ""
            product.fields.category = CategoryID(1)
            product.fields.status = number % 50 == 0 ? .archived : .active
            product.fields.reorderTarget = 0
            product.fields.packSize = 1
            product = Product(
                id: id,
                product.fields,
                createdAt: product.createdAt,
                updatedAt: product.updatedAt,
                revision: product.revision
            )
            apply([.productCreated(product)])
            for location in [3, 1] as [UInt16] where number % UInt32(location + 1) == 0 {
                let level = Level(
                    product: id,
                    location: LocationID(location),
                    onHand: Quantity(Int64(number) - 9),
                    floor: Quantity(Int64(location))
                )
                apply([.level(level)])
            }
        }
        for number in 1...200 as ClosedRange<UInt32> {
            let id = ProductID(number)
            var writer = ByteWriter()
            state.encodeStocked(id, into: &writer)
            let bytes = writer.array()
            let found = try bytes.withUnsafeBytes { bytes in
                var reader = ByteReader(bytes)
                let product = try StockedProduct(from: &reader)
                try reader.finish()
                return product
            }
            let levels = (1...3 as ClosedRange<UInt16>).compactMap {
                state.tables.levels.row(id, LocationID($0)).map(state.tables.levels.level)
            }
            let product = state.tables.product(id)
            #expect(found == StockedProduct(lsn: state.lsn, product: product, levels: levels))
        }
    }

    @Test(arguments: ["SKU-7", "sku-7", " Sku-7\t", "sku-8 ", "none", "", "é", "E\u{301}"])
    func `an encoded key finds the same product as the key`(sku: String) throws {
        var state = InventoryState()
        let currency = try #require(Currency(code: "EUR"))
        func apply(_ changes: [Change]) {
            let time = Instant(microseconds: Int64(state.lsn.next.value))
            state.evolve(Entry(lsn: state.lsn.next, time: time, actor: "", changes: changes))
        }
        apply(InventoryState.bootstrap(currency: currency))
        apply([.category(Category(id: CategoryID(1), name: "All"))])
        for (index, sku) in ["Sku-7", "SKU-8", "É"].enumerated() {
            let id = ProductID(UInt32(index + 1))
            let fields = ProductFields(
                sku: sku,
                name: sku,
                barcode: index == 1 ? "" : "0000\(index)",
                category: CategoryID(1),
                price: Price(1)
            )
            let product = Product(id: id, fields)
            apply([.productCreated(product)])
        }
        for key in [.sku(sku), .barcode("00000"), .barcode("9"), .id(ProductID(2))] as [ProductKey]
        {
            var writer = ByteWriter()
            key.encode(into: &writer)
            for extra in [false, true] {
                if extra { writer.write(0 as UInt8) }
                let bytes = writer.array()
                bytes.withUnsafeBytes { bytes in
                    var reader = ByteReader(bytes)
                    do throws(ByteReaderError) {
                        let found = try state.resolve(encoded: &reader)
                        #expect(!extra)
                        #expect(found == state.resolve(key))
                    } catch {
                        #expect(extra)
                        #expect(error == .trailingBytes(offset: bytes.count - 1, count: 1))
                    }
                }
            }
        }
    }
}
