import ArgumentParser
internal import Bytes
import Foundation
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import TerminalKit

/// Stock that comes in: deliveries, and what is expected.
extension StockCommand {
    struct RestockStock: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "restock",
            abstract: "Records a delivery.",
            discussion: """
                Goods that were expected under the same reference (invctl stock expect --ref) are no longer \
                incoming then; of a part delivery, the rest stays expected.

                Examples:
                  invctl stock restock LAP-01=5@700.00 --ref PO-118
                  invctl stock restock LAP-01=5@700.00 --date 2026-03-01
                  invctl stock restock LAP-01=5@700.00 --at depot --from-incoming

                The default cost is the average cost of the stock at the location, or, without \
                stock, its last known cost; the answer states it. Free goods cost 0: LAP-01=5@0.
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var write: WriteOptions
        @Argument(help: "SKU=QUANTITY[@UNIT-COST] …", completion: Candidates.ofLine) var lines:
            [LineArgument]
        @Option(help: "The location.", completion: Candidates.ofLocation) var at: String?
        @Flag(help: "The delivery was expected, under whatever reference: reduces incoming.")
        var fromIncoming = false
        @OptionGroup var date: DateOptions

        func run() async throws {
            try self.lines.checkQuantities(beforeReadingCodes: true)
            try await Shell.run(
                self.global,
                zone: self.date.times.zone,
                write: self.write.request
            ) { shell in
                let place = try await shell.location(self.at)
                var restock = Restock(
                    lines: [],
                    fromIncoming: self.fromIncoming,
                    reference: self.write.reference,
                    note: self.write.note,
                    occurred: self.date.occurred(shell)
                )
                let (lines, products) = try await shell.scannedLines(self.lines)
                try lines.checkReadQuantities()
                for (line, product) in zip(lines, products) {
                    restock.lines.append(
                        RestockLine(
                            product: product.id,
                            location: place,
                            quantity: try shell.needed(line, product),
                            unitCost: try line.price.map { try shell.money($0, "the cost") }
                        )
                    )
                }
                let done = try await shell.send(.restock(restock))
                shell.say(done, restocked: restock, products)
                await shell.noteExpectedElsewhere(done, restock, of: products)
            }
        }
    }

    struct Expect: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Records ordered stock; a negative quantity cancels part of an order.",
            discussion: """
                Examples:
                  invctl stock expect LAP-01=20 --eta 2026-04-01 --ref PO-119
                  invctl stock expect LAP-01=-20 --ref PO-119
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var write: WriteOptions
        @Argument(help: "SKU=QUANTITY …", completion: Candidates.ofLine) var lines: [LineArgument]
        @Option(help: "The destination.", completion: Candidates.ofLocation) var at: String?
        @Option(help: "The expected date, such as 2026-04-01.") var eta: String?
        @OptionGroup var times: ZoneOptions

        func validate() throws {
            guard let eta, TimeText.parse(eta, zone: TimeText.utc) == nil else { return }
            throw ValidationError("--eta is '\(eta)', not a date such as 2026-04-01")
        }

        func run() async throws {
            try self.lines.checkQuantities()
            try await Shell.run(
                self.global,
                zone: self.times.zone,
                write: self.write.request
            ) { shell in
                let eta = self.eta.flatMap { TimeText.parse($0, zone: shell.settings.zone) }
                let place = try await shell.location(self.at)
                let products = try await shell.products(of: self.lines)
                let commands = try zip(self.lines, products).map { line, product in
                    Command.expectIncoming(
                        Expectation(
                            product: product.id,
                            location: place,
                            delta: try shell.needed(line, product),
                            eta: eta,
                            reference: self.write.reference,
                            note: self.write.note
                        )
                    )
                }
                shell.say(
                    try await shell.send(together: commands),
                    verb: "expected",
                    products: products
                )
            }
        }
    }
}
