/// Identifies a connection; increasing in order of acceptance and never reused.
struct ConnectionID: Hashable, Comparable, Sendable {
    let number: UInt64

    static func < (left: Self, right: Self) -> Bool { left.number < right.number }

    /// The owner of the connection's work in the query queue.
    var owner: QueryQueue.Owner {
        QueryQueue.Owner(number: QueryQueue.Owner.firstConnection + self.number)
    }

    /// The connection's number in the fan-out; unique among four billion.
    var fanoutNumber: UInt32 { UInt32(self.number % UInt64(UInt32.max)) }
}
