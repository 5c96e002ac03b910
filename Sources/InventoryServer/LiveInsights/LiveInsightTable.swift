internal import Bytes
internal import InventoryEngine
internal import InventoryInsights
internal import InventoryModel
internal import InventoryWire

/// All insights with subscribers, each once; used on the engine's loop.
struct LiveInsightTable {
    private(set) var all: [Insight: LiveInsight] = [:]
    /// Those, and the ones that have ended and whose subscribers are still being notified; by their numbers.
    private var numbered: [UInt64: LiveInsight] = [:]
    /// Which subscriber is served next.
    var queue = PublishingQueue()
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
    private var nextSubscriberNumber: UInt64 = 0

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
        self.numbered[live.number] = live
        return live
    }

    /// Whether an insight has not ended.
    func isLive(_ live: LiveInsight) -> Bool { self.all[live.insight] === live }

    // MARK: - Subscribers

    mutating func nextSubscriber() -> UInt64 {
        defer { self.nextSubscriberNumber += 1 }
        return self.nextSubscriberNumber
    }

    mutating func add(_ subscriber: InsightSubscriber) {
        subscriber.live.add(subscriber)
        self.queue.add(subscriber.number, to: subscriber.live.number)
    }

    /// Removes a subscriber, and its insight if it was the last one.
    ///
    /// - Returns: Whether the insight was removed.
    /// - Complexity: O(1); O(`WireLimits/liveInsightsMax`) for the last subscriber of an insight
    mutating func remove(_ subscriber: InsightSubscriber) -> Bool {
        let live = subscriber.live
        live.remove(subscriber)
        self.queue.remove(subscriber.number, from: live.number)
        if let next = self.queue.subscriber(of: live.number) {
            live.pays(live.subscribers[next]?.connection)
            return false
        }
        live.token?.cancel()
        self.forget(live)
        self.numbered[live.number] = nil
        return true
    }

    /// Ends an insight: its subscribers are notified in turn, and the query can be subscribed to again.
    ///
    /// - Complexity: O(`WireLimits/liveInsightsMax`)
    mutating func end(_ live: LiveInsight, _ refusal: Refusal) {
        guard self.isLive(live) else { return }
        live.end(refusal)
        self.forget(live)
        self.queue.changed(live.number)
    }

    private mutating func forget(_ live: LiveInsight) {
        guard self.isLive(live) else { return }
        self.all[live.insight] = nil
        self.unpublished.removeAll { $0 === live }
    }

    /// Returns the next subscriber to serve; `nil` if none waits.
    mutating func takeNext() -> InsightSubscriber? {
        guard let next = self.queue.take() else { return nil }
        guard let subscriber = self.numbered[next.insight]?.subscribers[next.subscriber] else {
            preconditionFailure("subscriber \(next.subscriber) of \(next.insight) is gone")
        }
        return subscriber
    }

    // MARK: - Rounds

    /// The insights that are behind the data or the clock, in descending order of their lag.
    func behind(_ lsn: LSN, at moment: Instant) -> [LiveInsight] {
        self.all.values.filter { $0.incremental?.isBehind(lsn, at: moment) ?? false }
            .sorted { $0.pace.nextAt < $1.pace.nextAt }
    }

    /// The subscribers of all insights.
    ///
    /// - Complexity: O(subscribers)
    var subscribers: [InsightSubscriber] { self.numbered.values.flatMap { $0.subscribers.values } }

    /// - Complexity: O(subscribers)
    func checkInvariants() {
        precondition(
            self.all.count <= WireLimits.liveInsightsMax,
            "\(self.all.count) live insights"
        )
        for (insight, live) in self.all {
            precondition(live.insight == insight, "an insight under another one's key")
            precondition(self.numbered[live.number] === live, "insight \(live.number) is lost")
        }
        self.queue.checkInvariants()
        for (number, live) in self.numbered {
            live.checkInvariants()
            precondition(live.number == number, "an insight under another one's number")
            precondition(
                self.isLive(live) == (live.ending == nil),
                "insight \(number) has not ended properly"
            )
            precondition(
                self.queue.count(of: number) == live.subscribers.count,
                "\(self.queue.count(of: number)) of \(live.subscribers.count) can be served"
            )
        }
        precondition(
            self.unpublished.allSatisfy { self.all[$0.insight] === $0 },
            "a result waits without subscribers"
        )
    }
}
