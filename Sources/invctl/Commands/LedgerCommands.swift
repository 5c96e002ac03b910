public import ArgumentParser
internal import Bytes
import Foundation
import InventoryClient
public import InventoryModel
import InventoryTransfer

struct LedgerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger",
        abstract:
            "Every movement of stock: list, show, reverse; sales, unmet demand and imports, one by one.",
        subcommands: [
            List.self, Show.self, Reverse.self, Sales.self, Refusals.self, Imports.self,
        ]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists movements, newest first.",
            discussion: """
                Examples:
                  invctl ledger list --product LAP-01 --kind sale --from 2026-03-01
                  invctl ledger list --ref PO-118 -o csv
                """
        )
        @OptionGroup var global: ListOptions
        @Option(help: "Only this SKU.", completion: Candidates.ofSKU) var product: String?
        @Option(help: "Only at this location.", completion: Candidates.ofLocation) var at: String?
        @Option(help: "Only this kind; repeatable.") var kind: [MovementKind] = []
        @Option(help: "Happened at or after this time, in --zone.") var from: String?
        @Option(help: "Happened before this time, in --zone.") var to: String?
        @Option(name: .customLong("ref"), help: "Only with this reference.") var reference = ""
        @Option(name: .customLong("by"), help: "Only by this actor.") var by = ""
        @Flag(help: "Oldest first.") var oldestFirst = false

        func run() async throws {
            try await Shell.run(self.global) { shell in
                var query = LedgerQuery(
                    kinds: MovementKindSet(self.kind.map { MovementKindSet($0) }),
                    from: try Instant(self.from, "--from", in: shell.settings.zone),
                    to: try Instant(self.to, "--to", in: shell.settings.zone),
                    reference: self.reference.trimmingSpace,
                    actor: self.by,
                    isNewestFirst: !self.oldestFirst,
                    limit: self.global.serverLimit
                )
                if let product { query.product = try await shell.product(product).id }
                if let at { query.location = try await shell.location(at) }
                try await shell.list(.ledger(query))
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows the movements of one step.",
            discussion: """
                Examples:
                  invctl ledger show 57
                """
        )
        @OptionGroup var global: ListOptions
        @Argument(help: "The LSN of the step.") var lsn: LSN

        func run() async throws {
            try await Shell.run(self.global) { shell in
                try await shell.list(
                    .ledger(LedgerQuery(lsn: self.lsn, isNewestFirst: false))
                )
            }
        }
    }

    struct Reverse: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Reverses one step by opposite movements; only once.",
            discussion: """
                Examples:
                  invctl ledger reverse 57 --reason correction --note 'wrong till'
                """
        )
        @OptionGroup var global: GlobalOptions
        @OptionGroup var write: WriteOptions
        @Argument(help: "The LSN of the step.") var lsn: LSN
        @Option(help: "The reason; default: \(Reason.correction).") var reason: Reason?

        func run() async throws {
            try await Shell.run(self.global, write: self.write) { shell in
                let reversal = Reversal(
                    lsn: self.lsn,
                    reason: self.reason ?? .correction,
                    note: self.write.note
                )
                let done = try await shell.send(.reverse(reversal))
                let products = try await shell.products(movedBy: self.lsn)
                shell.say(done, verb: "reversed LSN \(self.lsn):", products: products)
            }
        }
    }

    struct Sales: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists sales and returns, newest first, with value and age.",
            discussion: """
                Examples:
                  invctl ledger sales --from 2026-03-01 --category Electronics
                  invctl ledger sales --product LAP-01 --limit 10
                """
        )
        @OptionGroup var global: ListOptions
        @Option(help: "Only this SKU.", completion: Candidates.ofSKU) var product: String?
        @Option(help: "Only at this location.", completion: Candidates.ofLocation) var at: String?
        @Option(help: "Only products of this category.", completion: Candidates.ofCategory)
        var category: String?
        @Option(help: "Happened at or after this time, in --zone.") var from: String?
        @Option(help: "Happened before this time, in --zone.") var to: String?
        @Option(name: .customLong("ref"), help: "Only with this reference.") var reference = ""

        func run() async throws {
            try await Shell.run(self.global) { shell in
                var query = SalesQuery(
                    from: try Instant(self.from, "--from", in: shell.settings.zone),
                    to: try Instant(self.to, "--to", in: shell.settings.zone),
                    reference: self.reference,
                    limit: self.global.serverLimit
                )
                if let product { query.product = try await shell.product(product).id }
                if let at { query.location = try await shell.location(at) }
                if let category { query.category = try await shell.category(category) }
                try await shell.list(.sales(query))
            }
        }
    }

    struct Refusals: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists unmet demand (lost sales), newest first.",
            discussion: """
                Examples:
                  invctl ledger refusals
                  invctl ledger refusals --product LAP-01 -o json
                """
        )
        @OptionGroup var global: ListOptions
        @Option(help: "Only this SKU.", completion: Candidates.ofSKU) var product: String?

        func run() async throws {
            try await Shell.run(self.global) { shell in
                var query = RefusalQuery(limit: self.global.serverLimit)
                if let product { query.product = try await shell.product(product).id }
                try await shell.list(.refusals(query))
            }
        }
    }
}

extension LedgerCommand {
    struct Imports: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the runs of imports, newest first.",
            discussion: """
                Each run has its id (run), the name of the file (file) and a hash of it (content), what it \
                imports (kind), state begun, finished, or undone if all that it booked was taken back, begunAt \
                and endedAt, and numbers of rows: booked, \
                alreadyThere, refused, and passed over (passed). accepted is the sum of booked and \
                alreadyThere, and withoutCost how many sales were booked without a known cost. Before a run \
                is finished, and after it was interrupted, these are the rows that the server has decided; \
                of products, the changes. undo --run takes back what a run booked.

                Examples:
                  invctl ledger imports
                  invctl ledger imports --where 'state = begun'
                """
        )
        @OptionGroup var global: ListOptions
        @Option(help: "Only the run with this id.") var id = ""

        func run() async throws {
            try await Shell.run(self.global) { shell in
                let query = ImportRunQuery(
                    run: self.id,
                    isNewestFirst: true,
                    limit: self.global.serverLimit
                )
                let technical: Set = [
                    "accepted", "withoutCost", "layout", "session", "requests",
                    "refusedCommands", "revision",
                ]
                try await shell.list(.importRuns(query), omitting: technical)
            }
        }
    }
}

extension MovementKind: ExpressibleByArgument {
    /// None: the names speak for themselves.
    public static var allValueDescriptions: [String: String] { [:] }
}

extension Instant {
    /// Parses an option's time in a zone; `nil` if the option is `nil`.
    init?(_ option: String?, _ name: String, in zone: TimeZone) throws {
        guard let option else { return nil }
        guard let instant = TimeText.parse(option, zone: zone) else {
            throw ValidationError(
                "\(name) is '\(option)', not a time such as 2026-03-01 or 2026-03-01T12:30:00"
            )
        }
        self = instant
    }
}
