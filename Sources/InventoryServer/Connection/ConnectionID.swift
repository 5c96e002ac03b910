/// Tells connections apart, in the order in which they were accepted; none is given twice.
struct ConnectionID: Hashable, Comparable, Sendable {
    let number: UInt64

    static func < (left: Self, right: Self) -> Bool { left.number < right.number }

    /// Whose work its questions are.
    var owner: QueryQueue.Owner {
        QueryQueue.Owner(number: QueryQueue.Owner.firstConnection + self.number)
    }

    /// Its number in the fan-out, which has none of four billion for itself.
    var fanoutNumber: UInt32 { UInt32(self.number % UInt64(UInt32.max)) }
}
