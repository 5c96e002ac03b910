import Testing

@testable import Inventory

/// Reservations and transfers in a snapshot: the bytes of their columns, and snapshots from before
/// there were any.
@Suite struct ReservationImageTests {
    /// Reservation 1 of 4, of which 1 was sold, and transfer 1 of 2.
    private func settled() throws -> Bench {
        var bench = try Bench(products: 1)
        try bench.done(.createLocation(LocationDraft(code: "back", name: "Back")))
        try bench.done(bench.reserve(1, 4))
        try bench.done(bench.commit(1, 1))
        let line = DispatchLine(product: ProductID(1), quantity: 2)
        let back = LocationID(2)
        try bench.done(.dispatchTransfer(DispatchTransfer(from: .main, to: back, lines: [line])))
        return bench
    }

    @Test func `each column is these bytes`() throws {
        var bench = try self.settled()
        let image = MemoryImage(bench.state.takeImage())
        let found = image.parts.filter { $0.key >= 800 }.mapValues { segments in
            segments.map { segment in
                segment.map { byte in
                    let hex = String(byte, radix: 16)
                    return hex.count == 1 ? "0\(hex)" : hex
                }.joined()
            }
        }
        #expect(found == [:])
    }

    @Test func `a snapshot from before there were reservations is read, and goes on`() throws {
        var bench = try Bench(products: 1)
        var image = MemoryImage(bench.state.takeImage())
        image.parts = image.parts.filter { $0.key < 800 }
        var loaded = bench
        loaded.state = try InventoryState.load(from: &image)
        #expect(loaded.state.readView().digest() == bench.state.readView().digest())
        #expect(try loaded.done(loaded.reserve(1, 4)).id == 1)
        try bench.done(bench.reserve(1, 4))
        #expect(loaded.state.readView().digest() == bench.state.readView().digest())
        loaded.check()
    }
}
