import Bytes
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryEngine

/// Rules of whole steps: what may be put on hold or deleted, when things happen, revisions within a batch,
/// dry runs.
@Suite struct StepRuleTests {
    private let one = ProductID(1)

    private func hold(_ delta: Int64, ifRevision: LSN? = nil) -> Command {
        .setUnavailable(
            Hold(
                product: self.one,
                delta: Quantity(delta),
                reason: .damaged,
                ifRevision: ifRevision
            )
        )
    }

    @Test func `no more is put on hold than is on hand, whatever the floor`() throws {
        var bench = try Bench(products: 1, stock: 62)
        try bench.done(.setFloor(FloorChange(product: self.one, floor: -99_999)))
        #expect(
            bench.refusal(self.hold(63))?.detail
                == .range("delta", value: 63, lowest: 0, highest: 62)
        )
        try bench.done(self.hold(60))
        #expect(bench.code(self.hold(3)) == .outOfRange)
        // Reversing what freed it does not put on hold what has gone since.
        let freed = try bench.done(self.hold(-60)).lsn
        try bench.done(bench.sale(1, 10))
        #expect(bench.code(bench.reversal(freed)) == .outOfRange)
        bench.check()
    }

    /// Reversed in its own order, the delivery would have nothing to take back.
    @Test func `a step that sold what it had received is reversed from its end`() throws {
        var bench = try Bench(products: 1, stock: 0)
        let delivery = RestockLine(product: self.one, quantity: 5, unitCost: Money(100))
        let step = Command.batch([.restock(Restock(lines: [delivery])), bench.sale(1, 5)], .atomic)
        let lsn = try bench.done(step).lsn
        let undone = try bench.done(bench.reversal(lsn))
        #expect(undone.levels.map { $0.onHand } == [0] && undone.levels.map { $0.value } == [0])
        bench.check()
    }

    @Test func `a product with stock, or with incoming goods, is not deleted`() throws {
        var bench = try Bench(products: 1)
        let delete = Command.deleteProduct(self.one, ifRevision: nil)
        #expect(bench.refusal(delete) == Refusal(.inUse, .id(1)))
        try bench.done(bench.writeOff(1))
        func expect(_ delta: Int64) -> Command {
            .expectIncoming(Expectation(product: self.one, delta: Quantity(delta)))
        }
        try bench.done(expect(1))
        #expect(bench.refusal(delete) == Refusal(.inUse, .id(1)))
        try bench.done(expect(-1))
        try bench.done(.setFloor(FloorChange(product: self.one, floor: -1)))
        try bench.done(bench.sale(1, 1))
        #expect(bench.refusal(delete) == Refusal(.inUse, .id(1)))
        try bench.done(.batch([bench.writeOff(1), delete], .atomic))
        bench.check()
    }

    // MARK: - Time

    @Test func `times are in the years 1 to 9999, and at most a day ahead`() throws {
        let bench = try Bench(products: 1)
        let line = SaleLine(product: self.one, quantity: 1)
        let delivery = RestockLine(product: self.one, quantity: 1)
        let day = Limits.occurredAtFutureSeconds
        func outcomes(_ at: Int64) -> [RefusalCode?] {
            let occurred = Occurrence(at: Instant(microseconds: at), isImported: true)
            let draft = ProductDraft(
                sku: "NEW",
                name: "N",
                category: CategoryID(1),
                price: Price(1),
                opening: OpeningStock(quantity: 1, occurredAt: occurred.at)
            )
            return [
                .sell(Sale(lines: [line], occurred: occurred)),
                .returnSale(SaleReturn(lines: [line], occurred: occurred)),
                .restock(Restock(lines: [delivery], occurred: occurred)),
                .adjust(
                    Adjustment(product: self.one, delta: 1, reason: .found, occurred: occurred)
                ),
                .createProduct(draft),
            ].map { (command: Command) in
                var bench = bench
                return bench.code(command)
            }
        }
        let now = bench.time.microseconds
        for at in [Limits.instantMin, 0, now, now + day * 1_000_000] {
            #expect(outcomes(at) == [nil, nil, nil, nil, nil], "\(at)")
        }
        let late = RefusalCode.occurredAtOutOfWindow
        for at in [.min, Limits.instantMin - 1, now + day * 1_000_000 + 1, .max] {
            #expect(outcomes(at) == [late, late, late, late, late], "\(at)")
        }
    }

    @Test func `goods are expected in the years 1 to 9999`() throws {
        var bench = try Bench(products: 1)
        func expect(_ eta: Int64) -> Command {
            .expectIncoming(
                Expectation(product: self.one, delta: 1, eta: Instant(microseconds: eta))
            )
        }
        for eta in [.min, Limits.instantMin - 1, Limits.instantMax + 1, .max] {
            #expect(bench.code(expect(eta)) == .outOfRange, "\(eta)")
        }
        for eta in [Limits.instantMin, Limits.instantMax] { try bench.done(expect(eta)) }
    }

    // MARK: - Revisions

    @Test func `in an atomic batch a revision is that before the batch, for every command`() throws
    {
        for index in 0..<9 {
            var bench = try Bench(products: 1, stock: 50)
            let revision = bench.level(1).revision
            let product = bench.state.tables.product(self.one).revision
            let commands: [Command] = [
                .sell(
                    Sale(lines: [SaleLine(product: self.one, quantity: 1, ifRevision: revision)])
                ),
                .restock(
                    Restock(
                        lines: [
                            RestockLine(product: self.one, quantity: 1, ifRevision: revision)
                        ]
                    )
                ),
                .adjust(
                    Adjustment(
                        product: self.one,
                        delta: -1,
                        reason: .lost,
                        ifRevision: revision
                    )
                ),
                .count(StockCount(product: self.one, counted: 9, ifRevision: revision)),
                .setFloor(FloorChange(product: self.one, floor: 1, ifRevision: revision)),
                self.hold(1, ifRevision: revision),
                .expectIncoming(Expectation(product: self.one, delta: 1, ifRevision: revision)),
                .reserve(
                    Reserve(
                        lines: [
                            ReserveLine(product: self.one, quantity: 1, ifRevision: revision)
                        ],
                        expiry: .after(seconds: 9)
                    )
                ),
                .updateProduct(self.one, ProductUpdate(name: "X"), ifRevision: product),
            ]
            let command = commands[index]
            try bench.done(.batch([bench.sale(1, 1), command], .atomic))
            // Each command refuses an item that has advanced since.
            #expect(bench.code(command) == .revisionMismatch, "\(command)")
            bench.check()
        }
    }

    @Test func `categories, locations, reservations and transfers, too`() throws {
        var bench = try Bench(products: 1)
        let category = try bench.done(.createCategory(name: "C"))
        let location = try bench.done(.createLocation(LocationDraft(code: "L", name: "L")))
        let reservation = try bench.done(bench.reserve(1, 4))
        let lines = [DispatchLine(product: self.one, quantity: 4)]
        let transfer = try bench.done(
            .dispatchTransfer(DispatchTransfer(from: .main, to: LocationID(2), lines: lines))
        )
        let id = CategoryID(UInt32(category.id))
        let release = ReservationLine(
            reservation: ReservationID(1),
            quantity: 1,
            ifRevision: reservation.lsn
        )
        let receive = TransferLine(
            transfer: TransferID(1),
            quantity: 1,
            ifRevision: transfer.lsn
        )
        let commands: [Command] = [
            .renameCategory(id, name: "D", ifRevision: category.lsn),
            .renameCategory(id, name: "E", ifRevision: category.lsn),
            .updateLocation(LocationID(2), LocationUpdate(name: "M"), ifRevision: location.lsn),
            .updateLocation(LocationID(2), LocationUpdate(name: "N"), ifRevision: location.lsn),
            .releaseReservation(ReleaseReservation(lines: [release])),
            .releaseReservation(ReleaseReservation(lines: [release])),
            .receiveTransfer(TransferSettlement(lines: [receive])),
            .receiveTransfer(TransferSettlement(lines: [receive])),
        ]
        try bench.done(.batch(commands, .atomic))
        for command in commands {
            #expect(bench.code(command) == .revisionMismatch, "\(command)")
        }
        bench.check()
    }

    // MARK: - Dry runs, batches, strings

    @Test func `a dry run has the alerts that the commands would raise`() throws {
        var bench = try Bench(products: 1, stock: 12)
        let restock = RestockLine(product: self.one, quantity: 50)
        for command in [
            bench.sale(1, 2), bench.sale(1, 10), .restock(Restock(lines: [restock])),
        ] {
            let before = bench.state.lsn
            let predicted = try bench.done(.batch([command], .dryRun)).levels.map { $0.alerts }
            #expect(bench.state.lsn == before)
            let done = try bench.done(.batch([command], .atomic)).levels.map { $0.alerts }
            #expect(predicted == done, "\(command)")
        }
        bench.check()
    }

    @Test func `a batch that is rolled back leaves nothing, not even unmet demand`() throws {
        var bench = try Bench(products: 1)
        let commands = [bench.sale(1, 1), bench.sale(1, 99)]
        #expect(bench.changes(of: .batch(commands, .atomic)) == [])
        #expect(bench.state.tables.refusals.rowCount == 0)
        #expect(bench.changes(of: bench.sale(1, 99)).count == 1)
    }

    @Test func `a reference and a note are trimmed, then measured and stored`() throws {
        var bench = try Bench(products: 1)
        let line = SaleLine(product: self.one, quantity: 1)
        let long = String(repeating: "x", count: Limits.referenceByteCountMax)
        for (given, stored) in [
            (" POS-1 ", "POS-1"), ("\t\(long)\u{A0} ", long), ("\u{2003}", ""), ("a b", "a b"),
            ("e\u{301} ", "e\u{301}"),
        ] {
            let sale = Sale(lines: [line], reference: given, note: given)
            let lsn = try bench.done(.sell(sale)).lsn
            let row = bench.state.tables.ledger.rows(of: lsn).lowerBound
            let movement = bench.state.tables.movement(row)
            #expect(Array(movement.reference.utf8) == Array(stored.utf8))
            #expect(Array(movement.note.utf8) == Array(stored.utf8))
        }
    }
}
