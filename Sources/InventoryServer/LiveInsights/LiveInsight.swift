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
        /// The complete result.
        case whole([ServerFrame])
    }

    /// The incremental computation; `nil` while a query thread owns it.
    var incremental: IncrementalInsight?
    let insight: Insight
    /// Increases with each live insight, and so orders them by age.
    let number: UInt64
    /// The connection whose share it counts against: the first that still subscribes to it.
    private(set) var payer: ConnectionID?
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
    private(set) var subscribers: [ObjectIdentifier: InsightSubscriber] = [:]

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
        self.subscribers[ObjectIdentifier(subscriber)] = subscriber
        self.payer = self.payer ?? subscriber.connection
    }

    func remove(_ subscriber: InsightSubscriber) {
        self.subscribers[ObjectIdentifier(subscriber)] = nil
        let connections = self.subscribers.values.map { $0.connection }
        guard !connections.contains(where: { $0 == self.payer }) else { return }
        self.payer = connections.first
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
        let published = Set(self.subscribers.values.map { $0.publishedVersion })
        self.earlier.removeAll { !published.contains($0.number) }
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
        let connections = Set(self.subscribers.values.map { $0.connection })
        precondition(
            self.payer.map { connections.contains($0) } ?? connections.isEmpty,
            "the payer is not a subscriber"
        )
    }
}

/// One connection's subscription to an insight; used on the engine's loop.
final class InsightSubscriber {
    let requestID: UInt64
    let live: LiveInsight
    let connection: ConnectionID
    private(set) weak var writer: ConnectionWriter?
    /// Whether the client was notified that it has begun.
    var hasBegun = false
    /// The version that was last published to it; 0 for none.
    var publishedVersion: UInt64 = 0
    /// The LSN up to which it has the result.
    var lsn: LSN
    /// When anything was last sent to it, in milliseconds of a monotonic clock.
    var publishedAt: Int64

    init(
        _ live: LiveInsight,
        _ requestID: UInt64,
        of writer: ConnectionWriter,
        lsn: LSN,
        at milliseconds: Int64
    ) {
        self.live = live
        self.requestID = requestID
        self.connection = writer.id
        self.writer = writer
        self.lsn = lsn
        self.publishedAt = milliseconds
    }
}
