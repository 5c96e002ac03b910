internal import Bytes
internal import InventoryEngine
internal import InventoryInsights
internal import InventoryModel
internal import InventoryWire

/// Recomputes the live insights that are due, one after another on a query thread, all from one view.
///
/// `@unchecked Sendable`: it belongs to the thread while that works, and to the loop in between.
final class InsightRound: @unchecked Sendable {
    /// An insight that is recomputed in this round, and its result.
    struct Turn {
        let live: LiveInsight
        var incremental: IncrementalInsight
        /// Cancels the recomputation if the insight loses its last subscriber.
        let token: WorkToken
        var result: TurnResult = .same
        /// Nanoseconds that the recomputation took.
        var cost: UInt64 = 0
    }

    enum TurnResult {
        /// The result at the view's LSN equals the previous one.
        case same
        /// A new result, and its difference from the previous one.
        case changed(InsightAnswer, LiveInsight.Publication?)
        case refused(Refusal)
    }

    let view: ReadView
    /// The round's job on the query threads.
    let job: QueryJob
    private let moment: Instant
    /// Nanoseconds of CPU time of the calling thread.
    private let now: @Sendable () -> UInt64
    private var waiting: ArraySlice<Turn>
    private var ended: [Turn] = []
    /// The insights of the round.
    private let count: Int
    /// Those whose results were taken.
    private var takenCount = 0

    /// Nanoseconds after which the round yields the query thread.
    private static let timeSlice: UInt64 = 10_000_000

    init(
        _ turns: [Turn],
        of view: ReadView,
        at moment: Instant,
        _ job: QueryJob,
        now: @escaping @Sendable () -> UInt64
    ) {
        self.waiting = turns[...]
        self.count = turns.count
        self.view = view
        self.moment = moment
        self.job = job
        self.now = now
    }

    /// Works for one time slice, on the query thread.
    ///
    /// - Returns: Whether every insight was recomputed.
    func work() -> Bool {
        let start = self.now()
        var before = start
        while var turn = self.waiting.popFirst() {
            let old = turn.incremental.answer
            let others = self.job.between
            do throws(Refusal) {
                let view = self.view.limited(by: turn.token)
                let new = try turn.incremental.advance(to: view, at: self.moment)
                if old?.table != new.table || old?.window != new.window {
                    turn.result = .changed(new, .changed(from: old, to: new))
                }
            } catch {
                turn.result = .refused(error)
            }
            let now = self.now()
            // Other work done at its checkpoints does not count.
            turn.cost = now - min(now, before + (self.job.between - others))
            before = now
            self.ended.append(turn)
            if now - start > Self.timeSlice { break }
        }
        return self.waiting.isEmpty
    }

    /// Removes and returns the insights completed since the last call; on the loop.
    func takeEnded() -> [Turn] {
        self.takenCount += self.ended.count
        defer { self.ended = [] }
        return self.ended
    }

    /// Traps unless each insight of the round is recomputed once; valid while no thread works on it.
    func checkInvariants() {
        precondition(
            self.waiting.count + self.ended.count + self.takenCount == self.count,
            "\(self.waiting.count) wait, \(self.ended.count) have ended and \(self.takenCount) are taken of \(self.count)"
        )
        let numbers = (self.waiting + self.ended).map { $0.live.number }
        precondition(Set(numbers).count == numbers.count, "an insight twice in \(numbers)")
    }
}

extension LiveInsight.Publication {
    /// The request ID that nearly every client's subscription has.
    private static let usualRequestID: UInt64 = 1

    /// The difference between two results; `nil` if there was none before, or if the difference would be
    /// longer than a block may be.
    static func changed(
        from old: InsightAnswer?,
        to new: InsightAnswer
    ) -> LiveInsight.Publication? {
        guard let old, old.table.schema == new.table.schema else { return nil }
        let difference = ResultDifference(from: old.table, to: new.table)
        guard difference.rows.rowCount <= ResultTable.blockRowsMax else { return nil }
        let changed = InsightChanged(difference, to: new)
        return .changed(Self.batch(.insightChanged(changed), through: new.lsn))
    }

    /// A complete result, for a subscriber without an earlier one.
    static func whole(_ answer: InsightAnswer) -> LiveInsight.Publication {
        let (lsn, header) = (answer.lsn, InsightHeader(of: answer))
        var batches = [Self.batch(.insightHeader(header), through: lsn)]
        var first = 0
        while first < answer.table.rowCount {
            let rows = first..<min(first + Self.blockRowsMax, answer.table.rowCount)
            var writer = ByteWriter()
            answer.table.rows(rows).encodeBlock(into: &writer)
            batches.append(Self.batch(writer, as: .resultRows, through: lsn))
            first = rows.upperBound
        }
        batches.append(Self.batch(.caughtUp(lsn: lsn), through: lsn))
        return .whole(batches)
    }

    /// Bytes that a subscriber is sent.
    var byteCount: Int {
        switch self {
        case .changed(let batch): batch.byteCount
        case .whole(let batches): batches.reduce(0) { $0 + $1.byteCount }
        }
    }

    private static let blockRowsMax = 1_024

    private static func batch(_ message: ServerMessage, through lsn: LSN) -> EventBatch {
        var writer = ByteWriter()
        message.encodeBody(into: &writer)
        return Self.batch(writer, as: message.opcode, through: lsn)
    }

    private static func batch(
        _ body: borrowing ByteWriter,
        as opcode: Opcode,
        through lsn: LSN
    ) -> EventBatch {
        EventBatch(body, as: opcode, requestID: Self.usualRequestID, through: lsn)
    }
}
