import ColumnStore
import Foundation
import Glibc
import Inventory
import InventoryClient
import InventoryInsights
import InventoryTransfer

/// A till beside a thousand subscribers while a year of sales is imported.
///
///     import alone ─▶ subscribers begin ─▶ the import again, the till beside it ─▶ all have caught up
///                                                                              ─▶ copies are right
///
/// Four threads of this process: the importer, the till, the subscribers, and the one that waits.
/// Subscribers that never read are sockets that nobody looks at.
struct TillBench {
    private let options: BenchCommand.Till
    private let ids: [ProductID]
    private let shell: Shell
    private let phase = BenchPhase()
    private let heard = BenchTally()
    private let progress = TillProgress()

    init(_ options: BenchCommand.Till, _ ids: [ProductID], _ shell: Shell) {
        self.options = options
        self.ids = ids
        self.shell = shell
    }

    /// What it came to.
    struct Result {
        var alonePerSecond = 0.0
        var importPerSecond = 0.0
        var till: [LatencyHistogram] = []
        /// From when the import heard of a step until a subscriber has it.
        var deliveries = LatencyHistogram()
        var deliveryCount = 0
        /// From the import's begin until all subscribers had all of it.
        var deliverySeconds = 0.0
        /// From the import's end on.
        var catchUpSeconds = 0.0
        var caughtUpPerSecond = 0.0
        var provenCount = 0
        var serverPeakBytes: Int64?
        /// What the server says of the turns of its loop.
        var turns: [(name: String, value: Int64)] = []
        var failures = 0
        var firstRefusal: Refusal?

        var sharePercent: Int { Int(100 * self.importPerSecond / max(1, self.alonePerSecond)) }
    }

    func run() async throws {
        let result = try await self.measure()
        self.report(result)
        await self.shell.tell(firstRefusal: result.firstRefusal)
        let isRight = result.provenCount == self.options.copies
        if result.failures > 0 || !isRight { throw Exit.failed }
    }

    private var address: ServerAddress { self.shell.client.configuration.address }

    private func measure() async throws -> Result {
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
            self.progress.provenCount >= self.options.copies || self.heard.hasFailed
        }
        listening.stop()
        await listener.value
        result.importPerSecond = imported.perSecond
        result.deliverySeconds = (caughtUpAt - begin) / .seconds(1)
        result.catchUpSeconds = (caughtUpAt - importedAt) / .seconds(1)
        result.caughtUpPerSecond =
            Double(result.deliveryCount - deliveredMeanwhile) / max(result.catchUpSeconds, 0.001)
        result.till = till.latencies
        result.deliveries = self.heard.histogram
        result.provenCount = self.progress.provenCount
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
    ) async throws -> (perSecond: Double, lsn: UInt64) {
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
            throw Failure(
                "bench",
                "the import ended after \(progress.count) of \(count) sales",
                exit: Exit.failed
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
                    self.phase,
                    self.heard,
                    self.progress,
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
            BenchSubscriber(.stock, self.phase, self.heard).connected(&out)
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
                throw Failure(
                    "bench",
                    "\(what): not within \(self.options.secondsMax) s",
                    exit: Exit.failed
                )
            }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    private func lastLSN() async throws -> UInt64 { try await self.shell.client.query(.stats).lsn }

    private func turns() async throws -> [(name: String, value: Int64)] {
        let stats = try await self.shell.client.query(.stats).table
        return (0..<stats.rowCount).compactMap { row in
            let name = stats.text(row, "name")
            guard name.lowercased().contains("turn"), let value = stats.integer(row, "value")
            else { return nil }
            return (name, value)
        }
    }

    /// The most memory that a process of this machine has had.
    private static func peakBytes(of process: Int) -> Int64? {
        guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") })
        else { return nil }
        return line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int64($0) }
            .map { $0 << 10 }
    }

    // MARK: - The report

    private func report(_ result: Result) {
        if self.shell.format.isJSON {
            Terminal.print(self.json(result))
        } else {
            Terminal.print(self.text(result))
        }
    }

    private func text(_ result: Result) -> String {
        func grouped(_ value: Double) -> String { DecimalText.grouped(String(Int(value))) }
        var lines = [
            "\(self.options.subscribers) subscribers, \(self.options.silent) more that never read, "
                + "\(DecimalText.grouped(String(self.options.sales))) sales imported",
            "import  \(grouped(result.importPerSecond))/s, \(result.sharePercent) % of "
                + "\(grouped(result.alonePerSecond))/s alone",
        ]
        for (kind, histogram) in zip(BenchTill.Kind.allCases, result.till) {
            lines.append("\(kind.name)  \(BenchRun.text(histogram))   of \(histogram.count)")
        }
        lines += [
            "delivered  \(grouped(Double(result.deliveryCount))), "
                + "\(grouped(Double(result.deliveryCount) / max(result.deliverySeconds, 0.001)))/s; "
                + "caught up \(DecimalText.format(Int64(result.catchUpSeconds * 10), decimals: 1)) s "
                + "after the import, at \(grouped(result.caughtUpPerSecond))/s",
            "delivery  \(BenchRun.text(result.deliveries))",
            "copies  \(result.provenCount) of \(self.options.copies) right, "
                + "\(result.failures) failures",
        ]
        if let peak = result.serverPeakBytes { lines.append("server  \(peak >> 20) MiB at most") }
        lines += result.turns.map { "\($0.name)  \($0.value)" }
        return lines.joined(separator: "\n")
    }

    private func json(_ result: Result) -> String {
        var object = JSONObject()
        object.add("work", "till")
        object.add("subscribers", raw: String(self.options.subscribers))
        object.add("silent", raw: String(self.options.silent))
        object.add("sales", raw: String(self.options.sales))
        object.add("alonePerSecond", raw: String(Int(result.alonePerSecond)))
        object.add("importPerSecond", raw: String(Int(result.importPerSecond)))
        object.add("sharePercent", raw: String(result.sharePercent))
        for (kind, histogram) in zip(BenchTill.Kind.allCases, result.till) {
            self.add(histogram, "\(kind.name)_", to: &object)
        }
        object.add("deliveries", raw: String(result.deliveryCount))
        let perSecond = Double(result.deliveryCount) / max(result.deliverySeconds, 0.001)
        object.add("deliveredPerSecond", raw: String(Int(perSecond)))
        object.add("catchUpMilliseconds", raw: String(Int(result.catchUpSeconds * 1_000)))
        object.add("caughtUpPerSecond", raw: String(Int(result.caughtUpPerSecond)))
        self.add(result.deliveries, "delivery_", to: &object)
        object.add("copies", raw: String(self.options.copies))
        object.add("copiesRight", raw: String(result.provenCount))
        object.add("failures", raw: String(result.failures))
        if let peak = result.serverPeakBytes {
            object.add("serverPeakBytes", raw: String(peak))
        }
        for (name, value) in result.turns { object.add(name, raw: String(value)) }
        return object.text
    }

    private func add(
        _ histogram: LatencyHistogram,
        _ prefix: String,
        to object: inout JSONObject
    ) {
        for (name, share) in BenchRun.points {
            object.add("\(prefix)\(name)Microseconds", raw: String(histogram.value(at: share)))
        }
    }
}
