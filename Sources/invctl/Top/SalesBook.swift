internal import Bytes
internal import InventoryModel
import InventoryTransfer

/// What was sold on each of the last days: sums by product, and by where it was.
///
///     day − 7 … day − 1   day        a day is one of the zone people look from
///     └── velocity ────────┘
///                        └ today: revenue, sales, sellers
///
/// Net: returns and reversed sales take away. Days that have gone by are dropped.
///
/// Each line fits into 64 bits, and a day of them need not: sums have 128, which no number of lines
/// that a ledger can have exceeds.
struct SalesBook: Sendable {
    /// Days before today that the velocity looks back.
    static let daysBack: Int64 = 7

    struct Sold: Equatable, Sendable {
        /// Base units of the product, less what came back.
        var units: Int128 = 0
        /// Minor units of the currency.
        var amount: Int128 = 0
    }

    struct Spot: Hashable, Sendable {
        var product: ProductID
        var location: LocationID
    }

    /// One line of a sale or of what took one back.
    struct Line: Equatable, Sendable {
        var lsn: LSN
        var product: ProductID
        var location: LocationID
        var units: Int64
        var amount: Int64
        /// When it happened, in microseconds.
        var occurredAt: Int64
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
    /// The sales of today that were not undone, and those that were undone of whatever day, by step.
    private var sales: Set<LSN> = []
    private var undone: Set<LSN> = []
    /// When the first sale happened that is in here.
    private var first = Int64.max

    init(_ clock: DayClock, now: Int64) {
        self.clock = clock
        self.today = self.clock.day(of: now)
    }

    /// The first instant whose sales matter now.
    var from: Instant {
        Instant(microseconds: self.clock.start(of: self.today - Self.daysBack))
    }

    /// When today began.
    var todayFrom: Instant { Instant(microseconds: self.clock.start(of: self.today)) }

    /// Takes a line; one from before the days that are kept changes nothing.
    mutating func add(_ line: Line) {
        let day = self.clock.day(of: line.occurredAt)
        guard day >= self.today - Self.daysBack else { return }
        self.first = min(self.first, line.occurredAt)
        var kept = self.days.removeValue(forKey: day) ?? Day()
        let (units, amount) = (Int128(line.units), Int128(line.amount))
        kept.products[line.product, default: Sold()].units += units
        kept.products[line.product, default: Sold()].amount += amount
        kept.units[Spot(product: line.product, location: line.location), default: 0] += units
        kept.amount += amount
        if line.isSale, day == self.today, !self.undone.contains(line.lsn) {
            self.sales.insert(line.lsn)
        }
        self.days[day] = kept
    }

    /// A step was undone: if it was a sale, it is none.
    mutating func undo(_ lsn: LSN) {
        self.undone.insert(lsn)
        self.sales.remove(lsn)
    }

    /// Lets days go that are over.
    mutating func advance(to now: Int64) {
        let day = self.clock.day(of: now)
        guard day > self.today else { return }
        self.today = day
        (self.sales, self.undone) = ([], [])
        self.days = self.days.filter { $0.key >= day - Self.daysBack }
    }

    // MARK: - Answers

    var amountToday: Int128 { self.days[self.today]?.amount ?? 0 }
    var saleCountToday: Int { self.sales.count }
    var productsToday: [ProductID: Sold] { self.days[self.today]?.products ?? [:] }

    /// Base units sold a day at a spot, over the days that are kept, or since the first sale where that
    /// is later; over a day at least.
    func velocity(_ spot: Spot, now: Int64) -> Double {
        let units = self.days.values.reduce(Int128(0)) { $0 + ($1.units[spot] ?? 0) }
        let from = max(self.first, self.from.microseconds)
        let days = max(1, Double(now.subtractingSaturated(from)) / 86_400_000_000)
        return Double(max(0, units)) / days
    }

    /// Days that what is available lasts: available ÷ velocity; nothing where nothing sells.
    func cover(available: Int64, at spot: Spot, now: Int64) -> Double? {
        let velocity = self.velocity(spot, now: now)
        return velocity > 0 ? Double(max(0, available)) / velocity : nil
    }
}
