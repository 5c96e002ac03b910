import Bytes
import ColumnStore
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryEngine

/// Every list of a table's columns is complete: each is compared with the stored properties.
///
/// | list | fails here without a column |
/// |---|---|
/// | `visit`: snapshots, epochs, digests, row counts | `every stored column is visited` |
/// | the columns of a product's fields, to change and to read | `a product is …`, `each changed field …` |
/// | `append` of gathered rows | `the fast path fills every column …` |
/// | `movement`, both `append` of movements | `ReplayFieldTests`, by all fields of a movement |
@Suite struct StoredColumnTests {
    /// A state in which each column has values of its own.
    private static func state() throws -> InventoryState {
        var bench = try Bench(products: 3)
        try bench.done(.createLocation(LocationDraft(code: "b", name: "B", zone: "Asia/Tokyo")))
        try bench.done(bench.sale(1, 9))
        #expect(bench.code(bench.sale(1, 3)) == .insufficientStock)
        try bench.done(bench.reserve(2, 4))
        try bench.done(.setFloor(FloorChange(product: ProductID(3), floor: -9)))
        try bench.done(
            .setReorderPoint(ReorderPointChange(product: ProductID(3), reorderPoint: 7))
        )
        try bench.done(bench.sale(3, 14))
        try bench.done(bench.reversal(bench.state.lsn))
        let line = DispatchLine(product: ProductID(2), quantity: 1)
        let transfer = DispatchTransfer(from: .main, to: LocationID(2), lines: [line])
        try bench.done(.dispatchTransfer(transfer))
        let past = PastSaleLine(product: ProductID(3), quantity: 2, amount: 7, cost: 1)
        let receipt = PastSale(
            lines: [past, past],
            location: LocationID(2),
            reference: "R-1",
            day: CalendarDay(ordinal: 700_000),
            firstLine: 6,
            occurredAt: .zero
        )
        try bench.done(.recordPastSale(receipt))
        let session = SessionID(high: 7, low: 8).hexadecimal
        try bench.done(.recordImportRun(RecordImportRun(run: "January", session: session)))
        try bench.done(
            .describeImportRun(DescribeImportRun(run: "January", file: "a.csv", alreadyThere: 2))
        )
        let inferred = InferredProduct(
            sku: "OLD",
            name: "Old",
            namedAt: Instant(microseconds: 11),
            category: CategoryID(1),
            categorizedAt: Instant(microseconds: 12),
            price: Price(3),
            pricedAt: Instant(microseconds: 13)
        )
        try bench.done(.inferProduct(inferred))
        return bench.state
    }

    @Test func `every stored column is visited, and counted`() throws {
        var tables = try Self.state().tables
        var stored = StoredColumns(of: tables)
        // Derived when a snapshot is loaded.
        stored.remove("ledger.reversals")
        var visited = ColumnParts()
        tables.visit(&visited)
        #expect(visited.values.sorted() == stored.all)
        #expect(Set(visited.numbers).count == visited.numbers.count)
        // What is neither a column nor derived would be lost with a snapshot.
        let others: Set = ["ledger.aggregateCache", "levels.rows", "catalogLSN", "movedLSN"]
        #expect(stored.others == others)
        #expect(tables.importParts.rowCount > 0 && tables.inferredProducts.rowCount > 0)
        tables.checkInvariants()
    }

    @Test func `a table with a missing value stops the process`() async {
        await #expect(processExitsWith: .failure) {
            let table = ShortTable()
            table.checkColumns("short", except: 3...3)
        }
    }

    @Test func `a table whose columns have all values continues`() {
        var table = ShortTable()
        table.second.append(2)
        table.checkColumns("short", except: 3...3)
    }

    // MARK: - Products

    private static func table(
        with product: Product
    ) -> (products: ProductTable, strings: TextColumn) {
        var (products, strings) = (ProductTable(), TextColumn())
        strings.append("")
        strings.append(product.unit.code)
        products.append(product, unitCode: 1)
        return (products, strings)
    }

    private static func product(_ random: inout SplitMix64) -> Product {
        var product = random.productRow()
        product.id = ProductID(1)
        return product
    }

    private static func checkKeys(of product: Product, in table: ProductTable) {
        #expect(table.skuKeys[1] == NormalizedText.key(product.sku))
        #expect(table.barcodeKeys[1] == NormalizedText.barcodeKey(product.barcode))
    }

    /// The bytes of a product in an entry, by its description.
    private static func described(_ product: Product) -> [UInt8] {
        func bytes(_ change: Change) -> [UInt8] {
            let entry = Entry(lsn: 1, time: .zero, actor: "", changes: [change])
            return BothPaths.bytes { entry.encode(into: &$0) }
        }
        // Before the id, which is a byte, both have the same bytes but for the tag.
        let head = bytes(.productDeleted(ProductID(1))).dropLast()
        return Array(bytes(.productCreated(product)).dropFirst(head.count))
    }

    @Test func `a product is read back and encoded with all its fields`() {
        var random = SplitMix64(seed: 1)
        for _ in 0..<200 {
            let product = Self.product(&random)
            let (table, strings) = Self.table(with: product)
            #expect(table.product(product.id, strings: strings) == product)
            let encoded = BothPaths.bytes {
                table.encode(product.id, strings: strings, into: &$0)
                table.encodeExtensions(product.id, into: &$0)
            }
            #expect(encoded == Self.described(product))
            Self.checkKeys(of: product, in: table)
        }
    }

    @Test(arguments: ProductField.allCases)
    func `each changed field of a product is applied`(field: ProductField) {
        var random = SplitMix64(seed: UInt64(field.rawValue))
        for _ in 0..<50 {
            var product = Self.product(&random)
            var (table, strings) = Self.table(with: product)
            let before = product.fields
            product.fields.take(FieldSet(field), from: random.productFields())
            strings.append(product.unit.code)
            let difference = ProductDifference(FieldSet(field), from: before, to: product.fields)
            table.apply(difference, to: product.id, unitCode: 2)
            #expect(table.product(product.id, strings: strings) == product)
            Self.checkKeys(of: product, in: table)
        }
    }

    @Test func `the fast path fills every column as the slow path does`() throws {
        var random = SplitMix64(seed: 5)
        var shop = try BothPaths()
        try shop.run(.createCategory(name: "A"))
        var fastCount = 0
        for number in 0..<600 {
            var draft = ProductDraft(
                sku: "S-\(number)",
                name: "Product \(number)",
                category: CategoryID(1),
                price: Price(5),
                opening: OpeningStock(quantity: 9, unitCost: Money(3))
            )
            _ = Fields<ProductDraft>.all.vary(&draft, oneIn: 6, &random)
            if try shop.run(.createProduct(draft)) == .fast { fastCount += 1 }
            let line = SaleLine(product: ProductID(UInt32(1 + random.below(5))), quantity: 1)
            try shop.run(.sell(Sale(lines: [line], reference: "R", note: "N")))
        }
        #expect(fastCount > 50)
        let slow = StoredColumns(of: shop.slow.tables)
        let fast = StoredColumns(of: shop.fast.tables)
        for (name, values) in slow.columns {
            #expect(fast.columns[name] == values, "\(name)")
        }
    }
}

/// A table of two columns and a sparse one, of which the second lacks a value.
private struct ShortTable: StoredTable {
    var first = Column<UInt32>()
    var second = Column<UInt32>()
    var sparse = Column<UInt32>()

    init() { self.first.append(1) }

    var rowCount: Int { self.first.count }

    mutating func visit<Visitor: ImageVisitor>(
        _ visitor: inout Visitor
    ) throws(Visitor.Failure) {
        try visitor.visit(1, &self.first)
        try visitor.visit(2, &self.second)
        try visitor.visit(3, &self.sparse)
    }
}
