import InventoryLoad
import InventoryTransfer
import TerminalKit

extension QueryBench {
    /// Measures, and says what came of it.
    func run(_ shell: Shell) async throws {
        let result = try await self.measure()
        self.report(result, asJSON: shell.format.isJSON)
        await shell.tell(firstRefusal: result.firstRefusal)
        if result.failures > 0 { throw Exit.failed }
    }

    private func report(_ result: Result, asJSON isJSON: Bool) {
        let (alone, beside, asked) = (result.alone, result.beside, result.asked)
        let ratio = Double(beside.value(at: 0.99)) / Double(max(1, alone.value(at: 0.99)))
        let times = DecimalText.format(Int64(ratio * 100), decimals: 2)
        guard isJSON else {
            Terminal.print(
                """
                sales alone: \(alone.count)
                \(alone.text)
                sales beside \(self.askers) connections that ask: \(beside.count), p99 \(times) × that
                \(beside.text)
                questions answered: \(asked.count), \(result.failures) failures
                \(asked.text)
                """
            )
            return
        }
        var object = JSONObject()
        object.add("work", "queries")
        object.add("askers", raw: String(self.askers))
        object.add("p99Ratio", raw: times)
        object.add("questions", raw: String(asked.count))
        object.add("failures", raw: String(result.failures))
        for (name, share) in LatencyHistogram.points {
            object.add("alone_" + name + "Microseconds", raw: String(alone.value(at: share)))
            object.add("beside_" + name + "Microseconds", raw: String(beside.value(at: share)))
        }
        Terminal.print(object.text)
    }
}
