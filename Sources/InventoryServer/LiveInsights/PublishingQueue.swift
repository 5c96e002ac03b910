internal import DequeModule

/// Which subscribers of live insights are served next: some in each turn of the loop, so that a turn does not
/// depend on how many there are.
///
///     queue           [insight 7][insight 2]     the front one's pass is served to its end
///     7's subscribers [a][b][c]│[d][e][f]        one that joins is appended, so this pass serves it too
///                      served   next
///
/// A pass serves each subscriber of an insight once. If the insight changes meanwhile, those that still wait
/// get the newest result in this pass, and another one follows, behind the other insights, for those that were
/// served before. So no insight and no subscriber waits forever, however often results change. Insights and
/// subscribers are numbers that the owner assigns. A plain value.
struct PublishingQueue: Equatable {
    /// The subscribers of one insight, in the order of serving.
    private struct Subscribers: Equatable {
        var all: [UInt64] = []
        private var positions: [UInt64: Int] = [:]
        /// How many of them the pass has served; all of them if there is none.
        private var servedCount = 0
        /// Whether there is a pass, and so the insight is in the queue.
        var isQueued = false
        /// Whether another pass follows.
        var isRepeated = false

        var waitingCount: Int { self.all.count - self.servedCount }

        mutating func add(_ subscriber: UInt64) {
            precondition(self.positions[subscriber] == nil, "\(subscriber) subscribes twice")
            self.positions[subscriber] = self.all.count
            self.all.append(subscriber)
            if !self.isQueued { self.servedCount += 1 }
        }

        /// Fills the gap with the last one; if the gap is among the served ones, with the last of these.
        mutating func remove(_ subscriber: UInt64) {
            guard var gap = self.positions.removeValue(forKey: subscriber) else {
                preconditionFailure("\(subscriber) does not subscribe")
            }
            if gap < self.servedCount {
                self.servedCount -= 1
                self.move(from: self.servedCount, to: gap)
                gap = self.servedCount
            }
            self.move(from: self.all.count - 1, to: gap)
            self.all.removeLast()
        }

        private mutating func move(from source: Int, to gap: Int) {
            guard source != gap else { return }
            self.all[gap] = self.all[source]
            self.positions[self.all[gap]] = gap
        }

        mutating func beginPass() {
            self.servedCount = 0
            self.isQueued = true
            self.isRepeated = false
        }

        mutating func take() -> UInt64? {
            guard self.servedCount < self.all.count else { return nil }
            defer { self.servedCount += 1 }
            return self.all[self.servedCount]
        }

        func checkInvariants() {
            let count = self.all.count
            precondition(count > 0, "an insight without subscribers")
            precondition(self.positions.count == count, "\(self.positions.count) of \(count)")
            precondition(
                self.all.indices.allSatisfy { self.positions[self.all[$0]] == $0 },
                "a subscriber is not found"
            )
            precondition(self.servedCount <= count, "\(self.servedCount) of \(count) served")
            precondition(
                self.isQueued || (self.waitingCount == 0 && !self.isRepeated),
                "\(self.waitingCount) subscribers wait outside of the queue"
            )
        }
    }

    private var insights: [UInt64: Subscribers] = [:]
    private var queue: Deque<UInt64> = []

    /// Whether no pass is left.
    var isIdle: Bool { self.queue.isEmpty }

    /// The number of an insight's subscribers.
    func count(of insight: UInt64) -> Int { self.insights[insight]?.all.count ?? 0 }

    /// Any one of an insight's subscribers; `nil` if it has none.
    ///
    /// - Complexity: O(1)
    func subscriber(of insight: UInt64) -> UInt64? { self.insights[insight]?.all.first }

    // MARK: - Subscribers

    /// Adds a subscriber, which a running pass of the insight serves too.
    ///
    /// - Complexity: O(1)
    mutating func add(_ subscriber: UInt64, to insight: UInt64) {
        self.insights[insight, default: Subscribers()].add(subscriber)
    }

    /// Removes a subscriber, served or not.
    ///
    /// - Complexity: O(1); O(insights in the queue) for the last one of an insight
    mutating func remove(_ subscriber: UInt64, from insight: UInt64) {
        self.insights[insight]?.remove(subscriber)
        guard self.insights[insight]?.all.isEmpty == true else { return }
        self.insights[insight] = nil
        self.queue.removeAll { $0 == insight }
    }

    // MARK: - Passes

    /// An insight has something new for all its subscribers: begins a pass, or lets another one follow the one
    /// that has served some already.
    ///
    /// - Complexity: O(1)
    mutating func changed(_ insight: UInt64) {
        switch self.insights[insight]?.isQueued {
        case nil: break
        case true?: self.insights[insight]?.isRepeated = true
        case false?: self.begin(insight)
        }
    }

    /// Begins a pass of every insight that has none.
    ///
    /// - Complexity: O(insights)
    mutating func beginAll() {
        for (insight, subscribers) in self.insights where !subscribers.isQueued {
            self.begin(insight)
        }
    }

    private mutating func begin(_ insight: UInt64) {
        self.insights[insight]?.beginPass()
        self.queue.append(insight)
    }

    /// Returns the next subscriber to serve; `nil` once every pass is over.
    ///
    /// - Complexity: O(1) amortized over the subscribers of the passes
    mutating func take() -> (insight: UInt64, subscriber: UInt64)? {
        while let insight = self.queue.first {
            if let subscriber = self.insights[insight]?.take() { return (insight, subscriber) }
            self.queue.removeFirst()
            self.insights[insight]?.isQueued = false
            if self.insights[insight]?.isRepeated == true { self.begin(insight) }
        }
        return nil
    }

    /// - Complexity: O(subscribers)
    func checkInvariants() {
        for subscribers in self.insights.values { subscribers.checkInvariants() }
        let queued = self.insights.filter { $0.value.isQueued }.keys
        precondition(
            Set(self.queue) == Set(queued) && self.queue.count == queued.count,
            "\(self.queue) has not each of \(queued) once"
        )
    }
}
