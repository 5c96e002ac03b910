/// Estimates the cost of queries by kind, from earlier ones: nanoseconds of CPU time per row.
///
/// Estimates are per connection: an expensive query of one does not make the cheap ones of another wait among
/// scans. For a connection without a query of that kind, the cost of all connections counts.
///
/// A wrong estimate affects fairness, never an answer: a query that takes longer than estimated still lets
/// shorter work go first, and ends at its limit. A plain value.
struct QueryCosts {
    /// Identifies queries of similar cost.
    struct Kind: Hashable, Sendable {
        let number: UInt16
        /// Whether a query of unknown cost is assumed to visit rows repeatedly.
        var isExpensive = false
    }

    private var perRow: [Kind: Double] = [:]
    /// By open connection.
    private var own: [QueryQueue.Owner: [Kind: Double]] = [:]

    /// Nanoseconds per row of a kind without measurements.
    private static let unknown = 100.0
    /// The same for expensive kinds: over many rows they count as scans, which yield.
    private static let unknownExpensive = 1_000.0
    /// The factor by which the cost of a kind falls with each cheaper query, so that an expensive one does
    /// not count forever.
    private static let fading = 0.9
    /// The limit of a short query, in nanoseconds.
    static let shortMax: Double = 5_000_000
    /// The limit of a medium query, in nanoseconds.
    static let mediumMax: Double = 100_000_000

    /// The class of an owner's query over `rows` rows.
    func kind(_ kind: Kind, rows: Int, of owner: QueryQueue.Owner) -> QueryQueue.Class {
        let guess = kind.isExpensive ? Self.unknownExpensive : Self.unknown
        let perRow = self.own[owner]?[kind] ?? self.perRow[kind] ?? guess
        let nanoseconds = perRow * Double(rows)
        if nanoseconds <= Self.shortMax { return .short }
        return nanoseconds <= Self.mediumMax ? .medium : .scan
    }

    /// Records the nanoseconds of an owner's query over `rows` rows.
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

    /// Forgets a closed connection.
    mutating func forget(_ owner: QueryQueue.Owner) { self.own[owner] = nil }

    /// Traps if a cost is no number, or belongs to work of the server itself.
    ///
    /// - Complexity: O(kinds of the open connections)
    func checkInvariants() {
        for (owner, costs) in self.own {
            precondition(owner.isConnection, "\(owner) has costs of its own")
            precondition(
                costs.keys.allSatisfy { self.perRow[$0] != nil },
                "\(owner) has a cost that all connections together do not have"
            )
            Self.check(costs)
        }
        Self.check(self.perRow)
    }

    private static func check(_ costs: [Kind: Double]) {
        for cost in costs.values {
            precondition(cost.isFinite && cost >= 0, "a row costs \(cost) ns")
        }
    }
}
