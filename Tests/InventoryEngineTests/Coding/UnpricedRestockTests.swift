import Bytes
import InventoryEngine
import InventoryModel
import InventoryTestSupport
import Testing

/// A restock whose lines have no cost, or a cost of 0: two different commands, in the log and
/// decoded again.
@Suite struct UnpricedRestockTests {
    private static func line(_ product: UInt32, _ cost: Int64?) -> RestockLine {
        RestockLine(
            product: ProductID(product),
            quantity: 5,
            unitCost: cost.map { Money($0) }
        )
    }

    private static func decoded(_ bytes: [UInt8]) throws(ByteReaderError) -> Command {
        try read(bytes) { (reader) throws(ByteReaderError) in try Command(from: &reader) }
    }

    /// The encoding from PROTOCOL.md by hand: three lines, flags, no reference, no note, now; then the
    /// numbers of the lines without a cost.
    private static func byHand(
        costs: [UInt8] = [0, 0, 8],
        flags: UInt8,
        _ numbers: [UInt8]
    ) -> [UInt8] {
        let lines = costs.enumerated().flatMap { index, cost -> [UInt8] in
            [UInt8(index + 1), 1, 10, cost, 0]
        }
        return [12, UInt8(costs.count)] + lines + [flags, 0, 0, 0] + numbers
    }

    @Test func `the absence of a cost is not a cost of 0`() throws {
        let restock = Restock(lines: [Self.line(1, nil), Self.line(2, 0), Self.line(3, 4)])
        let command = Command.restock(restock)
        let encoded = Self.byHand(flags: 2, [1, 0])
        #expect(bytes(of: command) { $0.encode(into: &$1) } == encoded)
        #expect(try Self.decoded(encoded) == command)
        var expected = restock
        expected.fromIncoming = true
        #expect(try Self.decoded(Self.byHand(flags: 3, [1, 0])) == .restock(expected))
        // All lines, and none.
        let all = Restock(lines: (1...3).map { Self.line($0, nil) })
        let allBytes = Self.byHand(costs: [0, 0, 0], flags: 2, [3, 0, 1, 2])
        #expect(bytes(of: Command.restock(all)) { $0.encode(into: &$1) } == allBytes)
        #expect(try Self.decoded(allBytes) == .restock(all))
        let free = Restock(lines: [Self.line(1, 0), Self.line(2, 0), Self.line(3, 4)])
        #expect(try Self.decoded(Self.byHand(flags: 0, [])) == .restock(free))
    }

    @Test(
        arguments: [
            ("no numbers, though flagged", [0]),
            ("a number without a line", [1, 3]),
            ("a number twice", [2, 1, 1]),
            ("descending numbers", [2, 1, 0]),
            ("more numbers than lines", [4, 0, 1, 2, 3]),
            ("the number of a line that has a cost", [1, 2]),
        ] as [(String, [UInt8])]
    )
    func `invalid numbers of lines without a cost are refused`(
        _ what: String,
        _ numbers: [UInt8]
    ) {
        #expect(throws: ByteReaderError.self, "\(what)") {
            try Self.decoded(Self.byHand(flags: 2, numbers))
        }
    }

    @Test func `an unknown flag, and numbers without a flag, are refused`() {
        for (flags, numbers) in [(4, []), (0, [1, 0])] as [(UInt8, [UInt8])] {
            #expect(throws: ByteReaderError.self) {
                try Self.decoded(Self.byHand(flags: flags, numbers))
            }
        }
    }

    @Test func `the log has the cost of each line, and a replay has the same`() throws {
        var bench = try Bench(products: 2, stock: 10, cost: 5)
        let before = bench.state
        let time = bench.time
        let changes = bench.changes(
            of: .restock(Restock(lines: [Self.line(1, nil), Self.line(2, 0)]))
        )
        let entry = Entry(lsn: bench.state.lsn, time: time, actor: "t", changes: changes)
        let encoded = bytes(of: entry) { $0.encode(into: &$1) }
        let again = try read(encoded) { (reader) throws(ByteReaderError) in
            try Entry(from: &reader)
        }
        #expect(again == entry)
        var replayed = before
        replayed.evolve(again)
        #expect(replayed.checksum() == bench.state.checksum())
        let restocked = again.changes.compactMap { change -> Movement? in
            guard case .moved(let movement, _) = change else { return nil }
            return movement
        }
        // Five at the average of 0.05, of ten worth 0.50; five at 0.
        #expect(restocked.map { $0.cost } == [25, 0])
        #expect(restocked.map { $0.price } == [Price(50, per: 10), Price(0)])
        #expect([1, 2].map { bench.level($0).value } == [75, 50])
    }
}
