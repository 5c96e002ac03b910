import InventoryLoad
import InventoryTransfer
import TerminalKit

extension QueryBench {
    /// Runs the bench and reports the results.
    func run(_ shell: Shell) async throws {
        let result = try await self.measure()
        self.report(result, asJSON: shell.format.isJSON)
        await shell.report(firstRefusal: result.firstRefusal)
        if result.failures > 0 { throw Exit.failed }
    }

    private func report(_ result: Result, asJSON isJSON: Bool) {
        let (alone, beside, queries) = (result.alone, result.beside, result.queries)
        let ratio = Double(beside.value(at: 0.99)) / Double(max(1, alone.value(at: 0.99)))
        let times = DecimalText.format(Int64(ratio * 100), decimals: 2)
        guard isJSON else {
            Terminal.print(
                """
                sales alone: \(alone.count)
                \(alone.text)
                sales with \(self.queryClients) connections of queries: \(beside.count), p99 \(times) × that
                \(beside.text)
                queries answered: \(queries.count), \(result.failures) failures
                \(queries.text)
                """
            )
            return
        }
        var object = JSONObject()
        object.add("work", "queries")
        object.add("askers", raw: String(self.queryClients))
        object.add("p99Ratio", raw: times)
        object.add("questions", raw: String(queries.count))
        object.add("failures", raw: String(result.failures))
        for (name, share) in LatencyHistogram.points {
            object.add("alone_" + name + "Microseconds", raw: String(alone.value(at: share)))
            object.add("beside_" + name + "Microseconds", raw: String(beside.value(at: share)))
        }
        Terminal.print(object.text)
    }
}
