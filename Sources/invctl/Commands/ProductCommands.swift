import ArgumentParser
internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import TerminalKit

struct ProductCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "product",
        abstract: "Products: add, look up, list, change, delete.",
        subcommands: [Add.self, Get.self, List.self, Set.self, Delete.self, History.self]
    )

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds a product, optionally with an opening stock.",
            discussion: """
                Examples:
                  invctl product add --sku LAP-01 --name Laptop --category Tech --price 999.99
                  invctl product add --sku SUG-1 --name Sugar --category Food --price 5.68 \\
                    --unit kg --decimals 3 --opening 12.5@3.10
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var write: WriteOptions
        @Option(help: "The SKU, 1 to 64 bytes.") var sku: String
        @Option(help: "The name, 1 to 200 bytes.") var name: String
        @Option(help: "The name of its category.", completion: Candidates.ofCategory) var category:
            String
        @Option(help: "The price of one unit, such as 19.99.") var price: String
        @Option(help: "The barcode; GTINs are compared as 14 digits.") var barcode = ""
        @Option(help: "The unit of quantities.") var unit = "pcs"
        @Option(help: "Decimals of a quantity, 0 to 6.") var decimals: UInt8 = 0
        @Option(
            help: ArgumentHelp("The quantity that the price is for.", valueName: "quantity")
        ) var per: String?
        @OptionGroup var others: ProductOptions
        @Flag(help: "Adds it without putting it on sale.") var inactive = false
        @Option(
            help: ArgumentHelp("The opening stock.", valueName: "quantity[@cost]")
        ) var opening: String?
        @Option(
            name: .customLong("at"),
            help: "The location of the opening stock.",
            completion: Candidates.ofLocation
        ) var location: String?

        func run() async throws {
            try await Shell.run(self.global, write: self.write) { shell in
                var draft = ProductDraft(
                    sku: self.sku,
                    name: self.name,
                    category: try await shell.category(self.category),
                    unit: Unit(code: self.unit, decimals: self.decimals),
                    price: Price(try shell.money(self.price, "--price").minorUnits)
                )
                draft.barcode = self.barcode
                draft.status = self.inactive ? .inactive : .active
                // The price is per unit; with decimals, one unit is many base units.
                let basis = try self.quantity(self.per ?? "1", "--per")
                draft.price = Price(Money(draft.price.minorUnits), for: basis)
                var others = ProductUpdate()
                try self.others.fill(&others) { try self.quantity($0, $1) }
                draft.fields.take(others.given, from: others.values)
                let place = try await shell.location(self.location)
                draft.opening = try self.openingStock(shell, place)
                let done = try await shell.send(.createProduct(draft))
                if shell.format.isJSON, shell.isDryRun {
                    try await shell.show(creating: draft, done)
                } else if shell.format.isJSON {
                    try await shell.show(ProductID(UInt32(done.id)))
                } else {
                    let made = "\(done.id)  \(self.sku)  \(self.name)   revision \(done.lsn)"
                    let line = "created product \(made)" + self.costNote(draft)
                    shell.say(line, id: done.id, lsn: done.lsn)
                }
            }
        }

        private func quantity(_ text: String, _ what: String) throws -> Quantity {
            guard let value = DecimalText.parse(text, decimals: self.decimals) else {
                throw ValidationError(
                    "\(what) is '\(text)', not a number with at most \(self.decimals) decimals"
                )
            }
            return Quantity(value)
        }

        /// Returns a note if the opening stock was given without a cost and so has cost 0.
        private func costNote(_ draft: ProductDraft) -> String {
            guard let opening = self.opening, !opening.contains("@"),
                draft.opening?.quantity ?? 0 > 0
            else { return "" }
            return "   at a cost of 0, no cost is known: --opening \(opening)@COST"
        }

        private func openingStock(
            _ shell: Shell,
            _ place: LocationID
        ) throws -> OpeningStock? {
            guard let opening else {
                return self.location == nil ? nil : OpeningStock(location: place, quantity: 0)
            }
            let parts = opening.split(
                separator: "@",
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            let quantity = try self.quantity(parts.first.map { String($0) } ?? "", "--opening")
            let cost = parts.count == 2 ? try shell.money(String(parts[1]), "--opening") : .zero
            return OpeningStock(location: place, quantity: quantity, unitCost: cost)
        }
    }
}
