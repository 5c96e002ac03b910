import Bytes
import InventoryModel
import InventoryTestSupport
import Synchronization
import Testing

@testable import InventoryEngine

/// A state made from a view: it decides as the state of the view does, and neither changes the other.
@Suite struct StateCopyTests {
    private static func busy() throws -> Bench {
        var bench = try Bench(products: 5, stock: 20)
        try bench.done(.createLocation(LocationDraft(code: "b", name: "B")))
        let sale = try bench.done(bench.sale(1, 3))
        try bench.done(bench.comeBack(1, 1, of: sale.lsn))
        try bench.done(bench.reserve(2, 4))
        let line = DispatchLine(product: ProductID(3), quantity: 2)
        let transfer = DispatchTransfer(from: .main, to: LocationID(2), lines: [line])
        try bench.done(.dispatchTransfer(transfer))
        let session = SessionID(high: 1, low: 2)
        let record = RecordImportRun(run: "r", session: session.hexadecimal)
        try bench.done(.recordImportRun(record))
        for change: Change in [
            .sessionOpened(session, number: 1),
            .sessionAdvanced(number: 1, sequence: 1, digest: 9, outcome: [2, 60, 0, 0]),
            .keyRemembered(KeyFingerprint(high: 5, low: 6), digest: 7, outcome: [1, 2, 3]),
        ] {
            bench.state.evolve(
                Entry(lsn: bench.state.lsn.next, time: bench.time, actor: "t", changes: [change])
            )
        }
        return bench
    }

    @Test func `a copy of a whole view has the same checksum and the same answers to retries`()
        throws
    {
        let bench = try Self.busy()
        let copy = try InventoryState(from: bench.state.wholeView())
        copy.checkInvariants()
        #expect(copy.checksum() == bench.state.checksum())
        #expect(copy.check(1, sequence: 1, digest: 9) == .repeated([2, 60, 0, 0]))
        let horizon = Instant(microseconds: .min)
        let key = KeyFingerprint(high: 5, low: 6)
        #expect(
            copy.check(key, digest: 7, firstTried: nil, horizon: horizon) == .repeated([1, 2, 3])
        )
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `both decide alike, and neither changes the other`(seed: UInt64) throws {
        var bench = try Self.busy()
        var copy = bench
        copy.state = try InventoryState(from: bench.state.wholeView())
        let before = bench.state.checksum()
        var random = SplitMix64(seed: seed)
        func command() -> Command {
            let product = UInt32(1 + random.below(5))
            switch random.below(6) {
            case 0: return bench.writeOff(product)
            case 1:
                return .createProduct(
                    ProductDraft(
                        sku: "N\(random.below(6))",
                        name: "N",
                        category: CategoryID(1),
                        price: Price(1)
                    )
                )
            case 2: return .deleteProduct(ProductID(product), ifRevision: nil)
            case 3: return bench.reserve(product, 1)
            default: return bench.sale(product, Int64(1 + random.below(9)))
            }
        }
        let commands = (0..<300).map { _ in command() }
        let outcomes = commands.map { copy.run($0) }
        copy.state.checkInvariants()
        #expect(bench.state.checksum() == before)
        #expect(commands.map { bench.run($0) } == outcomes)
        #expect(bench.state.checksum() == copy.state.checksum())
    }

    /// A bench with several thousand rows in some tables.
    private static func large() throws -> Bench {
        var bench = try Bench(products: 3_000, stock: 20)
        for number in 0..<1_500 as Range<UInt64> {
            bench.state.evolve(
                Entry(
                    lsn: bench.state.lsn.next,
                    time: bench.time,
                    actor: "t",
                    changes: [
                        .keyRemembered(
                            KeyFingerprint(high: number, low: 6),
                            digest: 7,
                            outcome: [1]
                        )
                    ]
                )
            )
        }
        return bench
    }

    @Test func `copying pauses every thousand rows, and ends where it is cancelled`() throws {
        let bench = try Self.large()
        let view = bench.state.wholeView()
        let count = Atomic<Int>(0)
        let counting = WorkToken(
            onCheckpoint: { count.add(1, ordering: .relaxed) },
            isPauseWanted: { false }
        )
        let copy = try InventoryState(from: view.limited(by: counting))
        copy.checkInvariants()
        #expect(copy.checksum() == bench.state.checksum())
        // 3,000 products, their movements, and 1,500 keys: every thousand rows, and once for a smaller table.
        let all = count.load(ordering: .relaxed)
        #expect((9...20).contains(all), "\(all)")
        for last in 1...all {
            let left = Atomic<Int>(last)
            let ending = WorkToken(
                onCheckpoint: { () throws(Refusal) in
                    if left.subtract(1, ordering: .relaxed).newValue == 0 {
                        throw WorkToken.cancellation
                    }
                },
                isPauseWanted: { false }
            )
            #expect(throws: Refusal.self) { try InventoryState(from: view.limited(by: ending)) }
            #expect(left.load(ordering: .relaxed) == 0)
        }
    }
}
