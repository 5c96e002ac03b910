import ArgumentParser
internal import Bytes
import Foundation
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import TerminalKit

/// Stock that is other than it was recorded: adjusted, counted, written off.
extension StockCommand {
    struct Adjust: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adjusts stock by a difference: all lines or none.",
            discussion: """
                Examples:
                  invctl stock adjust LAP-01=-1 --reason damaged
                  invctl stock adjust LAP-01=1 MOU-09=-2 --reason found --note shelf
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var write: WriteOptions
        @Argument(help: "SKU=DIFFERENCE …", completion: Candidates.ofLine) var lines: [LineArgument]
        @Option(help: "The location.", completion: Candidates.ofLocation) var at: String?
        @Option(help: "The reason.") var reason: Reason
        @OptionGroup var date: DateOptions

        func run() async throws {
            try self.lines.checkQuantities()
            try await Shell.run(
                self.global,
                zone: self.date.times.zone,
                write: self.write.request
            ) { shell in
                let place = try await shell.location(self.at)
                let products = try await shell.products(of: self.lines)
                let commands = try zip(self.lines, products).map { line, product in
                    Command.adjust(
                        Adjustment(
                            product: product.id,
                            location: place,
                            delta: try shell.needed(line, product),
                            reason: self.reason,
                            reference: self.write.reference,
                            note: self.write.note,
                            occurred: self.date.occurred(shell)
                        )
                    )
                }
                shell.say(
                    try await shell.send(together: commands),
                    verb: "adjusted",
                    products: products
                )
            }
        }
    }

    struct Count: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sets stock to a counted quantity: all lines or none.",
            discussion: """
                Examples:
                  invctl stock count LAP-01=8
                  invctl stock count LAP-01=8 --if-revision 57
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var write: WriteOptions
        @Argument(help: "SKU=COUNTED …", completion: Candidates.ofLine) var lines: [LineArgument]
        @Option(help: "The location.", completion: Candidates.ofLocation) var at: String?
        @Option(help: "Only if the level is at this revision.") var ifRevision: LSN?

        func run() async throws {
            try self.lines.checkQuantities()
            try await Shell.run(self.global, write: self.write) { shell in
                let place = try await shell.location(self.at)
                let products = try await shell.products(of: self.lines)
                let commands = try zip(self.lines, products).map { line, product in
                    Command.count(
                        StockCount(
                            product: product.id,
                            location: place,
                            counted: try shell.needed(line, product),
                            reference: self.write.reference,
                            note: self.write.note,
                            ifRevision: self.ifRevision
                        )
                    )
                }
                let subject = products.count == 1 ? products[0].sku : nil
                let done = try await shell.send(together: commands, about: subject)
                shell.say(done, verb: "counted", products: products)
            }
        }
    }

    struct WriteOffStock: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "write-off",
            abstract: "Removes stock on hold from what is on hand, in one step.",
            discussion: """
                For goods that were put on hold (invctl stock hold) and cannot be sold any more. What is \
                available does not change. Stock that is not on hold: invctl stock adjust.

                Examples:
                  invctl stock write-off LAP-01=2
                  invctl stock write-off LAP-01=2 --reason expired --ref DUMP-7
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var write: WriteOptions
        @Argument(help: "SKU=QUANTITY …", completion: Candidates.ofLine) var lines: [LineArgument]
        @Option(help: "The location.", completion: Candidates.ofLocation) var at: String?
        @Option(help: "The reason; default: \(Reason.damaged).") var reason: Reason?
        @OptionGroup var date: DateOptions

        func run() async throws {
            try self.lines.checkQuantities()
            try await Shell.run(
                self.global,
                zone: self.date.times.zone,
                write: self.write.request
            ) { shell in
                let place = try await shell.location(self.at)
                let products = try await shell.products(of: self.lines)
                let commands = try zip(self.lines, products).map { line, product in
                    Command.writeOff(
                        WriteOff(
                            product: product.id,
                            location: place,
                            quantity: try shell.needed(line, product),
                            reason: self.reason ?? .damaged,
                            reference: self.write.reference,
                            note: self.write.note,
                            occurred: self.date.occurred(shell)
                        )
                    )
                }
                shell.say(
                    try await shell.send(together: commands),
                    verb: "wrote off",
                    products: products
                )
            }
        }
    }
}
