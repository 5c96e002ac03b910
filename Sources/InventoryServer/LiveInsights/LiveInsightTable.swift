internal import Bytes
internal import InventoryEngine
internal import InventoryInsights
internal import InventoryModel
internal import InventoryWire

/// All insights with subscribers, each once; used on the engine's loop.
struct LiveInsightTable {
    private(set) var all: [Insight: LiveInsight] = [:]
    /// Insights whose newest result waits until its LSN is durable.
    var unpublished: [LiveInsight] = []
    var isRunning = false
    /// When the next recomputation is due, in nanoseconds.
    var restsUntil: UInt64 = 0
    /// Whether a timer runs until a rest is over.
    var isWaiting = false
    /// Throttles publishing by its cost on the loop.
    var pace = LiveInsightPace()
    /// Nanoseconds that publishing in this round took so far.
    var publishingNanoseconds: UInt64 = 0

    private var nextNumber: UInt64 = 0

    /// Whether an insight can be subscribed to.
    enum Place {
        /// There is space, or the insight is already live.
        case free
        /// In place of this one, the latest of the connection that has the most.
        case insteadOf(LiveInsight)
        case none
    }

    /// Finds a place for an insight that a connection requests: at the limit, only if another connection
    /// would still have as many as it.
    ///
    /// - Complexity: O(`WireLimits/liveInsightsMax`) at the bound, else O(1)
    func place(for insight: Insight, of connection: ConnectionID) -> Place {
        guard self.all[insight] == nil, self.all.count >= WireLimits.liveInsightsMax else {
            return .free
        }
        let shares = Dictionary(grouping: self.all.values) { $0.payer }
        let own = shares[connection]?.count ?? 0
        let largest = shares.values.max { ($0.count, $0[0].number) < ($1.count, $1[0].number) }
        guard let largest, largest.count > own + 1,
            let latest = largest.max(by: { $0.number < $1.number })
        else { return .none }
        return .insteadOf(latest)
    }

    /// The refusal of an insight that has no place or has lost it.
    static var refusal: Refusal {
        let highest = Int64(WireLimits.liveInsightsMax)
        return Refusal(
            .overloaded,
            .range("live insights", value: highest + 1, lowest: 0, highest: highest)
        )
    }

    /// Returns the live insight that all subscribers with the same query share.
    mutating func live(_ insight: Insight) -> LiveInsight {
        if let live = self.all[insight] { return live }
        let live = LiveInsight(insight, number: self.nextNumber)
        self.nextNumber += 1
        self.all[insight] = live
        return live
    }

    /// - Returns: Whether it has no subscribers left.
    mutating func dropIfUnused(_ live: LiveInsight) -> Bool {
        guard live.subscribers.isEmpty, self.all[live.insight] === live else { return false }
        live.token?.cancel()
        self.all[live.insight] = nil
        self.unpublished.removeAll { $0 === live }
        return true
    }

    /// The insights that are behind the data or the clock, in descending order of their lag.
    func behind(_ lsn: LSN, at moment: Instant) -> [LiveInsight] {
        self.all.values.filter { $0.incremental?.isBehind(lsn, at: moment) ?? false }
            .sorted { $0.pace.nextAt < $1.pace.nextAt }
    }

    /// - Complexity: O(subscribers)
    func checkInvariants() {
        precondition(
            self.all.count <= WireLimits.liveInsightsMax,
            "\(self.all.count) live insights"
        )
        for (insight, live) in self.all {
            precondition(live.insight == insight, "an insight under another one's key")
            live.checkInvariants()
        }
        precondition(
            self.unpublished.allSatisfy { self.all[$0.insight] === $0 },
            "a result waits without subscribers"
        )
    }
}
