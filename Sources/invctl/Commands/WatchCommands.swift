import ArgumentParser
internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryWire

struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Prints changes as they happen, each once and in order, until interrupted.",
        discussion: """
            It survives a restart of the server and resumes where it was. Each change is a line on a \
            terminal, and an object (NDJSON) when piped. Values are those of lists; a field that \
            changed is before → after, in an object {"from":before,"to":after}.

            Examples:
              invctl watch sales
              invctl watch stock --snapshot
              invctl watch alerts -o ndjson
            """,
        subcommands: [
            Products.self, Stock.self, Sales.self, Alerts.self, WatchInsightCommand.self,
        ]
    )

    struct Options: ParsableArguments {
        @OptionGroup var global: GlobalOptions
        @OptionGroup var times: ZoneOptions
        @Flag(help: "Begins with the current state.") var snapshot = false
        @Option(help: "Begins after this LSN.") var after: LSN?
        @Option(help: "Only SKUs with this prefix.") var prefix = ""
        @Option(help: "Only products of this category.", completion: Candidates.ofCategory)
        var category: String?
        @Option(help: "Only at this location.", completion: Candidates.ofLocation) var at: String?
        @Option(help: "Exits after this many changes; 0 for never.") var count: UInt64 = 0
        @Option(
            help: ArgumentHelp(
                "Only the latest level of each product, at most n times a second, 1 to 60.",
                valueName: "n"
            )
        )
        var conflate: UInt8?

        func validate() throws {
            guard let conflate, !(1...Limits.updatesPerSecondMax).contains(conflate) else { return }
            throw ValidationError(
                "--conflate is \(conflate); it must be 1 to \(Limits.updatesPerSecondMax)"
            )
        }

        func watch(_ topics: SubscriptionTopics) async throws {
            try await Shell.run(self.global, zone: self.times.zone) { shell in
                try shell.checkAnswerOptions()
                var filter = SubscriptionFilter(skuPrefix: self.prefix)
                if let category { filter.category = try await shell.category(category) }
                if let at { filter.location = try await shell.location(at) }
                let start: SubscriptionStart =
                    self.after.map { .after($0) } ?? (self.snapshot ? .snapshot : .now)
                var watcher = Watcher(shell, topics, limit: self.count)
                // Names change too, so products are always subscribed to.
                let subscription = Subscription(
                    topics: topics.union(.products),
                    filter: filter,
                    start: start,
                    updatesPerSecond: self.conflate
                )
                for try await event in shell.client.subscribe(subscription) {
                    if try await !watcher.take(event) { return }
                }
            }
        }
    }

    struct Products: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints products, categories and locations as they are added and changed.",
            discussion: """
                Examples:
                  invctl watch products
                  invctl watch products --after 57
                """
        )
        @OptionGroup var options: Options
        func run() async throws { try await self.options.watch(.products) }
    }

    struct Stock: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints every movement of stock.",
            discussion: """
                With --conflate it prints the latest levels instead of every movement, at a rate that a \
                dashboard can follow.

                Examples:
                  invctl watch stock --snapshot
                  invctl watch stock --snapshot --conflate 10
                  invctl watch stock --category Electronics --at main
                """
        )
        @OptionGroup var options: Options
        func run() async throws { try await self.options.watch(.stock) }
    }

    struct Sales: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints sales and returns, and their reversals.",
            discussion: """
                Examples:
                  invctl watch sales
                  invctl watch sales --count 1 -o json
                """
        )
        @OptionGroup var options: Options

        func validate() throws {
            guard self.options.conflate != nil else { return }
            throw ValidationError(
                "sales cannot be conflated, since each one counts: use `watch stock --conflate`"
            )
        }

        func run() async throws { try await self.options.watch(.sales) }
    }

    struct Alerts: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints alerts: low stock, stock-outs, oversold, unmet demand.",
            discussion: """
                Examples:
                  invctl watch alerts
                  invctl watch alerts --snapshot --prefix LAP-
                """
        )
        @OptionGroup var options: Options
        func run() async throws { try await self.options.watch(.alerts) }
    }
}
