import ArgumentParser
import InventoryClient
internal import InventoryModel
import InventoryTransfer

/// `invctl stock transfer`: stock in transit between locations.
struct TransferCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transfer",
        abstract: "Transfers between locations: dispatch, receive, cancel, list.",
        discussion: """
            Dispatched stock is on hand nowhere and incoming at the destination until it is received or \
            cancelled. It keeps its cost.
            """,
        subcommands: [Dispatch.self, Receive.self, Cancel.self, List.self]
    )

    struct Dispatch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Dispatches stock: all lines or none, never more than is available.",
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
            help: "The source; default main.",
            completion: Candidates.ofLocation
        )
        var source: String?
        @Option(
            name: .customLong("to"),
            help: "The destination.",
            completion: Candidates.ofLocation
        )
        var destination: String

        func validate() throws {
            if let line = self.lines.first(where: { $0.price != nil }) {
                throw ValidationError(
                    "\(line.sku): transferred stock keeps its cost and has no price"
                )
            }
        }

        func run() async throws {
            try await Shell.run(self.global, write: self.write) { shell in
                let (lines, products) = try await shell.scannedLines(self.lines)
                let dispatch = DispatchTransfer(
                    from: try await shell.location(self.source),
                    to: try await shell.location(self.destination),
                    lines: try zip(lines, products).map { line, product in
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
            abstract: "Receives transfers, whole or in part.",
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
            abstract: "Cancels transfers, whole or in part: the stock returns to its source.",
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
                // The output shows what is left at the source.
                done.levels = done.levels.filter { level in
                    chosen.contains { $0.source == level.location }
                }
                shell.say(done, verb: "cancelled", products: chosen.map { $0.product })
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists transfers: those in transit, or all.",
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

/// Options of receiving and cancelling transfers.
struct SettlementOptions: ParsableArguments {
    @OptionGroup var retry: RetryOptions
    @Option(help: "A note for the ledger.") var note = ""
    @Flag(help: "Shows what the command would do, as the server decides it; changes nothing.")
    var dryRun = false

    var request: WriteRequest {
        var write = self.retry.request
        write.isDryRun = self.dryRun
        return write
    }
}

typealias TransferChoice = OpenItemChoice<TransferKind>

/// A selected transfer, its product and its source.
struct ChosenTransfer: Sendable {
    var line: TransferLine
    var product: ProductInfo
    var source: LocationID
}

extension Shell {
    /// Returns the selected transfers, looked up.
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

    /// Prints what was dispatched, with the numbers of the transfers.
    func say(_ done: Outcome.Done, dispatched: DispatchTransfer, _ products: [ProductInfo]) {
        let numbers = done.id..<done.id + UInt64(dispatched.lines.count)
        // The output shows what is left at the source.
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
