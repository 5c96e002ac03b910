import Bytes
import InventoryTestSupport
import Testing

@testable import InventoryModel

/// Fields that were added after an entity's first layout are encoded behind it.
@Suite struct ExtensionFieldsTests {
    private static func draft(brand: String) -> ProductDraft {
        ProductDraft(
            sku: "A",
            name: "B",
            category: CategoryID(1),
            price: Price(100),
            brand: brand
        )
    }

    private static func read(_ bytes: [UInt8]) throws(ByteReaderError) -> Command {
        let result = bytes.withUnsafeBytes { bytes -> Result<Command, ByteReaderError> in
            do throws(ByteReaderError) {
                var reader = ByteReader(bytes)
                let command = try Command(from: &reader)
                try reader.finish()
                return .success(command)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    @Test func `the descriptions name the extension fields`() {
        let named = ProductFields.descriptions.filter { $0.isExtension }.map { $0.name }
        #expect(named == ProductFields.extensionFields.fields.map { "\($0)" })
        #expect(named == ["brand", "moreBarcodes"])
    }

    @Test func `a product without extension fields has the bytes of the first layout`() {
        let bytes = Command.createProduct(Self.draft(brand: "")).encoded.bytes
        // sku, name, no barcode, category 1, unit, price, active, reorder point 10, 0, pack of 1, 0 days, no stock
        let expected: [UInt8] =
            [7, 1, 0x41, 1, 0x42, 0, 1, 3, 0x70, 0x63, 0x73, 0, 100, 1, 1, 20, 0, 2, 0, 0]
        #expect(Array(bytes) == expected)
    }

    @Test func `a brand follows the first layout, behind a mask`() throws {
        let plain = Command.createProduct(Self.draft(brand: "")).encoded.bytes
        let bytes = Command.createProduct(Self.draft(brand: "Acme")).encoded.bytes
        // Field 12 is bit 11.
        let expected = [31] + plain.dropFirst() + [0x80, 0x10, 4] + Array("Acme".utf8)
        #expect(Array(bytes) == expected)
        #expect(try Self.read(expected) == .createProduct(Self.draft(brand: "Acme")))
    }

    @Test func `a mask that is empty, or has another field, is refused`() {
        let plain = Command.createProduct(Self.draft(brand: "")).encoded.bytes
        for mask: [UInt8] in [[0], [1, 1, 0x41], [0x80, 0x40], [0x81, 0x10, 1, 0x41, 1, 0x41]] {
            #expect(throws: ByteReaderError.self) { try Self.read([31] + plain.dropFirst() + mask) }
        }
    }

    @Test func `a brand that is given but empty is no brand`() throws {
        let plain = Command.createProduct(Self.draft(brand: "")).encoded.bytes
        let bytes = [31] + plain.dropFirst() + [0x80, 0x10, 0]
        #expect(try Self.read(Array(bytes)) == .createProduct(Self.draft(brand: "")))
    }

    @Test func `a product in a change and in a reply has its brand at the end`() throws {
        var random = SplitMix64(seed: 3)
        var product = random.productRow(brand: "Acme")
        product.moreBarcodes = ""
        let suffix: [UInt8] = [0x80, 0x10, 4] + Array("Acme".utf8)
        let change = DescribedBytes.bytes {
            Change.productCreated(product).encode(into: &$0, lsn: 7, time: .zero)
        }
        #expect(change.first == 20 && change.suffix(suffix.count) == suffix[...])
        let reply = DescribedBytes.bytes {
            StockedProduct(lsn: 7, product: product, levels: []).encode(into: &$0)
        }
        #expect(reply.suffix(suffix.count + 1) == [0] + suffix)
        product.brand = ""
        let without = DescribedBytes.bytes {
            StockedProduct(lsn: 7, product: product, levels: []).encode(into: &$0)
        }
        #expect(reply == without + suffix)
    }
}
