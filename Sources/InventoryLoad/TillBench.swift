internal import Bytes
import Foundation
import Glibc
package import InventoryClient
package import InventoryModel

/// The options of a ``TillBench``.
package protocol TillOptions {
    /// Connections that each subscribe to all stock.
    var subscribers: Int { get }
    /// Of those, the number that keep a replica and verify its checksum.
    var copies: Int { get }
    /// Further connections that subscribe and never read.
    var silent: Int { get }
    /// Updates per second of conflated subscribers; `nil` for every change.
    var conflate: UInt8? { get }
    /// Sales imported while the till runs.
    var sales: Int { get }
    /// Sales imported alone, before.
    var alone: Int { get }
    /// Requests of the till per second.
    var rate: Int { get }
    /// The maximum duration of each part.
    var secondsMax: Int { get }
    /// The server's process id, to report its peak memory.
    var pid: Int? { get }
}

/// The reason why a bench has no result.
package struct BenchFailure: Error {
    package var message: String
}

/// A till with many subscribers during an import of a year of sales.
///
///     import alone ─▶ subscribers start ─▶ import again, with the till ─▶ all subscribers caught up
///                                                                      ─▶ replicas verified
///
/// It uses four threads: for the importer, the till, the subscribers, and waiting. Subscribers that never
/// read are sockets that are not polled.
package struct TillBench {
    package let options: any TillOptions
    private let ids: [ProductID]
    private let client: InventoryClient
    private let phase = BenchPhase()
    private let subscriberTally = BenchTally()
    private let progress = TillProgress()

    package init(
        _ options: any TillOptions,
        ids: [ProductID],
        client: InventoryClient
    ) {
        self.options = options
        self.ids = ids
        self.client = client
    }

    /// The results.
    package struct Result {
        /// Sales imported per second without other load.
        package var alonePerSecond = 0.0
        /// Sales imported per second with the till and the subscribers.
        package var importPerSecond = 0.0
        /// The latencies of the till's requests by kind.
        package var till: [(name: String, latencies: LatencyHistogram)] = []
        /// The latencies from the acknowledgement of a step to the import until its delivery.
        package var deliveries = LatencyHistogram()
        /// The entries and levels received by all subscribers.
        package var deliveryCount = 0
        /// From the start of the import until all subscribers have received all of it.
        package var deliverySeconds = 0.0
        /// From the end of the import until all subscribers have received all of it.
        package var catchUpSeconds = 0.0
        /// Deliveries per second after the end of the import.
        package var caughtUpPerSecond = 0.0
        /// The number of verified replicas.
        package var verifiedCount = 0
        /// The server's peak memory; `nil` without its process id.
        package var serverPeakBytes: Int64?
        /// The server statistics on the turns of its event loop.
        package var turns: [Statistic] = []
        package var failures = 0
        package var firstRefusal: Refusal?

        /// The import rate with the till and the subscribers, in percent of that without.
        package var sharePercent: Int {
            Int(100 * self.importPerSecond / max(1, self.alonePerSecond))
        }
    }

    private var address: ServerAddress { self.client.configuration.address }

    package func measure() async throws -> Result {
        BenchSocket.allowMany()
        var result = Result()
        result.alonePerSecond = try await self.importSales(self.options.alone).perSecond
        let listening = BenchPoller()
        try self.subscribe(listening)
        let silent = try self.silentSubscribers()
        defer { for descriptor in silent { close(descriptor) } }
        let listener = BenchRun.start(listening)
        try await self.wait("starting the subscribers") {
            self.phase.begunCount >= self.options.subscribers
        }
        let till = BenchTill(self.ids[0], interval: UInt64(1_000_000_000 / self.options.rate))
        let selling = BenchPoller()
        try selling.add(till, at: self.address)
        let seller = BenchRun.start(selling)
        self.phase.measure(true)

        let clock = ContinuousClock()
        let begin = clock.now
        let imported = try await self.importSales(self.options.sales, self.progress)
        let importedAt = clock.now
        let deliveredMeanwhile = self.progress.deliveryCount
        self.progress.aim(at: imported.lsn)
        try await self.wait("catching up the subscribers") {
            self.progress.reachedCount >= self.options.subscribers
        }
        let caughtUpAt = clock.now
        self.phase.measure(false)
        result.deliveryCount = self.progress.deliveryCount
        selling.stop()
        await seller.value

        // Nothing is written any more, so each replica must equal the server's state.
        self.progress.aim(at: try await self.lastLSN())
        try await self.wait("verifying the replicas") {
            self.progress.verifiedCount >= self.options.copies || self.subscriberTally.hasFailed
        }
        listening.stop()
        await listener.value
        result.importPerSecond = imported.perSecond
        result.deliverySeconds = (caughtUpAt - begin) / .seconds(1)
        result.catchUpSeconds = (caughtUpAt - importedAt) / .seconds(1)
        result.caughtUpPerSecond =
            Double(result.deliveryCount - deliveredMeanwhile) / max(result.catchUpSeconds, 0.001)
        result.till = zip(BenchTill.Kind.allCases, till.latencies).map { ($0.name, $1) }
        result.deliveries = self.subscriberTally.histogram
        result.verifiedCount = self.progress.verifiedCount
        result.failures =
            till.tally.failures + self.subscriberTally.failures + listening.cutOffCount
            + selling.cutOffCount
        result.firstRefusal = till.tally.firstRefusal ?? self.subscriberTally.firstRefusal
        result.serverPeakBytes = self.options.pid.flatMap { Self.peakBytes(of: $0) }
        result.turns = try await self.turns()
        return result
    }

    // MARK: - Parts

    /// Imports `count` sales.
    ///
    /// - Returns: The rate per second, and the LSN of the last sale.
    private func importSales(
        _ count: Int,
        _ till: TillProgress? = nil
    ) async throws -> (perSecond: Double, lsn: LSN) {
        guard count > 0 else { return (0, 0) }
        let importer = BenchImport(self.ids, sales: count, till)
        let progress = importer.progress
        let sending = BenchPoller()
        let clock = ContinuousClock()
        let begin = clock.now
        try sending.add(importer, at: self.address)
        let sender = BenchRun.start(sending)
        try await self.wait("importing") {
            progress.count == count || progress.failures > 0 || sending.cutOffCount > 0
        }
        let seconds = (clock.now - begin) / .seconds(1)
        sending.stop()
        await sender.value
        guard progress.count == count else {
            throw BenchFailure(
                message: "the import ended after \(progress.count) of \(count) sales"
            )
        }
        return (Double(count) / seconds, progress.lsn)
    }

    private func subscribe(_ poller: BenchPoller) throws {
        for number in 0..<self.options.subscribers {
            let interest: BenchSubscriber.Interest =
                number < self.options.copies ? .copy : .stock
            try poller.add(
                BenchSubscriber(
                    interest,
                    phase: self.phase,
                    tally: self.subscriberTally,
                    progress: self.progress,
                    updatesPerSecond: self.options.conflate
                ),
                at: self.address
            )
        }
    }

    /// Opens sockets that subscribe and are never read.
    private func silentSubscribers() throws -> [Int32] {
        try (0..<self.options.silent).map { _ in
            let descriptor = try BenchSocket.connect(to: self.address)
            var out = ByteWriter()
            BenchSubscriber(.stock, phase: self.phase, tally: self.subscriberTally)
                .connected(&out)
            let sent = out.withBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            precondition(sent == out.count, "\(sent) of \(out.count) bytes of a hello")
            return descriptor
        }
    }

    private func wait(_ what: String, until isOver: () -> Bool) async throws {
        let clock = ContinuousClock()
        let begin = clock.now
        while !isOver() {
            guard clock.now - begin < .seconds(self.options.secondsMax) else {
                throw BenchFailure(
                    message: "\(what) did not finish within \(self.options.secondsMax) s"
                )
            }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    private func lastLSN() async throws -> LSN { try await self.client.query(.stats).lsn }

    private func turns() async throws -> [Statistic] {
        try await self.client.statistics().all.filter { $0.name.lowercased().contains("turn") }
    }

    /// Returns the peak memory of a local process in bytes; `nil` if it cannot be read.
    private static func peakBytes(of process: Int) -> Int64? {
        guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") })
        else { return nil }
        return line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int64($0) }
            .map { $0 << 10 }
    }
}
