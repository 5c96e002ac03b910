import ColumnStore
import InventoryTestSupport
import Testing

@testable import Inventory

@Suite struct BatchEncoderTests {
    @Test func `a batch that is put together has the bytes of the same commands`() {
        var samples = SplitMix64(seed: 5)
        for mode in [BatchMode.independent, .brief] {
            var batch = BatchEncoder(mode)
            var commands: [Command] = []
            for number in 0..<40 {
                let line = SaleLine(
                    product: ProductID(UInt32(number * 99)),
                    quantity: Int64(number) << 20,
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
                let any = samples.command(.adjust)
                commands += [.sell(sale), .createProduct(draft), any]
                Array(sale.reference.utf8).withUnsafeBytes { reference in
                    batch.appendSale(
                        lineCount: 2,
                        reference: reference,
                        occurred: sale.occurred
                    ) { sale.lines[$0] }
                }
                batch.append(creating: draft)
                batch.append(any)
            }
            #expect(batch.count == commands.count)
            #expect(batch.finish() == Command.batch(commands, mode).encoded)
        }
        #expect(BatchEncoder(.brief).finish() == Command.batch([], .brief).encoded)
    }
}
