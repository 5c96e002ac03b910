import Foundation
package import InventoryClient
package import InventoryModel
import Synchronization

/// Returns the microseconds since 1970, by the clock that a server on the same machine uses.
func benchClock() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
}

/// The phase of a bench, shared by its threads: whether latencies are recorded.
final class BenchPhase: Sendable {
    private let measuring = Atomic(false)
    private let begun = Atomic(0)

    /// The number of subscribers that have received their initial state.
    var begunCount: Int { self.begun.load(ordering: .relaxed) }
    func subscriberBegan() { self.begun.add(1, ordering: .relaxed) }

    var isMeasuring: Bool { self.measuring.load(ordering: .relaxed) }
    func measure(_ isMeasuring: Bool) { self.measuring.store(isMeasuring, ordering: .relaxed) }
}

/// The amount of a load.
package protocol LoadOptions {
    var connections: Int { get }
    /// The maximum number of requests in flight per connection.
    var depth: Int { get }
    /// How long to measure.
    var seconds: Int { get }
    /// Requests per second of all connections; 0 for no rate limit.
    var rate: Int { get }
}

/// One run of load.
///
/// Its connections share one thread, so that the client leaves the other core to the server; subscribers
/// share another.
package struct BenchRun {
    package let options: any LoadOptions
    package let requests: BenchRequests
    private let interests: [BenchSubscriber.Interest]
    /// The number of connections that send long queries meanwhile.
    private let queryClients: Int
    private let address: ServerAddress

    /// Creates a load on the server of a client.
    ///
    /// - Parameters:
    ///   - options: The amount of the load.
    ///   - requests: The requests to send.
    ///   - subscribers: The number of further connections that subscribe to all stock.
    ///   - client: The client whose server to use.
    package init(
        _ options: any LoadOptions,
        requests: BenchRequests,
        subscribers: Int,
        client: InventoryClient
    ) {
        let interests = (0..<subscribers).map { _ in BenchSubscriber.Interest.stock }
        self.init(options, requests: requests, interests: interests, client: client)
    }

    init(
        _ options: any LoadOptions,
        requests: BenchRequests,
        interests: [BenchSubscriber.Interest],
        queryClients: Int = 0,
        client: InventoryClient
    ) {
        self.options = options
        self.requests = requests
        self.interests = interests
        self.queryClients = queryClients
        self.address = client.configuration.address
    }

    package var subscriberCount: Int { self.interests.count }

    /// Runs the load and returns its results.
    package func measure() async throws -> Result {
        BenchSocket.allowMany()
        let phase = BenchPhase()
        let (loadTally, subscriberTally) = (BenchTally(), BenchTally())
        let (loading, listening) = (BenchPoller(), BenchPoller())
        for interest in self.interests {
            try listening.add(
                BenchSubscriber(interest, phase: phase, tally: subscriberTally),
                at: self.address
            )
        }
        for number in 0..<self.queryClients {
            let client = BenchQueryClient(number, phase: phase, tally: subscriberTally)
            try listening.add(client, at: self.address)
        }
        let listener = self.subscriberCount + self.queryClients > 0 ? Self.start(listening) : nil
        for number in 0..<self.options.connections {
            try loading.add(self.load(number, phase: phase, tally: loadTally), at: self.address)
        }
        let loader = Self.start(loading)
        let clock = ContinuousClock()
        let begin = clock.now
        try await Task.sleep(for: .seconds(1))
        // Only the updates of a subscription are measured, not its initial state.
        while phase.begunCount < self.subscriberCount, clock.now - begin < Self.warmUpMax {
            try await Task.sleep(for: .milliseconds(20))
        }
        let start = clock.now
        let warmSeconds = (start - begin) / .seconds(1)
        phase.measure(true)
        try await Task.sleep(for: .seconds(self.options.seconds))
        phase.measure(false)
        let seconds = (clock.now - start) / .seconds(1)
        loading.stop()
        listening.stop()
        await loader.value
        await listener?.value
        return Result(
            requests: loadTally.histogram,
            doneCount: loadTally.doneCount,
            deliveries: subscriberTally.histogram,
            failures: loadTally.failures + subscriberTally.failures + loading.cutOffCount
                + listening.cutOffCount,
            firstRefusal: loadTally.firstRefusal ?? subscriberTally.firstRefusal,
            seconds: seconds,
            warmSeconds: warmSeconds
        )
    }

    private static let warmUpMax = Duration.seconds(60)

    /// Runs the poller on a new thread; the task completes when that has ended.
    static func start(_ poller: BenchPoller) -> Task<Void, Never> {
        Task.detached {
            await withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    poller.run()
                    continuation.resume()
                }
            }
        }
    }

    private func load(_ number: Int, phase: BenchPhase, tally: BenchTally) -> BenchLoad {
        let rate = self.options.rate
        return BenchLoad(
            self.requests,
            depth: self.options.depth,
            interval: rate == 0 ? 0 : UInt64(1_000_000_000 * self.options.connections / rate),
            seed: UInt64(number) + 1,
            phase: phase,
            tally: tally
        )
    }

    // MARK: - Result

    /// The results of a run.
    package struct Result: Sendable {
        /// The latencies of executed requests, in microseconds.
        package var requests = LatencyHistogram()
        /// The number of commands, reads and pings executed, without those refused.
        package var doneCount = 0
        /// The latencies of deliveries to subscribers, or of long queries, in microseconds.
        package var deliveries = LatencyHistogram()
        /// The number of refusals, steps out of order, and connections closed by the server.
        package var failures = 0
        package var firstRefusal: Refusal?
        /// The measured duration.
        package var seconds = 0.0
        /// The seconds of warm-up before that.
        var warmSeconds = 0.0
    }
}
