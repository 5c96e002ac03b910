import Bytes
import InventoryModel
import InventoryTestSupport
import Testing

@Suite struct BatchEncoderTests {
    @Test func `an incrementally built batch has the bytes of the same commands`() {
        var samples = SplitMix64(seed: 5)
        for mode in [BatchMode.independent, .errorsOnly] {
            var batch = BatchEncoder(mode)
            var commands: [Command] = []
            for number in 0..<40 {
                let line = SaleLine(
                    product: ProductID(UInt32(number * 99)),
                    quantity: Quantity(Int64(number) << 20),
                    price: number % 2 == 0 ? Money(Int64(number) * 77) : nil
                )
                let sale = Sale(
                    lines: [line, line],
                    reference: number % 3 == 0 ? "" : "café \(number)",
                    occurred: number % 5 == 0
                        ? nil : Occurrence(at: .zero, isImported: number % 2 == 0)
                )
                let draft = ProductDraft(
                    sku: "SKU-\(number)",
                    name: "Ä",
                    category: CategoryID(3),
                    price: Price(9),
                    opening: OpeningStock(quantity: 4)
                )
                let past = PastSale(
                    lines: [
                        PastSaleLine(product: ProductID(7), quantity: 3, amount: 1_000),
                        PastSaleLine(product: ProductID(9), quantity: -1, amount: -5, cost: 2),
                    ],
                    location: LocationID(UInt16(number)),
                    reference: sale.reference,
                    day: number % 3 == 0 ? nil : CalendarDay(ordinal: UInt32(number) * 9_999),
                    firstLine: UInt32(number) << 9,
                    occurredAt: Instant(microseconds: Int64(number) << 40),
                    openedAt: number % 4 == 0 ? nil : Instant(microseconds: -7),
                    isWriteOff: number % 2 == 0
                )
                let any = samples.command(.adjust)
                commands += [.sell(sale), .createProduct(draft), .recordPastSale(past), any]
                Array(sale.reference.utf8).withUnsafeBytes { reference in
                    batch.appendSale(
                        lineCount: 2,
                        reference: reference,
                        occurred: sale.occurred
                    ) { sale.lines[$0] }
                }
                batch.append(creating: draft)
                Array(past.reference.utf8).withUnsafeBytes { reference in
                    let head = PastSaleHead(
                        location: past.location,
                        day: past.day,
                        firstLine: past.firstLine,
                        occurredAt: past.occurredAt,
                        openedAt: past.openedAt,
                        isWriteOff: past.isWriteOff
                    )
                    batch.append(past: head, reference: reference, lineCount: 2) { past.lines[$0] }
                }
                batch.append(any)
            }
            #expect(batch.count == commands.count)
            #expect(batch.finish() == Command.batch(commands, mode).encoded)
        }
        #expect(BatchEncoder(.errorsOnly).finish() == Command.batch([], .errorsOnly).encoded)
    }

    @Test func `a product whose category is inserted later has the bytes of its draft`() {
        var products = EncodedProducts()
        var drafts: [ProductDraft] = []
        for number in 0..<40 {
            var draft = ProductDraft(
                sku: number == 7 ? "" : "SKU-\(number)",
                name: String(repeating: "Ä", count: number * 5),
                barcode: number % 2 == 0 ? "" : "4006381333931",
                category: CategoryID(UInt32(number * number * number)),
                unit: Unit(code: "kg", decimals: UInt8(number % 7)),
                price: Price(Int64(number) << 40, per: 1_000),
                status: number % 3 == 0 ? .inactive : .active,
                reorderPoint: Quantity(Int64(number) << 50),
                reorderTarget: -Quantity(Int64(number)),
                packSize: number == 9 ? Quantity(.max) : 1,
                leadTimeDays: UInt16(number) * 1_000
            )
            if number % 4 > 0 {
                draft.opening = OpeningStock(
                    location: LocationID(UInt16(number) * 1_600),
                    quantity: number == 5 ? Quantity(.min) : 4,
                    unitCost: Money(Int64(number) << 30),
                    occurredAt: number % 4 > 1 ? Instant(microseconds: -5) : nil
                )
            }
            drafts.append(draft)
        }
        func append(_ draft: ProductDraft) {
            var fields = draft.fields
            var writer = ByteWriter()
            fields.visit(&writer, only: FieldSet(.sku, .name, .barcode))
            let offset = writer.count
            let before = FieldSet<ProductField>(.sku, .name, .barcode, .category)
            let behind = before.rawValue | ProductFields.extensionFields.rawValue
            fields.visit(&writer, only: FieldSet(rawValue: ~behind))
            var extensions = ByteWriter()
            fields.encodeExtensions(into: &extensions)
            products.append(
                writer,
                categoryAt: offset,
                extensions: extensions,
                opening: draft.opening
            )
        }
        for _ in 0..<2 {
            for draft in drafts { append(draft) }
            #expect(products.count == drafts.count)
            var batch = BatchEncoder(.errorsOnly)
            for (index, draft) in drafts.enumerated() {
                #expect(products.sku(index) == draft.sku)
                batch.append(creating: products, index, in: draft.category)
            }
            #expect(
                batch.finish()
                    == Command.batch(drafts.map { .createProduct($0) }, .errorsOnly).encoded
            )
            // Once more in the reused memory.
            products.removeAll()
            #expect(products.count == 0)
        }
    }
}
