import InventoryEngine
import InventoryInsights
import InventoryModel

/// Measures queries over many sales, without a server or a disk: each is executed on a view of synthetic
/// sales in this process.
struct ScanBench {
    private let view: ReadView
    private let now: Instant

    /// Creates the view of the sales.
    init(_ sales: SyntheticSales) {
        self.view = sales.view()
        self.now = sales.end
    }

    struct NamedQuery: Sendable {
        let name: String
        fileprivate let query: InsightQuery

        fileprivate init(_ name: String, _ query: InsightQuery) {
            self.name = name
            self.query = query
        }
    }

    /// Executes a query and returns its duration in hundredths of a millisecond.
    ///
    /// - Parameters:
    ///   - query: The query to execute.
    ///   - threads: The number of threads to use.
    ///   - uncached: Whether to clear the aggregate cache before.
    /// - Returns: The duration in hundredths of a millisecond.
    /// - Throws: The error of the query.
    func hundredths(
        _ query: NamedQuery,
        threads: Int,
        uncached: Bool = false
    ) throws -> Int64 {
        if uncached { self.view.clearAggregateCache() }
        let clock = ContinuousClock()
        let from = clock.now
        _ = try self.view.answer(query.query, at: self.now, threads: threads)
        return Int64(from.duration(to: clock.now) / .microseconds(10))
    }

    // MARK: - Queries

    static let queries = Self.shapes.map { NamedQuery($0, $1) }

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

    /// One query for each shape that has a code path of its own; the first ones run on the peers too.
    private static let shapes: [(String, InsightQuery)] = [
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
