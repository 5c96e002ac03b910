public import Bytes
public import InventoryEngine
public import InventoryModel

/// The result of an insight, kept up to date as the data and the clock go on.
///
///     var standing = IncrementalInsight(.query(…))
///     let first = try standing.advance(to: view, at: now)
///     let later = try standing.advance(to: newerView, at: laterOn)   // = the question asked anew
///
/// A plain value without a clock, thread or socket: who holds it says to which version and moment it
/// is to be brought. Its answer always equals that of the same question asked then. Sums over what
/// is only ever appended to (sales, movements, refusals) are kept, those of named insights too, and fed
/// the rows that are new: a change costs the groups it touches; see `MaterializedAggregates`. Balances are added
/// up anew each time, and so is the course of stock over time that some named insights tell of.
public struct IncrementalInsight: Sendable {
    public let insight: Insight
    /// The answer as of the last ``advance(to:at:)``; nothing before the first.
    public private(set) var answer: InsightAnswer?
    /// The moment of that answer.
    private var moment = Instant(microseconds: .min)
    private var kept: [InsightQuery: MaterializedAggregates] = [:]

    public init(_ insight: Insight) { self.insight = insight }

    /// Whether there may be something to do: the data has gone on, or the window moves on.
    public func isBehind(_ lsn: LSN, at now: Instant) -> Bool {
        guard let answer else { return true }
        return answer.lsn < lsn || answer.window.movesAt.map { $0 <= now } ?? false
    }

    /// Brings the answer to a later view and moment.
    ///
    /// - Throws: The refusal that the question asked anew would get, or `out_of_range` for a result
    ///   of more than `InsightLimits/liveInsightRowsMax` rows.
    /// - Complexity: O(new rows + groups) while sums can be kept, else that of the question.
    public mutating func advance(
        to view: ReadView,
        at now: Instant
    ) throws(Refusal) -> InsightAnswer {
        precondition(
            view.lsn >= self.answer?.lsn ?? 0,
            "from LSN \(self.answer?.lsn ?? 0) back to \(view.lsn)"
        )
        // A clock that was set back does not take back a window that was told of.
        self.moment = max(self.moment, now)
        var questions = Questions(view, at: self.moment, keeping: self.kept)
        // Gone, so that it is never copied, and should anything be refused.
        self.kept = [:]
        let answer = try questions.answer(self.insight)
        self.kept = questions.kept
        guard answer.table.rowCount <= InsightLimits.liveInsightRowsMax else {
            let (count, most) = (answer.table.rowCount, InsightLimits.liveInsightRowsMax)
            throw Refusal(
                .outOfRange,
                .field(
                    "rows",
                    problem: """
                        are \(count), and a result that is subscribed to has \(most) at most: \
                        ask for fewer by a limit, a condition or a filter
                        """
                )
            )
        }
        self.answer = answer
        return answer
    }
}
