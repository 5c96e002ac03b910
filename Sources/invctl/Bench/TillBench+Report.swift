import InventoryClient
import InventoryLoad
import InventoryTransfer
import TerminalKit

extension TillBench {
    /// Runs the bench and reports the results.
    func run(_ shell: Shell) async throws {
        let result = try await self.result()
        Terminal.print(shell.format.isJSON ? self.json(result) : self.text(result))
        await shell.report(firstRefusal: result.firstRefusal)
        let isVerified = result.verifiedCount == self.options.copies
        if result.failures > 0 || !isVerified { throw Exit.failed }
    }

    private func result() async throws -> Result {
        do {
            return try await self.measure()
        } catch let failure as BenchFailure {
            throw Failure("bench", failure.message, exit: Exit.failed)
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
        for (name, latencies) in result.till {
            lines.append("\(name)  \(latencies.text)   of \(latencies.count)")
        }
        lines += [
            "delivered  \(grouped(Double(result.deliveryCount))), "
                + "\(grouped(Double(result.deliveryCount) / max(result.deliverySeconds, 0.001)))/s; "
                + "caught up \(DecimalText.format(Int64(result.catchUpSeconds * 10), decimals: 1)) s "
                + "after the import, at \(grouped(result.caughtUpPerSecond))/s",
            "delivery  \(result.deliveries.text)",
            "replicas  \(result.verifiedCount) of \(self.options.copies) verified, "
                + "\(result.failures) failures",
        ]
        if let peak = result.serverPeakBytes { lines.append("server  peak \(peak >> 20) MiB") }
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
        for (name, latencies) in result.till { object.add(latencies, "\(name)_") }
        object.add("deliveries", raw: String(result.deliveryCount))
        let perSecond = Double(result.deliveryCount) / max(result.deliverySeconds, 0.001)
        object.add("deliveredPerSecond", raw: String(Int(perSecond)))
        object.add("catchUpMilliseconds", raw: String(Int(result.catchUpSeconds * 1_000)))
        object.add("caughtUpPerSecond", raw: String(Int(result.caughtUpPerSecond)))
        object.add(result.deliveries, "delivery_")
        object.add("copies", raw: String(self.options.copies))
        object.add("copiesRight", raw: String(result.verifiedCount))
        object.add("failures", raw: String(result.failures))
        if let peak = result.serverPeakBytes {
            object.add("serverPeakBytes", raw: String(peak))
        }
        for turn in result.turns { object.add(turn.name, raw: String(turn.value)) }
        return object.text
    }
}
