package import InventoryClient
package import InventoryModel

/// Sales alone and sales with subscribers to insights, in turns, so that what else the machine does
/// falls on both alike.
package struct InsightBench {
    package let options: any LoadOptions
    private let requests: BenchRequests
    private let interests: [BenchSubscriber.Interest]
    package let standing: Int
    package let rounds: Int
    private let client: InventoryClient

    package init(
        _ options: any LoadOptions,
        requests: BenchRequests,
        standing: Int,
        subscribers: Int,
        rounds: Int,
        client: InventoryClient
    ) {
        self.options = options
        self.requests = requests
        self.standing = standing
        self.rounds = rounds
        self.client = client
        self.interests = (0..<subscribers).map { .insight(Self.insight($0 % standing)) }
    }

    package var subscriberCount: Int { self.interests.count }

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

    /// What came of all rounds.
    package struct Total {
        package var alone: [Double] = []
        package var together: [Double] = []
        package var results = LatencyHistogram()
        package var failures = 0
        package var firstRefusal: Refusal?
        /// Microseconds of the query threads that standing insights took.
        package var busy: Int64 = 0
        package var seconds = 0.0

        /// What is left of the throughput, in percent.
        package var share: Double {
            100 * self.together.reduce(0, +) / max(1, self.alone.reduce(0, +))
        }
    }

    package func measure() async throws -> Total {
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
        return total
    }

    private func measure(
        _ interests: [BenchSubscriber.Interest]
    ) async throws -> BenchRun.Result {
        try await BenchRun(
            self.options,
            requests: self.requests,
            interests: interests,
            client: self.client
        ).measure()
    }

    private func rate(_ result: BenchRun.Result) -> Double {
        Double(result.doneCount) / result.seconds
    }

    private func busy() async throws -> Int64 {
        try await self.client.statistics()["insightMicroseconds"] ?? 0
    }
}
