import Inventory
import InventoryClient
import InventoryInsights
import InventoryTransfer

/// Sales alone and sales with subscribers to insights, in turns, so that what else the machine does
/// falls on both alike.
struct InsightBench {
    private let options: BenchCommand.Options
    private let requests: BenchRequests
    private let interests: [BenchSubscriber.Interest]
    private let standing: Int
    private let rounds: Int
    private let shell: Shell

    init(
        _ options: BenchCommand.Options,
        _ requests: BenchRequests,
        standing: Int,
        subscribers: Int,
        rounds: Int,
        _ shell: Shell
    ) {
        self.options = options
        self.requests = requests
        self.standing = standing
        self.rounds = rounds
        self.shell = shell
        self.interests = (0..<subscribers).map { .insight(Self.insight($0 % standing)) }
    }

    /// A mix of what a shop keeps on its wall: totals, curves, lists, and a product each.
    private static func insight(_ number: Int) -> Insight {
        let limit = UInt32(10 + number)
        let product = InsightFilter(products: [ProductID(UInt32(number + 1))])
        let byNet = [InsightOrder(.measure(.net), descending: true)]
        let query =
            switch number % 5 {
            case 0:
                InsightQuery(
                    source: .sales,
                    window: .last(1, .day),
                    groups: [[.hour], []],
                    measures: [.units, .net],
                    limit: limit + 24
                )
            case 1:
                InsightQuery(
                    source: .sales,
                    window: .last(7, .day),
                    groups: [[.product]],
                    measures: [.units, .net, .margin],
                    order: byNet,
                    limit: limit
                )
            case 2:
                InsightQuery(
                    source: .sales,
                    window: .last(30, .day),
                    groups: [[.category], []],
                    measures: [.gross, .returns, .net, .margin],
                    limit: limit
                )
            case 3:
                InsightQuery(
                    source: .sales,
                    window: .last(12, .month),
                    filter: product,
                    groups: [[.month]],
                    measures: [.units, .net]
                )
            default:
                InsightQuery(
                    source: .sales,
                    window: .last(7, .day),
                    filter: product,
                    groups: [[.weekday, .hourOfDay]],
                    measures: [.units]
                )
            }
        return .query(query)
    }

    private struct Total {
        var alone: [Double] = []
        var together: [Double] = []
        var results = LatencyHistogram()
        var failures = 0
        var firstRefusal: Refusal?
        /// Microseconds of the query threads that standing insights took.
        var busy: Int64 = 0
        var seconds = 0.0

        /// What is left of the throughput, in percent.
        var share: Double {
            100 * self.together.reduce(0, +) / max(1, self.alone.reduce(0, +))
        }
    }

    func run() async throws {
        var total = Total()
        for _ in 0..<self.rounds {
            let alone = try await self.measure([])
            total.alone.append(self.rate(alone))
            let before = try await self.busy()
            let together = try await self.measure(self.interests)
            total.busy += try await self.busy() - before
            // To warm up is not measured, but worked.
            total.seconds += together.seconds + together.warmSeconds
            total.together.append(self.rate(together))
            total.results.add(together.deliveries)
            total.failures += alone.failures + together.failures
            total.firstRefusal =
                total.firstRefusal ?? alone.firstRefusal ?? together.firstRefusal
        }
        self.report(total)
        await self.shell.tell(firstRefusal: total.firstRefusal)
        if total.failures > 0 { throw Exit.failed }
    }

    private func measure(
        _ interests: [BenchSubscriber.Interest]
    ) async throws -> BenchRun.Result {
        try await BenchRun(self.options, self.requests, interests: interests, self.shell).measure()
    }

    private func rate(_ result: BenchRun.Result) -> Double {
        Double(result.doneCount) / result.seconds
    }

    private func busy() async throws -> Int64 {
        let stats = try await self.shell.client.query(.stats).table
        let row = (0..<stats.rowCount).first { stats.text($0, "name") == "insightMicroseconds" }
        return row.flatMap { stats.integer($0, "value") } ?? 0
    }

    private func report(_ total: Total) {
        let alone = Int(total.alone.reduce(0, +) / Double(self.rounds))
        let together = Int(total.together.reduce(0, +) / Double(self.rounds))
        let measured = Double(self.rounds * self.options.seconds)
        let perSecond = Int(Double(total.results.count) / measured)
        let core = Int(100 * Double(total.busy) / 1_000_000 / max(total.seconds, 1))
        guard self.shell.format.isJSON else {
            Terminal.print(
                """
                sales alone: \(DecimalText.grouped(String(alone)))/s; with \(self.standing) standing \
                insights and \(self.interests.count) subscribers: \
                \(DecimalText.grouped(String(together)))/s, \(Int(total.share)) % of that
                results \(DecimalText.grouped(String(perSecond)))/s, \(total.failures) failures; \
                \(core) % of a core to keep them
                \(BenchRun.text(total.results))
                """
            )
            return
        }
        var object = JSONObject()
        object.add("work", "insights")
        object.add("standing", raw: String(self.standing))
        object.add("subscribers", raw: String(self.interests.count))
        object.add("alonePerSecond", raw: String(alone))
        object.add("togetherPerSecond", raw: String(together))
        object.add("sharePercent", raw: String(Int(total.share)))
        object.add("resultsPerSecond", raw: String(perSecond))
        object.add("corePercent", raw: String(core))
        object.add("failures", raw: String(total.failures))
        for (name, share) in BenchRun.points {
            let value = total.results.value(at: share)
            object.add("result_" + name + "Microseconds", raw: String(value))
        }
        Terminal.print(object.text)
    }
}
