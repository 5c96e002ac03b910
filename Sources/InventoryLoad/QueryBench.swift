package import InventoryClient
package import InventoryModel

/// Sales alone and sales beside connections that ask the longest questions, in turns, so that what else
/// the machine does falls on both alike.
package struct QueryBench {
    private let options: any LoadOptions
    private let requests: BenchRequests
    package let askers: Int
    private let rounds: Int
    private let client: InventoryClient

    package init(
        _ options: any LoadOptions,
        requests: BenchRequests,
        askers: Int,
        rounds: Int,
        client: InventoryClient
    ) {
        self.options = options
        self.requests = requests
        self.askers = askers
        self.rounds = rounds
        self.client = client
    }

    /// What came of all rounds.
    package struct Result {
        package var alone = LatencyHistogram()
        package var beside = LatencyHistogram()
        package var asked = LatencyHistogram()
        package var failures = 0
        package var firstRefusal: Refusal?
    }

    package func measure() async throws -> Result {
        var result = Result()
        for _ in 0..<self.rounds {
            let quiet = try await self.measure(askers: 0)
            let busy = try await self.measure(askers: self.askers)
            result.alone.add(quiet.requests)
            result.beside.add(busy.requests)
            result.asked.add(busy.deliveries)
            result.failures += quiet.failures + busy.failures
            result.firstRefusal =
                result.firstRefusal ?? quiet.firstRefusal ?? busy.firstRefusal
        }
        return result
    }

    private func measure(askers: Int) async throws -> BenchRun.Result {
        try await BenchRun(
            self.options,
            requests: self.requests,
            interests: [],
            askers: askers,
            client: self.client
        ).measure()
    }
}
