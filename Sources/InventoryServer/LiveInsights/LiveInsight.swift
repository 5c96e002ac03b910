internal import Bytes
internal import InventoryEngine
internal import InventoryInsights
internal import InventoryModel

/// One insight that is kept up to date for everyone who subscribes to it.
///
///     versions   …  4  5  6        the newest, and those that a subscriber was told of last
///     told          │     └ most
///                   └ one whose socket is full: it gets what makes 6 of 4, once it takes bytes
///
/// Of the engine's loop, but for ``standing``, which a query thread has while it is being brought up
/// to date.
final class LiveInsight {
    /// A result, and what those must be told who were told an earlier one.
    struct Version {
        let number: UInt64
        let answer: InsightAnswer
        /// By the version that was told before.
        var tellings: [UInt64: Telling] = [:]
        /// Those that are being made.
        var making: Set<UInt64> = []
    }

    enum Telling {
        /// Rows to take out and to put in.
        case changed(EventBatch)
        /// All of it.
        case whole([ServerFrame])
    }

    /// The value; nothing while a query thread has it.
    var standing: IncrementalInsight?
    let insight: Insight
    /// By which the order is known in which they were begun.
    let number: UInt64
    /// The connection in whose share it counts: the first that still subscribes to it.
    private(set) var payer: ConnectionID?
    /// The newest result; nothing before the first.
    private(set) var newest: Version?
    /// Earlier results that a subscriber was told of last, oldest first.
    private(set) var earlier: [(number: UInt64, answer: InsightAnswer)] = []
    /// The newest result is that of every step up to here.
    var lsn: LSN = 0
    var pace = LiveInsightPace()
    /// By which the turn that it has is ended; `nil` while it has none.
    var token: WorkToken?
    /// Nanoseconds that its last turn took; `nil` before the first.
    var cost: UInt64?
    private(set) var subscribers: [ObjectIdentifier: InsightSubscriber] = [:]

    /// Earlier results that are kept for those who were not told of a later one yet.
    ///
    /// Who was told of none of them gets all of the newest.
    static let earlierMax = 4

    init(_ insight: Insight, number: UInt64) {
        self.insight = insight
        self.number = number
        self.standing = IncrementalInsight(insight)
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

    /// The result is another: `changed` is what makes it of the one before, where a message can tell.
    func publish(_ answer: InsightAnswer, changed: Telling?) {
        let number = (self.newest?.number ?? 0) + 1
        var version = Version(number: number, answer: answer)
        if let newest {
            version.tellings[newest.number] = changed
            self.earlier.append((newest.number, newest.answer))
        }
        self.newest = version
        self.lsn = answer.lsn
        self.forget()
    }

    /// Lets go of results that nobody was told of last, and of more than are kept.
    private func forget() {
        let told = Set(self.subscribers.values.map { $0.told })
        self.earlier.removeAll { !told.contains($0.number) }
        if self.earlier.count > Self.earlierMax {
            self.earlier.removeFirst(self.earlier.count - Self.earlierMax)
        }
    }

    func beginMaking(_ before: UInt64) { self.newest?.making.insert(before) }

    /// What makes the newest of an earlier one was made, unless there is a newer one by now.
    func made(_ telling: Telling, of number: UInt64, after before: UInt64) {
        guard self.newest?.number == number else { return }
        self.newest?.making.remove(before)
        self.newest?.tellings[before] = telling
    }
}

/// One connection's subscription to an insight; of the engine's loop.
final class InsightSubscriber {
    let requestID: UInt64
    let live: LiveInsight
    let connection: ConnectionID
    private(set) weak var writer: ConnectionWriter?
    /// Whether it was told that it has begun.
    var hasBegun = false
    /// The version that it has; 0 for none.
    var told: UInt64 = 0
    /// The step that it knows the result of.
    var lsn: LSN
    /// When it was last told anything, in milliseconds of a clock that only rises.
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
