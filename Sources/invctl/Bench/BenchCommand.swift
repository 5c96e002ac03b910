import ArgumentParser
import InventoryClient
import InventoryLoad
internal import InventoryModel
import InventoryTransfer
import InventoryWire

/// `invctl bench`: one kind of work each, measured the same way.
///
/// Closed loop: each connection keeps its depth in flight, so the server sets the pace. With `--rate`,
/// open loop: requests are due at even intervals whatever the server does, and a latency counts from
/// when its request was due, so a stall is charged to every request that it made late.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Puts a server under load and tells how it did.",
        subcommands: [
            Sell.self, Get.self, Mixed.self, Subscribe.self, Till.self, Insights.self, Ping.self,
            Questions.self, Queries.self,
        ]
    )

    struct Options: ParsableArguments, LoadOptions {
        @OptionGroup var global: GlobalOptions
        @Option(help: "Connections at once.") var connections = 8
        @Option(help: "Requests that each has in flight, at most.") var depth = 64
        @Option(help: "Seconds to measure for, after one to warm up.") var seconds = 5
        @Option(help: "Products that are sold or read.") var products = 1_000
        @Option(
            help: """
                Requests a second of all connections together; 0 for as many as go. Latencies then \
                count from when a request was due.
                """
        )
        var rate = 0

        func validate() throws {
            try Self.check("connections", value: self.connections, range: 1...1_000)
            try Self.check("depth", value: self.depth, range: 1...1_024)
            try Self.check("seconds", value: self.seconds, range: 1...3_600)
            try Self.check("products", value: self.products, range: 1...100_000)
            try Self.check("rate", value: self.rate, range: 0...100_000_000)
        }

        static func check(_ name: String, value: Int, range: ClosedRange<Int>) throws {
            guard range.contains(value) else {
                throw ValidationError(
                    "--\(name) must be \(range.lowerBound) to \(range.upperBound)"
                )
            }
        }

        func bench(_ work: BenchWork, subscribers: Int = 0) async throws {
            try await Shell.run(self.global) { shell in
                let ids = try await shell.benchProducts(self.products)
                let requests = BenchRequests(work, ids)
                try await BenchRun(
                    self,
                    requests: requests,
                    subscribers: subscribers,
                    client: shell.client
                )
                .run(shell)
            }
        }

        func benchInsights(_ insights: Insights) async throws {
            try await Shell.run(self.global) { shell in
                let ids = try await shell.benchProducts(self.products)
                let requests = BenchRequests(.sell(batch: insights.batch), ids)
                try await InsightBench(
                    self,
                    requests: requests,
                    standing: insights.standing,
                    subscribers: insights.subscribers,
                    rounds: insights.rounds,
                    client: shell.client
                ).run(shell)
            }
        }
    }

    struct Queries: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sales while others ask the longest questions: what that costs the sales.",
            discussion: """
                Sales alone, then beside --askers connections that ask one long question after \
                another (full scans, sorted catalogs, searches that find nothing), --rounds times.

                Examples:
                  invctl bench queries --connections 1 --depth 1 --askers 50
                """
        )
        @OptionGroup var options: Options
        @Option(help: "Connections that ask.") var askers = 50
        @Option(help: "Times that sales are measured alone and beside them.") var rounds = 2

        func validate() throws {
            try Options.check("askers", value: self.askers, range: 1...1_000)
            try Options.check("rounds", value: self.rounds, range: 1...100)
        }

        func run() async throws {
            let (options, askers, rounds) = (self.options, self.askers, self.rounds)
            try await Shell.run(options.global) { shell in
                let ids = try await shell.benchProducts(options.products)
                let requests = BenchRequests(.sell(batch: 1), ids)
                try await QueryBench(
                    options,
                    requests: requests,
                    askers: askers,
                    rounds: rounds,
                    client: shell.client
                ).run(shell)
            }
        }
    }

    struct Sell: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Durable sales of one line: check, decrement, ledger row, event, reply.",
            discussion: """
                Examples:
                  invctl bench sell --connections 8 --depth 64 --seconds 5
                  invctl bench sell --rate 20000
                """
        )
        @OptionGroup var options: Options
        @Option(help: "Independent sales in each request.") var batch = 1

        func validate() throws { try Options.check("batch", value: self.batch, range: 1...1_000) }
        func run() async throws { try await self.options.bench(.sell(batch: self.batch)) }
    }

    struct Get: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Reads of one product with its stock.",
            discussion: """
                Examples:
                  invctl bench get --sku
                """
        )
        @OptionGroup var options: Options
        @Flag(help: "By SKU instead of by id.") var sku = false
        func run() async throws { try await self.options.bench(.get(bySKU: self.sku)) }
    }

    struct Mixed: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Reads and durable sales.",
            discussion: """
                Examples:
                  invctl bench mixed --reads 90
                """
        )
        @OptionGroup var options: Options
        @Option(help: "Of 100 requests, how many read.") var reads = 90

        func validate() throws { try Options.check("reads", value: self.reads, range: 0...100) }
        func run() async throws { try await self.options.bench(.mixed(reads: self.reads)) }
    }

    struct Subscribe: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sales told to many: from a sale's recording until each subscriber has it.",
            discussion: """
                The sales go over --connections connections, --depth deep, at --rate.

                Examples:
                  invctl bench subscribe --subscribers 1000 --rate 1000
                """
        )
        @OptionGroup var options: Options
        @Option(help: "Connections that each subscribe to all stock.") var subscribers = 1_000
        @Option(help: "Independent sales in each request.") var batch = 1

        func validate() throws {
            try Options.check("subscribers", value: self.subscribers, range: 1...18_000)
            try Options.check("batch", value: self.batch, range: 1...1_000)
        }

        func run() async throws {
            try await self.options.bench(.sell(batch: self.batch), subscribers: self.subscribers)
        }
    }

    struct Till: AsyncParsableCommand, TillOptions {
        static let configuration = CommandConfiguration(
            abstract: "A till beside many subscribers while past sales are imported.",
            discussion: """
                --alone sales are imported first, with nobody else there. Then --subscribers follow \
                all stock, and --silent more subscribe and never read, while --sales are imported and \
                a till sends a ping, a read and a sale in turns, --rate a second together; each \
                latency counts from when its request was due. It ends once every subscriber has \
                everything and each of the --copies has the server's checksum.

                Examples:
                  invctl bench till --subscribers 1000 --sales 5000000
                """
        )
        @OptionGroup var global: GlobalOptions
        @Option(help: "Connections that each subscribe to all stock.") var subscribers = 1_000
        @Option(help: "Of those, how many keep a copy and compare checksums.") var copies = 4
        @Option(help: "Further connections that subscribe and never read.") var silent = 0
        @Option(help: "Windows a second of conflated subscribers; without it, every change.")
        var conflate: UInt8?
        @Option(help: "Sales that are imported beside the till.") var sales = 5_000_000
        @Option(help: "Sales that are imported alone, before.") var alone = 1_000_000
        @Option(help: "Products that are sold.") var products = 500
        @Option(help: "Requests of the till a second.") var rate = 150
        @Option(help: "Seconds that any part may take at most.") var secondsMax = 1_800
        @Option(help: "The server's process, to tell its peak memory.") var pid: Int?

        func validate() throws {
            try Options.check("subscribers", value: self.subscribers, range: 1...18_000)
            try Options.check("copies", value: self.copies, range: 0...self.subscribers)
            try Options.check("silent", value: self.silent, range: 0...10_000)
            try Options.check("sales", value: self.sales, range: 1...100_000_000)
            try Options.check("alone", value: self.alone, range: 0...100_000_000)
            try Options.check("products", value: self.products, range: 1...100_000)
            try Options.check("rate", value: self.rate, range: 1...10_000)
            try Options.check("seconds-max", value: self.secondsMax, range: 1...86_400)
        }

        func run() async throws {
            try await Shell.run(self.global) { shell in
                let ids = try await shell.benchProducts(self.products)
                try await TillBench(self, ids: ids, client: shell.client).run(shell)
            }
        }
    }

    struct Insights: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sales while many subscribe to insights: its cost, and how soon they hear.",
            discussion: """
                Sales alone, then with --subscribers that share --standing different insights, \
                --rounds times; a latency is from a step's recording until its result has come.

                Examples:
                  invctl bench insights --standing 100 --subscribers 1000
                """
        )
        @OptionGroup var options: Options
        @Option(help: "Different insights that are subscribed to.") var standing = 100
        @Option(help: "Connections that each subscribe to one of them.") var subscribers = 1_000
        @Option(help: "Independent sales in each request.") var batch = 1
        @Option(help: "Times that sales are measured alone and with subscribers.") var rounds = 2

        func validate() throws {
            try Options.check("standing", value: self.standing, range: 1...256)
            try Options.check("subscribers", value: self.subscribers, range: self.standing...18_000)
            try Options.check("batch", value: self.batch, range: 1...1_000)
            try Options.check("rounds", value: self.rounds, range: 1...100)
        }

        func run() async throws { try await self.options.benchInsights(self) }
    }

    struct Ping: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Empty round trips.",
            discussion: """
                Examples:
                  invctl bench ping --depth 1
                """
        )
        @OptionGroup var options: Options
        func run() async throws { try await self.options.bench(.ping) }
    }
}

extension Shell {
    /// Products of the bench's own, with stock that no run uses up.
    fileprivate func benchProducts(_ count: Int) async throws -> [ProductID] {
        let search = ProductSearch(skuPrefix: "bench-", limit: UInt32(count))
        var ids = try await self.client.products(search).rows.map { $0.id }
        if ids.count >= count { return ids }
        _ = try await self.client.send(.createCategory(name: "Bench"))
        let category = try await self.category("Bench")
        for start in stride(from: 0, to: count, by: 500) {
            let commands = (start..<min(start + 500, count)).map { number in
                Command.createProduct(
                    ProductDraft(
                        sku: "bench-\(number)",
                        name: "Bench product \(number)",
                        category: category,
                        price: Price(1_999),
                        opening: OpeningStock(quantity: 100_000_000_000, unitCost: Money(1))
                    )
                )
            }
            _ = try await self.client.send(.batch(commands, .independent))
        }
        ids = try await self.client.products(search).rows.map { $0.id }
        return ids
    }
}
