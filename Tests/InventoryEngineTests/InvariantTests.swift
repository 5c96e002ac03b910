import Bytes
import InventoryModel
import Testing

@testable import InventoryEngine

/// A violated invariant of a state stops the process.
@Suite struct InvariantTests {
    /// A state with entries in every table and index.
    private static func state() throws -> InventoryState {
        var bench = try Bench()
        let product = ProductID(1)
        try bench.done(.createLocation(LocationDraft(code: "b", name: "B")))
        let sale = try bench.done(.sell(Sale(lines: [SaleLine(product: product, quantity: 1)])))
        let line = SaleLine(product: product, quantity: 1)
        try bench.done(.returnSale(SaleReturn(lines: [line], original: sale.lsn)))
        let reserve = ReserveLine(product: product, quantity: 1)
        try bench.done(.reserve(Reserve(lines: [reserve], expiry: .at(bench.seconds(60)))))
        let lines = [DispatchLine(product: product, quantity: 1)]
        let to = LocationID(2)
        try bench.done(.dispatchTransfer(DispatchTransfer(from: .main, to: to, lines: lines)))
        var state = bench.state
        let id = SessionID(high: 1, low: 2)
        let key = KeyFingerprint(high: 3, low: 4)
        var changes = try state.opening(id, at: bench.time)
        changes.append(.keyRemembered(key, digest: 5, outcome: [6]))
        let lsn = state.lsn.next
        state.evolve(Entry(lsn: lsn, time: bench.time, actor: "t", changes: changes))
        return state
    }

    @Test func `a state whose invariants hold continues`() throws {
        try Self.state().checkInvariants()
    }

    @Test func `a lost index entry, link or counter stops the process`() async {
        await #expect(processExitsWith: .failure) {
            var state = try InvariantTests.state()
            state.indexes = CatalogIndexes()
            state.checkInvariants()
        }
        await #expect(processExitsWith: .failure) {
            var state = try InvariantTests.state()
            state.links = MovementLinks()
            state.checkInvariants()
        }
        await #expect(processExitsWith: .failure) {
            var state = try InvariantTests.state()
            state.deadlines = ReservationDeadlines()
            state.checkInvariants()
        }
        await #expect(processExitsWith: .failure) {
            var state = try InvariantTests.state()
            state.openTransfers = OpenTransfers()
            state.checkInvariants()
        }
        await #expect(processExitsWith: .failure) {
            var state = try InvariantTests.state()
            state.lsn = 1
            state.checkInvariants()
        }
        await #expect(processExitsWith: .failure) {
            var state = try InvariantTests.state()
            state.tables.products.setStatus(ProductID(2), nil)
            state.checkInvariants()
        }
        await #expect(processExitsWith: .failure) {
            var state = try InvariantTests.state()
            var reservation = state.tables.reservation(ReservationID(1))
            reservation.remaining = 0
            state.tables.reservations.put(reservation, reference: 0)
            state.checkInvariants()
        }
    }

    @Test func `a step whose movement does not lead to its level stops the process`() async {
        await #expect(processExitsWith: .failure) {
            var state = try InvariantTests.state()
            let level = state.tables.levels.level(ProductID(1), .main)
            let movement = Movement(
                kind: .adjust,
                product: ProductID(1),
                location: .main,
                onHandDelta: 1,
                occurredAt: .zero
            )
            let (lsn, time) = (state.lsn.next, state.time.advanced(bySeconds: 1))
            let change = Change.moved(movement, level)
            state.evolve(Entry(lsn: lsn, time: time, actor: "t", changes: [change]))
        }
    }
}
