import ArgumentParser
import InventoryClient
import InventoryLoad
internal import InventoryModel
import InventoryTransfer
import InventoryWire

/// `invctl bench`: load of several kinds, measured the same way.
///
/// Closed loop: each connection keeps `--depth` requests in flight, so the server sets the pace. Open
/// loop, with `--rate`: requests are due at even intervals whatever the server does, and a latency counts
/// from when its request was due, so a stall is charged to every request that it delayed.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Puts a server under load and reports the results.",
        subcommands: [
            Sell.self, Get.self, Mixed.self, Subscribe.self, Till.self, Insights.self, Ping.self,
            Queries.self,
        ]
    )

    struct Options: ParsableArguments, LoadOptions {
        @OptionGroup var global: GlobalOptions
        @Option(help: "The number of connections.") var connections = 8
        @Option(help: "The maximum number of requests in flight per connection.") var depth = 64
        @Option(help: "Seconds to measure, after one of warm-up.") var seconds = 5
        @Option(help: "The number of products sold or read.") var products = 1_000
        @Option(
            help: """
                Requests per second of all connections; 0 for unlimited. With a rate, latencies count \
                from when a request was due.
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
                    insightCount: insights.standing,
                    subscribers: insights.subscribers,
                    rounds: insights.rounds,
                    client: shell.client
                ).run(shell)
            }
        }
    }

    struct Queries: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sales during long queries: the effect on their latency.",
            discussion: """
                Measures sales alone, then with --askers connections that send long queries one after \
                another (full scans, sorted catalogs, searches without a match), --rounds times.

                Examples:
                  invctl bench queries --connections 1 --depth 1 --askers 50
                """
        )
        @OptionGroup var options: Options
        @Option(help: "The number of connections that send queries.") var askers = 50
        @Option(help: "The number of rounds, each alone and with queries.") var rounds = 2

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
                    queryClients: askers,
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
        @Option(help: "The number of independent sales per request.") var batch = 1

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
        @Flag(help: "Reads by SKU instead of by id.") var sku = false
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
        @Option(help: "The percentage of reads.") var reads = 90

        func validate() throws { try Options.check("reads", value: self.reads, range: 0...100) }
        func run() async throws { try await self.options.bench(.mixed(reads: self.reads)) }
    }

    struct Subscribe: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fan-out of sales: from recording until delivery to each subscriber.",
            discussion: """
                The sales are sent over --connections connections, --depth in flight, at --rate.

                Examples:
                  invctl bench subscribe --subscribers 1000 --rate 1000
                """
        )
        @OptionGroup var options: Options
        @Option(help: "Connections that each subscribe to all stock.") var subscribers = 1_000
        @Option(help: "The number of independent sales per request.") var batch = 1

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
            abstract: "A till with many subscribers during an import of past sales.",
            discussion: """
                First imports --alone sales without other load. Then --subscribers subscribe to all \
                stock, and --silent more subscribe and never read, while --sales are imported and a \
                till sends pings, reads and sales in turns, --rate per second in total; each latency \
                counts from when its request was due. It ends once every subscriber has received \
                everything and each of the --copies is verified with the server's checksum.

                Examples:
                  invctl bench till --subscribers 1000 --sales 5000000
                """
        )
        @OptionGroup var global: GlobalOptions
        @Option(help: "Connections that each subscribe to all stock.") var subscribers = 1_000
        @Option(help: "Of those, the number that keep a replica and verify it.") var copies = 4
        @Option(help: "Further connections that subscribe and never read.") var silent = 0
        @Option(help: "Updates per second of conflated subscribers; default: every change.")
        var conflate: UInt8?
        @Option(help: "Sales imported while the till runs.") var sales = 5_000_000
        @Option(help: "Sales imported alone, before.") var alone = 1_000_000
        @Option(help: "The number of products sold.") var products = 500
        @Option(help: "Requests of the till per second.") var rate = 150
        @Option(help: "The maximum duration of each part, in seconds.") var secondsMax = 1_800
        @Option(help: "The server's process id, to report its peak memory.") var pid: Int?

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
            abstract: "Sales with live insights: their cost and latency.",
            discussion: """
                Measures sales alone, then with --subscribers that share --standing different live \
                insights, --rounds times; a latency is from a step's recording until its result arrives.

                Examples:
                  invctl bench insights --standing 100 --subscribers 1000
                """
        )
        @OptionGroup var options: Options
        @Option(help: "The number of different live insights.") var standing = 100
        @Option(help: "Connections that each subscribe to one of them.") var subscribers = 1_000
        @Option(help: "The number of independent sales per request.") var batch = 1
        @Option(help: "The number of rounds, each alone and with subscribers.") var rounds = 2

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
    /// Returns the products of the bench, created if necessary with stock that no run uses up.
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
