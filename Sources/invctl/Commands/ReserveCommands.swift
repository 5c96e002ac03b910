import ArgumentParser
import InventoryClient
internal import InventoryModel
import InventoryTransfer

struct ReserveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reserve",
        abstract: "Reservations of stock with an expiry: new, extend, commit, release, list.",
        discussion: """
            Reserved stock is on hand but not available. A commit sells it; a release or the expiry \
            makes it available again.
            """,
        subcommands: [New.self, Extend.self, Commit.self, Release.self, List.self]
    )

    struct New: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Reserves stock: all lines or none, never more than is available.",
            discussion: """
                Examples:
                  invctl reserve new LAP-01=2 MOU-09=1 --for 15m --ref CART-5
                  invctl reserve new LAP-01=1 --until '2026-12-24 18:00' --at depot
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var write: WriteOptions
        @OptionGroup var expiry: ExpiryOptions
        @Argument(help: "SKU[=QUANTITY] …", completion: Candidates.ofLine) var lines: [LineArgument]
        @Option(help: "The location of the stock.", completion: Candidates.ofLocation)
        var at: String?

        func validate() throws {
            if let line = self.lines.first(where: { $0.price != nil }) {
                throw ValidationError("\(line.sku): a price is given with the commit")
            }
        }

        func run() async throws {
            try await Shell.run(
                self.global,
                zone: self.expiry.times.zone,
                write: self.write.request
            ) { shell in
                let place = try await shell.location(self.at)
                let (lines, products) = try await shell.scannedLines(self.lines)
                let reserve = Reserve(
                    lines: try zip(lines, products).map { line, product in
                        ReserveLine(
                            product: product.id,
                            location: place,
                            quantity: try shell.quantity(
                                line.quantity ?? DecimalText.one,
                                of: product,
                                "the quantity"
                            )
                        )
                    },
                    expiry: try self.expiry.expiry(shell),
                    reference: self.write.reference,
                    note: self.write.note
                )
                let done = try await shell.send(.reserve(reserve))
                shell.say(done, reserved: reserve, products)
            }
        }
    }

    struct Extend: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sets a new expiry of reservations, from now on.",
            discussion: """
                Examples:
                  invctl reserve extend 4 5 --for 30m
                  invctl reserve extend --of CART-5 --until 2026-12-24
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var choice: ReservationChoice
        @OptionGroup var expiry: ExpiryOptions
        @OptionGroup var retry: RetryOptions
        @Flag(help: "Shows what the command would do, as the server decides it; changes nothing.")
        var dryRun = false

        func validate() throws {
            if self.choice.parts.contains(where: { $0.quantity != nil }) {
                throw ValidationError(
                    "an extension applies to whole reservations: give only numbers"
                )
            }
        }

        func run() async throws {
            var write = self.retry.request
            write.isDryRun = self.dryRun
            try await Shell.run(
                self.global,
                zone: self.expiry.times.zone,
                write: write
            ) { shell in
                let chosen = try await shell.reservations(self.choice)
                let expiry = try self.expiry.expiry(shell)
                let done = try await shell.send(
                    .extendReservation(
                        ExtendReservation(lines: chosen.map { $0.line }, expiry: expiry)
                    )
                )
                shell.say(done, extended: chosen, expiry)
            }
        }
    }

    struct Commit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sells reserved stock, whole or in part: one sale, all lines or none.",
            discussion: """
                A line is ID, ID=QUANTITY or ID=QUANTITY@PRICE. The default quantity is all that is \
                left, the default price the product's. --ref is that of the sale.

                Examples:
                  invctl reserve commit 4 5=1
                  invctl reserve commit --of CART-5 --ref POS-7781
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var write: WriteOptions
        @OptionGroup var choice: ReservationChoice

        func run() async throws {
            try await Shell.run(self.global, write: self.write) { shell in
                let chosen = try await shell.reservations(self.choice)
                let commit = CommitReservation(
                    lines: chosen.map { $0.line },
                    reference: self.write.reference,
                    note: self.write.note
                )
                let done = try await shell.send(.commitReservation(commit))
                shell.say(done, verb: "sold", products: chosen.map { $0.product })
            }
        }
    }

    struct Release: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Releases reserved stock, whole or in part.",
            discussion: """
                Examples:
                  invctl reserve release 4 5=1
                  invctl reserve release --of CART-5
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var choice: ReservationChoice
        @OptionGroup var retry: RetryOptions
        @Flag(help: "Shows what the command would do, as the server decides it; changes nothing.")
        var dryRun = false
        @Option(help: "A note for the ledger.") var note = ""

        func validate() throws {
            if self.choice.parts.contains(where: { $0.price != nil }) {
                throw ValidationError("a release sells nothing, so it has no price")
            }
        }

        func run() async throws {
            var write = self.retry.request
            write.isDryRun = self.dryRun
            try await Shell.run(self.global, write: write) { shell in
                let chosen = try await shell.reservations(self.choice)
                let release = ReleaseReservation(lines: chosen.map { $0.line }, note: self.note)
                let done = try await shell.send(.releaseReservation(release))
                shell.say(done, verb: "released", products: chosen.map { $0.product })
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists reservations: the active ones, or all.",
            discussion: """
                Examples:
                  invctl reserve list --sort expiresAt
                  invctl reserve list --product LAP-01 --state expired
                  invctl reserve list --watch
                """
        )
        @OptionGroup var global: ListOptions
        @OptionGroup var filter: OpenItemFilter<ReservationKind>

        func run() async throws {
            try await Shell.run(self.global) { shell in
                try await shell.list(self.filter, limit: self.global.serverLimit)
            }
        }
    }
}
