internal import Bytes
import Foundation
import Glibc
package import InventoryClient
package import InventoryModel

/// How much a ``TillBench`` does.
package protocol TillOptions {
    /// Connections that each subscribe to all stock.
    var subscribers: Int { get }
    /// Of those, how many keep a copy and compare checksums.
    var copies: Int { get }
    /// Further connections that subscribe and never read.
    var silent: Int { get }
    /// Windows a second of conflated subscribers; nothing for every change.
    var conflate: UInt8? { get }
    /// Sales that are imported beside the till.
    var sales: Int { get }
    /// Sales that are imported alone, before.
    var alone: Int { get }
    /// Requests of the till a second.
    var rate: Int { get }
    /// How long any part may take.
    var secondsMax: Int { get }
    /// The server's process, to tell its peak memory.
    var pid: Int? { get }
}

/// Why a bench came to no result.
package struct BenchFailure: Error {
    package var message: String
}

/// A till beside a thousand subscribers while a year of sales is imported.
///
///     import alone ─▶ subscribers begin ─▶ the import again, the till beside it ─▶ all have caught up
///                                                                              ─▶ copies are right
///
/// Four threads of this process: the importer, the till, the subscribers, and the one that waits.
/// Subscribers that never read are sockets that nobody looks at.
package struct TillBench {
    package let options: any TillOptions
    private let ids: [ProductID]
    private let client: InventoryClient
    private let phase = BenchPhase()
    private let heard = BenchTally()
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

    /// What it came to.
    package struct Result {
        package var alonePerSecond = 0.0
        package var importPerSecond = 0.0
        /// What the till asked for in turns, and how long that took.
        package var till: [(name: String, latencies: LatencyHistogram)] = []
        /// From when the import heard of a step until a subscriber has it.
        package var deliveries = LatencyHistogram()
        package var deliveryCount = 0
        /// From the import's begin until all subscribers had all of it.
        package var deliverySeconds = 0.0
        /// From the import's end on.
        package var catchUpSeconds = 0.0
        package var caughtUpPerSecond = 0.0
        package var verifiedCount = 0
        package var serverPeakBytes: Int64?
        /// What the server says of the turns of its loop.
        package var turns: [Statistic] = []
        package var failures = 0
        package var firstRefusal: Refusal?

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
        try await self.wait("the subscribers begin") {
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
        try await self.wait("the subscribers catch up") {
            self.progress.reachedCount >= self.options.subscribers
        }
        let caughtUpAt = clock.now
        self.phase.measure(false)
        result.deliveryCount = self.progress.deliveryCount
        selling.stop()
        await seller.value

        // With nobody writing any more, what each copy has is what the server has.
        self.progress.aim(at: try await self.lastLSN())
        try await self.wait("the copies are compared") {
            self.progress.verifiedCount >= self.options.copies || self.heard.hasFailed
        }
        listening.stop()
        await listener.value
        result.importPerSecond = imported.perSecond
        result.deliverySeconds = (caughtUpAt - begin) / .seconds(1)
        result.catchUpSeconds = (caughtUpAt - importedAt) / .seconds(1)
        result.caughtUpPerSecond =
            Double(result.deliveryCount - deliveredMeanwhile) / max(result.catchUpSeconds, 0.001)
        result.till = zip(BenchTill.Kind.allCases, till.latencies).map { ($0.name, $1) }
        result.deliveries = self.heard.histogram
        result.verifiedCount = self.progress.verifiedCount
        result.failures =
            till.tally.failures + self.heard.failures + listening.cutOffCount + selling.cutOffCount
        result.firstRefusal = till.tally.firstRefusal ?? self.heard.firstRefusal
        result.serverPeakBytes = self.options.pid.flatMap { Self.peakBytes(of: $0) }
        result.turns = try await self.turns()
        return result
    }

    // MARK: - Its parts

    /// Imports so many sales.
    ///
    /// - Returns: How many a second, and the LSN of the last one.
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
        try await self.wait("the import") {
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
                    tally: self.heard,
                    progress: self.progress,
                    updatesPerSecond: self.options.conflate
                ),
                at: self.address
            )
        }
    }

    /// Sockets that subscribe and never read.
    private func silentSubscribers() throws -> [Int32] {
        try (0..<self.options.silent).map { _ in
            let descriptor = try BenchSocket.connect(to: self.address)
            var out = ByteWriter()
            BenchSubscriber(.stock, phase: self.phase, tally: self.heard).connected(&out)
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
                    message: "\(what): not within \(self.options.secondsMax) s"
                )
            }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    private func lastLSN() async throws -> LSN { try await self.client.query(.stats).lsn }

    private func turns() async throws -> [Statistic] {
        try await self.client.statistics().all.filter { $0.name.lowercased().contains("turn") }
    }

    /// The most memory that a process of this machine has had.
    private static func peakBytes(of process: Int) -> Int64? {
        guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") })
        else { return nil }
        return line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int64($0) }
            .map { $0 << 10 }
    }
}
