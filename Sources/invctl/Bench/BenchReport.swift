import InventoryLoad
internal import InventoryModel
import InventoryTransfer
import TerminalKit

extension LatencyHistogram {
    static let points: [(name: String, share: Double)] = [
        ("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999), ("max", 1),
    ]

    /// The points as text for people.
    var text: String {
        Self.points.map { "\($0.name) \(self.value(at: $0.share)) µs" }.joined(separator: "   ")
    }
}

extension JSONObject {
    /// Adds the points of a histogram, each under `prefix` and its name.
    mutating func add(_ histogram: LatencyHistogram, _ prefix: String = "") {
        for (name, share) in LatencyHistogram.points {
            self.add(prefix + name + "Microseconds", raw: String(histogram.value(at: share)))
        }
    }
}

extension Shell {
    /// Reports the first refusal of a bench, if any, on standard error.
    func report(firstRefusal refusal: Refusal?) async {
        guard let refusal else { return }
        let failure = await self.failure(refusal, of: nil)
        Terminal.note("  first refused  \(failure.name)  \(failure.message)")
    }
}
