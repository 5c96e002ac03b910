internal import Bytes
internal import InventoryModel
import InventoryTransfer

/// Sales of the last days: daily sums by product, and by product and location.
///
///     day − 7 … day − 1   day        days in the time zone of the display
///     └── velocity ────────┘
///                        └ today: revenue, sales, sellers
///
/// Sums are net: returns and reversed sales are subtracted. Older days are dropped.
///
/// Each line fits in 64 bits, but a day of lines may not: sums have 128 bits, which the lines of no
/// ledger can exceed.
struct SalesBook: Sendable {
    /// The days before today that the velocity covers.
    static let daysBack: Int64 = 7

    struct Sold: Equatable, Sendable {
        /// Base units of the product, less returns.
        var units: Int128 = 0
        /// Minor units of the currency, less returns.
        var amount: Int128 = 0
    }

    struct Spot: Hashable, Sendable {
        var product: ProductID
        var location: LocationID
    }

    /// One line of a sale, return or reversal.
    struct Line: Equatable, Sendable {
        var lsn: LSN
        var product: ProductID
        var location: LocationID
        var units: Quantity
        var amount: Money
        var occurredAt: Instant
        var isSale: Bool
    }

    private struct Day {
        var products: [ProductID: Sold] = [:]
        var units: [Spot: Int128] = [:]
        var amount: Int128 = 0
    }

    private var days: [Int64: Day] = [:]
    private var clock: DayClock
    private(set) var today: Int64
    /// The LSNs of today's sales that are not reversed.
    private var sales: Set<LSN> = []
    /// The LSNs of reversed steps of any day.
    private var undone: Set<LSN> = []
    /// The time of the earliest line; `nil` if there is none.
    private var first: Instant?

    init(_ clock: DayClock, now: Int64) {
        self.clock = clock
        self.today = self.clock.day(of: now)
    }

    /// The start of the earliest day included.
    var from: Instant {
        Instant(microseconds: self.clock.start(of: self.today - Self.daysBack))
    }

    /// The start of today.
    var todayFrom: Instant { Instant(microseconds: self.clock.start(of: self.today)) }

    /// Adds a line; one from before the days included is ignored.
    mutating func add(_ line: Line) {
        let day = self.clock.day(of: line.occurredAt.microseconds)
        guard day >= self.today - Self.daysBack else { return }
        self.first = min(self.first ?? line.occurredAt, line.occurredAt)
        var sums = self.days.removeValue(forKey: day) ?? Day()
        let units = Int128(line.units.baseUnits)
        let amount = Int128(line.amount.minorUnits)
        sums.products[line.product, default: Sold()].units += units
        sums.products[line.product, default: Sold()].amount += amount
        sums.units[Spot(product: line.product, location: line.location), default: 0] += units
        sums.amount += amount
        if line.isSale, day == self.today, !self.undone.contains(line.lsn) {
            self.sales.insert(line.lsn)
        }
        self.days[day] = sums
    }

    /// Records that a step was reversed: it no longer counts as a sale.
    mutating func undo(_ lsn: LSN) {
        self.undone.insert(lsn)
        self.sales.remove(lsn)
    }

    /// Moves to the current day and drops days that are too old.
    mutating func advance(to now: Int64) {
        let day = self.clock.day(of: now)
        guard day > self.today else { return }
        self.today = day
        (self.sales, self.undone) = ([], [])
        self.days = self.days.filter { $0.key >= day - Self.daysBack }
    }

    /// Traps if a day is too old, its sums disagree, or a reversed step counts as a sale.
    ///
    /// - Complexity: O(products × locations × days)
    func checkInvariants() {
        precondition(self.sales.isDisjoint(with: self.undone), "a reversed step counts as a sale")
        for (day, sums) in self.days {
            precondition(
                day >= self.today - Self.daysBack,
                "day \(day) is kept on day \(self.today)"
            )
            let amount = sums.products.values.reduce(Int128(0)) { $0 + $1.amount }
            precondition(
                amount == sums.amount,
                "the products of day \(day) total \(amount), and the day \(sums.amount)"
            )
            var units: [ProductID: Int128] = [:]
            for (spot, count) in sums.units { units[spot.product, default: 0] += count }
            precondition(
                units == sums.products.mapValues { $0.units },
                "the locations of day \(day) total \(units)"
            )
        }
    }

    // MARK: - Answers

    var amountToday: Int128 { self.days[self.today]?.amount ?? 0 }
    var saleCountToday: Int { self.sales.count }
    var productsToday: [ProductID: Sold] { self.days[self.today]?.products ?? [:] }

    /// Returns the base units sold per day at a spot, over the days included, or since the first sale if
    /// that is later; over at least one day.
    func velocity(_ spot: Spot, now: Int64) -> Double {
        let units = self.days.values.reduce(Int128(0)) { $0 + ($1.units[spot] ?? 0) }
        let from = max(self.first ?? self.from, self.from)
        let days = max(1, Double(now.subtractingSaturated(from.microseconds)) / 86_400_000_000)
        return Double(max(0, units)) / days
    }

    /// Returns the days that the available stock lasts: available ÷ velocity; `nil` if nothing sells.
    func cover(available: Quantity, at spot: Spot, now: Int64) -> Double? {
        let velocity = self.velocity(spot, now: now)
        return velocity > 0 ? Double(max(0, available.baseUnits)) / velocity : nil
    }
}
