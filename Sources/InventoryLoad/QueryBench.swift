package import InventoryClient
package import InventoryModel

/// Measures sales alone and during long queries, in turns, so that other load of the machine affects both
/// alike.
package struct QueryBench {
    private let options: any LoadOptions
    private let requests: BenchRequests
    package let queryClients: Int
    private let rounds: Int
    private let client: InventoryClient

    package init(
        _ options: any LoadOptions,
        requests: BenchRequests,
        queryClients: Int,
        rounds: Int,
        client: InventoryClient
    ) {
        self.options = options
        self.requests = requests
        self.queryClients = queryClients
        self.rounds = rounds
        self.client = client
    }

    /// The results of all rounds.
    package struct Result {
        /// The latencies of sales alone.
        package var alone = LatencyHistogram()
        /// The latencies of sales during long queries.
        package var beside = LatencyHistogram()
        /// The latencies of the long queries.
        package var queries = LatencyHistogram()
        package var failures = 0
        package var firstRefusal: Refusal?
    }

    package func measure() async throws -> Result {
        var result = Result()
        for _ in 0..<self.rounds {
            let quiet = try await self.measure(queryClients: 0)
            let busy = try await self.measure(queryClients: self.queryClients)
            result.alone.add(quiet.requests)
            result.beside.add(busy.requests)
            result.queries.add(busy.deliveries)
            result.failures += quiet.failures + busy.failures
            result.firstRefusal =
                result.firstRefusal ?? quiet.firstRefusal ?? busy.firstRefusal
        }
        return result
    }

    private func measure(queryClients: Int) async throws -> BenchRun.Result {
        try await BenchRun(
            self.options,
            requests: self.requests,
            interests: [],
            queryClients: queryClients,
            client: self.client
        ).measure()
    }
}
