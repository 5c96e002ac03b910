import Bytes
import InventoryEngine
import InventoryModel
import InventoryTestSupport
import Testing

/// Reserved stock: its effect on availability, how a reservation ends, and its refusals.
@Suite struct ReservationTests {
    private let one = ProductID(1)

    private func id(_ value: UInt32) -> ReservationID { ReservationID(value) }

    // MARK: - Reserving

    @Test func `reserved units cannot be sold, and remain on hand`() throws {
        var bench = try Bench(products: 1)
        let done = try bench.done(bench.reserve(1, 4))
        #expect(done.id == 1)
        #expect(done.levels.map { $0.reserved } == [4])
        #expect(bench.level(1).onHand == 10 && bench.level(1).available == 6)
        #expect(bench.code(bench.sale(1, 7)) == .insufficientStock)
        try bench.done(bench.sale(1, 6))
        #expect(bench.level(1).onHand == 4 && bench.level(1).available == 0)
        bench.check()
    }

    @Test func `each line is its own reservation, numbered consecutively`() throws {
        var bench = try Bench(products: 3)
        let lines = [1, 3, 1].map { ReserveLine(product: ProductID($0), quantity: 2) }
        let until = bench.seconds(60)
        let command = Reserve(lines: lines, expiry: .at(until), reference: "CART-1")
        #expect(try bench.done(.reserve(command)).id == 1)
        #expect(try bench.done(bench.reserve(2, 1)).id == 4)
        let query = Query.reservations(ReservationQuery(reference: "CART-1"))
        #expect(try bench.column("id", of: query) == ["1", "2", "3"])
        #expect(try bench.column("sku", of: query) == ["S0", "S2", "S0"])
        #expect(try bench.column("remaining", of: query) == ["2", "2", "2"])
        #expect(try bench.column("state", of: query) == ["active", "active", "active"])
        #expect(try bench.column("expiresAt", of: query)[0] == "\(until.microseconds)")
        #expect(try bench.column("actor", of: query) == ["t", "t", "t"])
        bench.check()
    }

    @Test func `a reservation beyond the stock reserves nothing, and is unmet demand`() throws {
        var bench = try Bench(products: 2)
        try bench.done(bench.reserve(2, 7))
        let lines = [(1, 3), (2, 4)].map {
            ReserveLine(product: ProductID(UInt32($0.0)), quantity: Quantity(Int64($0.1)))
        }
        let command = Reserve(lines: lines, expiry: .after(seconds: 60), reference: "C")
        let decision = bench.state.decide(.reserve(command), at: bench.time)
        let shortage = Refusal.Shortage(
            product: ProductID(2),
            location: .main,
            asked: 4,
            sellable: 3,
            onHand: 10,
            unavailable: 0,
            reserved: 7,
            floor: 0
        )
        let refusal = Refusal(.insufficientStock, line: 1, .shortage(shortage))
        #expect(decision.outcome == .refused(refusal))
        let refused = RefusedDemand(
            product: ProductID(2),
            location: .main,
            asked: 4,
            available: 3,
            reference: "C"
        )
        #expect(decision.changes == [.demandRefused(refused)])
        #expect(bench.level(1).reserved == 0)
    }

    @Test func `a reservation respects the floor, above zero and below`() throws {
        var bench = try Bench(products: 1)
        try bench.done(.setFloor(FloorChange(product: self.one, floor: 3)))
        #expect(bench.code(bench.reserve(1, 8)) == .insufficientStock)
        try bench.done(bench.reserve(1, 7))
        try bench.done(.setFloor(FloorChange(product: self.one, floor: -5)))
        try bench.done(bench.reserve(1, 8))
        #expect(bench.level(1).available == -5)
        bench.check()
    }

    @Test func `reserving to the reorder point raises an alert, and releasing clears it`() throws {
        var bench = try Bench(products: 1, stock: 30)
        let raised = bench.changes(of: bench.reserve(1, 20))
        #expect(raised.contains { $0.isAlert(.lowStock, isRaised: true) })
        let cleared = bench.changes(of: bench.release(1))
        #expect(cleared.contains { $0.isAlert(.lowStock, isRaised: false) })
        bench.check()
    }

    // MARK: - Committing

    @Test func `a commit is a sale at the product's price, of all that remains`() throws {
        var bench = try Bench(products: 1)
        try bench.done(bench.reserve(1, 4))
        let done = try bench.done(bench.commit(1))
        #expect(done.id == 1 && done.amount == 400)
        let level = bench.level(1)
        #expect(level.onHand == 6 && level.reserved == 0 && level.value == 30)
        let sales = Query.sales(SalesQuery())
        #expect(try bench.column("quantity", of: sales) == ["4"])
        #expect(try bench.column("cost", of: sales) == ["20"])
        #expect(try bench.column("reference", of: sales) == ["R"])
        let kinds = try bench.column("kind", of: .ledger(LedgerQuery(lsn: done.lsn)))
        #expect(kinds == ["sale", "commit"])
        #expect(try bench.state(of: 1) == "committed")
        bench.check()
    }

    @Test func `a part may be committed at a price of its own, the rest later`() throws {
        var bench = try Bench(products: 1)
        try bench.done(bench.reserve(1, 5))
        let line = ReservationLine(reservation: self.id(1), quantity: 2, price: Money(90))
        let part = CommitReservation(lines: [line], reference: "POS-9")
        #expect(try bench.done(.commitReservation(part)).amount == 180)
        #expect(bench.level(1).reserved == 3 && bench.level(1).onHand == 8)
        #expect(try bench.state(of: 1) == "active")
        #expect(try bench.done(bench.commit(1)).amount == 300)
        #expect(try bench.state(of: 1) == "committed")
        #expect(
            try bench.column("reference", of: .sales(SalesQuery())) == ["R", "POS-9"]
        )
        bench.check()
    }

    @Test func `a commit of several reservations is one sale, or none`() throws {
        var bench = try Bench(products: 2)
        try bench.done(bench.reserve(1, 2))
        try bench.done(bench.reserve(2, 3))
        let lines = [1, 2, 9].map { ReservationLine(reservation: self.id($0)) }
        let refusal = bench.refusal(.commitReservation(CommitReservation(lines: lines)))
        #expect(refusal == Refusal(.reservationNotFound, line: 2, .id(9)))
        #expect(bench.level(1).reserved == 2 && bench.level(2).reserved == 3)
        let both = CommitReservation(lines: Array(lines.prefix(2)))
        #expect(try bench.done(.commitReservation(both)).amount == 500)
        bench.check()
    }

    @Test func `units removed meanwhile cannot be committed, and are unmet demand`() throws {
        var bench = try Bench(products: 1)
        try bench.done(bench.reserve(1, 6))
        try bench.done(.count(StockCount(product: self.one, counted: 4)))
        #expect(bench.level(1).available == -2)
        let refused = bench.refusal(bench.commit(1))
        let refusal = try #require(refused)
        #expect(refusal.code == .insufficientStock)
        guard case .shortage(let shortage) = refusal.detail else { throw Unexpected() }
        #expect(shortage.asked == 6 && shortage.sellable == 4 && shortage.reserved == 6)
        #expect(try bench.column("asked", of: .refusals(RefusalQuery())) == ["6"])
        try bench.done(bench.commit(1, 4))
        #expect(bench.level(1).onHand == 0 && bench.level(1).value == 0)
        bench.check()
    }

    @Test func `a reservation can be committed for a product that is no longer for sale`() throws {
        var bench = try Bench(products: 1)
        try bench.done(bench.reserve(1, 2))
        var update = ProductUpdate()
        update.status = .inactive
        try bench.done(.updateProduct(self.one, update, ifRevision: nil))
        #expect(bench.code(bench.reserve(1, 1)) == .productInactive)
        try bench.done(bench.commit(1))
        bench.check()
    }

    // MARK: - Closing

    @Test func `a release releases a part, then the rest`() throws {
        var bench = try Bench(products: 1)
        try bench.done(bench.reserve(1, 5))
        try bench.done(bench.release(1, 2))
        #expect(bench.level(1).available == 7)
        #expect(try bench.state(of: 1) == "active")
        try bench.done(bench.release(1))
        #expect(bench.level(1).available == 10)
        #expect(try bench.state(of: 1) == "released")
        bench.check()
    }

    @Test func `a reservation is closed once`() throws {
        var bench = try Bench(products: 1)
        try bench.done(bench.reserve(1, 2))
        try bench.done(bench.reserve(1, 2))
        try bench.done(bench.commit(1))
        try bench.done(bench.release(2))
        for number in [1, 2] as [UInt32] {
            for command in [bench.commit(number), bench.release(number), bench.extend(number, 99)] {
                let refusal = Refusal(.reservationClosed, line: 0, .id(UInt64(number)))
                #expect(bench.refusal(command) == refusal)
            }
        }
        bench.check()
    }

    @Test func `no more is taken of a reservation than remains`() throws {
        var bench = try Bench(products: 1)
        try bench.done(bench.reserve(1, 5))
        try bench.done(bench.commit(1, 2))
        let expected = Refusal(
            .exceedsReservation,
            line: 0,
            .remainder(1, asked: 4, remaining: 3)
        )
        #expect(bench.refusal(bench.commit(1, 4)) == expected)
        #expect(bench.refusal(bench.release(1, 4)) == expected)
        bench.check()
    }

    @Test func `the same reservation twice in one command counts cumulatively`() throws {
        var bench = try Bench(products: 1)
        try bench.done(bench.reserve(1, 5))
        let line = ReservationLine(reservation: self.id(1), quantity: 3)
        let twice = CommitReservation(lines: [line, line])
        #expect(
            bench.refusal(.commitReservation(twice))
                == Refusal(.exceedsReservation, line: 1, .remainder(1, asked: 3, remaining: 2))
        )
        bench.check()
    }

    // MARK: - Time

    @Test func `a tick expires what is due by the log's clock, no earlier and no later`() throws {
        var bench = try Bench(products: 1)
        try bench.done(bench.reserve(1, 4, for: 10))
        let due = bench.state.nextExpiry
        #expect(bench.state.tick(at: Instant(microseconds: due.microseconds - 1)).isEmpty)
        let changes = bench.state.tick(at: due)
        guard case .moved(let movement, let level) = changes.first else { throw Unexpected() }
        #expect(movement.kind == .expire && movement.reservedDelta == -4)
        #expect(level.reserved == 0 && level.available == 10)
        bench.wait(10)
        bench.tick()
        #expect(bench.level(1).available == 10)
        #expect(try bench.state(of: 1) == "expired")
        #expect(bench.state.nextExpiry == Instant(microseconds: .max))
        bench.check()
    }

    @Test func `an expired reservation is refused, before and after the tick`() throws {
        var bench = try Bench(products: 1)
        try bench.done(bench.reserve(1, 4, for: 10))
        bench.wait(10)
        let refusal = Refusal(.reservationExpired, line: 0, .id(1))
        #expect(bench.refusal(bench.commit(1)) == refusal)
        #expect(bench.refusal(bench.extend(1, 60)) == refusal)
        #expect(bench.level(1).reserved == 4)
        bench.tick()
        #expect(bench.refusal(bench.commit(1)) == refusal)
        #expect(bench.refusal(bench.release(1)) == refusal)
        bench.check()
    }

    @Test func `an extension moves the time, later or earlier`() throws {
        var bench = try Bench(products: 1)
        try bench.done(bench.reserve(1, 4, for: 10))
        try bench.done(bench.extend(1, 100))
        bench.wait(50)
        bench.tick()
        #expect(bench.level(1).reserved == 4)
        try bench.done(bench.extend(1, 5))
        bench.wait(10)
        bench.tick()
        #expect(bench.level(1).reserved == 0)
        bench.check()
    }

    @Test func `a tick expires a bounded number, earliest first`() throws {
        var bench = try Bench(products: 1, stock: 10_000)
        for batch in [1, 0] as [Int64] {
            let lines = (0..<1_000).map { _ in ReserveLine(product: self.one, quantity: 1) }
            let until = bench.seconds(20 + batch * 20)
            try bench.done(.reserve(Reserve(lines: lines, expiry: .at(until))))
        }
        bench.wait(100)
        bench.tick()
        #expect(bench.level(1).reserved == Quantity(2_000 - Int64(Limits.tickReservationsMax)))
        #expect(try bench.state(of: 1_001) == "expired")
        #expect(try bench.state(of: 24) == "expired")
        #expect(try bench.state(of: 25) == "active")
        bench.tick()
        #expect(bench.level(1).reserved == 0)
        bench.check()
    }

    @Test func `a reservation expires after now and within the longest duration`() throws {
        var bench = try Bench(products: 1)
        #expect(bench.code(bench.reserve(1, 1, for: 0)) == .outOfRange)
        #expect(bench.code(bench.reserve(1, 1, for: -5)) == .outOfRange)
        let longest = Limits.reservationSecondsMax
        #expect(bench.code(bench.reserve(1, 1, for: longest + 1)) == .outOfRange)
        try bench.done(bench.reserve(1, 1, for: longest))
        #expect(bench.code(bench.extend(1, longest + 1)) == .outOfRange)
    }

    // MARK: - Other commands

    @Test func `reversing a commit undoes the sale and leaves the reservation closed`() throws {
        var bench = try Bench(products: 1)
        try bench.done(bench.reserve(1, 4))
        let lsn = try bench.done(bench.commit(1)).lsn
        try bench.done(bench.comeBack(1, 1, of: lsn))
        #expect(bench.code(bench.reversal(lsn)) == .alreadyReversed)
        try bench.done(bench.reserve(1, 2))
        let second = try bench.done(bench.commit(2)).lsn
        #expect(try bench.done(bench.reversal(second)).amount == -200)
        #expect(bench.level(1).onHand == 7 && bench.level(1).reserved == 0)
        #expect(bench.code(bench.reversal(second)) == .alreadyReversed)
        #expect(bench.code(bench.commit(2)) == .reservationClosed)
        bench.check()
    }

    @Test func `steps that created or closed a reservation cannot be reversed`() throws {
        var bench = try Bench(products: 1)
        let made = try bench.done(bench.reserve(1, 4)).lsn
        let ended = try bench.done(bench.release(1)).lsn
        for lsn in [made, ended] {
            let refused = bench.refusal(bench.reversal(lsn))
            let refusal = try #require(refused)
            #expect(refusal.code == .invalidField)
        }
        bench.check()
    }

    @Test func `a product with reserved stock cannot be deleted until it is settled`() throws {
        var bench = try Bench(products: 1)
        try bench.done(bench.reserve(1, 4))
        let delete = Command.deleteProduct(self.one, ifRevision: nil)
        #expect(bench.refusal(delete) == Refusal(.inUse, .id(1)))
        try bench.done(.batch([bench.release(1), bench.writeOff(1), delete], .atomic))
        bench.check()
    }

    @Test func `an atomic batch may reserve and commit, and is rolled back as a whole`() throws {
        var bench = try Bench(products: 1)
        let done = try bench.done(
            .batch([bench.reserve(1, 3), bench.commit(1, 1), bench.release(1)], .atomic)
        )
        #expect(done.ids == [1, 1, 1])
        #expect(bench.level(1).onHand == 9 && bench.level(1).reserved == 0)
        let refused = bench.refusal(.batch([bench.reserve(1, 3), bench.commit(2, 9)], .atomic))
        #expect(refused?.code == .batchRolledBack)
        #expect(bench.level(1).reserved == 0)
        #expect(try bench.done(bench.reserve(1, 1)).id == 2)
        bench.check()
    }

    @Test func `a command may expect a reservation's revision`() throws {
        var bench = try Bench(products: 1)
        let made = try bench.done(bench.reserve(1, 4)).lsn
        let line = ReservationLine(reservation: self.id(1), quantity: 1, ifRevision: made)
        let release = Command.releaseReservation(ReleaseReservation(lines: [line]))
        let changed = try bench.done(release).lsn
        #expect(
            bench.refusal(release)
                == Refusal(
                    .revisionMismatch,
                    line: 0,
                    .revision(expected: made, actual: changed)
                )
        )
    }

    @Test func `the refusal with the lowest code is returned`() throws {
        var bench = try Bench(products: 1)
        try bench.done(bench.reserve(1, 2))
        try bench.done(bench.release(1))
        try bench.done(bench.reserve(1, 2))
        func commit(_ lines: [ReservationLine]) -> Command {
            .commitReservation(CommitReservation(lines: lines))
        }
        let closed = ReservationLine(reservation: self.id(1))
        let absent = ReservationLine(reservation: self.id(7))
        let stale = ReservationLine(reservation: self.id(2), ifRevision: 1)
        let much = ReservationLine(reservation: self.id(2), quantity: 3)
        let wrong = ReservationLine(reservation: self.id(2), quantity: 0)
        let whole = [much, closed, stale, absent, wrong]
        let codes: [RefusalCode] = [
            .exceedsReservation, .reservationClosed, .revisionMismatch, .reservationNotFound,
            .outOfRange,
        ]
        for count in 1...5 {
            #expect(bench.code(commit(Array(whole.prefix(count)))) == codes[count - 1])
        }
        #expect(bench.code(commit([])) == .invalidField)
        let many = Array(repeating: closed, count: Limits.linesMax + 1)
        #expect(bench.code(commit(many)) == .tooManyLines)
        bench.check()
    }

    @Test func `lists are filtered, paged and reversed`() throws {
        var bench = try Bench(products: 2)
        for number in 1...6 as ClosedRange<UInt32> {
            try bench.done(bench.reserve(number % 2 + 1, 1))
        }
        try bench.done(bench.commit(3))
        func ids(_ query: ReservationQuery) throws -> [String] {
            try bench.column("id", of: .reservations(query))
        }
        #expect(try ids(ReservationQuery(product: self.one)) == ["2", "4", "6"])
        #expect(try ids(ReservationQuery(states: .active)) == ["1", "2", "4", "5", "6"])
        #expect(try ids(ReservationQuery(states: ReservationStateSet(.committed))) == ["3"])
        #expect(try ids(ReservationQuery(after: self.id(2), limit: 2)) == ["3", "4"])
        let back = ReservationQuery(isNewestFirst: true, after: self.id(5), limit: 2)
        #expect(try ids(back) == ["4", "3"])
        #expect(try ids(ReservationQuery(id: self.id(4))) == ["4"])
        #expect(try ids(ReservationQuery(reference: "nobody's")) == [])
        #expect(throws: Refusal(.reservationNotFound, .id(7))) {
            try bench.table(.reservations(ReservationQuery(id: self.id(7))))
        }
    }
}

extension Change {
    fileprivate func isAlert(_ kind: AlertKind, isRaised: Bool) -> Bool {
        if case .alert(kind, isRaised, _, _, _, _) = self { true } else { false }
    }
}

extension Bench {
    fileprivate func state(of reservation: UInt32) throws -> String {
        let query = ReservationQuery(id: ReservationID(reservation))
        return try self.column("state", of: .reservations(query))[0]
    }
}
