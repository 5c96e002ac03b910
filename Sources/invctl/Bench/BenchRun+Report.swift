import InventoryLoad
internal import InventoryModel
import InventoryTransfer
import TerminalKit

extension BenchRun {
    /// Runs the bench and reports the results.
    func run(_ shell: Shell) async throws {
        let result = try await self.measure()
        self.report(result, asJSON: shell.format.isJSON)
        await shell.report(firstRefusal: result.firstRefusal)
        if result.failures > 0 { throw Exit.failed }
    }

    private func report(_ result: Result, asJSON isJSON: Bool) {
        let name = self.subscriberCount > 0 ? "subscribe" : self.requests.work.name
        let rate = Int(Double(result.doneCount) / result.seconds)
        let delivered = Int(Double(result.deliveries.count) / result.seconds)
        guard isJSON else {
            Terminal.print(
                """
                \(name): \(DecimalText.grouped(String(rate)))/s with \(self.options.connections) \
                connections × \(self.options.depth) deep for \(self.options.seconds) s, \
                \(result.failures) failures
                \(result.requests.text)
                """
            )
            if self.subscriberCount > 0 {
                Terminal.print(
                    """
                    delivered \(DecimalText.grouped(String(delivered)))/s to \
                    \(self.subscriberCount) subscribers
                    \(result.deliveries.text)
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
        object.add(result.requests)
        if self.subscriberCount > 0 {
            object.add("subscribers", raw: String(self.subscriberCount))
            object.add("deliveredPerSecond", raw: String(delivered))
            object.add(result.deliveries, "delivery_")
        }
        Terminal.print(object.text)
    }
}
