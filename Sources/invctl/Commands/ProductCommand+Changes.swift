import ArgumentParser
internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import TerminalKit

/// Changes of products that exist.
extension ProductCommand {
    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Changes fields of a product in one step.",
            discussion: """
                Examples:
                  invctl product set LAP-01 --price 949.99 --if-revision 41
                  invctl product set LAP-01 --status inactive
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var write: WriteOptions
        @Argument(help: "The current SKU.", completion: Candidates.ofSKU) var sku: String
        @Option(name: .customLong("sku"), help: "The new SKU.") var newSKU: String?
        @Option(help: "The new name.") var name: String?
        @Option(help: "The new barcode; empty removes it.") var barcode: String?
        @Option(help: "The new category.", completion: Candidates.ofCategory) var category: String?
        @Option(help: "The new price.") var price: String?
        @Option(help: "The new word for the unit, such as kg; its decimals stay.") var unit: String?
        @Option(help: "active or inactive.") var status: String?
        @OptionGroup var others: ProductOptions
        @Option(help: "Only if it is at this revision.") var ifRevision: LSN?

        func run() async throws {
            try await Shell.run(self.global, write: self.write) { shell in
                let product = try await shell.product(self.sku)
                var update = ProductUpdate()
                update.sku = self.newSKU
                update.name = self.name
                update.barcode = self.barcode
                if let category { update.category = try await shell.category(category) }
                if let price {
                    let money = try shell.money(price, "--price")
                    update.price = Price(money.minorUnits, per: product.priceBasis)
                }
                update.unit = self.unit.map {
                    Unit(code: $0, decimals: product.fields.unit.decimals)
                }
                switch self.status {
                case nil: break
                case "active": update.status = .active
                case "inactive": update.status = .inactive
                case .some(let other):
                    throw ValidationError("--status is '\(other)'; it can be active or inactive")
                }
                try self.others.fill(&update) { try shell.quantity($0, of: product, $1) }
                let change = FieldChange(product.fields, update)
                let done = try await shell.send(
                    .updateProduct(product.id, update, ifRevision: self.ifRevision),
                    about: product.sku
                )
                try await shell.show(changed: product, change, done)
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Deletes a product; one with a history is archived and frees its SKU.",
            discussion: """
                On a terminal it asks first.

                Examples:
                  invctl product delete LAP-01
                  invctl product delete LAP-01 --if-revision 41
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var write: WriteOptions
        @Argument(help: "The SKU.", completion: Candidates.ofSKU) var sku: String
        @Option(help: "Only if it is at this revision.") var ifRevision: LSN?
        @OptionGroup var confirmation: ConfirmOptions

        func run() async throws {
            try await Shell.run(self.global, write: self.write) { shell in
                let product = try await shell.product(self.sku)
                try shell.confirm(
                    "Delete \(product.sku) (\(product.name))?",
                    self.confirmation,
                    otherwise: "\(product.sku) was not deleted"
                )
                let done = try await shell.send(
                    .deleteProduct(product.id, ifRevision: self.ifRevision),
                    about: product.sku
                )
                let left = try await shell.client.product(.id(product.id))?.product
                let verb = left?.status == .archived ? "archived" : "deleted"
                shell.say("\(verb) \(product.sku)   LSN \(done.lsn)", id: done.id, lsn: done.lsn)
            }
        }
    }
}
