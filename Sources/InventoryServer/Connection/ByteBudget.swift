internal import InventoryModel
internal import InventoryWire

/// A memory limit for one kind of data that the server holds for connections, per connection and in total.
///
///     all          ▓▓▓▓▓▓▓▓▓▓▓▓▓░░░░░░░░ total
///     connection a ▓▓▓▓▓▓▓▓░ share       connection b ▓▓▓▓▓░░░░ share
///
/// A plain value: holders take bytes before and give them back afterwards.
struct ByteBudget: Equatable {
    /// The bytes that one connection has taken; stored by the connection.
    struct Share: Equatable {
        fileprivate(set) var byteCount = 0
    }

    /// The kind of data, as named in refusals.
    let what: String
    /// The limit of one connection, in bytes.
    let shareMax: Int
    /// The limit of all connections, in bytes.
    let totalMax: Int
    private(set) var byteCount = 0

    init(_ what: String, shareMax: Int, totalMax: Int) {
        precondition(shareMax > 0 && shareMax <= totalMax, "\(shareMax) of \(totalMax) bytes")
        self.what = what
        self.shareMax = shareMax
        self.totalMax = totalMax
    }

    /// Takes bytes for a connection.
    ///
    /// - Throws: `overloaded` with the resulting count and the limit; nothing is taken then.
    mutating func take(_ byteCount: Int, for share: inout Share) throws(Refusal) {
        precondition(byteCount >= 0, "\(byteCount) bytes of \(self.what)")
        let shared = share.byteCount + byteCount
        try Self.check("bytes of \(self.what) of a connection", count: shared, limit: self.shareMax)
        try Self.check(
            "bytes of \(self.what)",
            count: self.byteCount + byteCount,
            limit: self.totalMax
        )
        share.byteCount = shared
        self.byteCount += byteCount
    }

    private static func check(_ what: String, count: Int, limit: Int) throws(Refusal) {
        guard count > limit else { return }
        throw Refusal(
            .overloaded,
            .range(what, value: Int64(count), lowest: 0, highest: Int64(limit))
        )
    }

    /// Returns bytes that were taken for a connection.
    mutating func give(_ byteCount: Int, of share: inout Share) {
        precondition(
            byteCount >= 0 && byteCount <= share.byteCount && byteCount <= self.byteCount,
            "\(byteCount) bytes of \(self.what), \(share.byteCount) of them taken"
        )
        share.byteCount -= byteCount
        self.byteCount -= byteCount
    }

    /// Returns all bytes that a closed connection has taken.
    mutating func giveAll(of share: inout Share) { self.give(share.byteCount, of: &share) }

    /// Traps if more is taken than the limits allow, or if `shares`, all that have taken bytes, do not add up
    /// to the total.
    ///
    /// - Complexity: O(shares)
    func checkInvariants(of shares: some Sequence<Share>) {
        var taken = 0
        for share in shares {
            precondition(
                (0...self.shareMax).contains(share.byteCount),
                "a share of \(share.byteCount) bytes of \(self.what)"
            )
            taken += share.byteCount
        }
        precondition(
            taken == self.byteCount,
            "\(self.byteCount) bytes of \(self.what), not \(taken)"
        )
        precondition(taken <= self.totalMax, "\(taken) of \(self.totalMax) bytes of \(self.what)")
    }
}

extension ByteBudget {
    /// Queries and insights that are not fully answered, whether they wait or run.
    static let queries = ByteBudget(
        "open queries",
        shareMax: WireLimits.openQueryByteCountPerConnectionMax,
        totalMax: WireLimits.openQueryByteCountMax
    )

    /// The requests of subscriptions to events and insights.
    static let subscriptions = ByteBudget(
        "subscriptions",
        shareMax: WireLimits.subscriptionByteCountPerConnectionMax,
        totalMax: WireLimits.subscriptionByteCountMax
    )

    /// The bytes that a request takes while it is held.
    ///
    /// `byteCount` is the size of its body. An ID of two bytes there takes four in a list, and up to sixteen
    /// in an additional set.
    static func held(body byteCount: Int) -> Int {
        WireLimits.heldRequestByteCount + WireLimits.heldByteCountPerByte * byteCount
    }
}
