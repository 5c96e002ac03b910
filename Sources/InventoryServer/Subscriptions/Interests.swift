internal import InventoryEngine

/// The part of a subscription that determines what is sent.
struct Interest: Hashable {
    var matcher: SubscriptionMatcher
    /// Nanoseconds of a window; `nil` for a subscription to every change.
    var period: UInt64?
}

/// Numbers interests, so that a pass compares numbers instead of filters.
struct Interests {
    private var numbers: [Interest: Int] = [:]
    private var last = 0

    /// The minimum size of the table, however few subscriptions there are.
    private static let countMin = 64

    /// Equal interests have equal numbers, unless far more were requested than are in use: then the table is
    /// reset, and the next subscription of a kind shares only with those after it.
    mutating func number(of interest: Interest, among subscriptions: Int) -> Int {
        if let number = self.numbers[interest] { return number }
        if self.numbers.count >= max(Self.countMin, 2 * subscriptions) { self.numbers = [:] }
        self.last += 1
        self.numbers[interest] = self.last
        return self.last
    }

    /// Traps if two interests share a number, or one has a number that was not given yet.
    ///
    /// - Complexity: O(interests)
    func checkInvariants() {
        let numbers = Set(self.numbers.values)
        precondition(numbers.count == self.numbers.count, "two interests have one number")
        precondition(
            numbers.allSatisfy { $0 > 0 && $0 <= self.last },
            "\(numbers) with \(self.last) as the last"
        )
    }
}
