import ArgumentParser
import Glibc

/// `invd-scans`: queries over many sales, without a server or a disk.
///
/// A program of its own, so that `invctl` links neither the engine nor the insights.
@main struct Scans: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invd-scans",
        abstract: "Measures queries over synthetic sales in memory, without a server.",
        discussion: """
            Each query is measured uncached, and with cached aggregates of the ledger's full \
            segments where the query can use them.

            Examples:
              invd-scans --rows 50000000
            """
    )

    @Option(help: "The number of sales.") var rows = 50_000_000
    @Option(help: "The number of products, uniformly distributed.") var products = 100_000
    @Option(help: "The number of categories.") var categories = 64
    @Option(help: "The days over which the sales are spread.") var days = 365
    @Option(help: "The runs of each query; the median counts.") var runs = 5
    @Option(help: "The numbers of threads to measure with.") var threads: [Int] = [1, 2]
    @Flag(
        name: .customLong("ask"),
        help:
            "Reads lines of THREADS, cached or uncached, and a query; prints the time of each in ms."
    )
    var asks = false

    func validate() throws {
        try Self.check("rows", value: self.rows, range: 1...200_000_000)
        try Self.check("products", value: self.products, range: 1...10_000_000)
        try Self.check("categories", value: self.categories, range: 1...100_000)
        try Self.check("days", value: self.days, range: 1...36_500)
        try Self.check("runs", value: self.runs, range: 1...1_000)
        for threads in self.threads {
            try Self.check("threads", value: threads, range: 1...64)
        }
    }

    private static func check(_ name: String, value: Int, range: ClosedRange<Int>) throws {
        guard range.contains(value) else {
            throw ValidationError("--\(name) must be \(range.lowerBound) to \(range.upperBound)")
        }
    }

    func run() throws {
        let sales = SyntheticSales(
            rows: self.rows,
            products: self.products,
            categories: self.categories,
            days: self.days
        )
        let clock = ContinuousClock()
        var created: ScanBench?
        let duration = clock.measure { created = ScanBench(sales) }
        guard let bench = created else { return }
        print("created \(self.rows) sales of \(self.products) products in \(duration)")
        fflush(nil)
        if self.asks {
            try self.answer(bench)
        } else {
            try self.measureAll(bench)
        }
    }

    private func measureAll(_ bench: ScanBench) throws {
        for query in ScanBench.queries {
            var line = query.name
            for threads in self.threads {
                let uncached = try self.median {
                    try bench.hundredths(query, threads: threads, uncached: true)
                }
                let cached = try self.median {
                    try bench.hundredths(query, threads: threads)
                }
                line += "\t\(uncached) ms uncached, \(cached) ms"
            }
            print(line)
        }
    }

    /// Returns hundredths of a millisecond as `12.34`.
    private static func milliseconds(_ hundredths: Int64) -> String {
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    private func median(_ measure: () throws -> Int64) rethrows -> String {
        let taken = try (0..<self.runs).map { _ in try measure() }.sorted()
        return Self.milliseconds(taken[taken.count / 2])
    }

    /// The words of a line for a query that uses the cache, or does not.
    private static let uncached = ["cached": false, "uncached": true]

    /// Runs the query of each line of standard input once and prints its time in milliseconds.
    private func answer(_ bench: ScanBench) throws {
        while let line = readLine() {
            let parts = line.split(separator: "\t")
            guard parts.count == 3, let threads = Int(parts[0]), threads > 0,
                let uncached = Self.uncached[String(parts[1])],
                let query = ScanBench.queries.first(where: { $0.name == parts[2] })
            else {
                throw ValidationError(
                    "'\(line)' is not THREADS, cached or uncached, and a query"
                )
            }
            let taken = try bench.hundredths(
                query,
                threads: threads,
                uncached: uncached
            )
            print(Self.milliseconds(taken))
            // The program that asks waits for each answer.
            fflush(nil)
        }
    }
}
