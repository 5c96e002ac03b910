import Bytes
import ColumnStore
import Foundation
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryEngine

/// Random commands: sales, returns in parts, deliveries with and without a cost, corrections,
/// transfers, reservations, backorders, holds and reversals.
private struct RandomMoves {
    private static let products: UInt32 = 6
    private static let locations: UInt16 = 3

    var random: SplitMix64
    var state = InventoryState()
    var books = ValueBooks()
    private(set) var steps = 0
    private(set) var refused: [RefusalCode: Int] = [:]
    private(set) var done: [String: Int] = [:]
    /// Steps that may be reversed, sales that may be returned, reservations and transfers.
    private var undoable: [UInt64] = []
    private var sales: [(lsn: LSN, product: ProductID, location: LocationID)] = []
    private var reservations: UInt32 = 0
    private var transfers: UInt32 = 0
    /// Units that were ordered from outside and are still expected.
    private var expected: [LevelKey: Int64] = [:]

    init(seed: UInt64) throws {
        self.random = SplitMix64(seed: seed)
        let currency = try #require(Currency(code: "EUR"))
        self.apply(InventoryState.bootstrap(currency: currency), [])
        self.run(.createCategory(name: "All"))
        self.run(.createLocation(LocationDraft(code: "north", name: "North")))
        self.run(.createLocation(LocationDraft(code: "south", name: "South")))
        let bases: [Int64] = [1, 1_000, 3, 7, 1_000, 1]
        for number in 1...Self.products {
            let isWeighed = bases[Int(number) - 1] == 1_000
            let draft = ProductDraft(
                sku: "S\(number)",
                name: "N",
                category: CategoryID(1),
                unit: isWeighed ? Unit(code: "kg", decimals: 3) : .piece,
                price: Price(Int64(number) * 117 + 1, per: bases[Int(number) - 1])
            )
            self.run(.createProduct(draft))
        }
    }

    // MARK: - Steps

    private var time: Instant {
        Instant(microseconds: Int64(self.state.lsn.next.value) * 1_000_000)
    }

    private mutating func apply(_ changes: [Change], _ paid: [Int64]) {
        guard !changes.isEmpty else { return }
        let lsn = self.state.lsn.next
        let state = self.state
        self.books.take(changes, lsn: lsn, paid: paid) { id in
            state.tables.movement(state.tables.ledger.row(of: id) ?? 0)
        }
        self.follow(changes)
        self.state.evolve(Entry(lsn: lsn, time: self.time, actor: "t", changes: changes))
    }

    /// Tracks what is expected from outside, by the movements themselves.
    private mutating func follow(_ changes: [Change]) {
        for (index, change) in changes.enumerated() {
            guard case .moved(let movement, _) = change, movement.incomingDelta != 0 else {
                continue
            }
            // Incoming stock that a dispatch or a transfer changes is tracked with its transfer.
            let isOfTransfer =
                movement.kind == .transferIn
                || (movement.kind == .expectIncoming && Self.isOfTransfer(changes, index))
            guard !isOfTransfer else { continue }
            let key = LevelKey(product: movement.product, location: movement.location)
            self.expected[key, default: 0] += movement.incomingDelta.baseUnits
        }
    }

    private static func isOfTransfer(_ changes: [Change], _ index: Int) -> Bool {
        changes.contains { if case .transfer = $0 { true } else { false } }
    }

    @discardableResult
    private mutating func run(_ command: Command, paid: [Int64] = []) -> Outcome.Done? {
        self.tickIfDue()
        let decision = self.state.decide(command, at: self.time)
        let lsn = self.state.lsn.next
        self.apply(decision.changes, paid)
        switch decision.outcome {
        case .done(let done):
            self.done["\(Mirror(reflecting: command).children.first?.label ?? "")", default: 0] += 1
            if done.lsn == lsn { self.undoable.append(lsn.value) }
            return done
        case .refused(let refusal):
            self.refused[refusal.code, default: 0] += 1
        case .batch, .errorsOnly:
            break
        }
        return nil
    }

    private mutating func tickIfDue() {
        self.apply(self.state.tick(at: self.time), [])
    }

    mutating func step() {
        self.steps += 1
        switch self.random.below(27) {
        case 0...5: self.sell()
        case 6...8: self.takeBack()
        case 9...11: self.restock()
        case 12: self.correct()
        case 13: self.count()
        case 14: self.dispatch()
        case 15...16: self.settleTransfer()
        case 17: self.reserve()
        case 18...19: self.settleReservation()
        case 20: self.setFloor()
        case 21: self.hold()
        case 22: self.expect()
        case 23: self.setReorderPoint()
        case 24...25: self.writeOff()
        default: self.undo()
        }
    }

    private mutating func place() -> (product: ProductID, location: LocationID) {
        (
            ProductID(1 + UInt32(self.random.below(UInt64(Self.products)))),
            LocationID(1 + UInt16(self.random.below(UInt64(Self.locations))))
        )
    }

    private mutating func quantity() -> Int64 {
        Int64(1 + self.random.below(self.random.below(8) == 0 ? 400 : 7))
    }

    private mutating func sell() {
        var lines: [SaleLine] = []
        for _ in 0..<(1 + self.random.below(3)) {
            let (product, location) = self.place()
            var line = SaleLine(
                product: product,
                location: location,
                quantity: Quantity(self.quantity())
            )
            if self.random.below(5) == 0 { line.price = Money(Int64(self.random.below(3_000))) }
            lines.append(line)
        }
        guard let done = self.run(.sell(Sale(lines: lines))) else { return }
        for line in lines { self.sales.append((done.lsn, line.product, line.location)) }
        if self.sales.count > 4_000 { self.sales.removeFirst(2_000) }
    }

    private mutating func takeBack() {
        let isNamed = self.random.below(4) > 0
        guard isNamed, let sale = self.sales.randomElement(using: &self.random) else {
            let (product, location) = self.place()
            let line = SaleLine(
                product: product,
                location: location,
                quantity: Quantity(self.quantity())
            )
            self.run(.returnSale(SaleReturn(lines: [line])))
            return
        }
        var line = SaleLine(product: sale.product, location: sale.location, quantity: 1)
        if self.random.below(3) == 0 { line.quantity = Quantity(self.quantity()) }
        if self.random.below(9) == 0 { line.price = Money(Int64(self.random.below(900))) }
        let target: ReturnTarget = self.random.below(6) == 0 ? .unavailable : .available
        self.run(.returnSale(SaleReturn(lines: [line], target: target, original: sale.lsn)))
    }

    private mutating func restock() {
        let (product, location) = self.place()
        let quantity = self.quantity() * (self.random.below(3) == 0 ? 9 : 1)
        let basis = self.state.tables.product(product).price.basis
        var line = RestockLine(product: product, location: location, quantity: Quantity(quantity))
        var paid: Int64 = 0
        if self.random.below(4) > 0 {
            let unit = Int64(self.random.below(self.random.below(5) == 0 ? 2 : 5_000))
            line.unitCost = Money(unit)
            paid = Self.halfAway(unit * quantity, basis)
        } else {
            let level = self.state.tables.levels.level(product, location)
            let unit = Self.unitCost(of: level, self.state)
            paid = Self.halfAway(unit.minorUnits * quantity, unit.basis)
        }
        let fromIncoming = self.random.below(3) == 0
        let restock = Restock(
            lines: [line],
            fromIncoming: fromIncoming,
            reference: self.order()
        )
        self.run(.restock(restock), paid: [paid])
    }

    /// Rounds halves away from zero, for a value that is not negative.
    private static func halfAway(_ value: Int64, _ divisor: Int64) -> Int64 {
        (2 * value + divisor) / (2 * divisor)
    }

    /// The unit cost, from the ledger: the average, else that before the level became empty.
    private static func unitCost(of level: Level, _ state: InventoryState) -> Price {
        if level.onHand > 0 { return Price(level.value.minorUnits, per: level.onHand.baseUnits) }
        // Looking it up in the ledger each time would take too long; RuleTests check it.
        return state.unitCost(
            of: level,
            Draft(lsn: state.lsn.next, time: state.time, isBatch: false)
        ) ?? Price(0)
    }

    private mutating func correct() {
        let (product, location) = self.place()
        let quantity = self.quantity()
        let delta = self.random.below(2) == 0 ? quantity : -quantity
        self.run(
            .adjust(
                Adjustment(
                    product: product,
                    location: location,
                    delta: Quantity(delta),
                    reason: .found
                )
            )
        )
    }

    private mutating func count() {
        let (product, location) = self.place()
        let counted = Int64(self.random.below(30))
        self.run(
            .count(StockCount(product: product, location: location, counted: Quantity(counted)))
        )
    }

    private mutating func dispatch() {
        let (product, source) = self.place()
        let destination = self.place().location
        let lines = [DispatchLine(product: product, quantity: Quantity(self.quantity()))]
        let command = DispatchTransfer(from: source, to: destination, lines: lines)
        if self.run(.dispatchTransfer(command)) != nil { self.transfers += 1 }
    }

    private mutating func settleTransfer() {
        guard self.transfers > 0 else { return }
        let recent = min(self.transfers, 40)
        let id = TransferID(self.transfers - UInt32(self.random.below(UInt64(recent))))
        let quantity = self.random.below(3) == 0 ? nil : self.quantity()
        let command = TransferSettlement(lines: [
            TransferLine(transfer: id, quantity: quantity.map { Quantity($0) })
        ])
        self.run(
            self.random.below(3) == 0 ? .cancelTransfer(command) : .receiveTransfer(command)
        )
    }

    private mutating func reserve() {
        let (product, location) = self.place()
        let line = ReserveLine(
            product: product,
            location: location,
            quantity: Quantity(self.quantity())
        )
        let expiry = Expiry.after(seconds: Int64(1 + self.random.below(300)))
        if self.run(.reserve(Reserve(lines: [line], expiry: expiry))) != nil {
            self.reservations += 1
        }
    }

    private mutating func settleReservation() {
        guard self.reservations > 0 else { return }
        let recent = min(self.reservations, 20)
        let id = ReservationID(self.reservations - UInt32(self.random.below(UInt64(recent))))
        let quantity = self.random.below(2) == 0 ? nil : self.quantity()
        let line = ReservationLine(reservation: id, quantity: quantity.map { Quantity($0) })
        guard self.random.below(3) > 0 else {
            self.run(.releaseReservation(ReleaseReservation(lines: [line])))
            return
        }
        guard let done = self.run(.commitReservation(CommitReservation(lines: [line]))) else {
            return
        }
        let reservation = self.state.tables.reservation(id)
        self.sales.append((done.lsn, reservation.product, reservation.location))
    }

    private mutating func setFloor() {
        let (product, location) = self.place()
        let floor = Int64(self.random.below(60)) - 50
        self.run(
            .setFloor(FloorChange(product: product, location: location, floor: Quantity(floor)))
        )
    }

    private mutating func hold() {
        let (product, location) = self.place()
        let delta = Int64(self.random.below(7)) - 3
        self.run(
            .setUnavailable(
                Hold(product: product, location: location, delta: Quantity(delta), reason: .damaged)
            )
        )
    }

    private mutating func expect() {
        let (product, location) = self.place()
        let delta = self.random.below(3) == 0 ? -self.quantity() : self.quantity()
        self.run(
            .expectIncoming(
                Expectation(
                    product: product,
                    location: location,
                    delta: Quantity(delta),
                    reference: self.order()
                )
            )
        )
    }

    /// A purchase order, or none.
    private mutating func order() -> String { ["", "PO-1", "PO-2"][Int(self.random.below(3))] }

    private mutating func setReorderPoint() {
        let (product, location) = self.place()
        let point = self.random.below(3) == 0 ? nil : Quantity(Int64(self.random.below(40)))
        self.run(
            .setReorderPoint(
                ReorderPointChange(product: product, location: location, reorderPoint: point)
            )
        )
    }

    private mutating func writeOff() {
        let (product, location) = self.place()
        let held = self.state.tables.levels.level(product, location).unavailable
        let quantity = Quantity(1 + Int64(self.random.below(UInt64(held.baseUnits + 1))))
        self.run(
            .writeOff(
                WriteOff(
                    product: product,
                    location: location,
                    quantity: quantity,
                    reason: .damaged
                )
            )
        )
    }

    private mutating func undo() {
        let recent = self.undoable.suffix(60)
        guard let lsn = recent.randomElement(using: &self.random) else { return }
        self.run(.reverse(Reversal(lsn: LSN(lsn), reason: .correction)))
    }

    // MARK: - Checks

    /// Checks what must hold after every step.
    func check() throws {
        try #require(self.books.difference == 0, "step \(self.steps): \(self.books)")
        let levels = self.state.tables.levels
        for row in 0..<levels.rowCount {
            let level = levels.level(row)
            try #require(level.value >= 0 && (level.onHand > 0 || level.value == 0), "\(level)")
            let key = LevelKey(product: level.product, location: level.location)
            let arriving = self.state.openTransfers.arriving(level.product, level.location)
            try #require(
                level.incoming == arriving + Quantity(self.expected[key] ?? 0),
                "step \(self.steps): \(level) has \(arriving) in transit"
            )
            try #require(self.expected[key] ?? 0 >= 0)
        }
    }

    /// Checks that the returned parts of each sale never exceed what was charged or what it cost, and equal
    /// both if everything was returned at the sale's own price.
    ///
    /// Units sold in backorder have late cost, and no row says for which sale.
    func checkReturns() throws {
        let ledger = self.state.tables.ledger
        var ownPrice: Set<Int> = []
        var costs: [Int: Money] = [:]
        for row in 0..<ledger.rowCount where ledger.kind(row) == .return && ledger.origins[row] > 0
        {
            let sale = Int(ledger.origins[row]) - 1
            if ledger.prices[sale] != ledger.prices[row] { ownPrice.insert(sale) }
            if !self.state.links.isReversed(row) {
                costs[sale, default: 0] += Money(ledger.costs[row])
            }
        }
        for sale in 0..<ledger.rowCount {
            guard let sums = self.state.links.returned[sale] else { continue }
            let (charged, cost) = (Money(ledger.amounts[sale]), Money(-ledger.costs[sale]))
            let sold = Quantity(-ledger.onHandDeltas[sale])
            if ledger.backordered(sale) == 0 {
                try #require(costs[sale] ?? 0 <= cost, "LSN \(ledger.lsns[sale])")
            }
            try #require(sums.backordered >= 0 && sums.backordered <= ledger.backordered(sale))
            try #require(sums.cost >= 0 && sums.cost <= cost, "LSN \(ledger.lsns[sale])")
            if sums.quantity == sold { try #require(sums.cost == cost) }
            guard !ownPrice.contains(sale) else { continue }
            try #require(sums.amount <= charged, "LSN \(ledger.lsns[sale])")
            if sums.quantity == sold {
                try #require(sums.amount == charged, "LSN \(ledger.lsns[sale])")
            }
        }
    }
}

@Suite struct ValueConservationTests {
    /// Steps of a run; `make long-value-conservation` has any number of runs.
    private static let stepCount = 10_000

    @Test(arguments: Campaign.seeds(suite: 11...12))
    func `value is paid for, sold or corrected, and is conserved`(
        seed: UInt64
    ) throws {
        var moves = try RandomMoves(seed: seed)
        let count = Self.stepCount
        for step in 1...count {
            moves.step()
            try moves.check()
            if step % 1_000 == 0 {
                #expect(moves.state.readView().violations() == [])
            }
        }
        try moves.checkReturns()
        // The random walk reaches every case.
        for command in [
            "sell", "returnSale", "restock", "adjust", "count", "setUnavailable", "expectIncoming",
            "setReorderPoint", "writeOff", "reverse", "reserve", "commitReservation",
            "releaseReservation", "dispatchTransfer",
            "receiveTransfer", "cancelTransfer",
        ] {
            #expect(moves.done[command] ?? 0 > count / 1_000, "\(command) was executed too rarely")
        }
        for account in ValueBooks.Account.allCases {
            #expect(moves.books.accounts[account] ?? 0 != 0, "\(account) was never used")
        }
        let ledger = moves.state.tables.ledger
        let late = (0..<ledger.rowCount).count { ledger.kind($0) == .costVariance }
        #expect(late > count / 1_000, "late cost occurred too rarely")
    }
}
