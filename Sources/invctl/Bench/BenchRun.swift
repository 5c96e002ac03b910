import Glibc
import InventoryClient
import NIOCore
import NIOPosix

/// Microseconds since 1970, by the clock that the server on the same machine records with.
func benchClock() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
}

/// One run of load.
///
/// Its connections are on one event loop, so that the client leaves the other core to the server, and
/// subscribers on another.
struct BenchRun {
    private let options: BenchCommand.Options
    private let requests: BenchRequests
    private let subscriberCount: Int
    private let shell: Shell

    init(
        _ options: BenchCommand.Options,
        _ requests: BenchRequests,
        subscribers: Int,
        _ shell: Shell
    ) {
        self.options = options
        self.requests = requests
        self.subscriberCount = subscribers
        self.shell = shell
    }

    func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: self.subscriberCount > 0 ? 2 : 1)
        let listening = group.next()
        let loop = group.next()
        var subscribers: [BenchSubscriber] = []
        for _ in 0..<self.subscriberCount {
            let subscriber = BenchSubscriber(on: listening)
            subscribers.append(subscriber)
            try await subscriber.connect(to: self.shell.client.configuration.address).get()
        }
        let loads = try await self.connectLoads(loop)
        try await Task.sleep(for: .seconds(1))
        let listeners = subscribers
        try await loop.submit { for load in loads { load.beginMeasuring() } }.get()
        try await listening.submit { for one in listeners { one.beginMeasuring() } }.get()
        let clock = ContinuousClock()
        let start = clock.now
        try await Task.sleep(for: .seconds(self.options.seconds))
        var result = try await loop.submit {
            var result = Result()
            for load in loads {
                load.stop()
                result.requests.add(load.histogram)
                result.failures += load.failures
            }
            return result
        }.get()
        result.seconds = (clock.now - start) / .seconds(1)
        let heard = try await listening.submit {
            var histogram = LatencyHistogram()
            var failures = 0
            for one in listeners {
                histogram.add(one.histogram)
                failures += one.failures
            }
            return (histogram, failures)
        }.get()
        result.deliveries = heard.0
        result.failures += heard.1
        try await group.shutdownGracefully()
        self.report(result)
        if result.failures > 0 { throw Exit.failed }
    }

    private func connectLoads(_ loop: any EventLoop) async throws -> [BenchLoad] {
        var loads: [BenchLoad] = []
        let count = self.options.connections
        let rate = self.options.rate
        for number in 0..<count {
            let load = BenchLoad(
                self.requests,
                depth: self.options.depth,
                interval: rate == 0 ? 0 : UInt64(1_000_000_000 * count / rate),
                seed: UInt64(number) + 1,
                on: loop
            )
            loads.append(load)
            try await load.connect(to: self.shell.client.configuration.address).get()
        }
        return loads
    }

    // MARK: - What came of it

    private struct Result: Sendable {
        var requests = LatencyHistogram()
        var deliveries = LatencyHistogram()
        var failures = 0
        var seconds = 0.0
    }

    private static let points: [(name: String, share: Double)] = [
        ("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999), ("max", 1),
    ]

    private func report(_ result: Result) {
        let name = self.subscriberCount > 0 ? "subscribe" : self.requests.work.name
        let count = result.requests.count * self.requests.work.countPerRequest
        let rate = Int(Double(count) / result.seconds)
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

    private static func text(_ histogram: LatencyHistogram) -> String {
        Self.points.map { "\($0.name) \(histogram.value(at: $0.share)) µs" }
            .joined(separator: "   ")
    }
}
