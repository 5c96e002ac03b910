import Bytes
import InventoryModel
import Testing

@testable import InventoryEngine

/// Stock in transit from one location to another.
@Suite struct TransferTests {
    private let one = ProductID(1)
    private let back = LocationID(2)

    private func benched(products: Int = 1, stock: Int64 = 10, cost: Int64 = 5) throws -> Bench {
        var bench = try Bench(products: products, stock: stock, cost: cost)
        try bench.done(.createLocation(LocationDraft(code: "back", name: "Back")))
        return bench
    }

    private func line(_ transfer: UInt32, _ quantity: Int64? = nil) -> TransferLine {
        TransferLine(transfer: TransferID(transfer), quantity: quantity.map { Quantity($0) })
    }

    private func send(_ quantity: Int64, of product: UInt32 = 1) -> Command {
        let line = DispatchLine(product: ProductID(product), quantity: Quantity(quantity))
        return .dispatchTransfer(
            DispatchTransfer(from: .main, to: self.back, lines: [line], reference: "T")
        )
    }

    private func receive(_ transfer: UInt32, _ quantity: Int64? = nil) -> Command {
        .receiveTransfer(TransferSettlement(lines: [self.line(transfer, quantity)]))
    }

    private func cancel(_ transfer: UInt32, _ quantity: Int64? = nil) -> Command {
        .cancelTransfer(TransferSettlement(lines: [self.line(transfer, quantity)]))
    }

    private func there(_ bench: Bench) -> Level {
        bench.state.tables.levels.level(self.one, self.back)
    }

    private func transfer(_ bench: Bench, _ id: UInt32) -> Transfer {
        bench.state.tables.transfer(TransferID(id))
    }

    @Test func `dispatched units are on hand nowhere, incoming at the target, and keep their cost`()
        throws
    {
        var bench = try self.benched()
        let done = try bench.done(self.send(4))
        #expect(done.id == 1)
        #expect(bench.level(1).onHand == 6 && bench.level(1).value == 30)
        #expect(self.there(bench).onHand == 0 && self.there(bench).incoming == 4)
        let transfer = self.transfer(bench, 1)
        #expect(transfer.remaining == 4 && transfer.value == 20)
        #expect(transfer.state == .inTransit)
        bench.check()
    }

    @Test func `units received in parts bring their cost, the last part the rest of it`() throws {
        var bench = try self.benched(stock: 3, cost: 0)
        let restock = RestockLine(product: self.one, quantity: 1, unitCost: Money(10))
        try bench.done(.restock(Restock(lines: [restock])))
        try bench.done(self.send(3))
        #expect(self.transfer(bench, 1).value == 8)
        try bench.done(self.receive(1, 1))
        #expect(self.there(bench).value == 3)
        try bench.done(self.receive(1, 1))
        #expect(self.there(bench).value == 5)
        #expect(self.there(bench).onHand == 2 && self.there(bench).incoming == 1)
        #expect(self.transfer(bench, 1).state == .inTransit)
        try bench.done(self.receive(1))
        #expect(self.there(bench).value == 8)
        #expect(self.there(bench).incoming == 0)
        #expect(self.transfer(bench, 1).state == .received)
        #expect(bench.level(1).onHand + self.there(bench).onHand == 4)
        #expect(bench.level(1).value + self.there(bench).value == 10)
        bench.check()
    }

    @Test func `cancelled units return with their cost, in part and in full`() throws {
        var bench = try self.benched()
        try bench.done(self.send(4))
        try bench.done(self.cancel(1, 1))
        #expect(bench.level(1).onHand == 7 && bench.level(1).value == 35)
        #expect(self.there(bench).incoming == 3)
        try bench.done(self.receive(1, 1))
        try bench.done(self.cancel(1))
        #expect(bench.level(1).onHand == 9 && self.there(bench).onHand == 1)
        #expect(self.there(bench).incoming == 0 && self.there(bench).value == 5)
        #expect(self.transfer(bench, 1).state == .cancelled)
        bench.check()
    }

    @Test func `a transfer takes neither reserved stock nor what the floor retains`() throws {
        var bench = try self.benched()
        try bench.done(bench.reserve(1, 4))
        try bench.done(.setFloor(FloorChange(product: self.one, floor: 2)))
        let refused = bench.refusal(self.send(5))
        let refusal = try #require(refused)
        #expect(refusal.code == .insufficientStock && refusal.line == 0)
        guard case .shortage(let shortage) = refusal.detail else { throw Unexpected() }
        #expect(shortage.sellable == 4 && shortage.reserved == 4 && shortage.floor == 2)
        #expect(bench.state.tables.refusals.rowCount == 0)
        try bench.done(self.send(4))
        bench.check()
    }

    @Test func `a transfer of many lines is all or nothing`() throws {
        var bench = try self.benched(products: 2)
        func dispatch(_ quantities: [Int64]) -> Command {
            let lines = quantities.enumerated().map {
                DispatchLine(
                    product: ProductID(UInt32($0.offset + 1)),
                    quantity: Quantity($0.element)
                )
            }
            return .dispatchTransfer(DispatchTransfer(from: .main, to: self.back, lines: lines))
        }
        #expect(bench.refusal(dispatch([3, 11]))?.line == 1)
        #expect(bench.level(1).onHand == 10)
        #expect(try bench.done(dispatch([3, 10])).id == 1)
        let query = Query.transfers(TransferQuery(states: .inTransit))
        #expect(try bench.column("sku", of: query) == ["S0", "S1"])
        #expect(try bench.column("from", of: query) == ["main", "main"])
        #expect(try bench.column("to", of: query) == ["back", "back"])
        let both = TransferSettlement(lines: [self.line(1), self.line(2)])
        try bench.done(.receiveTransfer(both))
        #expect(
            try bench.column("state", of: .transfers(TransferQuery())) == ["received", "received"]
        )
        bench.check()
    }

    @Test func `a transfer is settled once, and no more than is in transit`() throws {
        var bench = try self.benched()
        try bench.done(self.send(4))
        try bench.done(self.receive(1, 1))
        let exceeds = Refusal(.exceedsTransfer, line: 0, .remainder(1, asked: 4, remaining: 3))
        #expect(bench.refusal(self.receive(1, 4)) == exceeds)
        #expect(bench.refusal(self.cancel(1, 4)) == exceeds)
        try bench.done(self.receive(1))
        #expect(bench.refusal(self.receive(1)) == Refusal(.transferClosed, line: 0, .id(1)))
        #expect(bench.refusal(self.cancel(1)) == Refusal(.transferClosed, line: 0, .id(1)))
        #expect(bench.refusal(self.cancel(2)) == Refusal(.transferNotFound, line: 0, .id(2)))
        #expect(bench.code(self.receive(1, 0)) == .outOfRange)
        bench.check()
    }

    @Test func `a transfer needs another location as its destination, which must exist`() throws {
        var bench = try self.benched()
        func dispatch(to location: LocationID) -> Command {
            let line = DispatchLine(product: self.one, quantity: 1)
            return .dispatchTransfer(DispatchTransfer(from: .main, to: location, lines: [line]))
        }
        #expect(bench.code(dispatch(to: .main)) == .invalidField)
        #expect(bench.code(dispatch(to: LocationID(9))) == .locationNotFound)
        let stale = DispatchLine(product: self.one, quantity: 1, ifRevision: 1)
        let guarded = DispatchTransfer(from: .main, to: self.back, lines: [stale])
        #expect(bench.code(.dispatchTransfer(guarded)) == .revisionMismatch)
    }

    @Test func `locations and products of a transfer stay until it is settled`() throws {
        var bench = try self.benched()
        try bench.done(self.send(10))
        let archive = Command.archiveLocation(self.back, ifRevision: nil)
        #expect(bench.refusal(archive) == Refusal(.inUse, .id(2)))
        let delete = Command.deleteProduct(self.one, ifRevision: nil)
        #expect(bench.refusal(delete) == Refusal(.inUse, .id(1)))
        try bench.done(.batch([self.cancel(1), archive], .atomic))
        try bench.done(.batch([bench.writeOff(1), delete], .atomic))
        bench.check()
    }

    @Test func `incoming stock of a transfer is not consumed by a delivery`() throws {
        var bench = try self.benched()
        try bench.done(self.send(6))
        let line = RestockLine(product: self.one, location: self.back, quantity: 6)
        let delivery = Command.restock(Restock(lines: [line], fromIncoming: true))
        try bench.done(delivery)
        #expect(self.there(bench).onHand == 6 && self.there(bench).incoming == 6)
        func expect(_ delta: Int64) -> Command {
            .expectIncoming(
                Expectation(product: self.one, location: self.back, delta: Quantity(delta))
            )
        }
        let range = Refusal.Detail.range("delta", value: -1, lowest: 0, highest: Limits.quantityMax)
        #expect(bench.refusal(expect(-1)) == Refusal(.outOfRange, range))
        // Four were ordered: a delivery of six consumes those, and leaves what the transfer brings.
        let ordered = try bench.done(expect(4)).lsn
        try bench.done(delivery)
        #expect(self.there(bench).onHand == 12 && self.there(bench).incoming == 6)
        // The order cannot be reversed any more: it would take what the transfer brings.
        #expect(bench.code(bench.reversal(ordered)) == .outOfRange)
        // Also in one step.
        let line2 = DispatchLine(product: self.one, quantity: 2)
        let more = DispatchTransfer(from: .main, to: self.back, lines: [line2])
        try bench.done(.batch([.dispatchTransfer(more), delivery], .atomic))
        #expect(self.there(bench).incoming == 8)
        try bench.done(self.receive(1, 2))
        try bench.done(self.cancel(1))
        try bench.done(self.receive(2))
        #expect(self.there(bench).incoming == 0 && self.there(bench).onHand == 22)
        bench.check()
    }

    @Test func `a transfer sends what is on hand, however far below zero sales may go`() throws {
        var bench = try self.benched(stock: 2)
        try bench.done(.setFloor(FloorChange(product: self.one, floor: -9)))
        let refused = bench.refusal(self.send(5))
        let refusal = try #require(refused)
        guard case .shortage(let shortage) = refusal.detail else { throw Unexpected() }
        #expect(refusal.code == .insufficientStock)
        #expect(shortage.sellable == 2 && shortage.onHand == 2 && shortage.floor == 0)
        try bench.done(self.send(2))
        #expect(bench.code(self.send(1)) == .insufficientStock)
        bench.check()
    }

    @Test func `goods received into a backorder keep their cost`() throws {
        var bench = try self.benched()
        let floor = FloorChange(product: self.one, location: self.back, floor: -5)
        try bench.done(.setFloor(floor))
        let sale = SaleLine(product: self.one, location: self.back, quantity: 3)
        try bench.done(.sell(Sale(lines: [sale])))
        try bench.done(self.send(4))
        let received = try bench.done(self.receive(1))
        #expect(self.there(bench).onHand == 1 && self.there(bench).value == 5)
        let kinds = try bench.column("kind", of: .ledger(LedgerQuery(lsn: received.lsn)))
        #expect(kinds == ["costVariance", "transferIn"])
        bench.check()
    }

    @Test func `dispatches and receipts cannot be reversed`() throws {
        var bench = try self.benched()
        let sent = try bench.done(self.send(4)).lsn
        let received = try bench.done(self.receive(1)).lsn
        for lsn in [sent, received] {
            #expect(bench.code(bench.reversal(lsn)) == .invalidField)
        }
    }

    @Test func `balances of the past leave out what moved since`() throws {
        var bench = try self.benched()
        try bench.done(bench.reserve(1, 2))
        let sent = try bench.done(self.send(4)).lsn
        try bench.done(self.receive(1))
        try bench.done(bench.release(1))
        func levels(_ column: String, asOf lsn: LSN) throws -> [String] {
            try bench.column(column, of: .levels(LevelQuery(asOf: .lsn(lsn))))
        }
        #expect(try levels("onHand", asOf: sent.previous) == ["10", "0"])
        #expect(try levels("reserved", asOf: sent.previous) == ["2", "0"])
        #expect(try levels("onHand", asOf: sent) == ["6", "0"])
        #expect(try levels("incoming", asOf: sent) == ["0", "4"])
        #expect(try levels("onHand", asOf: sent + 1) == ["6", "4"])
        #expect(try levels("reserved", asOf: sent + 2) == ["0", "0"])
    }
}
