import Bytes
import InventoryEngine
import InventoryModel
import InventoryTestSupport
import Testing

/// Each refusal that a command can get, with its details.
@Suite struct RefusalTests {
    private static let long = String(repeating: "x", count: 201)

    /// Products 1 to 3 with 10 each, 3 inactive; category 2 without products, location 2 without
    /// stock; product 4 archived, and category 3 and location 3 too.
    private func bench() throws -> Bench {
        var bench = try Bench()
        try bench.done(.createCategory(name: "Empty"))
        try bench.done(.createLocation(LocationDraft(code: "north", name: "North")))
        try bench.done(.createCategory(name: "Gone"))
        try bench.done(.archiveCategory(CategoryID(3), ifRevision: nil))
        try bench.done(.createLocation(LocationDraft(code: "south", name: "South")))
        try bench.done(.archiveLocation(LocationID(3), ifRevision: nil))
        let draft = ProductDraft(
            sku: "GONE",
            name: "Gone",
            barcode: "4006381333931",
            category: CategoryID(1),
            price: Price(1),
            opening: OpeningStock(quantity: 1)
        )
        try bench.done(.createProduct(draft))
        try bench.done(.count(StockCount(product: ProductID(4), counted: 0)))
        try bench.done(.deleteProduct(ProductID(4), ifRevision: nil))
        var update = ProductUpdate()
        update.status = .inactive
        try bench.done(.updateProduct(ProductID(3), update, ifRevision: nil))
        update = ProductUpdate()
        update.barcode = "96385074"
        try bench.done(.updateProduct(ProductID(2), update, ifRevision: nil))
        return bench
    }

    private func product(_ sku: String, category: UInt32 = 1, barcode: String = "") -> Command {
        .createProduct(
            ProductDraft(
                sku: sku,
                name: "N",
                barcode: barcode,
                category: CategoryID(category),
                price: Price(1)
            )
        )
    }

    private func expect(
        _ command: Command,
        _ code: RefusalCode,
        _ detail: Refusal.Detail? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var bench = try self.bench()
        let before = bench.state.lsn
        let refusal = bench.refusal(command)
        #expect(refusal?.code == code, "\(command)", sourceLocation: sourceLocation)
        if let detail {
            #expect(refusal?.detail == detail, "\(command)", sourceLocation: sourceLocation)
        }
        // Unmet demand is recorded; nothing else changes.
        if code != .insufficientStock {
            #expect(bench.state.lsn == before, sourceLocation: sourceLocation)
        }
        bench.check(sourceLocation: sourceLocation)
    }

    @Test func `categories`() throws {
        try self.expect(.createCategory(name: " "), .invalidField)
        try self.expect(.createCategory(name: Self.long), .invalidField)
        try self.expect(.createCategory(name: "a\nb"), .invalidField)
        try self.expect(.createCategory(name: "ALL"), .nameTaken, .taken("ALL", by: 1))
        try self.expect(
            .renameCategory(CategoryID(9), name: "X", ifRevision: nil),
            .categoryNotFound,
            .id(9)
        )
        try self.expect(.renameCategory(CategoryID(2), name: "all ", ifRevision: nil), .nameTaken)
        try self.expect(
            .renameCategory(CategoryID(1), name: "X", ifRevision: 1),
            .revisionMismatch,
            .revision(expected: 1, actual: 2)
        )
        try self.expect(.renameCategory(CategoryID(3), name: "X", ifRevision: nil), .archived)
        try self.expect(.archiveCategory(CategoryID(1), ifRevision: nil), .inUse, .id(1))
        try self.expect(.archiveCategory(CategoryID(3), ifRevision: nil), .archived, .id(3))
        try self.expect(.archiveCategory(CategoryID(9), ifRevision: nil), .categoryNotFound)
    }

    @Test func `an archived category's name can be used again`() throws {
        var bench = try self.bench()
        try bench.done(.createCategory(name: "gone"))
        bench.check()
    }

    @Test func `locations`() throws {
        try self.expect(.createLocation(LocationDraft(code: "", name: "N")), .invalidField)
        try self.expect(.createLocation(LocationDraft(code: "NORTH ", name: "N")), .nameTaken)
        for zone in ["BST", "IST", "GMT+0530"] {
            try self.expect(
                .createLocation(LocationDraft(code: "B", name: "B", zone: zone)),
                .invalidField
            )
            try self.expect(
                .updateLocation(LocationID(2), LocationUpdate(zone: zone), ifRevision: nil),
                .invalidField
            )
        }
        try self.expect(
            .updateLocation(LocationID(9), LocationUpdate(name: "X"), ifRevision: nil),
            .locationNotFound,
            .id(9)
        )
        try self.expect(
            .updateLocation(LocationID(3), LocationUpdate(name: "X"), ifRevision: nil),
            .archived
        )
        try self.expect(.archiveLocation(.main, ifRevision: nil), .inUse)
        try self.expect(.archiveLocation(LocationID(3), ifRevision: nil), .archived)
        try self.expect(.archiveLocation(LocationID(2), ifRevision: 1), .revisionMismatch)
    }

    @Test func `products`() throws {
        try self.expect(self.product(""), .invalidField)
        try self.expect(self.product(String(repeating: "s", count: 65)), .invalidField)
        try self.expect(self.product("NEW", category: 9), .categoryNotFound, .id(9))
        try self.expect(self.product("NEW", category: 3), .archived)
        try self.expect(self.product("s1 "), .skuTaken, .taken("s1", by: 2))
        // A GTIN-8 with leading zeros is the same number.
        try self.expect(self.product("NEW", barcode: "00000096385074"), .barcodeTaken)
        try self.expect(self.product("NEW", barcode: "0000096385074"), .barcodeTaken)
        try self.expect(.deleteProduct(ProductID(9), ifRevision: nil), .productNotFound, .id(9))
        try self.expect(.deleteProduct(ProductID(4), ifRevision: nil), .archived, .id(4))
        try self.expect(.deleteProduct(ProductID(1), ifRevision: 1), .revisionMismatch)
        var update = ProductUpdate()
        update.price = Price(-1)
        try self.expect(.updateProduct(ProductID(1), update, ifRevision: nil), .outOfRange)
        update = ProductUpdate()
        update.sku = "S1"
        try self.expect(.updateProduct(ProductID(1), update, ifRevision: nil), .skuTaken)
    }

    @Test func `a deleted product's keys can be used again`() throws {
        var bench = try self.bench()
        try bench.done(self.product("gone", barcode: "4006381333931"))
        bench.check()
    }

    @Test func `sales and returns`() throws {
        var bench = try self.bench()
        let shortage = Refusal.Shortage(
            product: ProductID(1),
            location: .main,
            asked: 11,
            sellable: 10,
            onHand: 10,
            unavailable: 0,
            reserved: 0,
            floor: 0
        )
        #expect(bench.refusal(bench.sale(1, 11))?.detail == .shortage(shortage))
        try self.expect(.sell(Sale(lines: [])), .invalidField)
        let line = SaleLine(product: ProductID(1), quantity: 1)
        let many = [SaleLine](repeating: line, count: Limits.linesMax + 1)
        try self.expect(.sell(Sale(lines: many)), .tooManyLines)
        try self.expect(bench.sale(1, 0), .outOfRange)
        try self.expect(bench.sale(1, Limits.quantityMax + 1), .outOfRange)
        try self.expect(bench.sale(9, 1), .productNotFound, .id(9))
        try self.expect(bench.sale(3, 1), .productInactive, .id(3))
        try self.expect(bench.sale(4, 1), .archived, .id(4))
        var dear = line
        dear.price = Money(Limits.moneyMax)
        dear.quantity = 2
        try self.expect(.sell(Sale(lines: [dear])), .amountOverflow)
        var elsewhere = line
        elsewhere.location = LocationID(9)
        try self.expect(.sell(Sale(lines: [elsewhere])), .locationNotFound, .id(9))
        elsewhere.location = LocationID(3)
        try self.expect(.sell(Sale(lines: [elsewhere])), .archived, .id(3))
        var stale = line
        stale.ifRevision = 1
        try self.expect(.sell(Sale(lines: [stale])), .revisionMismatch)
        let early = Occurrence(at: Instant(microseconds: -1_000_000_000_000))
        try self.expect(.sell(Sale(lines: [line], occurred: early)), .occurredAtOutOfWindow)
        try self.expect(.sell(Sale(lines: [line], reference: Self.long)), .invalidField)
        try self.expect(bench.comeBack(1, 1, of: 999), .movementNotFound)
    }

    @Test func `stock`() throws {
        let one = ProductID(1)
        let restock = RestockLine(product: one, quantity: 0, unitCost: Money(1))
        try self.expect(.restock(Restock(lines: [restock])), .outOfRange)
        try self.expect(.restock(Restock(lines: [])), .invalidField)
        try self.expect(
            .adjust(Adjustment(product: one, delta: 0, reason: .lost)),
            .invalidField,
            .field("delta", problem: "is 0")
        )
        try self.expect(
            .adjust(Adjustment(product: one, delta: -11, reason: .lost)),
            .outOfRange,
            .range("delta", value: -11, lowest: -10, highest: Limits.quantityMax)
        )
        try self.expect(.count(StockCount(product: one, counted: -1)), .outOfRange)
        try self.expect(
            .count(StockCount(product: one, counted: 4, ifRevision: 1)),
            .revisionMismatch
        )
        try self.expect(
            .setUnavailable(Hold(product: one, delta: -1, reason: .damaged)),
            .outOfRange,
            .range("delta", value: -1, lowest: 0, highest: 10)
        )
        try self.expect(.expectIncoming(Expectation(product: one, delta: -1)), .outOfRange)
        try self.expect(
            .setFloor(FloorChange(product: one, floor: Quantity(Limits.quantityMax + 1))),
            .outOfRange
        )
        try self.expect(.setFloor(FloorChange(product: ProductID(9), floor: 1)), .productNotFound)
        try self.expect(.reverse(Reversal(lsn: 999, reason: .correction)), .movementNotFound)
    }

    @Test func `batches`() throws {
        try self.expect(.batch([], .atomic), .outOfRange)
        let sale = Command.sell(Sale(lines: [SaleLine(product: ProductID(1), quantity: 1)]))
        try self.expect(.batch([.batch([sale], .atomic)], .atomic), .invalidField)
        let many = [Command](repeating: sale, count: Limits.batchMax + 1)
        try self.expect(.batch(many, .atomic), .tooManyLines)
    }

    /// The refusal that is first in the table of codes wins, whatever the order of the fields.
    @Test func `a product with several errors is refused with the lowest code`() throws {
        var update = ProductUpdate()
        update.sku = "S1"
        update.barcode = "96385074"
        update.category = CategoryID(9)
        update.name = ""
        let id = ProductID(1)
        try self.expect(.updateProduct(id, update, ifRevision: 1), .invalidField)
        update.name = nil
        try self.expect(.updateProduct(id, update, ifRevision: 1), .categoryNotFound)
        update.category = nil
        try self.expect(.updateProduct(id, update, ifRevision: 1), .skuTaken)
        update.sku = nil
        try self.expect(.updateProduct(id, update, ifRevision: 1), .barcodeTaken)
        update.barcode = nil
        update.name = "X"
        try self.expect(.updateProduct(id, update, ifRevision: 1), .revisionMismatch)
    }
}
