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

        func validate() throws { try self.lines.checkQuantities(beforeReadingCodes: true) }

        func run() async throws {
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

        func validate() throws { try self.lines.checkQuantities() }

        func run() async throws {
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

        func validate() throws { try self.lines.checkQuantities() }

        func run() async throws {
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

    struct HoldStock: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "hold",
            abstract: "Makes stock unavailable: damaged, or on quality hold.",
            discussion: """
                Examples:
                  invctl stock hold LAP-01=2 --reason damaged
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var write: WriteOptions
        @Argument(help: "SKU=QUANTITY …", completion: Candidates.ofLine) var lines: [LineArgument]
        @Option(help: "The location.", completion: Candidates.ofLocation) var at: String?
        @Option(help: "The reason; default: \(Reason.damaged).") var reason: Reason?

        func validate() throws { try self.lines.checkQuantities() }

        func run() async throws {
            try await Shell.run(self.global, write: self.write) { shell in
                try await shell.hold(
                    self.lines,
                    at: self.at,
                    because: self.reason ?? .damaged,
                    write: self.write,
                    sign: 1
                )
            }
        }
    }

    struct Unhold: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes stock on hold available again.",
            discussion: """
                Examples:
                  invctl stock unhold LAP-01=2
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var write: WriteOptions
        @Argument(help: "SKU=QUANTITY …", completion: Candidates.ofLine) var lines: [LineArgument]
        @Option(help: "The location.", completion: Candidates.ofLocation) var at: String?
        @Option(help: "The reason; default: \(Reason.correction).") var reason: Reason?

        func validate() throws { try self.lines.checkQuantities() }

        func run() async throws {
            try await Shell.run(self.global, write: self.write) { shell in
                try await shell.hold(
                    self.lines,
                    at: self.at,
                    because: self.reason ?? .correction,
                    write: self.write,
                    sign: -1
                )
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
            try self.lines.checkQuantities()
            guard let eta, TimeText.parse(eta, zone: TimeText.utc) == nil else { return }
            throw ValidationError("--eta is '\(eta)', not a date such as 2026-04-01")
        }

        func run() async throws {
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

        func validate() throws { try self.lines.checkQuantities() }

        func run() async throws {
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
            guard self.ofProduct else { return try self.lines.checkQuantities() }
            for line in self.lines where line.quantity != nil {
                throw ValidationError("\(line.sku) has a quantity, but --of-product sets none")
            }
        }

        func run() async throws {
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

        func validate() throws { try self.lines.checkQuantities() }

        func run() async throws {
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

extension Shell {
    /// Returns the products that a step moved.
    func products(movedBy lsn: LSN) async throws -> [ProductInfo] {
        var products: [ProductID: ProductInfo] = [:]
        for try await part in self.client.rows(of: .ledger(LedgerQuery(lsn: lsn))) {
            for movement in try part.rows(as: ListedMovement.self) {
                products[movement.product] = ProductInfo(movement)
            }
        }
        return Array(products.values)
    }

    /// Returns the quantity of a line that must have one.
    ///
    /// - Throws: `ValidationError` if it has none or is invalid.
    func needed(_ line: LineArgument, _ product: ProductInfo) throws -> Quantity {
        guard let text = line.quantity else {
            throw ValidationError("\(line.sku) needs a quantity: \(line.sku)=5")
        }
        return try self.quantity(text, of: product, "the quantity")
    }

    /// Sends one command as it is, several as one atomic batch.
    func send(
        together commands: [Command],
        about subject: String? = nil
    ) async throws -> Outcome.Done {
        if commands.count == 1 { return try await self.send(commands[0], about: subject) }
        return try await self.send(.batch(commands, .atomic))
    }

    func hold(
        _ lines: [LineArgument],
        at: String?,
        because reason: Reason,
        write: WriteOptions,
        sign: Int64
    ) async throws {
        let place = try await self.location(at)
        let products = try await self.products(of: lines)
        let commands = try zip(lines, products).map { line, product in
            Command.setUnavailable(
                Hold(
                    product: product.id,
                    location: place,
                    delta: sign < 0
                        ? try -self.needed(line, product) : try self.needed(line, product),
                    reason: reason,
                    reference: write.reference,
                    note: write.note
                )
            )
        }
        self.say(
            try await self.send(together: commands),
            verb: sign > 0 ? "put on hold" : "released",
            products: products
        )
    }

    /// Prints what was done to stock, and what is left of each product.
    ///
    /// - Parameters:
    ///   - done: The result of the command.
    ///   - verb: What was done, such as `sold`.
    ///   - products: The products of the lines.
    ///   - more: Text for people after the LSN.
    func say(
        _ done: Outcome.Done,
        verb: String,
        products: [ProductInfo],
        adding more: String = ""
    ) {
        let infos = Dictionary(products.map { ($0.id, $0) }) { first, _ in first }
        switch self.format {
        case .json, .ndjson:
            self.print(self.object(done, products))
        case .table, .vertical, .plain, .csv, .tsv, .md:
            guard !self.options.isQuiet else { return }
            let left = done.levels.map { level -> String in
                let info = infos[level.product]
                let available = DecimalText.format(
                    level.available,
                    decimals: info?.unitDecimals ?? 0
                )
                return "\(info?.sku ?? "unknown") \(available) left"
            }
            let amount = done.amount == 0 ? "" : "   \(self.format(done.amount.minorUnits))"
            let count = done.levels.count == 1 ? "1 line" : "\(done.levels.count) lines"
            Terminal.print(
                "\(verb) \(count)\(amount)   LSN \(done.lsn)\(more)   \(left.joined(separator: ", "))"
            )
        }
    }

    func object(_ done: Outcome.Done, _ products: [ProductInfo]) -> JSONObject {
        let infos = Dictionary(products.map { ($0.id, $0) }) { first, _ in first }
        var object = JSONObject()
        object.add("lsn", raw: String(done.lsn.value))
        object.add("recordedAt", TimeText.format(done.time.microseconds))
        object.add(
            "amount",
            DecimalText.format(done.amount, decimals: self.server.currencyDecimals)
        )
        let levels = done.levels.map { level -> String in
            let decimals = infos[level.product]?.unitDecimals ?? 0
            var row = JSONObject()
            row.add("sku", infos[level.product]?.sku ?? "")
            row.add("productId", raw: String(level.product.value))
            row.add("locationId", raw: String(level.location.value))
            row.add("onHand", raw: DecimalText.format(level.onHand, decimals: decimals))
            row.add("reserved", raw: DecimalText.format(level.reserved, decimals: decimals))
            row.add("available", raw: DecimalText.format(level.available, decimals: decimals))
            row.add("incoming", raw: DecimalText.format(level.incoming, decimals: decimals))
            row.add("revision", raw: String(level.revision.value))
            return row.text
        }
        object.add("levels", raw: "[" + levels.joined(separator: ",") + "]")
        return object
    }
}
