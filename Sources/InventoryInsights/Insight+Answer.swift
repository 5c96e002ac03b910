public import Inventory

extension ReadView {
    /// Answers an insight as of this view.
    ///
    /// `now`: The moment that windows such as "the last 7 days" are counted from.
    /// `threads`: How many may share the work; the answer is the same for any number.
    ///
    /// - Throws: A ``Refusal`` that names what the question asks for that is not there or makes no sense.
    public func answer(
        _ insight: Insight,
        at now: Instant,
        threads: Int = 1
    ) throws(Refusal) -> InsightAnswer {
        switch insight {
        case .query(let query):
            return try self.answer(query, at: now, threads: threads)
        case .named(let named):
            throw Refusal(
                .invalidField,
                .field("insight", problem: "\(named.name) is not answered by this server")
            )
        }
    }
}
