import ArgumentParser
internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryTransfer

struct SellCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sell",
        abstract: "Sells stock: all lines or none, never more than is available.",
        discussion: """
            A line is SKU, SKU=QUANTITY or SKU=QUANTITY@PRICE; the default price is the \
            product's. With --id a retried sale is executed only once. A barcode may stand for the \
            SKU; one with a weight or a price in it, which --barcode-rules read, needs no quantity.

            Examples:
              invctl sell LAP-01=2 MOU-09=1 --ref POS-7781
              invctl sell LAP-01=1@949.00 --at depot
              invctl sell LAP-01=2 --id till-7-1042
              invctl sell LAP-01=1 --date yesterday
              invctl sell 4006381333931=2
            """
    )
    @OptionGroup var global: GlobalOptions
    @OptionGroup var write: WriteOptions
    @Argument(help: "SKU[=QUANTITY[@PRICE]] …", completion: Candidates.ofLine) var lines:
        [LineArgument]
    @Option(help: "The location to sell from.", completion: Candidates.ofLocation) var at: String?
    @OptionGroup var date: DateOptions

    func run() async throws {
        try await Shell.run(
            self.global,
            zone: self.date.times.zone,
            write: self.write.request
        ) { shell in
            let place = try await shell.location(self.at)
            let (lines, products) = try await shell.scannedLines(self.lines)
            let sale = Sale(
                lines: try shell.saleLines(lines, products: products, place: place),
                reference: self.write.reference,
                note: self.write.note,
                occurred: self.date.occurred(shell)
            )
            shell.say(try await shell.send(.sell(sale)), verb: "sold", products: products)
        }
    }
}

struct ReturnCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "return",
        abstract: "Records returned goods.",
        discussion: """
            Only --sale, the LSN of the sale, limits a return to what was sold, and refunds what was \
            paid; ledger sales lists the sales of a receipt with their LSNs. --ref is a name for the \
            return itself, and does not say what was sold.

            Examples:
              invctl return LAP-01=1 --sale 57
              invctl return LAP-01=1 --damaged --ref RMA-12
              invctl return LAP-01=1 --date 2026-03-01
            """
    )
    @OptionGroup var global: GlobalOptions
    @OptionGroup var write: WriteOptions
    @Argument(help: "SKU[=QUANTITY[@PRICE]] …", completion: Candidates.ofLine) var lines:
        [LineArgument]
    @Option(help: "The location to return to.", completion: Candidates.ofLocation) var at: String?
    @Option(help: "The LSN of the sale: limits the return to what it sold, at its price.")
    var sale: LSN?
    @Flag(help: "Puts the goods on hold instead of back on sale.") var damaged = false
    @OptionGroup var date: DateOptions

    func run() async throws {
        try await Shell.run(
            self.global,
            zone: self.date.times.zone,
            write: self.write.request
        ) { shell in
            let place = try await shell.location(self.at)
            let (lines, products) = try await shell.scannedLines(self.lines)
            let saleReturn = SaleReturn(
                lines: try shell.saleLines(lines, products: products, place: place),
                target: self.damaged ? .unavailable : .available,
                original: self.sale,
                reference: self.write.reference,
                note: self.write.note,
                occurred: self.date.occurred(shell)
            )
            shell.say(
                try await shell.send(.returnSale(saleReturn)),
                verb: "returned",
                products: products
            )
        }
    }
}

extension Shell {
    func saleLines(
        _ lines: [LineArgument],
        products: [ProductInfo],
        place: LocationID
    ) throws -> [SaleLine] {
        try zip(lines, products).map { line, product in
            SaleLine(
                product: product.id,
                location: place,
                quantity: try self.quantity(
                    line.quantity ?? DecimalText.one,
                    of: product,
                    "the quantity"
                ),
                price: try line.price.map { try self.money($0, "the price") }
            )
        }
    }
}

extension DecimalText {
    /// The default quantity of a line.
    static let one = "1"
}
