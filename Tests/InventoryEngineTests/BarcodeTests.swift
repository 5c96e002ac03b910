import Bytes
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryEngine

/// A product has several barcodes, each of which no other product has.
@Suite struct BarcodeTests {
    private static func shop() throws -> Bench {
        var bench = try Bench(products: 0)
        try bench.done(Self.product("A", "4006381333931", more: " 96385074   SHELF-7 "))
        try bench.done(Self.product("B", ""))
        return bench
    }

    private static func product(_ sku: String, _ barcode: String, more: String = "") -> Command {
        .createProduct(
            ProductDraft(
                sku: sku,
                name: sku,
                barcode: barcode,
                category: CategoryID(1),
                price: Price(100),
                moreBarcodes: more
            )
        )
    }

    private static func update(_ id: UInt32, _ update: ProductUpdate) -> Command {
        .updateProduct(ProductID(id), update, ifRevision: nil)
    }

    private func check(_ bench: Bench) {
        bench.state.checkInvariants()
        for row in 1..<bench.state.tables.products.rowCount {
            let id = ProductID(UInt32(row))
            guard let status = bench.state.tables.products.status(id), status != .archived else {
                continue
            }
            for barcode in bench.state.tables.product(id).fields.barcodes {
                #expect(bench.state.resolve(.barcode(barcode)) == id)
            }
        }
    }

    @Test func `each of its barcodes finds a product, in any of its forms`() throws {
        let bench = try Self.shop()
        #expect(bench.state.tables.product(ProductID(1)).moreBarcodes == "96385074 SHELF-7")
        for barcode in ["4006381333931", "04006381333931", "96385074", "000096385074", "shelf-7"] {
            #expect(bench.state.resolve(.barcode(barcode)) == ProductID(1))
        }
        #expect(bench.state.resolve(.barcode("SHELF-8")) == nil)
        self.check(bench)
    }

    @Test func `no other product can have one of them, first or further`() throws {
        var bench = try Self.shop()
        #expect(bench.code(Self.product("N", "000096385074")) == .barcodeTaken)
        #expect(bench.code(Self.product("N", "", more: "X shelf-7")) == .barcodeTaken)
        #expect(bench.code(Self.product("N", "X", more: "4006381333931")) == .barcodeTaken)
        #expect(bench.code(Self.update(2, ProductUpdate(barcode: "96385074"))) == .barcodeTaken)
        #expect(bench.code(Self.update(2, ProductUpdate(moreBarcodes: "shelf-7"))) == .barcodeTaken)
        let both = Command.batch(
            [Self.product("N", "N-1", more: "N-2"), Self.product("O", "n-2")],
            .atomic
        )
        #expect(bench.code(both) == .batchRolledBack)
        self.check(bench)
    }

    @Test func `a change frees those that it leaves out, and so does archiving`() throws {
        var bench = try Self.shop()
        try bench.done(Self.update(1, ProductUpdate(moreBarcodes: "SHELF-7 5012345678900")))
        #expect(bench.state.resolve(.barcode("96385074")) == nil)
        try bench.done(Self.update(2, ProductUpdate(barcode: "96385074")))
        self.check(bench)
        // One step exchanges them.
        try bench.done(
            .batch(
                [
                    Self.update(1, ProductUpdate(moreBarcodes: "")),
                    Self.update(2, ProductUpdate(moreBarcodes: "shelf-7")),
                ],
                .atomic
            )
        )
        #expect(bench.state.resolve(.barcode("SHELF-7")) == ProductID(2))
        try bench.done(.deleteProduct(ProductID(2), ifRevision: nil))
        #expect(bench.state.resolve(.barcode("SHELF-7")) == nil)
        try bench.done(Self.product("N", "SHELF-7"))
        self.check(bench)
    }

    @Test func `too many, too long, or one twice is refused`() throws {
        var bench = try Self.shop()
        let names = (0...Limits.moreBarcodesMax).map { "N\($0)" }
        try bench.done(
            Self.update(2, ProductUpdate(moreBarcodes: names.dropLast().joined(separator: " ")))
        )
        let many = ProductUpdate(moreBarcodes: names.joined(separator: " "))
        #expect(bench.code(Self.update(2, many)) == .outOfRange)
        let long = String(repeating: "9", count: Limits.barcodeByteCountMax + 1)
        #expect(bench.code(Self.update(2, ProductUpdate(moreBarcodes: long))) == .invalidField)
        #expect(bench.code(Self.update(2, ProductUpdate(moreBarcodes: "X x"))) == .invalidField)
        let twice = ProductUpdate(barcode: "96385082", moreBarcodes: "000096385082")
        #expect(bench.code(Self.update(2, twice)) == .invalidField)
        self.check(bench)
    }

    @Test func `a GTIN with a wrong check digit is refused, unless the product has it already`()
        throws
    {
        var bench = try Self.shop()
        #expect(bench.code(Self.product("N", "4006381333932")) == .invalidField)
        #expect(bench.code(Self.product("N", "", more: "X 96385075")) == .invalidField)
        #expect(bench.code(Self.update(2, ProductUpdate(barcode: "96385075"))) == .invalidField)
        // As an earlier version accepted it.
        let id = bench.state.tables.products.nextID
        var fields = ProductFields(
            sku: "OLD",
            name: "Old",
            barcode: "96385075",
            category: CategoryID(1),
            price: Price(1)
        )
        fields.reorderPoint = 0
        bench.apply([.productCreated(Product(id: id, fields))])
        try bench.done(Self.update(id.value, ProductUpdate(name: "Older", barcode: "96385075")))
        try bench.done(Self.update(id.value, ProductUpdate(moreBarcodes: "OLD-2")))
        #expect(bench.state.resolve(.barcode("old-2")) == id)
        self.check(bench)
    }
}
