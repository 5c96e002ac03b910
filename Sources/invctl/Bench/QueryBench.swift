import Inventory
import InventoryTransfer

/// Sales alone and sales beside connections that ask the longest questions, in turns, so that what else
/// the machine does falls on both alike.
struct QueryBench {
    private let options: BenchCommand.Options
    private let requests: BenchRequests
    private let askers: Int
    private let rounds: Int
    private let shell: Shell

    init(
        _ options: BenchCommand.Options,
        _ requests: BenchRequests,
        askers: Int,
        rounds: Int,
        _ shell: Shell
    ) {
        self.options = options
        self.requests = requests
        self.askers = askers
        self.rounds = rounds
        self.shell = shell
    }

    func run() async throws {
        var alone = LatencyHistogram()
        var beside = LatencyHistogram()
        var asked = LatencyHistogram()
        var failures = 0
        var firstRefusal: Refusal?
        for _ in 0..<self.rounds {
            let quiet = try await self.measure(askers: 0)
            let busy = try await self.measure(askers: self.askers)
            alone.add(quiet.requests)
            beside.add(busy.requests)
            asked.add(busy.deliveries)
            failures += quiet.failures + busy.failures
            firstRefusal = firstRefusal ?? quiet.firstRefusal ?? busy.firstRefusal
        }
        self.report(alone, beside, asked, failures)
        await self.shell.tell(firstRefusal: firstRefusal)
        if failures > 0 { throw Exit.failed }
    }

    private func measure(askers: Int) async throws -> BenchRun.Result {
        try await BenchRun(
            self.options,
            self.requests,
            interests: [],
            askers: askers,
            self.shell
        ).measure()
    }

    private func report(
        _ alone: LatencyHistogram,
        _ beside: LatencyHistogram,
        _ asked: LatencyHistogram,
        _ failures: Int
    ) {
        let ratio = Double(beside.value(at: 0.99)) / Double(max(1, alone.value(at: 0.99)))
        let times = DecimalText.format(Int64(ratio * 100), decimals: 2)
        guard self.shell.format.isJSON else {
            Terminal.print(
                """
                sales alone: \(alone.count)
                \(BenchRun.text(alone))
                sales beside \(self.askers) connections that ask: \(beside.count), p99 \(times) × that
                \(BenchRun.text(beside))
                questions answered: \(asked.count), \(failures) failures
                \(BenchRun.text(asked))
                """
            )
            return
        }
        var object = JSONObject()
        object.add("work", "queries")
        object.add("askers", raw: String(self.askers))
        object.add("p99Ratio", raw: times)
        object.add("questions", raw: String(asked.count))
        object.add("failures", raw: String(failures))
        for (name, share) in BenchRun.points {
            object.add("alone_" + name + "Microseconds", raw: String(alone.value(at: share)))
            object.add("beside_" + name + "Microseconds", raw: String(beside.value(at: share)))
        }
        Terminal.print(object.text)
    }
}
