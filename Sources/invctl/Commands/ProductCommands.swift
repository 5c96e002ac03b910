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
        @Option(help: "Further barcodes, separated by blanks.") var moreBarcodes = ""
        @Option(help: "The unit of quantities.") var unit = "pcs"
        @Option(help: "Decimals of a quantity, 0 to 6.") var decimals: UInt8 = 0
        @Option(
            help: ArgumentHelp("The quantity that the price is for.", valueName: "quantity")
        ) var per: String?
        @Option(help: "Stock at or below this is low.") var reorderPoint: String?
        @Option(help: "The stock level to order up to.") var reorderTarget: String?
        @Option(help: "Units in one pack of the supplier.") var packSize: String?
        @Option(help: "Days from order to delivery.") var leadTimeDays: UInt16 = 0
        @Option(help: "The brand, up to 100 bytes.") var brand = ""
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
                draft.moreBarcodes = self.moreBarcodes
                draft.status = self.inactive ? .inactive : .active
                draft.leadTimeDays = self.leadTimeDays
                draft.brand = self.brand
                // The price is per unit; with decimals, one unit is many base units.
                let basis = try self.quantity(self.per ?? "1", "--per")
                draft.price = Price(Money(draft.price.minorUnits), for: basis)
                if let text = self.reorderPoint {
                    draft.reorderPoint = try self.quantity(text, "--reorder-point")
                }
                if let text = self.reorderTarget {
                    draft.reorderTarget = try self.quantity(text, "--reorder-target")
                }
                if let text = self.packSize {
                    draft.packSize = try self.quantity(text, "--pack-size")
                }
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
        @Option(help: "All further barcodes, separated by blanks; empty removes them.")
        var moreBarcodes: String?
        @Option(help: "The new category.", completion: Candidates.ofCategory) var category: String?
        @Option(help: "The new price.") var price: String?
        @Option(help: "active or inactive.") var status: String?
        @Option(help: "Stock at or below this is low.") var reorderPoint: String?
        @Option(help: "The stock level to order up to.") var reorderTarget: String?
        @Option(help: "Units in one pack of the supplier.") var packSize: String?
        @Option(help: "Days from order to delivery.") var leadTimeDays: UInt16?
        @Option(help: "The new brand; empty removes it.") var brand: String?
        @Option(help: "Only if it is at this revision.") var ifRevision: LSN?

        func run() async throws {
            try await Shell.run(self.global, write: self.write) { shell in
                let product = try await shell.product(self.sku)
                var update = ProductUpdate()
                update.sku = self.newSKU
                update.name = self.name
                update.barcode = self.barcode
                update.moreBarcodes = self.moreBarcodes
                update.leadTimeDays = self.leadTimeDays
                update.brand = self.brand
                if let category { update.category = try await shell.category(category) }
                if let price {
                    let money = try shell.money(price, "--price")
                    update.price = Price(money.minorUnits, per: product.priceBasis)
                }
                switch self.status {
                case nil: break
                case "active": update.status = .active
                case "inactive": update.status = .inactive
                case .some(let other):
                    throw ValidationError("--status is '\(other)'; it can be active or inactive")
                }
                if let text = self.reorderPoint {
                    update.reorderPoint = try shell.quantity(text, of: product, "--reorder-point")
                }
                if let text = self.reorderTarget {
                    update.reorderTarget = try shell.quantity(
                        text,
                        of: product,
                        "--reorder-target"
                    )
                }
                if let text = self.packSize {
                    update.packSize = try shell.quantity(text, of: product, "--pack-size")
                }
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
                shell.say("deleted \(product.sku)   LSN \(done.lsn)", id: done.id, lsn: done.lsn)
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

extension Shell {
    /// Prints the result of a command: a line for people, an object for programs.
    func say(_ line: String, id: UInt64, lsn: LSN) {
        var object = JSONObject()
        object.add("id", raw: String(id))
        object.add("lsn", raw: String(lsn.value))
        self.say(line, object)
    }

    func say(_ line: String, _ object: JSONObject) {
        if self.format.isJSON {
            self.print(object)
        } else if !self.options.isQuiet {
            Terminal.print(line)
        }
    }

    /// Prints a product as the answer to a command.
    ///
    /// - Parameters:
    ///   - id: The product.
    ///   - values: Fields that a dry run would set, in place of those of the product.
    ///   - isUnchanged: Whether the command left it as it was.
    /// - Throws: ``Failure`` or an error of the client.
    func show(
        _ id: ProductID,
        applying values: [FieldValue] = [],
        isUnchanged: Bool = false
    ) async throws {
        let table = try await self.client.query(.product(.id(id), asOf: nil)).table
        try self.list(
            self.answer(table.replacing(values), isUnchanged: isUnchanged),
            self.style(isSingle: true)
        )
    }

    /// Returns the columns of an answer followed by its flags, of which each is there only if it is true.
    private func answer(_ table: ResultTable, isUnchanged: Bool) -> ResultTable {
        var columns = table.columns
        let flags = [
            ("unchanged", isUnchanged), ("replayed", self.isReplayed), ("dryRun", self.isDryRun),
        ]
        for (name, isSet) in flags where isSet {
            var column = ResultColumn(ResultField(name, .boolean))
            for _ in 0..<table.rowCount { column.append(.integer(1)) }
            columns.append(column)
        }
        return ResultTable(columns: columns, rowCount: table.rowCount)
    }

    /// Prints that a product was changed or is unchanged; programs get the product.
    func show(
        changed product: ProductInfo,
        _ change: FieldChange<ProductFields>,
        _ done: Outcome.Done
    ) async throws {
        let names = await Names(self, for: change, of: product.id)
        func revision() async throws -> LSN? {
            try await self.client.product(.id(product.id), asOf: nil)?.revision
        }
        guard self.format.isJSON else {
            return try await self.say(
                done,
                change,
                about: ("changed \(product.sku)", product.sku),
                names: names,
                decimals: product.unitDecimals,
                revision: revision
            )
        }
        let values = FieldValues.of(
            change.after,
            only: self.isDryRun ? change.fields : FieldSet(),
            names: names,
            money: self.server.currencyDecimals,
            decimals: product.unitDecimals
        )
        let now = try await revision() ?? done.lsn
        let isUnchanged = self.isUnchanged(done, change, revision: now)
        try await self.show(product.id, applying: values, isUnchanged: isUnchanged)
    }

    /// Prints the product that a dry run would create: its fields and its stock.
    func show(creating draft: ProductDraft, _ done: Outcome.Done) async throws {
        var names = Names(self)
        await names.learn(.productCreated(Product(id: ProductID(0), draft.fields)))
        var columns = [FieldValue.Column.number("id", Int64(clamping: done.id))]
        let money = self.server.currencyDecimals
        for value in FieldValues.of(draft.fields, names: names, money: money) {
            columns += [value.id].compactMap { $0 } + value.columns
        }
        let opening = draft.opening?.quantity.baseUnits ?? 0
        for name in ["onHand", "available"] {
            columns.append(FieldValue.Column(name, .quantity, value: opening, json: ""))
        }
        let table = ResultTable(columns: columns.map { $0.single }, rowCount: 1)
        try self.list(self.answer(table, isUnchanged: false), self.style(isSingle: true))
    }
}

extension FieldValue.Column {
    /// The column with this value alone.
    fileprivate var single: ResultColumn {
        var column = ResultColumn(self.field)
        column.append(self.cell)
        return column
    }
}

extension ResultTable {
    /// Returns the table of one row with other values in the columns that `values` have.
    fileprivate func replacing(_ values: [FieldValue]) -> ResultTable {
        guard self.rowCount == 1 else { return self }
        let given = values.flatMap { [$0.id].compactMap { $0 } + $0.columns }
        let columns = self.columns.map { column in
            given.first { $0.field == column.field }?.single ?? column
        }
        return ResultTable(columns: columns, rowCount: self.rowCount)
    }
}
