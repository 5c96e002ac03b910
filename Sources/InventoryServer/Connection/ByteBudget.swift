internal import InventoryModel
internal import InventoryWire

/// How many bytes connections may have the server hold of one kind of thing, each and all together.
///
///     all          ▓▓▓▓▓▓▓▓▓▓▓▓▓░░░░░░░░ total
///     connection a ▓▓▓▓▓▓▓▓░ share       connection b ▓▓▓▓▓░░░░ share
///
/// A plain value: whoever holds something takes its bytes before, and gives them back after.
struct ByteBudget: Equatable {
    /// What one connection has taken; it belongs to the connection.
    struct Share: Equatable {
        fileprivate(set) var byteCount = 0
    }

    /// What the bytes are of, as a refusal says it.
    let what: String
    /// Bytes of one connection.
    let shareMax: Int
    /// Bytes of all connections.
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
    /// - Throws: `overloaded`, naming what there would be and the limit; nothing was taken then.
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

    /// Gives back bytes that were taken for a connection.
    mutating func give(_ byteCount: Int, of share: inout Share) {
        precondition(
            byteCount >= 0 && byteCount <= share.byteCount && byteCount <= self.byteCount,
            "\(byteCount) bytes of \(self.what), \(share.byteCount) of them taken"
        )
        share.byteCount -= byteCount
        self.byteCount -= byteCount
    }

    /// Gives back all that a connection that is gone has taken.
    mutating func giveAll(of share: inout Share) { self.give(share.byteCount, of: &share) }
}

extension ByteBudget {
    /// Queries and insights that are not answered to the end, whether they wait or not.
    static let queries = ByteBudget(
        "open queries",
        shareMax: WireLimits.openQueryByteCountPerConnectionMax,
        totalMax: WireLimits.openQueryByteCountMax
    )

    /// What subscriptions ask for, of events and of insights.
    static let subscriptions = ByteBudget(
        "subscriptions",
        shareMax: WireLimits.subscriptionByteCountPerConnectionMax,
        totalMax: WireLimits.subscriptionByteCountMax
    )

    /// The bytes that a request takes as long as it is held.
    ///
    /// `byteCount`: Of its body. An id of two bytes there is four in a list, and up to sixteen in a set
    /// beside it.
    static func held(body byteCount: Int) -> Int {
        WireLimits.heldRequestByteCount + WireLimits.heldByteCountPerByte * byteCount
    }
}
