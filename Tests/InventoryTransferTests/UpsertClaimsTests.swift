import InventoryModel
import Testing

@testable import InventoryTransfer

/// Which rows of an upsert are the first ones of their product.
@Suite struct UpsertClaimsTests {
    private var claims = UpsertClaims()

    private static func product(_ id: UInt32, _ sku: String) -> Product {
        var fields = ProductFields()
        fields.sku = sku
        return Product(id: ProductID(id), fields)
    }

    /// Claims a product or a SKU, and returns why it is refused.
    private mutating func problem(_ product: Product?, sku: String, row: Int) -> String? {
        do throws(ProductRow.Problem) {
            try self.claims.claim(product, sku: sku, for: row)
            return nil
        } catch {
            return error.text
        }
    }

    private mutating func problem(barcode: String, row: Int) -> String? {
        do throws(ProductRow.Problem) {
            try self.claims.claim(barcode: barcode, for: row)
            return nil
        } catch {
            return error.text
        }
    }

    @Test mutating func `the first row of a product keeps it, however often it comes again`() {
        let apple = Self.product(7, "APPLE")
        #expect(self.problem(apple, sku: "apple", row: 2) == nil)
        for row in 3...5 {
            #expect(
                self.problem(apple, sku: "", row: row) == "sku: duplicate of row 2 (\"APPLE\")"
            )
        }
        #expect(self.problem(Self.product(8, "PEAR"), sku: "", row: 6) == nil)
    }

    @Test mutating func `a SKU is claimed by a new product, or one that is renamed, once`() {
        #expect(self.problem(nil, sku: "NEW", row: 2) == nil)
        #expect(self.problem(nil, sku: "new", row: 3) == "sku: duplicate of row 2 (\"new\")")
        let renamed = Self.product(7, "OLD")
        #expect(self.problem(renamed, sku: "New", row: 4) == "sku: duplicate of row 2 (\"New\")")
        let most = String(repeating: "x", count: Limits.skuByteCountMax)
        #expect(self.problem(nil, sku: most, row: 5) == nil)
        #expect(self.problem(nil, sku: most + "x", row: 6)?.hasSuffix("64 bytes") == true)
    }

    @Test mutating func `a barcode is claimed once, however it is written, and none is no claim`() {
        #expect(self.problem(barcode: "", row: 2) == nil)
        #expect(self.problem(barcode: "", row: 3) == nil)
        #expect(self.problem(barcode: "036000291452", row: 4) == nil)
        #expect(
            self.problem(barcode: "0036000291452", row: 5)
                == "barcode: duplicate of row 4 (\"0036000291452\")"
        )
    }
}
