import Foundation
package import InventoryClient
package import InventoryModel
import Synchronization

/// Microseconds since 1970, by the clock that the server on the same machine records with.
func benchClock() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
}

/// Whether what happens now counts, told to the threads of a bench.
final class BenchPhase: Sendable {
    private let measuring = Atomic(false)
    private let begun = Atomic(0)

    /// How many subscribers have what they begin with.
    var begunCount: Int { self.begun.load(ordering: .relaxed) }
    func subscriberBegan() { self.begun.add(1, ordering: .relaxed) }

    var isMeasuring: Bool { self.measuring.load(ordering: .relaxed) }
    func measure(_ isMeasuring: Bool) { self.measuring.store(isMeasuring, ordering: .relaxed) }
}

/// How much of a load there is.
package protocol LoadOptions {
    var connections: Int { get }
    /// Requests that each connection has in flight, at most.
    var depth: Int { get }
    /// How long it is measured.
    var seconds: Int { get }
    /// Requests a second of all connections together; 0 for as many as go.
    var rate: Int { get }
}

/// One run of load.
///
/// Its connections are on one thread, so that the client leaves the other core to the server, and
/// subscribers on another.
package struct BenchRun {
    package let options: any LoadOptions
    package let requests: BenchRequests
    private let interests: [BenchSubscriber.Interest]
    /// Connections that ask long questions meanwhile.
    private let askers: Int
    private let address: ServerAddress

    /// Load on the server of a client; `subscribers` more connections follow all stock.
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
        askers: Int = 0,
        client: InventoryClient
    ) {
        self.options = options
        self.requests = requests
        self.interests = interests
        self.askers = askers
        self.address = client.configuration.address
    }

    package var subscriberCount: Int { self.interests.count }

    package func measure() async throws -> Result {
        BenchSocket.allowMany()
        let phase = BenchPhase()
        let (asked, heard) = (BenchTally(), BenchTally())
        let (asking, listening) = (BenchPoller(), BenchPoller())
        for interest in self.interests {
            try listening.add(
                BenchSubscriber(interest, phase: phase, tally: heard),
                at: self.address
            )
        }
        for number in 0..<self.askers {
            try listening.add(BenchAsker(number, phase: phase, tally: heard), at: self.address)
        }
        let listener = self.subscriberCount + self.askers > 0 ? Self.start(listening) : nil
        for number in 0..<self.options.connections {
            try asking.add(self.load(number, phase: phase, tally: asked), at: self.address)
        }
        let asker = Self.start(asking)
        let clock = ContinuousClock()
        let begin = clock.now
        try await Task.sleep(for: .seconds(1))
        // What a subscription costs is its following, not the first answer over all there was.
        while phase.begunCount < self.subscriberCount, clock.now - begin < Self.warmUpMax {
            try await Task.sleep(for: .milliseconds(20))
        }
        let start = clock.now
        let warmSeconds = (start - begin) / .seconds(1)
        phase.measure(true)
        try await Task.sleep(for: .seconds(self.options.seconds))
        phase.measure(false)
        let seconds = (clock.now - start) / .seconds(1)
        asking.stop()
        listening.stop()
        await asker.value
        await listener?.value
        return Result(
            requests: asked.histogram,
            doneCount: asked.doneCount,
            deliveries: heard.histogram,
            failures: asked.failures + heard.failures + asking.cutOffCount + listening.cutOffCount,
            firstRefusal: asked.firstRefusal ?? heard.firstRefusal,
            seconds: seconds,
            warmSeconds: warmSeconds
        )
    }

    private static let warmUpMax = Duration.seconds(60)

    /// Serves the poller's sockets on a thread of its own; completes when that has ended.
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

    // MARK: - What came of it

    package struct Result: Sendable {
        package var requests = LatencyHistogram()
        /// Commands, reads and pings that were done, none that was refused.
        package var doneCount = 0
        package var deliveries = LatencyHistogram()
        package var failures = 0
        package var firstRefusal: Refusal?
        package var seconds = 0.0
        /// Before that, until it had begun.
        var warmSeconds = 0.0
    }
}
