import Bytes
import ColumnStore
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryEngine

/// Reservations and transfers in plain dictionaries, written from the rules and not from the engine's code.
private struct ReservationModel {
    struct Place: Hashable {
        var product: UInt32
        var location: UInt16
    }

    struct Stock {
        var onHand: Quantity = 0
        var reserved: Quantity = 0
        var incoming: Quantity = 0
        var floor: Quantity = 0
        var available: Quantity { self.onHand - self.reserved }
        var free: Quantity { max(0, self.available - self.floor) }
    }

    struct Booking {
        var place: Place
        var left: Quantity
        var due: Int64
        var isExpired = false
    }

    struct Freight {
        var from: Place
        var to: Place
        var left: Quantity
    }

    var stock: [Place: Stock] = [:]
    var bookings: [UInt32: Booking] = [:]
    var freights: [UInt32: Freight] = [:]

    mutating func expire(at time: Int64) {
        for (id, booking) in self.bookings where booking.left > 0 && booking.due <= time {
            self.stock[booking.place, default: Stock()].reserved -= booking.left
            self.bookings[id]?.left = 0
            self.bookings[id]?.isExpired = true
        }
    }

    /// Why a part of a reservation cannot be taken; `nil` if it can.
    func refusal(_ id: UInt32, _ quantity: Quantity, at time: Int64) -> RefusalCode? {
        guard let booking = self.bookings[id] else { return .reservationNotFound }
        if booking.isExpired || booking.left > 0 && booking.due <= time {
            return .reservationExpired
        }
        if booking.left == 0 { return .reservationClosed }
        return quantity > booking.left ? .exceedsReservation : nil
    }

    mutating func take(_ id: UInt32, _ quantity: Quantity) {
        guard let place = self.bookings[id]?.place else { return }
        self.bookings[id]?.left -= quantity
        self.stock[place, default: Stock()].reserved -= quantity
    }

    /// The total of a product at all locations, including in transit.
    func total(_ product: UInt32) -> Quantity {
        let here = self.stock.filter { $0.key.product == product }.map { $0.value.onHand }
        let away = self.freights.values.filter { $0.from.product == product }.map { $0.left }
        return (here + away).reduce(0, +)
    }
}

@Suite struct ReservationModelTests {
    private static let products: UInt32 = 5
    private static let start: Int64 = 1_000_000_000

    private var state = InventoryState()
    private var entries: [Entry] = []
    private var now = ReservationModelTests.start
    private var model = ReservationModel()

    private mutating func apply(_ changes: [Change]) {
        guard !changes.isEmpty else { return }
        let time = Instant(microseconds: self.now)
        let entry = Entry(lsn: self.state.lsn.next, time: time, actor: "m", changes: changes)
        self.state.evolve(entry)
        self.entries.append(entry)
        self.now += 1
    }

    private mutating func run(_ command: Command) -> Outcome {
        let decision = self.state.decide(command, at: Instant(microseconds: self.now))
        self.apply(decision.changes)
        return decision.outcome
    }

    private mutating func found() throws {
        let currency = try #require(Currency(code: "EUR"))
        self.apply(InventoryState.bootstrap(currency: currency))
        _ = self.run(.createCategory(name: "All"))
        _ = self.run(.createLocation(LocationDraft(code: "back", name: "Back")))
        for number in 1...Self.products {
            let draft = ProductDraft(
                sku: "S\(number)",
                name: "N",
                category: CategoryID(1),
                price: Price(Int64(number) * 31)
            )
            _ = self.run(.createProduct(draft))
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `reservations, transfers and sales equal an independent model`(seed: UInt64) throws {
        var test = ReservationModelTests()
        try test.found()
        var random = SplitMix64(seed: seed)
        for _ in 0..<4_000 { try test.step(&random) }
        let view = test.state.readView()
        #expect(view.violations() == [])
        test.state.checkInvariants()
        let closed = test.model.bookings.values.filter { $0.left == 0 }
        #expect(closed.contains { $0.isExpired } && closed.contains { !$0.isExpired })
        try ModelAgreementTests.checkReplay(test.entries, checksum: test.state.checksum())
        try ModelAgreementTests.checkPast(test.entries, view)
        var source = MemoryImage(test.state.takeImage())
        var loaded = try InventoryState.load(from: &source)
        #expect(loaded.checksum() == test.state.checksum())
        // The derived data was restored too: the same ticks, the same refusals.
        let later = Instant(microseconds: test.now + 1_000_000_000_000)
        #expect(loaded.nextExpiry == test.state.nextExpiry)
        #expect(loaded.tick(at: later) == test.state.tick(at: later))
        test.state.evolve(
            Entry(lsn: loaded.lsn + 1, time: later, actor: "", changes: loaded.tick(at: later))
        )
        loaded.evolve(
            Entry(lsn: loaded.lsn + 1, time: later, actor: "", changes: loaded.tick(at: later))
        )
        #expect(loaded.checksum() == test.state.checksum())
    }

    private mutating func step(_ random: inout SplitMix64) throws {
        self.now += Int64(random.below(3_000_000))
        let place = ReservationModel.Place(
            product: UInt32(1 + random.below(UInt64(Self.products))),
            location: UInt16(1 + random.below(2))
        )
        let product = ProductID(place.product)
        let location = LocationID(place.location)
        let quantity = Quantity(Int64(1 + random.below(8)))
        switch random.below(12) {
        case 0, 1:
            let line = RestockLine(
                product: product,
                location: location,
                quantity: quantity + quantity + quantity,
                unitCost: Money(quantity.baseUnits)
            )
            self.expect(self.run(.restock(Restock(lines: [line]))), nil)
            self.model.stock[place, default: .init()].onHand += quantity + quantity + quantity
        case 2:
            self.expect(
                self.run(
                    .count(
                        StockCount(
                            product: product,
                            location: location,
                            counted: quantity + quantity
                        )
                    )
                ),
                nil
            )
            self.model.stock[place, default: .init()].onHand = quantity + quantity
        case 3:
            let floor = Quantity(Int64(random.below(9)) - 4)
            self.expect(
                self.run(
                    .setFloor(FloorChange(product: product, location: location, floor: floor))
                ),
                nil
            )
            self.model.stock[place, default: .init()].floor = floor
        case 4, 5: self.sell(place, quantity)
        case 6, 7: self.reserve(place, quantity, seconds: Int64(1 + random.below(60)))
        case 8: self.settleReservation(&random, quantity)
        case 9: self.tick()
        case 10: self.dispatch(place, quantity)
        default: self.settleFreight(&random, quantity)
        }
        try self.check(place.product)
    }

    private func expect(_ outcome: Outcome, _ code: RefusalCode?) {
        if case .refused(let refusal) = outcome {
            #expect(refusal.code == code, "\(refusal)")
        } else {
            #expect(code == nil, "\(outcome)")
        }
    }

    private mutating func sell(_ place: ReservationModel.Place, _ quantity: Quantity) {
        let isThere = (self.model.stock[place]?.free ?? 0) >= quantity
        let line = SaleLine(
            product: ProductID(place.product),
            location: LocationID(place.location),
            quantity: quantity
        )
        self.expect(self.run(.sell(Sale(lines: [line]))), isThere ? nil : .insufficientStock)
        if isThere { self.model.stock[place]?.onHand -= quantity }
    }

    private mutating func reserve(
        _ place: ReservationModel.Place,
        _ quantity: Quantity,
        seconds: Int64
    ) {
        let isThere = (self.model.stock[place]?.free ?? 0) >= quantity
        let due = self.now + seconds * 1_000_000
        let line = ReserveLine(
            product: ProductID(place.product),
            location: LocationID(place.location),
            quantity: quantity
        )
        let outcome = self.run(
            .reserve(Reserve(lines: [line], expiry: .after(seconds: seconds)))
        )
        self.expect(outcome, isThere ? nil : .insufficientStock)
        guard isThere else { return }
        let id = UInt32(self.model.bookings.count + 1)
        self.model.bookings[id] = .init(place: place, left: quantity, due: due)
        self.model.stock[place]?.reserved += quantity
    }

    private mutating func settleReservation(_ random: inout SplitMix64, _ quantity: Quantity) {
        // The latest ones are likely still open.
        let count = UInt64(self.model.bookings.count)
        let id = UInt32(1 + count - min(count, random.below(12)))
        var code = self.model.refusal(id, quantity, at: self.now)
        let line = ReservationLine(reservation: ReservationID(id), quantity: quantity)
        let place = self.model.bookings[id]?.place
        switch random.below(3) {
        case 0:
            let stock = place.flatMap { self.model.stock[$0] } ?? .init()
            // Its code is lower than those of the reservation's state.
            if place != nil, stock.onHand - min(0, stock.floor) < quantity {
                code = .insufficientStock
            }
            self.expect(
                self.run(.commitReservation(CommitReservation(lines: [line]))),
                code
            )
            guard code == nil, let place else { return }
            self.model.take(id, quantity)
            self.model.stock[place]?.onHand -= quantity
        case 1:
            let release = ReleaseReservation(lines: [line])
            self.expect(self.run(.releaseReservation(release)), code)
            if code == nil { self.model.take(id, quantity) }
        default:
            code = self.model.refusal(id, 0, at: self.now)
            let due = self.now + 30_000_000
            let whole = ReservationLine(reservation: ReservationID(id))
            let extended = ExtendReservation(
                lines: [whole],
                expiry: .at(Instant(microseconds: due))
            )
            self.expect(self.run(.extendReservation(extended)), code)
            if code == nil { self.model.bookings[id]?.due = due }
        }
    }

    private mutating func tick() {
        self.model.expire(at: self.now)
        self.apply(self.state.tick(at: Instant(microseconds: self.now)))
    }

    private mutating func dispatch(_ from: ReservationModel.Place, _ quantity: Quantity) {
        // A floor below 0 applies to sales only.
        let stock = self.model.stock[from] ?? .init()
        let isThere = stock.available - max(0, stock.floor) >= quantity
        let to = ReservationModel.Place(product: from.product, location: 3 - from.location)
        let line = DispatchLine(product: ProductID(from.product), quantity: quantity)
        let dispatch = DispatchTransfer(
            from: LocationID(from.location),
            to: LocationID(to.location),
            lines: [line]
        )
        self.expect(self.run(.dispatchTransfer(dispatch)), isThere ? nil : .insufficientStock)
        guard isThere else { return }
        let total = self.model.total(from.product)
        self.model.stock[from]?.onHand -= quantity
        self.model.stock[to, default: .init()].incoming += quantity
        let id = UInt32(self.model.freights.count + 1)
        self.model.freights[id] = .init(from: from, to: to, left: quantity)
        #expect(self.model.total(from.product) == total)
    }

    private mutating func settleFreight(_ random: inout SplitMix64, _ quantity: Quantity) {
        let count = UInt64(self.model.freights.count)
        let id = UInt32(1 + count - min(count, random.below(6)))
        let freight = self.model.freights[id]
        let left = freight?.left ?? 0
        let code: RefusalCode? =
            freight == nil
            ? .transferNotFound
            : left == 0 ? .transferClosed : quantity > left ? .exceedsTransfer : nil
        let isReceived = random.flag()
        let command = TransferSettlement(
            lines: [TransferLine(transfer: TransferID(id), quantity: quantity)]
        )
        self.expect(
            self.run(isReceived ? .receiveTransfer(command) : .cancelTransfer(command)),
            code
        )
        guard code == nil, let freight else { return }
        self.model.freights[id]?.left -= quantity
        self.model.stock[isReceived ? freight.to : freight.from, default: .init()].onHand +=
            quantity
        self.model.stock[freight.to]?.incoming -= quantity
    }

    /// Checks every balance of a product, and that its total is that of the model.
    private func check(_ product: UInt32) throws {
        var total: Quantity = 0
        for location in 1...2 as ClosedRange<UInt16> {
            let place = ReservationModel.Place(product: product, location: location)
            let expected = self.model.stock[place] ?? .init()
            let level = self.state.tables.levels.level(
                ProductID(product),
                LocationID(location)
            )
            try #require(level.onHand == expected.onHand)
            try #require(level.reserved == expected.reserved)
            try #require(level.incoming == expected.incoming)
            total += level.onHand
        }
        let transfers = self.state.tables.transfers
        for row in 1..<transfers.rowCount where transfers.items.products[row] == product {
            total += Quantity(transfers.items.remaining[row])
        }
        try #require(total == self.model.total(product))
    }

    // MARK: - Deadlines

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `due reservations are returned in order, after any changes`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var table = ReservationTable()
        var deadlines = ReservationDeadlines(for: table)
        for _ in 0..<700 {
            let isNew = random.below(3) == 0 || table.rowCount == 1
            let row = isNew ? table.rowCount : 1 + Int(random.below(UInt64(table.rowCount - 1)))
            guard isNew || table.isOpen(row) else { continue }
            let before = isNew ? nil : Instant(microseconds: table.expiresAt[row])
            let closes = !isNew && random.flag()
            table.put(
                Reservation(
                    id: ReservationID(UInt32(row)),
                    product: ProductID(1),
                    location: .main,
                    quantity: 1,
                    remaining: closes ? 0 : 1,
                    expiresAt: Instant(microseconds: Int64(random.below(500))),
                    state: closes ? .released : .active,
                    origin: MovementID(lsn: 1, line: 0)
                ),
                reference: 0
            )
            deadlines.note(row, dueBefore: before, in: table)
            let active = (1..<table.rowCount).filter { table.isOpen($0) }
                .sorted { (table.expiresAt[$0], $0) < (table.expiresAt[$1], $1) }
            try #require(deadlines.openCount == active.count)
            let earliest = active.first.map { table.expiresAt[$0] } ?? .max
            try #require(deadlines.next.microseconds == earliest)
            let time = Instant(microseconds: Int64(random.below(500)))
            let limit = Int(random.below(9))
            let expected = active.filter { table.expiresAt[$0] <= time.microseconds }
                .prefix(limit).map { ReservationID(UInt32($0)) }
            try #require(deadlines.due(at: time, limit: limit, in: table) == expected)
        }
        let loaded = ReservationDeadlines(for: table)
        #expect(loaded.next == deadlines.next && loaded.openCount == deadlines.openCount)
    }
}
