import Bytes
import InventoryTestSupport
import Testing

@testable import InventoryModel

/// Descriptions, and the agreement of everything derived from them.
@Suite struct DescriptionTests {
    @Test func `the fields of a product are described in the order of their numbers`() {
        let names = ProductFields.descriptions.map { $0.name }
        #expect(names == ProductField.allCases.map { "\($0)" })
        #expect(ProductField.allCases.map { Int($0.rawValue) } == Array(1...names.count))
        #expect(ProductFields.paths.count == names.count)
    }

    @Test func `a path, a number and a line of the description mean the same field`() throws {
        var random = SplitMix64(seed: 71)
        for field in ProductField.allCases {
            var seen = 0
            for _ in 0..<40 {
                let (old, other) = (random.productFields(), random.productFields())
                var new = old
                new.take(FieldSet(field), from: other)
                guard new != old else { continue }
                seen += 1
                #expect(old.differences(from: new) == FieldSet(field))
                // Only the encoding of that field differs.
                for each in ProductField.allCases {
                    let isSame = Self.bytes(old, each) == Self.bytes(new, each)
                    #expect(isSame == (each != field), "\(field) and \(each)")
                }
            }
            #expect(seen > 0, "\(field) never differed")
        }
    }

    private static func bytes(_ fields: ProductFields, _ field: ProductField) -> [UInt8] {
        var writer = ByteWriter()
        var fields = fields
        fields.visit(&writer, only: FieldSet(field))
        return writer.array()
    }

    @Test func `an update has the fields that were set, and none after they are unset`() {
        var random = SplitMix64(seed: 72)
        for _ in 0..<200 {
            let fields = random.productFields()
            var update = ProductUpdate()
            #expect(update.isEmpty)
            update.price = fields.price
            update.sku = fields.sku
            #expect(update.price == fields.price)
            #expect(update.sku == fields.sku)
            #expect(update.name == nil)
            var product = random.productFields()
            let old = product
            product.take(update.given, from: update.values)
            #expect(product.price == fields.price && product.sku == fields.sku)
            (product.price, product.sku) = (old.price, old.sku)
            #expect(product == old)
            update.price = nil
            update.sku = nil
            #expect(update == ProductUpdate())
        }
    }

    @Test func `changed fields must ascend`() {
        // Tag, product, two fields: a pack size, then a reorder point.
        let bytes: [UInt8] = [5, 1, 2, 10, 2, 4, 8, 2, 4]
        #expect(
            throws: ByteReaderError.unknownCode(offset: 6, code: 8, what: "changed field")
        ) {
            try read(bytes) { (reader) throws(ByteReaderError) in
                try Change(from: &reader, lsn: 1, time: .zero)
            }
        }
    }

    @Test func `a changed field's number that does not fit is refused`() {
        // A status of 4, a lead time of 65,536 days, a negative category.
        for bytes in [[5, 1, 1, 7, 2, 8], [5, 1, 1, 11, 2, 0x80, 0x80, 8], [5, 1, 1, 4, 1, 2]]
            as [[UInt8]]
        {
            #expect(throws: ByteReaderError.self) {
                try read(bytes) { (reader) throws(ByteReaderError) in
                    try Change(from: &reader, lsn: 1, time: .zero)
                }
            }
        }
    }
}
