import InventoryLoad
import InventoryTransfer
import TerminalKit

extension InsightBench {
    /// Runs the bench and reports the results.
    func run(_ shell: Shell) async throws {
        let total = try await self.measure()
        self.report(total, asJSON: shell.format.isJSON)
        await shell.report(firstRefusal: total.firstRefusal)
        if total.failures > 0 { throw Exit.failed }
    }

    private func report(_ total: Total, asJSON isJSON: Bool) {
        let alone = Int(total.alone.reduce(0, +) / Double(self.rounds))
        let together = Int(total.together.reduce(0, +) / Double(self.rounds))
        let measured = Double(self.rounds * self.options.seconds)
        let perSecond = Int(Double(total.results.count) / measured)
        let core = Int(100 * Double(total.busy) / 1_000_000 / max(total.seconds, 1))
        guard isJSON else {
            Terminal.print(
                """
                sales alone: \(DecimalText.grouped(String(alone)))/s; with \(self.insightCount) live \
                insights and \(self.subscriberCount) subscribers: \
                \(DecimalText.grouped(String(together)))/s, \(Int(total.share)) % of that
                results \(DecimalText.grouped(String(perSecond)))/s, \(total.failures) failures; \
                \(core) % of a core to maintain them
                \(total.results.text)
                """
            )
            return
        }
        var object = JSONObject()
        object.add("work", "insights")
        object.add("standing", raw: String(self.insightCount))
        object.add("subscribers", raw: String(self.subscriberCount))
        object.add("alonePerSecond", raw: String(alone))
        object.add("togetherPerSecond", raw: String(together))
        object.add("sharePercent", raw: String(Int(total.share)))
        object.add("resultsPerSecond", raw: String(perSecond))
        object.add("corePercent", raw: String(core))
        object.add("failures", raw: String(total.failures))
        object.add(total.results, "result_")
        Terminal.print(object.text)
    }
}
