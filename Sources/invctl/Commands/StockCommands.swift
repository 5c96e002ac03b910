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
                  invctl stock show LAP-01 MOU-09
                  invctl stock show --at main --where 'available < 5'
                  invctl stock show LAP-01 --as-of 2026-03-01
                  invctl stock show LAP-01 --effective 2026-03-01
                """
        )
        @OptionGroup var global: ListOptions
        @Argument(help: "The SKUs; default: all products.", completion: Candidates.ofSKU)
        var skus: [String] = []
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
                if let at { query.location = try await shell.location(at) }
                if let category { query.category = try await shell.category(category) }
                try await shell.list(query, of: try await shell.distinctProducts(self.skus))
            }
        }
    }
}

extension Shell {
    /// Returns the products that names mean, in their order, each once.
    fileprivate func distinctProducts(_ names: [String]) async throws -> [ProductID] {
        var products: [ProductID] = []
        for name in names {
            let product = try await self.product(name).id
            if !products.contains(product) { products.append(product) }
        }
        return products
    }

    /// Prints the levels of some products, or of all if there are none.
    fileprivate func list(_ levels: LevelQuery, of products: [ProductID]) async throws {
        var queries = products.map { product in
            var query = levels
            query.product = product
            return Query.levels(query)
        }
        if queries.isEmpty { queries = [.levels(levels)] }
        // The name of a single product is redundant in its own table.
        if queries.count == 1 {
            let omitted: Set<String> = products.isEmpty ? [] : ["sku", "name"]
            try await self.list(queries[0], omitting: omitted)
        } else if self.isWatching {
            // A subscription has one query.
            let isOne = products.map { "productId = \($0.value)" }.joined(separator: " or ")
            try await self.filtered(by: isOne).list(.levels(levels))
        } else {
            try await self.list(all: queries)
        }
    }
}
