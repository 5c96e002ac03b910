import Bytes
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryEngine

/// Both paths of a command decide alike, whatever its fields, and an unknown field falls back to the slow
/// path.
@Suite struct FastPathFieldTests {
    /// A shop with products at two locations; a third one, and a category, are archived.
    private static func shop(_ random: inout SplitMix64) throws -> BothPaths {
        var shop = try BothPaths()
        for name in ["A", "B", "C"] { try shop.run(.createCategory(name: name)) }
        try shop.run(.archiveCategory(CategoryID(3), ifRevision: nil))
        for code in ["b", "c"] {
            try shop.run(.createLocation(LocationDraft(code: code, name: code)))
        }
        try shop.run(.archiveLocation(LocationID(3), ifRevision: nil))
        for number in 0..<20 {
            try shop.run(.createProduct(Self.draft(number, &random)))
        }
        return shop
    }

    private static func draft(_ number: Int, _ random: inout SplitMix64) -> ProductDraft {
        ProductDraft(
            sku: "NEW-\(number)",
            name: "Product \(number)",
            category: CategoryID(1),
            price: Price(Int64(random.below(900)) + 5, per: random.below(3) == 0 ? 1_000 : 1),
            opening: OpeningStock(quantity: 200, unitCost: Money(3))
        )
    }

    /// Counts how often the fast path accepted a command with a changed field.
    private struct Coverage {
        private var counts: [String: Int] = [:]

        mutating func note(_ fields: [String]) {
            for field in fields { self.counts[field, default: 0] += 1 }
        }

        func check(_ fields: [String], sourceLocation: SourceLocation = #_sourceLocation) {
            for field in fields {
                #expect(
                    self.counts[field, default: 0] > 0,
                    "the fast path never had a changed \(field)",
                    sourceLocation: sourceLocation
                )
            }
        }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `sales with any fields have the same result on both paths`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var shop = try Self.shop(&random)
        var coverage = Coverage()
        var slowCount = 0
        for _ in 0..<4_000 {
            var line = SaleLine(product: ProductID(UInt32(1 + random.below(20))), quantity: 1)
            let level = shop.slow.tables.levels.level(line.product, line.location)
            var varied = Fields<SaleLine>.all.vary(&line, oneIn: 5, &random)
            if line.ifRevision == 1 { line.ifRevision = level.revision }
            var sale = Sale(lines: [line])
            sale.occurred = Occurrence(at: shop.time)
            varied += Fields<Sale>.all.vary(&sale, oneIn: 5, &random)
            if !varied.contains("occurred") { sale.occurred = nil }
            switch try shop.run(.sell(sale), by: random.one(of: ["till", "", "é"])) {
            case .fast: coverage.note(varied)
            case .slow: slowCount += 1
            }
            guard random.below(6) == 0 else { continue }
            try shop.run(Self.supply(&random, shop.time))
        }
        coverage.check(Fields<SaleLine>.all.names)
        coverage.check(Fields<Sale>.all.names)
        #expect(slowCount > 500)
        shop.checkEqual()
    }

    /// A change of what sales find: stock, a floor, a reservation or a hold.
    private static func supply(_ random: inout SplitMix64, _ time: Instant) -> Command {
        let product = ProductID(UInt32(1 + random.below(20)))
        let location = LocationID(UInt16(1 + random.below(2)))
        let quantity = Int64(1 + random.below(60))
        switch random.below(4) {
        case 0:
            let floor = Int64(random.below(9)) - 6
            return .setFloor(
                FloorChange(product: product, location: location, floor: Quantity(floor))
            )
        case 1:
            let line = ReserveLine(
                product: product,
                location: location,
                quantity: Quantity(quantity / 9 + 1)
            )
            return .reserve(Reserve(lines: [line], expiry: .at(time.advanced(bySeconds: 60))))
        case 2:
            return .setUnavailable(Hold(product: product, delta: 2, reason: .damaged))
        default:
            let line = RestockLine(
                product: product,
                location: location,
                quantity: Quantity(quantity),
                unitCost: Money(quantity * 3)
            )
            return .restock(Restock(lines: [line]))
        }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `products with any fields have the same result on both paths`(
        seed: UInt64
    ) throws {
        var random = SplitMix64(seed: seed)
        var shop = try Self.shop(&random)
        var coverage = Coverage()
        var slowCount = 0
        for number in 100..<2_100 {
            var draft = Self.draft(number, &random)
            let varied = Fields<ProductDraft>.all.vary(&draft, oneIn: 6, &random)
            switch try shop.run(.createProduct(draft), by: random.one(of: ["till", "", "é"])) {
            case .fast: coverage.note(varied)
            case .slow: slowCount += 1
            }
        }
        coverage.check(Fields<ProductDraft>.all.names)
        #expect(slowCount > 500)
        shop.checkEqual()
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `receipts of the past have the same result on both paths`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var shop = try Self.shop(&random)
        var (fastCount, slowCount) = (0, 0)
        for _ in 0..<800 {
            let receipt = Self.receipt(&random)
            let path = try shop.run(
                .recordPastSale(receipt),
                by: random.one(of: ["till", "", "é"])
            )
            if path == .fast { fastCount += 1 } else { slowCount += 1 }
            guard random.below(6) == 0 else { continue }
            try shop.run(Self.supply(&random, shop.time))
            // Any step may be reversed, or refused to be; a receipt that was may be recorded again.
            let lsn = LSN(random.below(shop.slow.lsn.value) + 1)
            try shop.run(.reverse(Reversal(lsn: lsn, reason: .other)))
        }
        #expect(fastCount > 50)
        #expect(slowCount > 50)
        shop.checkEqual()
    }

    /// Usually a few lines on a new receipt; sometimes many, repeated, invalid or at another location.
    private static func receipt(_ random: inout SplitMix64) -> PastSale {
        let count = random.below(16) == 0 ? 15 + random.below(4) : 1 + random.below(4)
        var lines: [PastSaleLine] = []
        for _ in 0..<count {
            let isExtreme = random.below(60) == 0
            let quantity = random.below(8) == 0 ? -2 : Int64(random.below(40))
            lines.append(
                PastSaleLine(
                    product: ProductID(UInt32(1 + random.below(isExtreme ? 22 : 20))),
                    quantity: Quantity(isExtreme ? Limits.quantityMax : quantity),
                    amount: Money(quantity * Int64(random.below(300))),
                    cost: random.below(3) == 0 ? Money(Int64(random.below(500))) : nil
                )
            )
        }
        let day = Int64(random.below(3)) - 20_000
        let isElsewhere = random.below(8) == 0
        var sale = PastSale(
            lines: lines,
            location: LocationID(UInt16(isElsewhere ? 1 + random.below(4) : 1)),
            reference: random.one(of: [
                "", " é ", "R\(random.below(900))", "R\(random.below(9_000))",
            ]),
            firstLine: random.below(9) == 0 ? UInt32(random.below(20)) : 0,
            occurredAt: Instant(microseconds: day * 86_400_000_000),
            note: random.one(of: ["", "", "from the old till", "\u{7}"])
        )
        if random.below(3) == 0 { sale.day = CalendarDay(ofUTC: sale.occurredAt) }
        if random.below(3) == 0 {
            let hours = Int64(random.below(9)) - 8
            sale.openedAt = sale.occurredAt.advanced(bySeconds: hours * 3_600)
        }
        if random.below(12) == 0 {
            sale.isWriteOff = true
            for index in sale.lines.indices { sale.lines[index].amount = 0 }
        }
        return sale
    }

    @Test func `the lists of fields are complete`() {
        let draft = ProductDraft(sku: "A", name: "A", category: CategoryID(1), price: Price(1))
        let line = SaleLine(product: ProductID(1), quantity: 1)
        Fields<ProductDraft>.all.checkComplete(draft)
        Fields<OpeningStock>.all.checkComplete(OpeningStock(quantity: 1))
        Fields<Unit>.all.checkComplete(Unit.piece)
        Fields<Price>.all.checkComplete(Price(1))
        Fields<SaleLine>.all.checkComplete(line)
        Fields<Sale>.all.checkComplete(Sale(lines: [line]))
        Fields<Occurrence>.all.checkComplete(Occurrence(at: .zero))
    }

    @Test func `a fast path reads the whole command`() {
        var random = SplitMix64(seed: 9)
        for tag in CommandTag.allCases {
            for _ in 0..<200 {
                let command = random.command(tag)
                let encoded = BothPaths.bytes { command.encode(into: &$0) }
                let sale = encoded.withUnsafeBytes { PlainSale($0) }
                #expect(sale == nil || sale?.command == command)
                let batch = Command.batch([command, command], .independent)
                BothPaths.bytes { batch.encode(into: &$0) }.withUnsafeBytes { bytes in
                    guard let batch = PlainProduct.Batch.reading(bytes) else { return }
                    #expect(batch.command(1) == command)
                }
            }
        }
    }

    @Test func `receipts are read as their description reads them, whatever the bytes`() throws {
        var random = SplitMix64(seed: 11)
        var batch = PlainReceipt.Batch()
        var (readCount, damagedCount) = (0, 0)
        for _ in 0..<400 {
            let commands = (0...random.below(3)).map { _ in random.command(.recordPastSale) }
            var bytes = BothPaths.bytes { Command.batch(commands, .errorsOnly).encode(into: &$0) }
            #expect(bytes.withUnsafeBytes { batch.read($0) })
            #expect(batch.isErrorsOnly && batch.count == commands.count)
            for index in commands.indices { #expect(batch.command(index) == commands[index]) }
            bytes[Int(random.below(UInt64(bytes.count)))] = UInt8(random.below(256))
            damagedCount += 1
            guard bytes.withUnsafeBytes({ batch.read($0) }) else { continue }
            readCount += 1
            let decoded = try bytes.withUnsafeBytes { bytes in
                var reader = ByteReader(bytes)
                return try Command(from: &reader)
            }
            guard case .batch(let read, _) = decoded else {
                Issue.record("\(decoded) is no batch")
                return
            }
            #expect((0..<batch.count).map { batch.command($0) } == read)
        }
        #expect(readCount > 50 && readCount < damagedCount)
    }

    /// Each bit of a line's mask is either known to the fast path, or falls back to the slow path.
    @Test func `a line with an unknown field takes the slow path`() {
        let line = SaleLine(product: ProductID(7), quantity: 1)
        let encoded = BothPaths.bytes { Command.sell(Sale(lines: [line])).encode(into: &$0) }
        // Tag, count, product, location, quantity: a byte each.
        let maskOffset = 5
        #expect(encoded.withUnsafeBytes { PlainSale($0) } != nil)
        for bit in 0..<7 as Range<UInt64> {
            var changed = encoded
            changed[maskOffset] = 1 << UInt8(bit)
            changed.insert(9, at: maskOffset + 1)
            let isKnown = PlainSale.fields & 1 << bit != 0
            #expect(changed.withUnsafeBytes { PlainSale($0) != nil } == isKnown, "bit \(bit)")
        }
        #expect(PlainSale.fields == SaleLine.Mask.all)
    }
}
