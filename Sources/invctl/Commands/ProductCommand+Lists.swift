import ArgumentParser
internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import TerminalKit

/// What there is to see of products.
extension ProductCommand {
    struct Get: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows one product, by its SKU, barcode or number.",
            discussion: """
                Examples:
                  invctl product get LAP-01
                  invctl product get 4006381333931 -o json
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var times: ZoneOptions
        @Argument(help: "The SKU, else the barcode.", completion: Candidates.ofSKU)
        var sku: String?
        @Option(help: "The barcode.") var barcode: String?
        @Option(help: "The number of the product.") var id: UInt32?
        @OptionGroup var past: PointOptions

        func validate() throws {
            let given = [self.sku != nil, self.barcode != nil, self.id != nil]
            guard given.filter({ $0 }).count == 1 else {
                throw ValidationError("give exactly one of SKU, --barcode and --id")
            }
        }

        func run() async throws {
            try await Shell.run(self.global, zone: self.times.zone) { shell in
                let key: ProductKey
                if let barcode {
                    key = .barcode(barcode)
                } else if let id {
                    key = .id(ProductID(id))
                } else {
                    key = .id(try await shell.product(self.sku ?? "").id)
                }
                let asOf = try self.past.point(shell)
                try await shell.list(.product(key, asOf: asOf), isSingle: true)
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists products.",
            discussion: """
                Examples:
                  invctl product list --category Electronics --sort available --limit 20
                  invctl product list lap --where 'price < 500' -o csv
                  invctl product list --watch
                """
        )
        @OptionGroup var global: ListOptions
        @Option(help: "Only products of this category.", completion: Candidates.ofCategory)
        var category: String?
        @Option(help: "Only SKUs with this prefix.") var prefix = ""
        @Option(help: "Only names that contain this.") var name = ""
        @Option(help: "Only products of this brand.") var brand = ""
        @Argument(help: "Only products whose SKU, name or barcode contains this.") var text = ""
        @Option(help: "active, inactive, archived or all.") var status: String?
        @OptionGroup var past: PointOptions

        func run() async throws {
            try await Shell.run(self.global) { shell in
                var shell = shell
                var search = ProductSearch(
                    statuses: try self.statuses(),
                    skuPrefix: self.prefix,
                    nameContains: self.name,
                    text: self.text,
                    brand: self.brand,
                    limit: self.global.serverLimit,
                    asOf: try self.past.point(shell)
                )
                shell = self.pushSort(into: &search, shell)
                if let category { search.category = try await shell.category(category) }
                try await shell.list(.products(search))
            }
        }

        /// Pushes the sort down to the server if it can do it, so that it sends only the rows of the limit.
        private func pushSort(into search: inout ProductSearch, _ shell: Shell) -> Shell {
            guard let text = self.global.sort, !text.contains(",") else { return shell }
            let isDescending = text.hasPrefix("-")
            let name = isDescending ? String(text.dropFirst()) : text
            guard let sort = ProductSearch.Sort.allCases.first(where: { "\($0)" == name }) else {
                return shell
            }
            search.sort = sort
            search.isDescending = isDescending
            if self.global.conditions.isEmpty, !self.global.watch {
                search.limit = self.global.limit ?? 0
            }
            return shell.withoutSort()
        }

        private func statuses() throws -> ProductStatusSet {
            switch self.status {
            case nil: .listed
            case "active": .active
            case "inactive": .inactive
            case "archived": .archived
            case "all": [.active, .inactive, .archived]
            case .some(let other):
                throw ValidationError(
                    "--status is '\(other)'; it can be active, inactive, archived or all"
                )
            }
        }
    }

    struct History: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the movements of a product, newest first.",
            discussion: """
                Examples:
                  invctl product history LAP-01 --limit 10
                  invctl product history LAP-01 --where 'kind = sale' -o csv
                """
        )
        @OptionGroup var global: ListOptions
        @Argument(help: "The SKU.", completion: Candidates.ofSKU) var sku: String

        func run() async throws {
            try await Shell.run(self.global) { shell in
                let product = try await shell.product(self.sku)
                try await shell.list(
                    .ledger(LedgerQuery(product: product.id, limit: self.global.serverLimit))
                )
            }
        }
    }
}
