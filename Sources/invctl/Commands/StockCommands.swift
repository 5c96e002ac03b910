import ArgumentParser
internal import Bytes
import Foundation
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import TerminalKit

struct StockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stock",
        abstract: "Stock: show, restock, adjust, count, hold, write off, transfer, low stock.",
        subcommands: [
            Show.self, RestockStock.self, Adjust.self, Count.self, HoldStock.self,
            Unhold.self, WriteOffStock.self, Expect.self, Floor.self, ReorderPoint.self,
            TransferCommand.self, Low.self,
        ]
    )

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows stock by location, with the whole equation.",
            discussion: """
                on hand − unavailable − reserved = available

                Examples:
                  invctl stock show LAP-01
                  invctl stock show --at main --where 'available < 5'
                  invctl stock show LAP-01 --as-of 2026-03-01
                  invctl stock show LAP-01 --effective 2026-03-01
                """
        )
        @OptionGroup var global: ListOptions
        @Argument(help: "The SKU; default: all products.", completion: Candidates.ofSKU)
        var sku: String?
        @Option(help: "Only at this location.", completion: Candidates.ofLocation) var at: String?
        @Option(help: "Only products of this category.", completion: Candidates.ofCategory)
        var category: String?
        @OptionGroup var past: PointOptions

        func run() async throws {
            try await Shell.run(self.global) { shell in
                var query = LevelQuery(
                    limit: self.global.serverLimit,
                    asOf: try self.past.point(shell)
                )
                if let sku { query.product = try await shell.product(sku).id }
                if let at { query.location = try await shell.location(at) }
                if let category { query.category = try await shell.category(category) }
                // The name of a single product is redundant in its own table.
                let omitted: Swift.Set<String> = self.sku == nil ? [] : ["sku", "name"]
                try await shell.list(.levels(query), omitting: omitted)
            }
        }
    }
}
