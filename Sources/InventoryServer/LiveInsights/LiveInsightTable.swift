internal import Bytes
internal import InventoryEngine
internal import InventoryInsights
internal import InventoryModel
internal import InventoryWire

/// All insights that anybody subscribes to, each once; of the engine's loop.
struct LiveInsightTable {
    private(set) var all: [Insight: LiveInsight] = [:]
    /// Results that are published, and wait for their LSN to become durable.
    var unpublished: [LiveInsight] = []
    var isRunning = false
    /// Until then nothing is due, in nanoseconds.
    var restsUntil: UInt64 = 0
    /// Whether somebody will look when a rest is over.
    var isWaiting = false
    /// What telling takes of the loop.
    var pace = LiveInsightPace()
    /// Nanoseconds that the telling of this round took so far.
    var telling: UInt64 = 0

    private var nextNumber: UInt64 = 0

    /// Whether an insight can be subscribed to.
    enum Place {
        /// There is space, or it is kept up to date already.
        case free
        /// In place of this one, the latest of the connection that has the most.
        case insteadOf(LiveInsight)
        case none
    }

    /// Where there is a place for an insight that a connection asks for: at the bound, only while another
    /// connection would still have as many as it.
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

    /// Why an insight has no place, or has one no longer.
    static var refusal: Refusal {
        let highest = Int64(WireLimits.liveInsightsMax)
        return Refusal(
            .overloaded,
            .range("standing insights", value: highest + 1, lowest: 0, highest: highest)
        )
    }

    /// The one that is kept up to date for all who ask the same.
    mutating func live(_ insight: Insight) -> LiveInsight {
        if let live = self.all[insight] { return live }
        let live = LiveInsight(insight, number: self.nextNumber)
        self.nextNumber += 1
        self.all[insight] = live
        return live
    }

    /// - Returns: Whether nobody subscribes to it any more.
    mutating func dropIfUnused(_ live: LiveInsight) -> Bool {
        guard live.subscribers.isEmpty, self.all[live.insight] === live else { return false }
        live.token?.cancel()
        self.all[live.insight] = nil
        self.unpublished.removeAll { $0 === live }
        return true
    }

    /// Those that are behind the data or the clock, the longest first.
    func behind(_ lsn: LSN, at moment: Instant) -> [LiveInsight] {
        self.all.values.filter { $0.standing?.isBehind(lsn, at: moment) ?? false }
            .sorted { $0.pace.nextAt < $1.pace.nextAt }
    }

    /// - Complexity: O(subscribers)
    func checkInvariants() {
        precondition(
            self.all.count <= WireLimits.liveInsightsMax,
            "\(self.all.count) insights stand"
        )
        for (insight, live) in self.all {
            precondition(live.insight == insight, "an insight under another's name")
            let connections = Set(live.subscribers.values.map { $0.connection })
            precondition(
                live.payer.map { connections.contains($0) } ?? connections.isEmpty,
                "nobody who subscribes pays"
            )
        }
        precondition(
            self.unpublished.allSatisfy { self.all[$0.insight] === $0 },
            "a result waits that nobody wants"
        )
    }
}
