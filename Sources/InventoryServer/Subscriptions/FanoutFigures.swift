internal import Synchronization

/// How far subscribers are behind what is durable.
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

/// What the fan-out counts about itself; published for `invctl stats` twenty times a second.
struct FanoutFigures {
    var lag = FanoutLag()
    var sharedByteCount = 0
    var eventByteCount: Int64 = 0
    private(set) var turnNanosecondsMax: UInt64 = 0
    /// The most bytes that a turn sent.
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

/// What other threads read of the fan-out: its figures, and whether it is short of processor time.
final class FanoutBoard: Sendable {
    private let isPassLong = Atomic(false)
    private let posted = Mutex<[(name: String, value: Int64)]>([])

    var rows: [(name: String, value: Int64)] { self.posted.withLock { $0 } }

    func post(_ rows: [(name: String, value: Int64)]) { self.posted.withLock { $0 = rows } }

    /// Whether telling everybody takes so long that what becomes durable within a millisecond is told
    /// together anyhow.
    var isBusy: Bool { self.isPassLong.load(ordering: .relaxed) }

    /// A pass took that long; 0 once there is nobody to tell.
    func passed(nanoseconds: UInt64) {
        self.isPassLong.store(
            nanoseconds >= FanoutLimits.longPassNanoseconds,
            ordering: .relaxed
        )
    }
}
