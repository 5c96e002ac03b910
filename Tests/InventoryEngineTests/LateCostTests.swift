import Bytes
import ColumnStore
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryEngine

/// What was paid equals the value of the stock plus the cost of goods sold, to the cent: also if the cost
/// comes late, or is taken back after the goods have gone.
@Suite struct LateCostTests {
    /// Rows of the ledger as money: what was paid and what corrections were worth, and where it went.
    private struct Books {
        /// Of deliveries, and of corrections of stock, that were not reversed.
        var paid: Int64 = 0
        var corrected: Int64 = 0
        /// The value of the stock, goods in transit included, and the cost of goods sold.
        var stock: Int64 = 0
        var sold: Int64 = 0

        init(_ state: InventoryState) {
            let ledger = state.tables.ledger
            for row in 0..<ledger.rowCount {
                let cost = ledger.costs[row]
                self.stock += cost
                let isUndone = state.links.isReversed(row)
                var kind = ledger.kind(row)
                let isReversal = kind == .reversal
                if isReversal { kind = ledger.kind(Int(ledger.origins[row]) - 1) }
                switch kind {
                case .sale, .return: self.sold -= cost
                case .costVariance: self.sold += ledger.amounts[row]
                case .restock where !isReversal && !isUndone:
                    let price = Price(ledger.prices[row], per: ledger.priceBases[row])
                    self.paid +=
                        price.amount(of: Quantity(ledger.onHandDeltas[row]))?.minorUnits ?? 0
                case .adjust, .count:
                    if !isReversal, !isUndone {
                        self.corrected += cost + Self.lateCost(after: row, in: ledger)
                    }
                default: break
                }
            }
            let transfers = state.tables.transfers
            for row in 1..<max(transfers.rowCount, 1) where transfers.isOpen(row) {
                self.stock += transfers.values[row]
            }
        }

        /// The late cost recorded with the previous movement.
        private static func lateCost(after row: Int, in ledger: MovementLedger) -> Int64 {
            let next = row + 1
            guard next < ledger.rowCount, ledger.kind(next) == .costVariance,
                ledger.lsns[next] == ledger.lsns[row]
            else { return 0 }
            return ledger.amounts[next]
        }

        var isBalanced: Bool { self.stock + self.sold == self.paid + self.corrected }
    }

    private func floor(_ bench: inout Bench, _ floor: Int64) throws {
        try bench.done(.setFloor(FloorChange(product: ProductID(1), floor: Quantity(floor))))
    }

    private func restock(_ quantity: Int64, at cost: Int64) -> Command {
        let line = RestockLine(
            product: ProductID(1),
            quantity: Quantity(quantity),
            unitCost: Money(cost)
        )
        return .restock(Restock(lines: [line]))
    }

    @Test func `a sale reversed below zero leaves its cost with the other sales`() throws {
        var bench = try Bench(products: 1, stock: 2, cost: 50)
        try self.floor(&bench, -9)
        let first = try bench.done(bench.sale(1, 2)).lsn
        try bench.done(bench.sale(1, 4))
        let undone = try bench.done(bench.reversal(first)).lsn
        #expect(try bench.column("kind", of: .ledger(LedgerQuery(lsn: undone))) == ["reversal"])
        let books = Books(bench.state)
        #expect(bench.level(1).onHand == -2 && bench.level(1).value == 0)
        #expect(books.sold == 100 && books.isBalanced)
        bench.check()
    }

    @Test func `a sale reversed into a backorder brings back what is left of its cost`()
        throws
    {
        var bench = try Bench(products: 1, stock: 2, cost: 50)
        try self.floor(&bench, -9)
        let first = try bench.done(bench.sale(1, 2)).lsn
        try bench.done(bench.sale(1, 1))
        try bench.done(bench.reversal(first))
        // Two that cost 50 each, one of them sold.
        #expect(bench.level(1).onHand == 1 && bench.level(1).value == 50)
        #expect(Books(bench.state).sold == 50)
        bench.check()
    }

    @Test
    func `a reversed delivery takes back its late cost, and the cost of what was sold since`()
        throws
    {
        var bench = try Bench(products: 1, stock: 0)
        try self.floor(&bench, -20)
        try bench.done(bench.sale(1, 3))
        let delivery = try bench.done(self.restock(10, at: 400)).lsn
        #expect(Books(bench.state).sold == 1_200 && bench.level(1).value == 2_800)
        try bench.done(bench.sale(1, 5))
        #expect(Books(bench.state).sold == 3_200)
        let undone = try bench.done(bench.reversal(delivery))
        #expect(undone.amount == .zero, "no customer was charged \(undone.amount)")
        let books = Books(bench.state)
        #expect(books.sold == 0 && books.stock == 0 && books.paid == 0)
        bench.check()
    }

    @Test(arguments: [true, false])
    func `units sold in backorder are returned at their late cost`(isUndone: Bool) throws {
        var bench = try Bench(products: 1, stock: 0)
        try self.floor(&bench, -9)
        let sale = try bench.done(bench.sale(1, 3)).lsn
        try bench.done(self.restock(10, at: 400))
        #expect(Books(bench.state).sold == 1_200)
        if isUndone {
            try bench.done(bench.reversal(sale))
        } else {
            for _ in 0..<3 { try bench.done(bench.comeBack(1, 1, of: sale)) }
        }
        #expect(bench.level(1).onHand == 10 && bench.level(1).value == 4_000)
        #expect(Books(bench.state).sold == 0 && Books(bench.state).isBalanced)
        bench.check()
    }

    /// Of five, three were on hand at 50 each; two cost 400 late.
    @Test(arguments: [[5], [1, 4], [2, 2, 1], [1, 1, 1, 1, 1]])
    func `a sale partly in backorder is returned at its whole cost`(parts: [Int64]) throws {
        var bench = try Bench(products: 1, stock: 3, cost: 50)
        try self.floor(&bench, -9)
        let sale = try bench.done(bench.sale(1, 5)).lsn
        try bench.done(self.restock(10, at: 400))
        #expect(Books(bench.state).sold == 950)
        for part in parts { try bench.done(bench.comeBack(1, part, of: sale)) }
        #expect(bench.level(1).onHand == 13 && bench.level(1).value == Money(3_200 + 950))
        #expect(Books(bench.state).sold == 0 && Books(bench.state).isBalanced)
        bench.check()
    }

    @Test func `a sale partly in backorder is reversed at its whole cost`() throws {
        var bench = try Bench(products: 1, stock: 3, cost: 50)
        try self.floor(&bench, -9)
        let sale = try bench.done(bench.sale(1, 5)).lsn
        try bench.done(self.restock(10, at: 400))
        try bench.done(bench.reversal(sale))
        #expect(bench.level(1).value == 3_200 + 950 && Books(bench.state).sold == 0)
        bench.check()
    }

    /// Two were on hand at 3 each, three came late at 5; all is sold again, and four more below zero.
    @Test(arguments: [[5], [1, 4], [3, 2], [4, 1], [1, 1, 1, 1, 1]])
    func `a return into another backorder brings the same cost, at once or in parts`(
        parts: [Int64]
    ) throws {
        var bench = try Bench(products: 1, stock: 2, cost: 300)
        try self.floor(&bench, -10)
        let sale = try bench.done(bench.sale(1, 5)).lsn
        try bench.done(self.restock(4, at: 500))
        try bench.done(bench.sale(1, 4))
        #expect(bench.level(1).onHand == -3)
        for part in parts { try bench.done(bench.comeBack(1, part, of: sale)) }
        // The late ones fill the backorder first; the two that remain cost 3 each.
        #expect(bench.level(1).onHand == 2 && bench.level(1).value == 600)
        #expect(Books(bench.state).isBalanced)
        bench.check()
    }

    /// Costs that divide evenly, so that shares do not depend on how a return is split.
    @Test(arguments: UInt64(1)...5)
    func `returned units gain the same together and one by one`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<300 {
            let backordered = Int64(random.below(6))
            let others = Int64(random.below(6))
            let each = Int64(random.below(900))
            let unit = random.below(5) == 0 ? nil : Price(Int64(random.below(900)))
            let before = Int64(random.below(14)) - 10
            func value(_ part: StockMath.Returned, on onHand: Int64) -> Money? {
                var level = Level(product: ProductID(1), location: .main)
                level.onHand = Quantity(onHand)
                return StockMath.value(of: part, at: unit, onto: level)
            }
            let together = StockMath.Returned(
                quantity: Quantity(backordered + others),
                backordered: Quantity(backordered),
                cost: Money(others * each)
            )
            var oneByOne: Money = 0
            for number in 0..<(backordered + others) {
                let isLate = number < backordered
                let part = StockMath.Returned(
                    quantity: 1,
                    backordered: isLate ? 1 : 0,
                    cost: Money(isLate ? 0 : each)
                )
                oneByOne += try #require(value(part, on: before + number))
            }
            #expect(value(together, on: before) == oneByOne, "\(together) onto \(before)")
        }
    }

    @Test func `a sale reversed after the delivery that filled it leaves no cost`() throws {
        var bench = try Bench(products: 1, stock: 2, cost: 300)
        try self.floor(&bench, -10)
        let sale = try bench.done(bench.sale(1, 5)).lsn
        let delivery = try bench.done(self.restock(4, at: 500)).lsn
        try bench.done(bench.reversal(delivery))
        try bench.done(bench.reversal(sale))
        #expect(bench.level(1).onHand == 2 && bench.level(1).value == 600)
        #expect(Books(bench.state).sold == 0 && Books(bench.state).isBalanced)
        bench.check()
    }

    @Test func `a unit returned after one that filled a backorder brings only its own cost`()
        throws
    {
        var bench = try Bench(products: 1, stock: 2, cost: 50)
        try self.floor(&bench, -9)
        let first = try bench.done(bench.sale(1, 2)).lsn
        try bench.done(bench.sale(1, 4))
        try bench.done(bench.comeBack(1, 1, of: first))
        try bench.done(self.restock(10, at: 70))
        try bench.done(bench.comeBack(1, 1, of: first))
        // Of four units still sold, one cost 50 and three 70.
        #expect(bench.level(1).value == Money(7 * 70 + 50) && Books(bench.state).sold == 260)
        bench.check()
    }

    @Test func `a return that is reversed and repeated brings the same units`() throws {
        var bench = try Bench(products: 1, stock: 3, cost: 50)
        try self.floor(&bench, -9)
        let sale = try bench.done(bench.sale(1, 5)).lsn
        try bench.done(self.restock(10, at: 400))
        let first = try bench.done(bench.comeBack(1, 3, of: sale)).lsn
        try bench.done(bench.comeBack(1, 2, of: sale))
        #expect(bench.level(1).value == Money(3_200 + 950))
        // Two at 400 and one at 50 go again; ten units are worth 3,300. So the two are 330 each now.
        try bench.done(bench.reversal(first))
        try bench.done(bench.comeBack(1, 3, of: sale))
        #expect(bench.level(1).onHand == 13)
        #expect(bench.level(1).value == Money(3_300 + 2 * 330 + 50))
        #expect(Books(bench.state).isBalanced)
        bench.check()
    }

    /// Three that cost 1 in total, returned in parts, with any of them reversed in between.
    @Test(arguments: [[0], [1], [2], [0, 1], [1, 0], [2, 0]])
    func `a sale never brings back more than it cost, whichever return is reversed`(
        undone: [Int]
    ) throws {
        var bench = try Bench(products: 1, stock: 0)
        try bench.done(self.restock(1, at: 1))
        try bench.done(self.restock(2, at: 0))
        let sale = try bench.done(bench.sale(1, 3)).lsn
        let returns = try (0..<3).map { _ in try bench.done(bench.comeBack(1, 1, of: sale)).lsn }
        #expect(bench.level(1).value == 1)
        for number in undone { try bench.done(bench.reversal(returns[number])) }
        for _ in undone {
            try bench.done(bench.comeBack(1, 1, of: sale))
            #expect((0...1).contains(bench.level(1).value))
        }
        #expect(bench.level(1).value == 1 && Books(bench.state).sold == 0)
        #expect(Books(bench.state).isBalanced)
        bench.check()
    }

    @Test func `backorders that a reversed delivery filled are filled by others, at their cost`()
        throws
    {
        var bench = try Bench(products: 1, stock: 0)
        try self.floor(&bench, -9)
        try bench.done(bench.sale(1, 3))
        let delivery = try bench.done(self.restock(10, at: 400)).lsn
        try bench.done(self.restock(20, at: 100))
        try bench.done(bench.reversal(delivery))
        #expect(bench.level(1).onHand == 17 && bench.level(1).value == 1_700)
        #expect(Books(bench.state).sold == 300 && Books(bench.state).isBalanced)
        bench.check()
    }

    @Test(arguments: [true, false])
    func `if everything sold is returned, no cost remains`(isUndone: Bool) throws {
        var bench = try Bench(products: 1, stock: 6, cost: 100)
        try self.floor(&bench, -9)
        let sales = [
            try bench.done(bench.sale(1, 6)).lsn, try bench.done(bench.sale(1, 6)).lsn,
        ]
        for sale in sales {
            let back = isUndone ? bench.reversal(sale) : bench.comeBack(1, 6, of: sale)
            try bench.done(back)
        }
        #expect(bench.level(1).onHand == 6 && bench.level(1).value == 600)
        #expect(Books(bench.state).sold == 0 && Books(bench.state).isBalanced)
        bench.check()
    }

    @Test func `a return into a backorder leaves its cost with the sold units`() throws {
        var bench = try Bench(products: 1, stock: 2, cost: 50)
        try self.floor(&bench, -9)
        let first = try bench.done(bench.sale(1, 2)).lsn
        try bench.done(bench.sale(1, 4))
        let returned = try bench.done(bench.comeBack(1, 1, of: first)).lsn
        #expect(try bench.column("kind", of: .ledger(LedgerQuery(lsn: returned))) == ["return"])
        #expect(Books(bench.state).sold == 100 && Books(bench.state).isBalanced)
        bench.check()
    }

    @Test(arguments: UInt64(1)...8)
    func `stock plus cost of goods sold equals what was paid, after any steps`(seed: UInt64) throws
    {
        var random = SplitMix64(seed: seed)
        func below(_ bound: Int64) -> Int64 { Int64(random.next() % UInt64(bound)) }
        var bench = try Bench(products: 2, stock: 5, cost: 33)
        try bench.done(.createLocation(LocationDraft(code: "B", name: "Back", zone: "UTC")))
        let places = [LocationID.main, LocationID(2)]
        for product in UInt32(1)...2 {
            for place in places {
                let floor = FloorChange(product: ProductID(product), location: place, floor: -30)
                try bench.done(.setFloor(floor))
            }
        }
        var sales: [LSN] = []
        for _ in 0..<1_500 {
            let product = ProductID(UInt32(1 + below(2)))
            let place = places[Int(below(2))]
            let quantity = 1 + below(9)
            let line = SaleLine(product: product, location: place, quantity: Quantity(quantity))
            let command: Command
            switch below(12) {
            case 0..<4: command = .sell(Sale(lines: [line]))
            case 4, 5:
                let cost = Money(below(900))
                command = .restock(
                    Restock(
                        lines: [
                            RestockLine(
                                product: product,
                                location: place,
                                quantity: Quantity(quantity),
                                unitCost: cost
                            )
                        ]
                    )
                )
            case 6:
                let sale = sales.isEmpty ? nil : sales[Int(below(Int64(sales.count)))]
                command = .returnSale(SaleReturn(lines: [line], original: sale))
            case 7:
                command = .adjust(
                    Adjustment(
                        product: product,
                        location: place,
                        delta: Quantity(below(2) == 0 ? quantity : -quantity),
                        reason: .correction
                    )
                )
            case 8:
                let other = place == .main ? places[1] : .main
                let line = DispatchLine(product: product, quantity: Quantity(quantity))
                command = .dispatchTransfer(DispatchTransfer(from: place, to: other, lines: [line]))
            case 9:
                let count = UInt32(bench.state.tables.transfers.rowCount)
                guard count > 1 else { continue }
                let id = TransferID(1 + UInt32(below(Int64(count) - 1)))
                let settled = TransferSettlement(
                    lines: [TransferLine(transfer: id, quantity: below(2) == 0 ? 1 : nil)]
                )
                command = below(3) == 0 ? .cancelTransfer(settled) : .receiveTransfer(settled)
            default: command = bench.reversal(LSN(1 + UInt64(below(Int64(bench.state.lsn.value)))))
            }
            let before = bench.state.lsn
            let outcome = bench.run(command)
            if case .sell = command, case .done = outcome, bench.state.lsn > before {
                sales.append(bench.state.lsn)
            }
            let books = Books(bench.state)
            guard books.isBalanced else {
                Issue.record("seed \(seed), LSN \(bench.state.lsn), \(command): \(books)")
                return
            }
        }
        bench.check()
        // The backorders derived for a snapshot without them equal the recorded ones.
        let ledger = bench.state.tables.ledger
        var derived = ledger
        derived.deriveBackorders()
        #expect(ledger.backorderRows.count > 50)
        for row in 0..<ledger.rowCount {
            #expect(derived.backordered(row) == ledger.backordered(row))
        }
    }
}
