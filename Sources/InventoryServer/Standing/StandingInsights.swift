internal import InventoryEngine
internal import InventoryInsights
internal import InventoryModel
internal import InventoryWire

/// All insights that anybody subscribes to, each once; of the engine's loop.
struct StandingInsights {
    private(set) var all: [Insight: LiveInsight] = [:]
    /// Results that are published, and wait for their LSN to become durable.
    var untold: [LiveInsight] = []
    var isRunning = false
    /// Until then nothing is due, in nanoseconds.
    var restsUntil: UInt64 = 0
    /// Whether somebody will look when a rest is over.
    var isWaiting = false
    /// What telling takes of the loop.
    var pace = StandingPace()
    /// Nanoseconds that the telling of this round took so far.
    var telling: UInt64 = 0

    /// Why an insight cannot be subscribed to now.
    func refusal(_ insight: Insight) -> Refusal? {
        guard self.all[insight] == nil, self.all.count >= WireLimits.standingInsightsMax else {
            return nil
        }
        return Refusal(
            .overloaded,
            .range(
                "standing insights",
                value: Int64(self.all.count + 1),
                lowest: 0,
                highest: Int64(WireLimits.standingInsightsMax)
            )
        )
    }

    /// The one that is kept up to date for all who ask the same.
    mutating func live(_ insight: Insight) -> LiveInsight {
        if let live = self.all[insight] { return live }
        let live = LiveInsight(insight)
        self.all[insight] = live
        return live
    }

    mutating func dropIfUnused(_ live: LiveInsight) {
        guard live.subscribers.isEmpty, self.all[live.insight] === live else { return }
        live.token?.cancel()
        self.all[live.insight] = nil
        self.untold.removeAll { $0 === live }
    }

    /// Those that are behind the data or the clock, the longest first.
    func behind(_ lsn: UInt64, at moment: Instant) -> [LiveInsight] {
        self.all.values.filter { $0.standing?.isBehind(lsn, at: moment) ?? false }
            .sorted { $0.pace.nextAt < $1.pace.nextAt }
    }
}
