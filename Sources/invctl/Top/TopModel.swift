import InventoryClient
import InventoryLoad
internal import InventoryModel
import InventoryTransfer

/// The state of the dashboard as a plain value: it takes data of the server and keys, and returns the
/// lines of the screen and actions for ``TopDriver``.
///
///     ledger rows ─┐                        ┌─▶ TopScreen: lines
///     events ──────┼─▶ take(…) ─▶ TopModel ─┤
///     stats, low ──┤                        └─▶ TopAction: leave, show a product, run a command
///     keys ────────┘
///
/// It has no clock: times are parameters, in microseconds since 1970 by the server's clock.
struct TopModel: Sendable {
    /// The name and unit of a product.
    struct Item: Equatable, Sendable {
        var sku: String
        var name: String
        var decimals: UInt8
        /// The code of the unit.
        var unit = ""
        /// The price; `nil` if unknown.
        var price: Price?
    }

    /// A line of the tape.
    struct Ticket: Equatable, Sendable {
        var line: SalesBook.Line
        var kind: MovementKind
        var recordedAt: Instant
        var price: Price
        var reference: String
        var actor: String
        /// The stock available at the location afterwards; `nil` if unknown.
        var left: Quantity?
    }

    struct LowLevel: Equatable, Sendable {
        var spot: SalesBook.Spot
        var location: String
        var available: Quantity
        var reorderPoint: Quantity
    }

    struct Seller: Equatable, Sendable {
        var product: ProductID
        var sold: SalesBook.Sold
    }

    enum Order: Equatable, Sendable { case revenue, units }

    /// The server's name, the currency, and the time zone.
    struct Place: Sendable {
        var name: String
        var currencyCode: String
        var currencyDecimals: UInt8
        var zone: String
    }

    let place: Place
    private(set) var now: Int64
    private(set) var clock: DayClock
    var status = LiveStatus()
    /// Whether past sales are still being read.
    private(set) var isLoading = true

    private(set) var book: SalesBook
    private(set) var rate = SalesRate()
    private(set) var items: [ProductID: Item] = [:]
    private(set) var locations: [LocationID: String] = [:]
    /// The newest last; up to twice ``tapeMax``, so that most insertions do not move the others.
    private var tickets: [Ticket] = []
    private(set) var sellers: [Seller] = []
    private(set) var low: [LowLevel] = []
    private(set) var figures: [String: Int64] = [:]
    private(set) var pings = LatencyHistogram()
    /// Whether the list of low stock may have changed.
    var isLowDirty = true

    var keys = TopKeys()

    /// The most lines of the tape.
    static let tapeMax = 500
    /// The most sellers ranked.
    static let sellersMax = 200
    /// The number of products beyond which sellers are ranked only once a second.
    private static let rankedAtOnceMax = 2_000

    init(_ place: Place, zone: DayClock, now: Int64) {
        self.place = place
        self.clock = zone
        self.now = now
        self.book = SalesBook(zone, now: now)
        self.rate.advance(to: now / 1_000_000)
    }

    // MARK: - Loading

    /// Discards all sales before they are loaded.
    mutating func beginLoading() {
        self.isLoading = true
        self.book = SalesBook(self.clock, now: self.now)
        self.tickets = []
        self.isLowDirty = true
    }

    /// Adds rows of the ledger: sales, returns and reversals, the newest first.
    mutating func take(ledger movements: [ListedMovement]) {
        for movement in movements {
            let units = movement.onHandDelta.negatedSaturated
            // The reversal of late cost has an amount too, but it was not charged to a customer.
            guard movement.kind != .reversal || movement.amount != .zero && units != 0 else {
                continue
            }
            let line = SalesBook.Line(
                lsn: movement.id.lsn,
                product: movement.product,
                location: movement.location,
                units: units,
                amount: movement.amount,
                occurredAt: movement.occurredAt,
                isSale: movement.kind == .sale
            )
            if movement.kind == .reversal, let origin = movement.origin {
                self.book.undo(origin.lsn)
            }
            self.book.add(line)
            guard self.tickets.count < Self.tapeMax else { continue }
            self.tickets.append(
                Ticket(
                    line: line,
                    kind: movement.kind,
                    recordedAt: movement.recordedAt,
                    price: movement.price,
                    reference: movement.reference,
                    actor: movement.actor,
                    left: nil
                )
            )
        }
    }

    mutating func endLoading() {
        self.isLoading = false
        self.tickets.reverse()
        self.rank()
    }

    mutating func take(locations: [Location]) {
        for location in locations { self.locations[location.id] = location.code }
    }

    // MARK: - Events

    mutating func take(_ event: SubscriptionEvent, now: Int64) {
        self.advance(to: now)
        self.status.take(event, now: now)
        guard case .entry(let entry) = event else { return }
        var isSale = false
        for change in entry.changes {
            switch change {
            case .moved(let movement, let level):
                self.isLowDirty = true
                if self.take(movement, level: level, entry: entry) {
                    isSale = isSale || movement.kind == .sale
                }
            case .level, .reorderPoint, .alert, .productCreated, .productArchived, .productDeleted,
                .productLeft:
                self.isLowDirty = true
            case .productUpdated(let id, let difference):
                self.isLowDirty = true
                self.take(difference, of: id)
            case .location(let location):
                self.locations[location.id] = location.code
            default:
                break
            }
        }
        if isSale { self.rate.add(1, second: entry.time.microseconds / 1_000_000) }
    }

    /// Adds a movement if it is a sale, a return or the reversal of one.
    ///
    /// - Returns: Whether it was added.
    private mutating func take(_ movement: Movement, level: Level, entry: Entry) -> Bool {
        switch movement.kind {
        case .sale, .return: break
        case .reversal where movement.amount != 0 && movement.onHandDelta != 0: break
        default: return false
        }
        let line = SalesBook.Line(
            lsn: entry.lsn,
            product: movement.product,
            location: movement.location,
            units: movement.onHandDelta.negatedSaturated,
            amount: movement.amount,
            occurredAt: movement.occurredAt,
            isSale: movement.kind == .sale
        )
        if movement.kind == .reversal, let origin = movement.origin { self.book.undo(origin.lsn) }
        self.book.add(line)
        let ticket = Ticket(
            line: line,
            kind: movement.kind,
            recordedAt: entry.time,
            price: movement.price,
            reference: movement.reference,
            actor: entry.actor,
            left: level.available
        )
        if self.tickets.count == 2 * Self.tapeMax { self.tickets.removeFirst(Self.tapeMax) }
        self.tickets.append(ticket)
        return true
    }

    private mutating func take(_ difference: ProductDifference, of id: ProductID) {
        let new = difference.after
        if difference.contains(.sku) { self.items[id]?.sku = new.sku }
        if difference.contains(.name) { self.items[id]?.name = new.name }
        if difference.contains(.price) { self.items[id]?.price = new.price }
        guard difference.contains(.unit) else { return }
        self.items[id]?.unit = new.unit.code
        self.items[id]?.decimals = new.unit.decimals
    }

    /// Sets the list of low stock, the emptiest first.
    mutating func take(low: [ListedLowStock]) {
        self.low = low.map { row in
            self.items[row.product] = Item(
                sku: row.sku,
                name: row.name,
                decimals: row.unit.decimals,
                unit: row.unit.code,
                price: self.items[row.product]?.price
            )
            let location = self.locations.first { $0.value == row.locationCode }?.key ?? .main
            return LowLevel(
                spot: SalesBook.Spot(product: row.product, location: location),
                location: row.locationCode,
                available: row.available,
                reorderPoint: row.reorderPoint
            )
        }
    }

    /// Sets the server statistics and records the time of a ping.
    mutating func take(_ statistics: Statistics, pingMicroseconds: UInt64) {
        for figure in statistics.all { self.figures[figure.name] = figure.value }
        self.pings.record(pingMicroseconds)
    }

    mutating func take(_ item: Item, of id: ProductID) { self.items[id] = item }

    /// Moves to the current time; call it at least once a second.
    mutating func advance(to now: Int64) {
        guard now > self.now else { return }
        let isNextSecond = now / 1_000_000 != self.now / 1_000_000
        self.now = now
        self.rate.advance(to: now / 1_000_000)
        self.book.advance(to: now)
        if isNextSecond { self.rank() }
    }

    // MARK: - Output

    /// The last sales, the newest first.
    var tape: [Ticket] {
        self.isLoading ? self.tickets : self.tickets.suffix(Self.tapeMax).reversed()
    }

    /// Ranks today's sellers, unless there are too many to do it at each drawing.
    mutating func prepare() {
        if self.book.productsToday.count <= Self.rankedAtOnceMax { self.rank() }
    }

    /// The order of sellers: by units only if all that was sold has the same unit.
    var order: Order {
        guard self.keys.order == .units else { return .revenue }
        var decimals: UInt8?
        var unit: String?
        for id in self.book.productsToday.keys {
            guard let item = self.items[id] else { continue }
            if let unit, unit != item.unit || decimals != item.decimals { return .revenue }
            (unit, decimals) = (item.unit, item.decimals)
        }
        return .units
    }

    /// Ranks the first ``sellersMax`` of today's products without sorting all of them; ties by id.
    private mutating func rank() {
        let order = self.order
        func isBefore(_ a: Seller, _ b: Seller) -> Bool {
            let pair =
                order == .revenue
                ? (a.sold.amount, b.sold.amount) : (a.sold.units, b.sold.units)
            return pair.0 != pair.1 ? pair.0 > pair.1 : a.product.value < b.product.value
        }
        var best: [Seller] = []
        for (product, sold) in self.book.productsToday {
            let seller = Seller(product: product, sold: sold)
            if best.count == Self.sellersMax, let last = best.last, !isBefore(seller, last) {
                continue
            }
            var low = 0
            var high = best.count
            while low < high {
                let middle = (low + high) / 2
                if isBefore(best[middle], seller) { low = middle + 1 } else { high = middle }
            }
            best.insert(seller, at: low)
            if best.count > Self.sellersMax { best.removeLast() }
        }
        self.sellers = best
    }

    /// Returns up to `countMax` products that are ranked or on the tape and whose names or prices are unknown.
    func unnamed(_ countMax: Int) -> [ProductID] {
        var unnamed: [ProductID] = []
        for id in self.tape.map({ $0.line.product }) + self.sellers.map({ $0.product })
        where self.items[id]?.price == nil && !unnamed.contains(id) {
            unnamed.append(id)
            if unnamed.count == countMax { break }
        }
        return unnamed
    }

    func item(_ id: ProductID) -> Item {
        self.items[id] ?? Item(sku: "…", name: "", decimals: 0)
    }

    /// Returns whether a product matches the filter.
    func matchesFilter(_ id: ProductID) -> Bool {
        let filter = NormalizedText.key(self.keys.filter)
        if filter.isEmpty { return true }
        let item = self.item(id)
        return NormalizedText.key(item.sku).contains(filter)
            || NormalizedText.key(item.name).contains(filter)
    }

    var shownSellers: [Seller] { self.sellers.filter { self.matchesFilter($0.product) } }
    var shownLow: [LowLevel] { self.low.filter { self.matchesFilter($0.spot.product) } }
    var shownTape: [Ticket] { self.tape.filter { self.matchesFilter($0.line.product) } }

    /// Returns the number of rows of a pane.
    func count(_ pane: TopKeys.Pane) -> Int {
        switch pane {
        case .sellers: self.shownSellers.count
        case .low: self.shownLow.count
        case .tape: self.shownTape.count
        }
    }

    /// The product of the marked row; `nil` if the pane is empty.
    var marked: ProductID? {
        let index = self.keys.marks[self.keys.pane] ?? 0
        return switch self.keys.pane {
        case .sellers: self.shownSellers.dropFirst(index).first?.product
        case .low: self.shownLow.dropFirst(index).first?.spot.product
        case .tape: self.shownTape.dropFirst(index).first?.line.product
        }
    }
}

// MARK: - Invariants

extension TopModel {
    /// Traps if one of its parts is invalid, or a list is longer than it may be.
    func checkInvariants() {
        self.status.checkInvariants()
        self.book.checkInvariants()
        self.rate.checkInvariants()
        self.keys.checkInvariants()
        precondition(self.tickets.count <= 2 * Self.tapeMax, "\(self.tickets.count) tickets")
        precondition(self.sellers.count <= Self.sellersMax, "\(self.sellers.count) sellers")
        precondition(
            Set(self.sellers.map { $0.product }).count == self.sellers.count,
            "a product is ranked twice"
        )
    }
}
