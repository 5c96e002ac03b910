/// What kinds of questions cost, by what they cost before: nanoseconds of CPU time for each row there is.
///
/// What a connection asked before says what it asks next: a dear question of one makes no cheap one of
/// another wait among scans. Of a connection that has not asked the like, what all had to pay counts.
///
/// A guess that is wrong costs fairness, never an answer: what takes longer than it was taken for
/// still lets shorter work go first, and ends at its limit. A plain value.
struct QueryCosts {
    /// What tells questions of one cost from those of another.
    struct Kind: Hashable, Sendable {
        let number: UInt16
        /// Whether nothing being known of it, it is taken for a question that looks at rows often.
        var isExpensive = false
    }

    private var perRow: [Kind: Double] = [:]
    /// Of connections that are there.
    private var own: [QueryQueue.Owner: [Kind: Double]] = [:]

    /// Nanoseconds a row of what was not seen yet.
    private static let unknown = 100.0
    /// The same of dear kinds: over many rows they are taken for scans, which give way.
    private static let unknownExpensive = 1_000.0
    /// What a kind is known to cost falls by this share with each cheaper one, so that one that was
    /// dear once isn't taken for dear for ever.
    private static let fading = 0.9
    /// Nanoseconds up to which a question is short.
    static let shortMax: Double = 5_000_000
    /// Nanoseconds up to which it is medium.
    static let mediumMax: Double = 100_000_000

    /// The class of a question of an owner over so many rows.
    func kind(_ kind: Kind, rows: Int, of owner: QueryQueue.Owner) -> QueryQueue.Class {
        let guess = kind.isExpensive ? Self.unknownExpensive : Self.unknown
        let perRow = self.own[owner]?[kind] ?? self.perRow[kind] ?? guess
        let nanoseconds = perRow * Double(rows)
        if nanoseconds <= Self.shortMax { return .short }
        return nanoseconds <= Self.mediumMax ? .medium : .scan
    }

    /// A question of an owner over so many rows took so many nanoseconds.
    mutating func ran(
        _ kind: Kind,
        rows: Int,
        of owner: QueryQueue.Owner,
        for nanoseconds: UInt64
    ) {
        let cost = Double(nanoseconds) / Double(max(rows, 1))
        self.perRow[kind] = max(cost, (self.perRow[kind] ?? cost) * Self.fading)
        guard owner.isConnection else { return }
        let before = self.own[owner]?[kind] ?? cost
        self.own[owner, default: [:]][kind] = max(cost, before * Self.fading)
    }

    /// A connection is gone.
    mutating func forget(_ owner: QueryQueue.Owner) { self.own[owner] = nil }
}
