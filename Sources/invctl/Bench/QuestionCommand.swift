import ArgumentParser
import InventoryLoad
import InventoryTransfer
import TerminalKit

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
            try Options.check("rows", value: self.rows, range: 1...200_000_000)
            try Options.check("products", value: self.products, range: 1...10_000_000)
            try Options.check("categories", value: self.categories, range: 1...100_000)
            try Options.check("days", value: self.days, range: 1...36_500)
            try Options.check("runs", value: self.runs, range: 1...1_000)
            for threads in self.threads {
                try Options.check("threads", value: threads, range: 1...64)
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
            var made: QuestionBench?
            let making = clock.measure { made = QuestionBench(sales) }
            guard let bench = made else { return }
            Terminal.print("\(self.rows) sales of \(self.products) products made in \(making)")
            if self.asks {
                try self.answer(bench)
            } else {
                try self.measureAll(bench)
            }
        }

        private func measureAll(_ bench: QuestionBench) throws {
            for question in QuestionBench.questions {
                var line = question.name
                for threads in self.threads {
                    let anew = try self.median {
                        try bench.hundredths(question, threads: threads, anew: true)
                    }
                    let kept = try self.median {
                        try bench.hundredths(question, threads: threads)
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
        private func answer(_ bench: QuestionBench) throws {
            while let line = readLine() {
                let parts = line.split(separator: "\t")
                guard parts.count == 3, let threads = Int(parts[0]), threads > 0,
                    ["kept", "anew"].contains(parts[1]),
                    let question = QuestionBench.questions.first(where: { $0.name == parts[2] })
                else {
                    throw ValidationError("'\(line)' is not threads, kept or anew and a question")
                }
                let taken = try bench.hundredths(
                    question,
                    threads: threads,
                    anew: parts[1] == "anew"
                )
                Terminal.print(DecimalText.format(taken, decimals: 2))
            }
        }
    }
}
