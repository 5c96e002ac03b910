import ArgumentParser
import Inventory
import InventoryInsights

extension BenchCommand {
    /// `invctl bench questions`: questions over many sales, without a server or a disk.
    struct Questions: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Questions over sales that are made up in memory: no server takes part.",
            discussion: """
                Examples:
                  invctl bench questions --rows 50000000
                """,
            shouldDisplay: false
        )

        @Option(help: "Sales.") var rows = 50_000_000
        @Option(help: "Products, drawn evenly.") var products = 100_000
        @Option(help: "Categories.") var categories = 64
        @Option(help: "Days that the sales are spread over.") var days = 365
        @Option(help: "Runs of each question; the best counts.") var runs = 5
        @Option(help: "Threads to measure with.") var threads: [Int] = [1, 2]

        func validate() throws {
            try Options.check("rows", self.rows, 1...200_000_000)
            try Options.check("products", self.products, 1...10_000_000)
            try Options.check("categories", self.categories, 1...100_000)
            try Options.check("days", self.days, 1...36_500)
            try Options.check("runs", self.runs, 1...1_000)
            for threads in self.threads { try Options.check("threads", threads, 1...64) }
        }

        func run() throws {
            let sales = SyntheticSales(
                rows: self.rows,
                products: self.products,
                categories: self.categories,
                days: self.days
            )
            let clock = ContinuousClock()
            var view: ReadView?
            let making = clock.measure { view = sales.view() }
            guard let view else { return }
            print("\(self.rows) sales of \(self.products) products made in \(making)")
            for (name, query) in Self.questions {
                var line = name
                for threads in self.threads {
                    let best = try (0..<self.runs).map { _ in
                        try Self.milliseconds(query, view, sales.end, threads)
                    }.min()
                    line += "\t\(DecimalText.format(best ?? 0, decimals: 2)) ms"
                }
                print(line)
            }
        }

        private static func milliseconds(
            _ query: InsightQuery,
            _ view: ReadView,
            _ now: Instant,
            _ threads: Int
        ) throws -> Int64 {
            let clock = ContinuousClock()
            let from = clock.now
            _ = try view.answer(query, at: now, threads: threads)
            // Hundredths of a millisecond.
            return Int64(from.duration(to: clock.now) / .microseconds(10))
        }

        /// A line for each shape that has a path of its own.
        static let questions: [(String, InsightQuery)] = [
            ("total", InsightQuery(source: .sales, measures: [.net])),
            (
                "by category",
                InsightQuery(source: .sales, groups: [[.category]], measures: [.net])
            ),
            ("by day", InsightQuery(source: .sales, groups: [[.day]], measures: [.net])),
            ("by hour", InsightQuery(source: .sales, groups: [[.hour]], measures: [.net])),
            (
                "top 100 by units",
                InsightQuery(
                    source: .sales,
                    groups: [[.product]],
                    measures: [.units],
                    order: [InsightOrder(.measure(.units), descending: true)],
                    limit: 100
                )
            ),
            (
                "category × day",
                InsightQuery(source: .sales, groups: [[.category, .day]], measures: [.net])
            ),
            (
                "weekday × hour",
                InsightQuery(
                    source: .sales,
                    groups: [[.weekday, .hourOfDay]],
                    measures: [.net]
                )
            ),
            (
                "30 days, total",
                InsightQuery(source: .sales, window: .previous(30, .day), measures: [.net])
            ),
            (
                "7 days of one category",
                InsightQuery(
                    source: .sales,
                    window: .previous(7, .day),
                    filter: InsightFilter(categories: [CategoryID(3)]),
                    measures: [.net]
                )
            ),
            (
                "sales by day, all measures",
                InsightQuery(
                    source: .sales,
                    groups: [[.day]],
                    measures: [.gross, .returns, .net, .units, .cost, .margin, .marginPercent]
                )
            ),
            (
                "transactions by day",
                InsightQuery(source: .sales, groups: [[.day]], measures: [.transactions])
            ),
        ]
    }
}
