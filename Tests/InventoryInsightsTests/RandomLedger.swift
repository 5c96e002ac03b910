import Bytes
import InventoryEngine
import InventoryModel
import InventoryTestSupport

/// A state created by random commands: sales, also below zero, returns, reversals, deliveries, transfers,
/// holds, refusals, products that change their category or are deleted, at several locations in several
/// zones, around a clock change.
struct RandomLedger {
    private(set) var state = InventoryState()
    private(set) var random: SplitMix64
    /// The approximate time of events, in microseconds.
    let middle: Int64
    private let spread: Int64
    private let deletes: Bool
    private var time: Int64
    private var sales: [LSN] = []
    private var steps: [UInt64] = []

    static let zones = [
        "UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo",
        "Asia/Kathmandu", "Pacific/Apia",
    ]

    /// Around one of these: clock changes in the zones above, and a date that one of them skipped.
    private static let middles: [Int64] = [
        1_711_846_800, 1_729_990_800, 1_710_054_000, 1_730_613_600, 1_712_413_800, 1_728_142_200,
        1_541_300_400, 1_550_368_800, 1_325_239_200, 1_700_000_000,
    ]

    static let hour: Int64 = 3_600_000_000

    /// `deletes` is whether products are deleted; with many lines per step, a deleted product would cause
    /// nearly every step to be refused.
    init(seed: UInt64, steps count: Int, linesMax: Int = 4, deletes: Bool = true) {
        self.deletes = deletes
        self.random = SplitMix64(seed: seed)
        self.middle = Self.middles[Int(seed % UInt64(Self.middles.count))] * 1_000_000
        let spreads = [20 * Self.hour, 24 * 9 * Self.hour, 24 * 70 * Self.hour]
        self.spread = spreads[Int(seed / 7 % 3)]
        self.time = self.middle + self.spread
        self.found()
        for _ in 0..<count { self.step(linesMax) }
    }

    private mutating func found() {
        guard let currency = Currency(code: "EUR") else { preconditionFailure("EUR") }
        self.apply(InventoryState.bootstrap(currency: currency))
        for number in 1...4 { self.run(.createCategory(name: "Category \(number)")) }
        self.run(.archiveCategory(CategoryID(4), ifRevision: nil))
        for (number, zone) in Self.zones.dropFirst().enumerated() {
            self.run(.createLocation(LocationDraft(code: "L\(number)", name: "L", zone: zone)))
        }
        for number in 0..<10 {
            let isWeighed = number == 3
            let unit = isWeighed ? Unit(code: "kg", decimals: 3) : .piece
            self.run(
                .createProduct(
                    ProductDraft(
                        sku: (number % 2 == 0 ? "Even-" : "odd-") + "\(number)",
                        name: "Product \(number)",
                        category: CategoryID(UInt32(1 + number % 3)),
                        unit: unit,
                        price: Price(199 + Int64(number) * 37, per: isWeighed ? 1_000 : 1),
                        // All but the last have a history, so that they are never removed completely.
                        opening: number == 9 ? nil : OpeningStock(quantity: 4, unitCost: Money(60))
                    )
                )
            )
        }
        self.run(.deleteProduct(ProductID(10), ifRevision: nil))
    }

    private mutating func apply(_ changes: [Change]) {
        guard !changes.isEmpty else { return }
        let actors = ["ann", "bob", ""]
        self.state.evolve(
            Entry(
                lsn: self.state.lsn.next,
                time: Instant(microseconds: self.time),
                actor: actors[Int(self.state.lsn.value) % 3],
                changes: changes
            )
        )
    }

    mutating func run(_ command: Command) {
        self.time += 1 + Int64(self.random.next() % 90_000_000)
        let decision = self.state.decide(command, at: Instant(microseconds: self.time))
        let before = self.state.lsn
        self.apply(decision.changes)
        guard case .done = decision.outcome, self.state.lsn > before else { return }
        switch command {
        case .sell: self.sales.append(self.state.lsn)
        default: break
        }
        self.steps.append(self.state.lsn.value)
    }

    mutating func below(_ bound: Int) -> Int { Int(self.random.next() % UInt64(bound)) }

    /// Returns a time of an event, often on a full hour.
    mutating func moment() -> Instant {
        let offset = Int64(self.random.next() % UInt64(2 * self.spread)) - self.spread
        var moment = self.middle + offset
        if self.below(3) == 0 { moment = moment / Self.hour * Self.hour }
        return Instant(microseconds: moment)
    }

    /// Executes one more random step.
    mutating func step(_ linesMax: Int = 4) {
        let product = ProductID(UInt32(1 + self.below(9)))
        let location = LocationID(UInt16(1 + self.below(Self.zones.count)))
        let occurred: Occurrence? =
            self.below(8) == 0 ? nil : Occurrence(at: self.moment(), isImported: true)
        let reference = self.below(3) == 0 ? "" : "order-\(self.below(40))"
        switch self.below(25) {
        case 20:
            let other = LocationID(UInt16(1 + self.below(Self.zones.count)))
            let line = DispatchLine(product: product, quantity: Quantity(Int64(1 + self.below(3))))
            self.run(
                .dispatchTransfer(
                    DispatchTransfer(from: location, to: other, lines: [line], reference: reference)
                )
            )
        case 21:
            let id = TransferID(UInt32(1 + self.below(20)))
            let line = TransferLine(transfer: id, quantity: self.below(2) == 0 ? 1 : nil)
            let settled = TransferSettlement(lines: [line])
            self.run(
                self.below(3) == 0 ? .cancelTransfer(settled) : .receiveTransfer(settled)
            )
        case 23, 24:
            self.runPast(at: location, reference, occurred?.at ?? self.moment())
        case 22:
            let floor = FloorChange(product: product, location: location, floor: -6)
            self.run(.setFloor(floor))
        case 0..<8:
            let lines = (0..<(1 + self.below(linesMax))).map { _ in
                SaleLine(
                    product: ProductID(UInt32(1 + self.below(9))),
                    location: self.below(2) == 0
                        ? location : LocationID(UInt16(1 + self.below(Self.zones.count))),
                    quantity: Quantity(Int64(1 + self.below(3)))
                )
            }
            self.run(.sell(Sale(lines: lines, reference: reference, occurred: occurred)))
        case 8..<12:
            let lines = (0..<(1 + self.below(linesMax))).map { _ in
                RestockLine(
                    product: ProductID(UInt32(1 + self.below(9))),
                    location: LocationID(UInt16(1 + self.below(Self.zones.count))),
                    quantity: Quantity(Int64(1 + self.below(30))),
                    unitCost: Money(Int64(50 + self.below(100)))
                )
            }
            self.run(.restock(Restock(lines: lines, reference: reference, occurred: occurred)))
        case 12, 13:
            let original = self.sales.isEmpty ? nil : self.sales[self.below(self.sales.count)]
            let line = SaleLine(product: product, location: location, quantity: 1)
            self.run(
                .returnSale(
                    SaleReturn(
                        lines: [line],
                        original: self.below(2) == 0 ? original : nil,
                        reference: reference,
                        occurred: occurred
                    )
                )
            )
        case 14, 15:
            guard !self.steps.isEmpty else { return }
            let lsn = self.steps[self.below(self.steps.count)]
            self.run(.reverse(Reversal(lsn: LSN(lsn), reason: .correction)))
        case 16:
            self.run(
                .adjust(
                    Adjustment(
                        product: product,
                        location: location,
                        delta: Quantity(Int64(self.below(7)) - 3),
                        reason: Reason.allCases[self.below(Reason.allCases.count)],
                        reference: reference,
                        occurred: occurred
                    )
                )
            )
        case 17:
            self.run(
                .setUnavailable(
                    Hold(product: product, location: location, delta: 1, reason: .damaged)
                )
            )
        case 18:
            self.run(
                .updateProduct(
                    product,
                    ProductUpdate(category: CategoryID(UInt32(1 + self.below(3)))),
                    ifRevision: nil
                )
            )
        default:
            let isDeletion = self.below(12) == 0 && self.deletes
            if isDeletion {
                self.delete(product)
            } else {
                self.run(
                    .expectIncoming(
                        Expectation(product: product, location: location, delta: 2)
                    )
                )
            }
        }
    }

    /// Records a receipt of the past, with returns and discounts.
    private mutating func runPast(at location: LocationID, _ reference: String, _ time: Instant) {
        let lines = (0..<(1 + self.below(3))).map { _ in
            let quantity = Int64(self.below(6)) - 1
            let amount = Int64(1 + self.below(900))
            return PastSaleLine(
                product: ProductID(UInt32(1 + self.below(9))),
                quantity: Quantity(quantity),
                amount: Money(quantity > 0 ? amount : -amount),
                cost: quantity != 0 && self.below(2) == 0 ? Money(Int64(self.below(300))) : nil
            )
        }
        let sale = PastSale(
            lines: lines,
            location: location,
            reference: reference,
            firstLine: UInt32(self.below(4)),
            occurredAt: time,
            openedAt: Instant(microseconds: time.microseconds - Int64(self.below(90)) * Self.hour)
        )
        self.run(.recordPastSale(sale))
        if self.below(2) == 0 { self.sales.append(self.state.lsn) }
    }

    /// Writes off the stock of a product and deletes it, unless it is reserved or in transit.
    private mutating func delete(_ product: ProductID) {
        let levels = self.state.readView().tables.levels
        for row in 0..<levels.rowCount where levels.level(row).product == product {
            let level = levels.level(row)
            if level.unavailable > 0 {
                self.run(
                    .setUnavailable(
                        Hold(
                            product: product,
                            location: level.location,
                            delta: -level.unavailable,
                            reason: .other
                        )
                    )
                )
            }
            self.run(
                .expectIncoming(
                    Expectation(
                        product: product,
                        location: level.location,
                        delta: -level.incoming
                    )
                )
            )
            self.run(
                .count(StockCount(product: product, location: level.location, counted: 0))
            )
        }
        self.run(.deleteProduct(product, ifRevision: nil))
    }
}
