internal import Bytes
internal import InventoryEngine
internal import InventoryInsights
internal import InventoryModel
internal import InventoryWire

/// Standing insights that have their turn, one after another on a query thread, all of one view.
///
/// `@unchecked Sendable`: it belongs to the thread while that works, and to the loop in between.
final class InsightRound: @unchecked Sendable {
    /// An insight that has its turn, and what came of it.
    struct Turn {
        let live: LiveInsight
        var standing: IncrementalInsight
        /// By which it is ended, should nobody want it any longer.
        let token: WorkToken
        var result: TurnResult = .same
        /// Nanoseconds it took.
        var cost: UInt64 = 0
    }

    enum TurnResult {
        /// The result at the view's LSN is the one that stood.
        case same
        /// It is another, and what makes it of the one before.
        case changed(InsightAnswer, LiveInsight.Telling?)
        case refused(Refusal)
    }

    let view: ReadView
    /// Its work on the query threads.
    let job: QueryJob
    private let moment: Instant
    /// Nanoseconds of CPU time of the calling thread.
    private let now: @Sendable () -> UInt64
    private var waiting: ArraySlice<Turn>
    private var ended: [Turn] = []

    /// Nanoseconds after which others may have the query thread.
    private static let spell: UInt64 = 10_000_000

    init(
        _ turns: [Turn],
        of view: ReadView,
        at moment: Instant,
        _ job: QueryJob,
        now: @escaping @Sendable () -> UInt64
    ) {
        self.waiting = turns[...]
        self.view = view
        self.moment = moment
        self.job = job
        self.now = now
    }

    /// Works for a while, on the thread.
    ///
    /// - Returns: Whether every insight had its turn.
    func work() -> Bool {
        let start = self.now()
        var before = start
        while var turn = self.waiting.popFirst() {
            let old = turn.standing.answer
            let others = self.job.between
            do throws(Refusal) {
                let view = self.view.limited(by: turn.token)
                let new = try turn.standing.advance(to: view, at: self.moment)
                if old?.table != new.table || old?.window != new.window {
                    turn.result = .changed(new, .changed(from: old, to: new))
                }
            } catch {
                turn.result = .refused(error)
            }
            let now = self.now()
            // Other work that was done at its checkpoints is not its own.
            turn.cost = now - min(now, before + (self.job.between - others))
            before = now
            self.ended.append(turn)
            if now - start > Self.spell { break }
        }
        return self.waiting.isEmpty
    }

    /// The turns that ended since this was last asked; on the loop.
    func takeEnded() -> [Turn] {
        defer { self.ended = [] }
        return self.ended
    }
}

/// A message without the request that it is for.
struct ServerFrame {
    var opcode: Opcode
    var body: [UInt8]
}

extension LiveInsight.Telling {
    /// The request id that nearly every client's subscription has.
    private static let usualRequestID: UInt64 = 1

    /// What makes a result of the one before; nothing if there was none, or if that would take a
    /// longer block than there may be.
    static func changed(
        from old: InsightAnswer?,
        to new: InsightAnswer
    ) -> LiveInsight.Telling? {
        guard let old, old.table.schema == new.table.schema else { return nil }
        let difference = ResultDifference(from: old.table, to: new.table)
        guard difference.rows.rowCount <= ResultTable.blockRowsMax else { return nil }
        var writer = ByteWriter()
        ServerMessage.insightChanged(InsightChanged(difference, to: new)).encodeBody(into: &writer)
        return .changed(
            EventBatch(
                writer,
                as: .insightChanged,
                requestID: Self.usualRequestID,
                through: new.lsn
            )
        )
    }

    /// All of a result, for who has none.
    static func whole(_ answer: InsightAnswer) -> LiveInsight.Telling {
        var frames = [Self.frame(.insightHeader(InsightHeader(of: answer)))]
        var first = 0
        while first < answer.table.rowCount {
            let rows = first..<min(first + Self.blockRowsMax, answer.table.rowCount)
            var writer = ByteWriter()
            answer.table.rows(rows).encodeBlock(into: &writer)
            frames.append(ServerFrame(opcode: .resultRows, body: writer.array()))
            first = rows.upperBound
        }
        frames.append(Self.frame(.caughtUp(lsn: answer.lsn)))
        return .whole(frames)
    }

    private static let blockRowsMax = 1_024

    private static func frame(_ message: ServerMessage) -> ServerFrame {
        var writer = ByteWriter()
        message.encodeBody(into: &writer)
        return ServerFrame(opcode: message.opcode, body: writer.array())
    }
}
