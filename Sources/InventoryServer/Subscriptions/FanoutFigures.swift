internal import Synchronization

/// The lag of subscribers behind the durable LSN.
struct FanoutLag: Equatable {
    /// Subscriptions that lack a step which was durable 50 ms ago.
    private(set) var behindCount = 0
    /// The most steps that one of them lacks.
    private(set) var stepsMax: UInt64 = 0

    mutating func add(_ steps: UInt64) {
        self.behindCount += 1
        self.stepsMax = max(self.stepsMax, steps)
    }
}

/// Statistics of the fan-out; published for `invctl stats` twenty times a second.
struct FanoutFigures {
    var lag = FanoutLag()
    var sharedByteCount = 0
    var eventByteCount: Int64 = 0
    private(set) var turnNanosecondsMax: UInt64 = 0
    /// The most bytes sent in one turn.
    private(set) var turnByteCountMax = 0
    let board: FanoutBoard

    init(_ board: FanoutBoard) { self.board = board }

    mutating func turned(nanoseconds: UInt64, byteCount: Int) {
        self.turnNanosecondsMax = max(self.turnNanosecondsMax, nanoseconds)
        self.turnByteCountMax = max(self.turnByteCountMax, byteCount)
    }

    func publish() {
        let rows: [(String, Int64)] = [
            ("eventBytes", self.eventByteCount),
            ("subscribersBehind", Int64(self.lag.behindCount)),
            ("subscriberLagMax", Int64(clamping: self.lag.stepsMax)),
            ("sharedEventBytes", Int64(self.sharedByteCount)),
            ("fanoutTurnMicrosecondsMax", Int64(self.turnNanosecondsMax / 1_000)),
        ]
        self.board.post(rows)
    }
}

/// The fan-out's data for other threads: its statistics, and whether it lacks processor time.
final class FanoutBoard: Sendable {
    private let isPassLong = Atomic(false)
    private let posted = Mutex<[(name: String, value: Int64)]>([])

    var rows: [(name: String, value: Int64)] { self.posted.withLock { $0 } }

    func post(_ rows: [(name: String, value: Int64)]) { self.posted.withLock { $0 = rows } }

    /// Whether a pass takes so long that steps which become durable within a millisecond are published
    /// together anyway.
    var isBusy: Bool { self.isPassLong.load(ordering: .relaxed) }

    /// Records the duration of a pass; 0 if there are no subscribers.
    func passed(nanoseconds: UInt64) {
        self.isPassLong.store(
            nanoseconds >= FanoutLimits.longPassNanoseconds,
            ordering: .relaxed
        )
    }
}
