import Foundation
import Inventory
import InventoryClient
import InventoryTransfer
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

/// One run of load.
///
/// Its connections are on one thread, so that the client leaves the other core to the server, and
/// subscribers on another.
struct BenchRun {
    private let options: BenchCommand.Options
    private let requests: BenchRequests
    private let interests: [BenchSubscriber.Interest]
    /// Connections that ask long questions meanwhile.
    private let askers: Int
    private let shell: Shell

    init(
        _ options: BenchCommand.Options,
        _ requests: BenchRequests,
        interests: [BenchSubscriber.Interest],
        askers: Int = 0,
        _ shell: Shell
    ) {
        self.options = options
        self.requests = requests
        self.interests = interests
        self.askers = askers
        self.shell = shell
    }

    private var subscriberCount: Int { self.interests.count }

    func run() async throws {
        let result = try await self.measure()
        self.report(result)
        await self.shell.tell(firstRefusal: result.firstRefusal)
        if result.failures > 0 { throw Exit.failed }
    }

    func measure() async throws -> Result {
        BenchSocket.allowMany()
        let phase = BenchPhase()
        let (asked, heard) = (BenchTally(), BenchTally())
        let (asking, listening) = (BenchPoller(), BenchPoller())
        let address = self.shell.client.configuration.address
        for interest in self.interests {
            try listening.add(BenchSubscriber(interest, phase, heard), at: address)
        }
        for number in 0..<self.askers {
            try listening.add(BenchAsker(number, phase, heard), at: address)
        }
        let listener = self.subscriberCount + self.askers > 0 ? Self.start(listening) : nil
        for number in 0..<self.options.connections {
            try asking.add(self.load(number, phase, asked), at: address)
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

    private func load(_ number: Int, _ phase: BenchPhase, _ tally: BenchTally) -> BenchLoad {
        let rate = self.options.rate
        return BenchLoad(
            self.requests,
            depth: self.options.depth,
            interval: rate == 0 ? 0 : UInt64(1_000_000_000 * self.options.connections / rate),
            seed: UInt64(number) + 1,
            phase,
            tally
        )
    }

    // MARK: - What came of it

    struct Result: Sendable {
        var requests = LatencyHistogram()
        /// Commands, reads and pings that were done, none that was refused.
        var doneCount = 0
        var deliveries = LatencyHistogram()
        var failures = 0
        var firstRefusal: Refusal?
        var seconds = 0.0
        /// Before that, until it had begun.
        var warmSeconds = 0.0
    }

    static let points: [(name: String, share: Double)] = [
        ("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999), ("max", 1),
    ]

    private func report(_ result: Result) {
        let name = self.subscriberCount > 0 ? "subscribe" : self.requests.work.name
        let rate = Int(Double(result.doneCount) / result.seconds)
        let delivered = Int(Double(result.deliveries.count) / result.seconds)
        let isJSON = self.shell.format.isJSON
        guard isJSON else {
            Terminal.print(
                """
                \(name): \(DecimalText.grouped(String(rate)))/s with \(self.options.connections) \
                connections × \(self.options.depth) deep for \(self.options.seconds) s, \
                \(result.failures) failures
                \(Self.text(result.requests))
                """
            )
            if self.subscriberCount > 0 {
                Terminal.print(
                    """
                    delivered \(DecimalText.grouped(String(delivered)))/s to \
                    \(self.subscriberCount) subscribers
                    \(Self.text(result.deliveries))
                    """
                )
            }
            return
        }
        var object = JSONObject()
        object.add("work", name)
        object.add("connections", raw: String(self.options.connections))
        object.add("depth", raw: String(self.options.depth))
        object.add("rate", raw: String(self.options.rate))
        object.add("perSecond", raw: String(rate))
        object.add("failures", raw: String(result.failures))
        if let refusal = result.firstRefusal { object.add("firstRefusal", refusal.code.name) }
        for (name, share) in Self.points {
            object.add(name + "Microseconds", raw: String(result.requests.value(at: share)))
        }
        if self.subscriberCount > 0 {
            object.add("subscribers", raw: String(self.subscriberCount))
            object.add("deliveredPerSecond", raw: String(delivered))
            for (name, share) in Self.points {
                let value = result.deliveries.value(at: share)
                object.add("delivery_" + name + "Microseconds", raw: String(value))
            }
        }
        Terminal.print(object.text)
    }

    static func text(_ histogram: LatencyHistogram) -> String {
        Self.points.map { "\($0.name) \(histogram.value(at: $0.share)) µs" }
            .joined(separator: "   ")
    }
}

extension Shell {
    /// Says on standard error why the first request of a bench was refused, if one was.
    func tell(firstRefusal refusal: Refusal?) async {
        guard let refusal else { return }
        let failure = await self.failure(refusal, of: nil)
        Terminal.note("  first refused  \(failure.name)  \(failure.message)")
    }
}
