internal import Bytes
internal import InventoryEngine
internal import InventoryInsights
internal import InventoryModel

/// A live query: one insight that is kept up to date for all its subscribers.
///
///     versions   …  4  5  6        the newest, and those that were last published to a subscriber
///     published     │     └ to most
///                   └ to a slow consumer: it gets the difference from 4 to 6 once it is writable
///
/// Used on the engine's loop, except ``incremental``, which a query thread owns while it is recomputed.
final class LiveInsight {
    /// A result, and the publications for subscribers that have an earlier one.
    struct Version {
        let number: UInt64
        let answer: InsightAnswer
        /// By the version that the subscriber has.
        var publications: [UInt64: Publication] = [:]
        /// The versions whose publications are being made.
        var making: Set<UInt64> = []
    }

    enum Publication {
        /// Rows to remove and rows to insert.
        case changed(EventBatch)
        /// The complete result, encoded once as well: a header, blocks of rows, and the end.
        case whole([EventBatch])
    }

    /// The incremental computation; `nil` while a query thread owns it.
    var incremental: IncrementalInsight?
    let insight: Insight
    /// Increases with each live insight, and so orders them by age.
    let number: UInt64
    /// The connection whose share it counts against: the first that still subscribes to it.
    private(set) var payer: ConnectionID?
    /// Why it ends: its subscribers still have to be notified; `nil` while it is live.
    private(set) var ending: Refusal?
    /// The newest result; `nil` before the first.
    private(set) var newest: Version?
    /// Earlier results that a subscriber still has, oldest first.
    private(set) var earlier: [(number: UInt64, answer: InsightAnswer)] = []
    /// The newest result reflects every step up to this LSN.
    var lsn: LSN = 0
    var pace = LiveInsightPace()
    /// Cancels the running recomputation; `nil` while there is none.
    var token: WorkToken?
    /// Nanoseconds that the last recomputation took; `nil` before the first.
    var cost: UInt64?
    /// By their numbers.
    private(set) var subscribers: [UInt64: InsightSubscriber] = [:]
    /// The number of subscriptions of each connection.
    private var connections: [ConnectionID: Int] = [:]
    /// The number of subscribers that have each version; 0 for none.
    private var published: [UInt64: Int] = [:]

    /// Earlier results that are retained for slow consumers.
    ///
    /// A subscriber that has none of them gets the complete newest result.
    static let earlierMax = 4

    init(_ insight: Insight, number: UInt64) {
        self.insight = insight
        self.number = number
        self.incremental = IncrementalInsight(insight)
    }

    func add(_ subscriber: InsightSubscriber) {
        self.subscribers[subscriber.number] = subscriber
        self.connections[subscriber.connection, default: 0] += 1
        self.published[subscriber.publishedVersion, default: 0] += 1
        self.payer = self.payer ?? subscriber.connection
    }

    /// - Complexity: O(1)
    func remove(_ subscriber: InsightSubscriber) {
        self.subscribers[subscriber.number] = nil
        Self.decrement(&self.published, subscriber.publishedVersion)
        Self.decrement(&self.connections, subscriber.connection)
        if self.payer.map({ self.connections[$0] == nil }) ?? false { self.payer = nil }
    }

    /// The connection that pays for it once the one that paid no longer subscribes.
    func pays(_ connection: ConnectionID?) { self.payer = self.payer ?? connection }

    private static func decrement<Key>(_ counts: inout [Key: Int], _ key: Key) {
        guard let count = counts[key] else { preconditionFailure("\(key) has no count") }
        counts[key] = count > 1 ? count - 1 : nil
    }

    /// The newest version was published to a subscriber.
    func published(to subscriber: InsightSubscriber, at milliseconds: Int64) {
        guard let newest = self.newest else { preconditionFailure("no result was published") }
        Self.decrement(&self.published, subscriber.publishedVersion)
        self.published[newest.number, default: 0] += 1
        subscriber.published(newest.number, of: newest.answer.lsn, at: milliseconds)
    }

    /// It is no longer live.
    func end(_ refusal: Refusal) {
        self.ending = refusal
        self.token?.cancel()
    }

    /// Sets a new result; `changed` is the difference from the previous one, if a message can express it.
    func publish(_ answer: InsightAnswer, changed: Publication?) {
        let number = (self.newest?.number ?? 0) + 1
        var version = Version(number: number, answer: answer)
        if let newest {
            version.publications[newest.number] = changed
            self.earlier.append((newest.number, newest.answer))
        }
        self.newest = version
        self.lsn = answer.lsn
        self.forget()
    }

    /// Drops results that no subscriber has, and those beyond ``earlierMax``.
    private func forget() {
        self.earlier.removeAll { self.published[$0.number] == nil }
        if self.earlier.count > Self.earlierMax {
            self.earlier.removeFirst(self.earlier.count - Self.earlierMax)
        }
    }

    func beginMaking(_ before: UInt64) { self.newest?.making.insert(before) }

    /// Stores the publication from an earlier version to the newest, unless there is a newer one by now.
    func made(_ publication: Publication, of number: UInt64, after before: UInt64) {
        guard self.newest?.number == number else { return }
        self.newest?.making.remove(before)
        self.newest?.publications[before] = publication
    }

    /// Traps if its versions, its subscribers or its payer contradict each other.
    ///
    /// - Complexity: O(subscribers)
    func checkInvariants() {
        self.incremental?.checkInvariants()
        let newest = self.newest?.number ?? 0
        let earlier = self.earlier.map { $0.number }
        precondition(earlier.count <= Self.earlierMax, "\(earlier.count) earlier results")
        precondition(
            zip(earlier, earlier.dropFirst() + [newest]).allSatisfy { $0 < $1 },
            "results \(earlier) before \(newest)"
        )
        precondition(
            self.subscribers.values.allSatisfy { $0.publishedVersion <= newest },
            "a subscriber has a result after \(newest)"
        )
        if let version = self.newest {
            precondition(
                version.making.union(version.publications.keys).allSatisfy { $0 < newest },
                "a difference from result \(newest) to itself"
            )
        }
        func counts<Key>(_ key: (InsightSubscriber) -> Key) -> [Key: Int] {
            Dictionary(self.subscribers.values.map { (key($0), 1) }, uniquingKeysWith: +)
        }
        precondition(self.connections == counts { $0.connection }, "\(self.connections)")
        precondition(self.published == counts { $0.publishedVersion }, "\(self.published)")
        precondition(
            self.payer.map { self.connections[$0] != nil } ?? self.connections.isEmpty,
            "the payer is not a subscriber"
        )
    }
}

/// One connection's subscription to an insight; used on the engine's loop.
final class InsightSubscriber {
    /// Unique among the subscribers of all insights.
    let number: UInt64
    let requestID: UInt64
    let live: LiveInsight
    let connection: ConnectionID
    private(set) weak var writer: ConnectionWriter?
    /// Whether the client was notified that it has begun.
    var hasBegun = false
    /// The version that was last published to it; 0 for none.
    private(set) var publishedVersion: UInt64 = 0
    /// The LSN up to which it has the result.
    var lsn: LSN
    /// When anything was last sent to it, in milliseconds of a monotonic clock.
    var publishedAt: Int64

    init(
        _ live: LiveInsight,
        _ requestID: UInt64,
        numbered number: UInt64,
        of writer: ConnectionWriter,
        lsn: LSN,
        at milliseconds: Int64
    ) {
        self.number = number
        self.live = live
        self.requestID = requestID
        self.connection = writer.id
        self.writer = writer
        self.lsn = lsn
        self.publishedAt = milliseconds
    }

    fileprivate func published(_ version: UInt64, of lsn: LSN, at milliseconds: Int64) {
        self.publishedVersion = version
        self.lsn = lsn
        self.publishedAt = milliseconds
    }
}
