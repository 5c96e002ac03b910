import ArgumentParser
import Inventory
import InventoryInsights
import InventoryTransfer

extension BenchCommand {
    /// `invctl bench questions`: questions over many sales, without a server or a disk.
    struct Questions: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Questions over sales that are made up in memory: no server takes part.",
            discussion: """
                A question is asked anew, with nothing kept of earlier ones, and as it is asked later: by
                sums that are kept of the ledger's full segments, where they serve it.
                Examples:
                  invctl bench questions --rows 50000000
                """,
            shouldDisplay: false
        )

        @Option(help: "Sales.") var rows = 50_000_000
        @Option(help: "Products, drawn evenly.") var products = 100_000
        @Option(help: "Categories.") var categories = 64
        @Option(help: "Days that the sales are spread over.") var days = 365
        @Option(help: "Runs of each question; the median counts.") var runs = 5
        @Option(help: "Threads to measure with.") var threads: [Int] = [1, 2]
        @Flag(
            name: .customLong("ask"),
            help: "Reads THREADS, kept or anew and a name a line, and tells how long each took."
        )
        var asks = false

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
            Terminal.print("\(self.rows) sales of \(self.products) products made in \(making)")
            if self.asks {
                try self.answer(view, sales.end)
            } else {
                try self.measureAll(view, sales.end)
            }
        }

        private func measureAll(_ view: ReadView, _ end: Instant) throws {
            for (name, query) in Self.questions {
                var line = name
                for threads in self.threads {
                    let anew = try self.median {
                        view.forgetKeptSums()
                        return try Self.milliseconds(query, view, end, threads)
                    }
                    let kept = try self.median {
                        try Self.milliseconds(query, view, end, threads)
                    }
                    line += "\t\(anew) ms anew, \(kept) ms"
                }
                Terminal.print(line)
            }
        }

        private func median(_ measure: () throws -> Int64) rethrows -> String {
            let taken = try (0..<self.runs).map { _ in try measure() }.sorted()
            return DecimalText.format(taken[taken.count / 2], decimals: 2)
        }

        /// Runs what each line of standard input says, once, and writes how many milliseconds it took.
        private func answer(_ view: ReadView, _ end: Instant) throws {
            while let line = readLine() {
                let parts = line.split(separator: "\t")
                guard parts.count == 3, let threads = Int(parts[0]), threads > 0,
                    ["kept", "anew"].contains(parts[1]),
                    let question = Self.questions.first(where: { $0.0 == parts[2] })
                else {
                    throw ValidationError("'\(line)' is not threads, kept or anew and a question")
                }
                if parts[1] == "anew" { view.forgetKeptSums() }
                let taken = try Self.milliseconds(question.1, view, end, threads)
                Terminal.print(DecimalText.format(taken, decimals: 2))
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

        private static func sums(
            _ groups: [InsightDimension] = [],
            window: InsightWindow = .all,
            filter: InsightFilter = InsightFilter()
        ) -> InsightQuery {
            InsightQuery(
                source: .sales,
                window: window,
                filter: filter,
                groups: [groups],
                measures: [.net, .units],
                limit: 0
            )
        }

        private static func top(_ measure: InsightMeasure) -> InsightQuery {
            InsightQuery(
                source: .sales,
                groups: [[.product]],
                measures: [measure],
                order: [InsightOrder(.measure(measure), descending: true)],
                limit: 100
            )
        }

        private static let one = InsightFilter(categories: [CategoryID(3)])
        private static let days30 = InsightWindow.previous(30, .day)

        /// A line for each shape that has a path of its own; the first ones are asked of peers too.
        static let questions: [(String, InsightQuery)] = [
            ("by category", sums([.category])),
            ("category × day", sums([.category, .day])),
            ("30 days of one category", sums(window: days30, filter: one)),
            ("30 days by category", sums([.category], window: days30)),
            ("by day", sums([.day])),
            ("top 100 by units", top(.units)),
            ("top 100 by amount", top(.net)),
            ("30 days, total", sums(window: days30)),
            ("total", sums()),
            ("by hour", sums([.hour])),
            ("weekday × hour", sums([.weekday, .hourOfDay])),
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
