import ArgumentParser
import InventoryClient
internal import InventoryModel
import InventoryTransfer

/// Stock on its way from one location to another.
struct TransferCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transfer",
        abstract: "Stock on its way between locations: dispatch, receive, cancel, list.",
        discussion: """
            What was dispatched is on hand nowhere and incoming where it goes, until it is received or \
            cancelled. Its cost travels with it.
            """,
        subcommands: [Dispatch.self, Receive.self, Cancel.self, List.self]
    )

    struct Dispatch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sends stock on its way: all lines or none, never more than there is.",
            discussion: """
                Examples:
                  invctl stock transfer dispatch LAP-01=2 MOU-09=10 --to depot --ref TO-12
                  invctl stock transfer dispatch LAP-01=1 --from depot --to main
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var write: WriteOptions
        @Argument(help: "SKU[=QUANTITY] …", completion: Candidates.ofLine) var lines: [LineArgument]
        @Option(
            name: .customLong("from"),
            help: "Where it leaves; main if not given.",
            completion: Candidates.ofLocation
        )
        var source: String?
        @Option(
            name: .customLong("to"),
            help: "Where it goes.",
            completion: Candidates.ofLocation
        )
        var destination: String

        func validate() throws {
            if let line = self.lines.first(where: { $0.price != nil }) {
                throw ValidationError("\(line.sku): what is moved keeps its cost, and has no price")
            }
        }

        func run() async throws {
            try await Shell.run(self.global, write: self.write) { shell in
                let products = try await shell.products(of: self.lines)
                let dispatch = DispatchTransfer(
                    from: try await shell.location(self.source),
                    to: try await shell.location(self.destination),
                    lines: try zip(self.lines, products).map { line, product in
                        DispatchLine(
                            product: product.id,
                            quantity: try shell.quantity(
                                line.quantity ?? DecimalText.one,
                                of: product,
                                "the quantity"
                            )
                        )
                    },
                    reference: self.write.reference,
                    note: self.write.note
                )
                let done = try await shell.send(.dispatchTransfer(dispatch))
                shell.say(done, dispatched: dispatch, products)
            }
        }
    }

    struct Receive: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Takes in what arrived, whole or in part.",
            discussion: """
                Examples:
                  invctl stock transfer receive 3 4=5
                  invctl stock transfer receive --of TO-12
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var choice: TransferChoice
        @OptionGroup var write: SettlementOptions

        func run() async throws {
            try await Shell.run(self.global, write: self.write.request) { shell in
                let chosen = try await shell.transfers(self.choice)
                let settlement = TransferSettlement(
                    lines: chosen.map { $0.line },
                    note: self.write.note
                )
                let done = try await shell.send(.receiveTransfer(settlement))
                shell.say(done, verb: "received", products: chosen.map { $0.product })
            }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sends what is on its way back to where it came from, whole or in part.",
            discussion: """
                Examples:
                  invctl stock transfer cancel 3
                  invctl stock transfer cancel 4=2 --note 'fell off the truck, found again'
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var choice: TransferChoice
        @OptionGroup var write: SettlementOptions

        func run() async throws {
            try await Shell.run(self.global, write: self.write.request) { shell in
                let chosen = try await shell.transfers(self.choice)
                let settlement = TransferSettlement(
                    lines: chosen.map { $0.line },
                    note: self.write.note
                )
                var done = try await shell.send(.cancelTransfer(settlement))
                // What is left is said of where it came back to.
                done.levels = done.levels.filter { level in
                    chosen.contains { $0.source == level.location }
                }
                shell.say(done, verb: "took back", products: chosen.map { $0.product })
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists transfers: those on their way, or all.",
            discussion: """
                Examples:
                  invctl stock transfer list
                  invctl stock transfer list --at depot --all --newest-first
                  invctl stock transfer list --watch
                """
        )
        @OptionGroup var global: ListOptions
        @OptionGroup var filter: OpenItemFilter<TransferKind>

        func run() async throws {
            try await Shell.run(self.global) { shell in
                try await shell.list(self.filter, limit: self.global.serverLimit)
            }
        }
    }
}

/// Options of what becomes of goods on their way.
struct SettlementOptions: ParsableArguments {
    @OptionGroup var retry: RetryOptions
    @Option(help: "A note for the ledger.") var note = ""
    @Flag(help: "Has the server decide it, says what it would come to, and changes nothing.")
    var dryRun = false

    var request: WriteRequest {
        var write = self.retry.request
        write.isDryRun = self.dryRun
        return write
    }
}

typealias TransferChoice = OpenItemChoice<TransferKind>

/// A transfer that a command is about, and its product.
struct ChosenTransfer: Sendable {
    var line: TransferLine
    var product: ProductInfo
    var source: LocationID
}

extension Shell {
    /// What was chosen, looked up.
    func transfers(_ choice: TransferChoice) async throws -> [ChosenTransfer] {
        var chosen: [ChosenTransfer] = []
        for item in try await self.items(choice) {
            let line = TransferLine(
                transfer: TransferID(item.number),
                quantity: item.quantity,
                ifRevision: choice.ifRevision
            )
            let source = try await self.location(item.row.source)
            chosen.append(ChosenTransfer(line: line, product: item.product, source: source))
        }
        return chosen
    }

    /// Says what was sent, by which numbers.
    func say(_ done: Outcome.Done, dispatched: DispatchTransfer, _ products: [ProductInfo]) {
        let numbers = done.id..<done.id + UInt64(dispatched.lines.count)
        // What is left is said of where it came from.
        var source = done
        source.levels = done.levels.filter { $0.location == dispatched.source }
        guard self.format == .json || self.format == .ndjson else {
            let what = self.text(of: numbers, "transfer")
            self.say(source, verb: "dispatched", products: products, adding: "   \(what)")
            return
        }
        var object = self.object(done, products)
        object.add("transfers", raw: "[\(numbers.map(String.init).joined(separator: ","))]")
        self.print(object)
    }
}
