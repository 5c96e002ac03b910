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

    /// The fields that are not at their defaults, so that a field that is lost shows.
    private static let unusual: ProductFields = {
        var fields = ProductFields()
        fields.sku = "ONE"
        fields.name = "One"
        fields.barcode = "4006381333931"
        fields.category = CategoryID(2)
        fields.unit = Unit(code: "kg", decimals: 3)
        fields.price = Price(250, per: 1_000)
        fields.status = .inactive
        fields.reorderPoint = 17
        fields.reorderTarget = 18
        fields.packSize = 19
        fields.leadTimeDays = 20
        fields.brand = "Acme"
        fields.moreBarcodes = "SHELF-7"
        return fields
    }()

    /// The fields that a product falls back to the slow path for.
    private static let slowFields: Set<ProductField> = [.moreBarcodes]

    @Test(arguments: ProductField.allCases)
    func `each field of a product reaches its column on the fast path`(field: ProductField) throws {
        var random = SplitMix64(seed: 1)
        var shop = try Self.shop(&random)
        let id = shop.slow.tables.products.nextID
        var draft = Self.draft(100, &random)
        #expect(draft.fields.differences(from: Self.unusual).contains(field), "\(field)")
        draft.fields.take(FieldSet(field), from: Self.unusual)
        let isSlow = Self.slowFields.contains(field)
        #expect(try shop.run(.createProduct(draft)) == (isSlow ? .slow : .fast))
        #expect(shop.fast.tables.product(id).fields == draft.fields)
        shop.checkEqual()
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `receipts of the past have the same result on both paths`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var shop = try Self.shop(&random)
        var coverage = Coverage()
        var slowCount = 0
        for _ in 0..<800 {
            let (receipt, varied) = Self.receipt(&random)
            let path = try shop.run(
                .recordPastSale(receipt),
                by: random.one(of: ["till", "", "é"])
            )
            if path == .fast { coverage.note(varied) } else { slowCount += 1 }
            guard random.below(6) == 0 else { continue }
            try shop.run(Self.supply(&random, shop.time))
            // Any step may be reversed, or refused to be; a receipt that was may be recorded again.
            let lsn = LSN(random.below(shop.slow.lsn.value) + 1)
            try shop.run(.reverse(Reversal(lsn: lsn, reason: .other)))
        }
        coverage.check(Fields<PastSaleLine>.all.names)
        coverage.check(Fields<PastSale>.all.names)
        #expect(slowCount > 50)
        shop.checkEqual()
    }

    /// A receipt of one to four lines of different products, and the fields of it that vary.
    private static func receipt(_ random: inout SplitMix64) -> (PastSale, [String]) {
        let first = random.below(16)
        var varied: [String] = []
        let lines = (0...random.below(4)).map { number in
            var line = PastSaleLine(
                product: ProductID(UInt32(1 + first + number)),
                quantity: 3,
                amount: 500
            )
            varied += Fields<PastSaleLine>.all.vary(&line, oneIn: 8, &random)
            return line
        }
        let day = Int64(random.below(3)) - 20_000
        var sale = PastSale(
            lines: lines,
            reference: "R\(random.below(9_000))",
            occurredAt: Instant(microseconds: day * 86_400_000_000)
        )
        varied += Fields<PastSale>.all.vary(&sale, oneIn: 8, &random)
        return (sale, varied)
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
        let pastLine = PastSaleLine(product: ProductID(1), quantity: 1, amount: 1)
        Fields<PastSaleLine>.all.checkComplete(pastLine)
        Fields<PastSale>.all.checkComplete(PastSale(lines: [pastLine], occurredAt: .zero))
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
