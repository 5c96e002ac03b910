import InventoryEngine
import InventoryModel
import Testing

/// Reservations and transfers in a snapshot: the bytes of their columns, and snapshots without
/// them.
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

    /// A segment of two values, of which row 0 is reserved: their number, their width, their base,
    /// and the values.
    private static func column(_ width: Int, _ values: String) -> [String] {
        ["020000000\(width)000000" + String(repeating: "0", count: 16) + values]
    }

    @Test func `each column has these bytes`() throws {
        var bench = try self.settled()
        let image = MemoryImage(bench.state.takeImage())
        let found = image.parts.filter { (800..<1_000).contains($0.key) }.mapValues { segments in
            segments.map { segment in
                segment.map { byte in
                    let hex = String(byte, radix: 16)
                    return hex.count == 1 ? "0\(hex)" : hex
                }.joined()
            }
        }
        let expected: [UInt32: [String]] = [
            // product
            800: Self.column(4, "0000000001000000"),
            // location
            801: Self.column(2, "00000100"),
            // quantity
            802: Self.column(8, "00000000000000000400000000000000"),
            // remaining
            803: Self.column(8, "00000000000000000300000000000000"),
            // expires at 3,605 s
            804: Self.column(8, "000000000000000040efdfd600000000"),
            // state
            805: Self.column(1, "0301"),
            // reference
            806: Self.column(4, "0000000003000000"),
            // created at LSN 5
            807: Self.column(8, "00000000000000000500000000000000"),
            // line
            808: Self.column(2, "00000000"),
            // revision
            809: Self.column(8, "00000000000000000600000000000000"),
            // product
            900: Self.column(4, "0000000001000000"),
            // from
            901: Self.column(2, "00000100"),
            // to
            902: Self.column(2, "00000200"),
            // quantity
            903: Self.column(8, "00000000000000000200000000000000"),
            // remaining
            904: Self.column(8, "00000000000000000200000000000000"),
            // value
            905: Self.column(8, "00000000000000000a00000000000000"),
            // state
            906: Self.column(1, "0301"),
            // reference
            907: Self.column(4, "0000000000000000"),
            // created at LSN 7
            908: Self.column(8, "00000000000000000700000000000000"),
            // line
            909: Self.column(2, "00000000"),
            // revision
            910: Self.column(8, "00000000000000000700000000000000"),
        ]
        #expect(found == expected)
    }

    @Test func `a snapshot from before reservations existed can be loaded`() throws {
        var bench = try Bench(products: 1)
        var image = MemoryImage(bench.state.takeImage())
        image.parts = image.parts.filter { $0.key < 800 }
        var loaded = bench
        loaded.state = try InventoryState.load(from: &image)
        #expect(loaded.state.checksum() == bench.state.checksum())
        #expect(try loaded.done(loaded.reserve(1, 4)).id == 1)
        try bench.done(bench.reserve(1, 4))
        #expect(loaded.state.checksum() == bench.state.checksum())
        loaded.check()
    }
}
