import Bytes
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryEngine

/// Compares folding whole blocks of a log with folding their entries one by one, which is the reference.
@Suite struct ReplayTests {
    /// A shop with random commands, and the entries of the block that it is writing.
    private struct Shop: ~Copyable {
        var random: SplitMix64
        var state = InventoryState()
        var block = ByteWriter()
        var sequences: [UInt32: UInt64] = [:]
        var products: UInt32 = 0
        var sales: [LSN] = []
        var reservations: UInt32 = 0

        init(seed: UInt64) throws {
            self.random = SplitMix64(seed: seed)
            self.write(InventoryState.bootstrap(currency: try #require(Currency(code: "EUR"))))
            self.run(.createCategory(name: "All"))
            self.run(.createLocation(LocationDraft(code: "back", name: "Back")))
            for high in 1...3 as ClosedRange<UInt64> {
                let id = SessionID(high: high, low: 9)
                self.write(try self.state.opening(id, at: self.time))
                self.sequences[self.state.sessionStatus(of: id)?.number ?? 0] = 0
            }
            for _ in 0..<6 { self.createProduct() }
        }

        var time: Instant { Instant(microseconds: Int64(self.state.lsn.next.value) * 1_000) }

        mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self.random) }

        mutating func text() -> String {
            let strings = [
                "", "", "", "R-1", "a receipt of more than fifteen bytes", "café", "R-2",
            ]
            return strings[self.below(strings.count)]
        }

        mutating func run(_ command: Command) {
            let decision = self.state.decide(command, at: self.time)
            if decision.changes.isEmpty { return }
            let before = self.state.lsn
            var changes = decision.changes
            if self.below(4) == 0 {
                var writer = ByteWriter()
                decision.outcome.encode(into: &writer)
                let key = KeyFingerprint(high: self.random.next(), low: self.random.next())
                changes.append(.keyRemembered(key, digest: before.value, outcome: writer.array()))
            } else if self.below(3) == 0,
                let number = self.sequences.keys.sorted().first(where: { _ in
                    self.below(2) == 0
                })
            {
                let sequence = (self.sequences[number] ?? 0) + 1
                self.sequences[number] = sequence
                var writer = ByteWriter()
                decision.outcome.encode(into: &writer)
                changes.append(
                    .sessionAdvanced(
                        number: number,
                        sequence: sequence,
                        digest: sequence * 3,
                        outcome: writer.array()
                    )
                )
            }
            self.write(changes)
            if case .sell = command { self.sales.append(before.next) }
            if case .reserve = command { self.reservations += 1 }
        }

        mutating func write(_ changes: [Change]) {
            let actors = ["till", "till", "till", "a till with a name of some length"]
            let entry = Entry(
                lsn: self.state.lsn.next,
                time: self.time,
                actor: actors[self.below(actors.count)],
                changes: changes
            )
            self.state.evolve(entry)
            entry.encode(into: &self.block)
        }

        mutating func createProduct() {
            self.products += 1
            self.run(
                .createProduct(
                    ProductDraft(
                        sku: "SKU-\(self.products)",
                        name: "Product \(self.products)",
                        category: CategoryID(1),
                        price: Price(Int64(self.below(900)), per: self.below(3) == 0 ? 1_000 : 1),
                        reorderPoint: Quantity(Int64(self.below(9))),
                        opening: OpeningStock(
                            quantity: Quantity(Int64(self.below(3)) * 300),
                            unitCost: Money(Int64(self.below(50)))
                        )
                    )
                )
            )
        }

        mutating func sale() -> Command {
            let product = ProductID(UInt32(self.below(Int(self.products))) + 1)
            let line = SaleLine(
                product: product,
                location: self.below(9) == 0 ? LocationID(2) : .main,
                quantity: Quantity(Int64(self.below(6)) + 1)
            )
            var sale = Sale(
                lines: Array(repeating: line, count: self.below(12) == 0 ? 2 : 1),
                reference: self.text(),
                note: self.text()
            )
            if self.below(3) == 0 {
                let then = self.time.advanced(bySeconds: -Int64(self.below(90)))
                sale.occurred = Occurrence(at: then, isImported: self.below(2) == 0)
            }
            return .sell(sale)
        }

        /// Executes a random command that is not a sale.
        mutating func other() {
            let product = ProductID(UInt32(self.below(Int(self.products))) + 1)
            let quantity = Int64(self.below(9)) + 1
            switch self.below(8) {
            case 0: self.createProduct()
            case 1...2:
                let line = RestockLine(
                    product: product,
                    location: self.below(3) == 0 ? LocationID(2) : .main,
                    quantity: Quantity(quantity * 20),
                    unitCost: Money(quantity)
                )
                self.run(.restock(Restock(lines: [line])))
            case 3:
                guard !self.sales.isEmpty else { return }
                let sale = self.sales[self.below(self.sales.count)]
                let line = SaleLine(product: product, quantity: 1)
                self.run(.returnSale(SaleReturn(lines: [line], original: sale)))
            case 4:
                guard !self.sales.isEmpty else { return }
                let sale = self.sales[self.below(self.sales.count)]
                self.run(.reverse(Reversal(lsn: sale, reason: .correction)))
            case 5:
                let line = ReserveLine(product: product, quantity: Quantity(quantity))
                let until = self.time.advanced(bySeconds: 60)
                self.run(.reserve(Reserve(lines: [line], expiry: .at(until))))
            case 6:
                let line = ReservationLine(
                    reservation: ReservationID(UInt32(self.below(Int(self.reservations) + 1)) + 1),
                    quantity: nil
                )
                self.run(.commitReservation(CommitReservation(lines: [line])))
            default:
                self.run(
                    .adjust(
                        Adjustment(
                            product: product,
                            delta: Quantity(quantity - 4),
                            reason: .correction
                        )
                    )
                )
            }
        }

        /// The bytes written since the last call.
        mutating func takeBlock() -> [UInt8] {
            defer { self.block = ByteWriter() }
            return self.block.array()
        }
    }

    private static func check(
        _ found: InventoryState,
        _ expected: InventoryState,
        sessions: Dictionary<UInt32, UInt64>.Keys
    ) throws {
        found.checkInvariants()
        try #require(found.lsn == expected.lsn)
        try #require(found.time == expected.time)
        try #require(found.checksum() == expected.checksum())
        #expect(found.links.returned == expected.links.returned)
        #expect(found.links.reversed == expected.links.reversed)
        #expect(found.keyUse == expected.keyUse)
        for number in sessions {
            let mine = try #require(found.sessions.session(number))
            let others = try #require(expected.sessions.session(number))
            #expect(mine.usedAt == others.usedAt)
            try #require(mine.sequence == others.sequence)
            try #require(mine.outcomes.oldest == others.outcomes.oldest)
            for sequence in mine.outcomes.oldest..<(mine.sequence + 1) {
                #expect(mine.outcomes.digest(sequence) == others.outcomes.digest(sequence))
                #expect(
                    mine.outcomes.outcome(sequence).elementsEqual(others.outcomes.outcome(sequence))
                )
            }
        }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `after every block the state is that of the entries one by one`(seed: UInt64) throws {
        var shop = try Shop(seed: seed)
        var replay = Replay()
        var found = InventoryState()
        var plain = 0
        // A part of sales, one more and one fewer; blocks of one entry and of many parts.
        let counts = [1, 2, 31, 32, 33, 64, 65, 300]
        for number in 0..<60 {
            let first = shop.state.lsn.next
            let others = number % 3 == 0 ? 0 : 20
            for _ in 0..<counts[shop.below(counts.count)] {
                if shop.below(100) < others { shop.other() } else { shop.run(shop.sale()) }
            }
            let block = shop.takeBlock()
            try block.withUnsafeBytes { bytes in
                var reader = ByteReader(bytes)
                while reader.remaining > 0 {
                    var sale = Replay.Sale()
                    if sale.read(&reader) { plain += 1 } else { _ = try EntryView(from: &reader) }
                }
                try found.evolve(bytes, with: &replay)
            }
            try #require(found.lsn >= first || block.isEmpty)
            try Self.check(found, shop.state, sessions: shop.sequences.keys)
            // Entries that the state has already are skipped.
            try block.withUnsafeBytes { try found.evolve($0, with: &replay) }
            #expect(found.checksum() == shop.state.checksum())
        }
        #expect(plain > 500, "\(plain) entries were sales")
        #expect(
            plain + 200 < Int(shop.state.lsn.value),
            "all but \(plain) of \(shop.state.lsn) were sales"
        )
        #expect(Verification(found.readView()).rows.allSatisfy { $0.failure == nil })
    }

    /// A shop with stock, before a few sales.
    private static func beforeSales() throws -> InventoryState {
        var shop = try Shop(seed: 5)
        for product in 1...shop.products {
            let line = RestockLine(
                product: ProductID(product),
                quantity: 5_000,
                unitCost: Money(3)
            )
            shop.run(.restock(Restock(lines: [line])))
        }
        var state = InventoryState()
        var replay = Replay()
        try shop.takeBlock().withUnsafeBytes { try state.evolve($0, with: &replay) }
        return state
    }

    /// Entries of sales of one piece of product 1, of which the last is changed.
    private static func sales(
        _ state: InventoryState,
        changing: (inout Movement, inout Level) -> Void
    ) -> [UInt8] {
        var state = state
        var writer = ByteWriter()
        for number in 0..<40 {
            let time = state.time.advanced(bySeconds: 1)
            let line = SaleLine(product: ProductID(1), quantity: 1)
            let changes = state.decide(.sell(Sale(lines: [line])), at: time).changes
            var entry = Entry(lsn: state.lsn.next, time: time, actor: "till", changes: changes)
            if number == 39, case .moved(var movement, var level) = changes[0] {
                changing(&movement, &level)
                entry.changes[0] = .moved(movement, level)
            } else {
                state.evolve(entry)
            }
            entry.encode(into: &writer)
        }
        return writer.array()
    }

    @Test func `a floor that a sale's entry changes takes the slow path`() throws {
        let bootstrapped = try Self.beforeSales()
        var (found, expected) = (bootstrapped, bootstrapped)
        var replay = Replay()
        let bytes = Self.sales(bootstrapped) { _, level in level.floor = 7 }
        try bytes.withUnsafeBytes { bytes in
            try found.evolve(bytes, with: &replay)
            var reader = ByteReader(bytes)
            while reader.remaining > 0 { try expected.evolve(try EntryView(from: &reader)) }
        }
        #expect(found.tables.levels.level(ProductID(1), .main).floor == 7)
        #expect(found.checksum() == expected.checksum())
    }

    @Test func `a sale whose level is not what it leaves stops the process`() async {
        await #expect(processExitsWith: .failure) {
            try ReplayTests.foldSales { _, level in level.onHand += 1 }
        }
        await #expect(processExitsWith: .failure) {
            try ReplayTests.foldSales { _, level in level.value -= 1 }
        }
        await #expect(processExitsWith: .failure) {
            try ReplayTests.foldSales { _, level in level.reserved += 1 }
        }
        await #expect(processExitsWith: .failure) {
            try ReplayTests.foldSales { _, level in level.unavailable += 1 }
        }
        await #expect(processExitsWith: .failure) {
            try ReplayTests.foldSales { _, level in level.incoming += 1 }
        }
        await #expect(processExitsWith: .failure) {
            try ReplayTests.foldSales { movement, _ in movement.onHandDelta -= 1 }
        }
        await #expect(processExitsWith: .failure) {
            try ReplayTests.foldSales { movement, _ in movement.cost -= 1 }
        }
        // Without the change the process does not stop: the others fail because of their change.
        await #expect(processExitsWith: .success) { try ReplayTests.foldSales { _, _ in } }
    }

    private static func foldSales(changing: (inout Movement, inout Level) -> Void) throws {
        var state = try Self.beforeSales()
        let bytes = Self.sales(state, changing: changing)
        var replay = Replay()
        try bytes.withUnsafeBytes { try state.evolve($0, with: &replay) }
    }

    @Test func `invalid bytes have the same error as the entry read alone`() throws {
        let bootstrapped = try Self.beforeSales()
        let whole = Self.sales(bootstrapped) { _, _ in }
        let starts = try Self.starts(whole)
        var random = SplitMix64(seed: 6)
        var failed = 0
        for _ in 0..<400 {
            var bytes = whole
            if Bool.random(using: &random) {
                bytes = [UInt8](whole[..<Int.random(in: 0..<whole.count, using: &random)])
            } else {
                // Behind the head and the actor: the count of changes, or of the first one's bytes.
                let start = starts[Int.random(in: 0..<starts.count, using: &random)]
                bytes[start + Int.random(in: 25...32, using: &random)] = 0xFF
            }
            let (fast, slow) = (Self.error(bytes, bootstrapped), Self.reading(bytes))
            #expect(fast == slow)
            if slow != nil { failed += 1 }
        }
        #expect(failed > 300)
    }

    /// The offset of each entry.
    private static func starts(_ bytes: [UInt8]) throws -> [Int] {
        try bytes.withUnsafeBytes { bytes in
            var starts: [Int] = []
            var reader = ByteReader(bytes)
            while reader.remaining > 0 {
                starts.append(reader.offset)
                _ = try EntryView(from: &reader)
            }
            return starts
        }
    }

    /// The error of folding a block.
    private static func error(_ bytes: [UInt8], _ bootstrapped: InventoryState) -> ByteReaderError?
    {
        var state = bootstrapped
        var replay = Replay()
        return bytes.withUnsafeBytes { bytes in
            do throws(ByteReaderError) {
                try state.evolve(bytes, with: &replay)
                return nil
            } catch {
                return error
            }
        }
    }

    /// The error of the first entry that cannot be read.
    private static func reading(_ bytes: [UInt8]) -> ByteReaderError? {
        bytes.withUnsafeBytes { bytes in
            do throws(ByteReaderError) {
                var reader = ByteReader(bytes)
                while reader.remaining > 0 { _ = try EntryView(from: &reader).entry() }
                return nil
            } catch {
                return error
            }
        }
    }
}
