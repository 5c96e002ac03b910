import ArgumentParser
internal import Bytes
import Foundation
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import TerminalKit

/// The limits of stock: what sales must leave, and when it is low.
extension StockCommand {
    struct Floor: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sets the stock that sales must leave, or below 0 the limit of backorders.",
            discussion: """
                Examples:
                  invctl stock floor LAP-01=2
                  invctl stock floor LAP-01=-10 --at depot
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var write: WriteOptions
        @Argument(help: "SKU=FLOOR …", completion: Candidates.ofLine) var lines: [LineArgument]
        @Option(help: "The location.", completion: Candidates.ofLocation) var at: String?

        func run() async throws {
            try self.lines.checkQuantities()
            try await Shell.run(self.global, write: self.write) { shell in
                let place = try await shell.location(self.at)
                let products = try await shell.products(of: self.lines)
                let commands = try zip(self.lines, products).map { line, product in
                    Command.setFloor(
                        FloorChange(
                            product: product.id,
                            location: place,
                            floor: try shell.needed(line, product)
                        )
                    )
                }
                shell.say(
                    try await shell.send(together: commands),
                    verb: "set the floor of",
                    products: products
                )
            }
        }
    }

    struct ReorderPoint: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reorder-point",
            abstract: "Sets the stock at or below which a product is low at one location.",
            discussion: """
                A location without a reorder point of its own has that of the product (invctl product set \
                --reorder-point).

                Examples:
                  invctl stock reorder-point LAP-01=5 --at depot
                  invctl stock reorder-point LAP-01 --at depot --of-product
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var write: WriteOptions
        @Argument(help: "SKU=POINT …", completion: Candidates.ofLine) var lines: [LineArgument]
        @Option(help: "The location.", completion: Candidates.ofLocation) var at: String?
        @Flag(help: "The product's reorder point applies again; the lines are SKUs alone.")
        var ofProduct = false

        func validate() throws {
            guard self.ofProduct else { return }
            for line in self.lines where line.quantity != nil {
                throw ValidationError("\(line.sku) has a quantity, but --of-product sets none")
            }
        }

        func run() async throws {
            if !self.ofProduct { try self.lines.checkQuantities() }
            try await Shell.run(self.global, write: self.write) { shell in
                let place = try await shell.location(self.at)
                let products = try await shell.products(of: self.lines)
                let commands = try zip(self.lines, products).map { line, product in
                    Command.setReorderPoint(
                        ReorderPointChange(
                            product: product.id,
                            location: place,
                            reorderPoint: self.ofProduct ? nil : try shell.needed(line, product)
                        )
                    )
                }
                shell.say(
                    try await shell.send(together: commands),
                    verb: "set the reorder point of",
                    products: products
                )
            }
        }
    }

    struct Low: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Lists products for sale at or below their reorder point, the emptiest first.",
            discussion: """
                Examples:
                  invctl stock low
                  invctl stock low --category Electronics -o json
                """
        )
        @OptionGroup var global: ListOptions
        @Option(help: "Only at this location.", completion: Candidates.ofLocation) var at: String?
        @Option(help: "Only products of this category.", completion: Candidates.ofCategory)
        var category: String?

        func run() async throws {
            try await Shell.run(self.global) { shell in
                var query = LowStockQuery(limit: self.global.serverLimit)
                if let at { query.location = try await shell.location(at) }
                if let category { query.category = try await shell.category(category) }
                try await shell.list(.lowStock(query))
            }
        }
    }
}
