internal import InventoryEngine

/// What a subscription is for, as far as it decides what is sent.
struct Interest: Hashable {
    var matcher: SubscriptionMatcher
    /// Nanoseconds of a window; none for one that gets every change.
    var period: UInt64?
}

/// Numbers for what subscriptions are for, so that a pass compares numbers and not filters.
struct Interests {
    private var numbers: [Interest: Int] = [:]
    private var last = 0

    /// Numbers that are kept however few subscriptions there are.
    private static let countMin = 64

    /// Equal interests have equal numbers, unless far more were asked for than are in use: then the
    /// table begins anew, and the next of a kind shares with those after it.
    mutating func number(of interest: Interest, among subscriptions: Int) -> Int {
        if let number = self.numbers[interest] { return number }
        if self.numbers.count >= max(Self.countMin, 2 * subscriptions) { self.numbers = [:] }
        self.last += 1
        self.numbers[interest] = self.last
        return self.last
    }
}
