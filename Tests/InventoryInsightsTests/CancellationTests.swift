import InventoryEngine
import InventoryModel
import InventoryTestSupport
import Synchronization
import Testing

@testable import InventoryInsights

/// Any query can be cancelled during execution.
@Suite struct CancellationTests {
    private let view: ReadView
    private let now = Instant(microseconds: 1_711_846_800_000_000)

    init() { self.view = RandomLedger(seed: 91, steps: 400).state.readView() }

    /// A token that cancels at one of its checkpoints, from 0.
    private static func token(endingAt last: Int) -> (WorkToken, reached: @Sendable () -> Int) {
        let count = Counter()
        let token = WorkToken(
            onCheckpoint: { () throws(Refusal) in
                if count.next() >= last { throw WorkToken.cancellation }
            },
            isPauseWanted: { false }
        )
        return (token, { count.value })
    }

    private final class Counter: Sendable {
        private let count = Atomic<Int>(0)
        var value: Int { self.count.load(ordering: .relaxed) }
        func next() -> Int { self.count.add(1, ordering: .relaxed).oldValue }
    }

    private func refusal(_ insight: Insight, endingAt last: Int) -> (Refusal?, checkpoints: Int) {
        let (token, reached) = Self.token(endingAt: last)
        do throws(Refusal) {
            _ = try self.view.limited(by: token).answer(insight, at: self.now)
            return (nil, reached())
        } catch {
            return (error, reached())
        }
    }

    @Test(arguments: NamedInsight.Name.allCases)
    func `a named insight can be cancelled at every checkpoint`(name: NamedInsight.Name) {
        let insight = Insight.named(
            NamedInsight(name, window: name.parts.window ? .all : NamedInsight.windowDefault)
        )
        let whole = self.refusal(insight, endingAt: .max)
        #expect(whole.0 == nil && whole.checkpoints > 0, "\(name): \(whole)")
        for last in 0..<whole.checkpoints {
            let (refusal, reached) = self.refusal(insight, endingAt: last)
            #expect(refusal == WorkToken.cancellation && reached == last + 1)
        }
    }

    @Test(arguments: InsightSource.allCases)
    func `a composable query can be cancelled at every checkpoint`(source: InsightSource) {
        let query = InsightQuery(
            source: source,
            groups: [[.product]],
            measures: [.products],
            order: [InsightOrder(.measure(.products), descending: true)]
        )
        let whole = self.refusal(.query(query), endingAt: .max)
        #expect(whole.0 == nil && whole.checkpoints > 0)
        for last in 0..<whole.checkpoints {
            #expect(self.refusal(.query(query), endingAt: last).0 == WorkToken.cancellation)
        }
    }

    @Test func `a part of the work can be cancelled alone, and with the whole`() throws {
        let whole = Self.token(endingAt: .max).0
        let (part, other) = (WorkToken(within: whole), WorkToken(within: whole))
        part.cancel()
        #expect(throws: WorkToken.cancellation) { try part.checkpoint() }
        try other.checkpoint()
        try whole.checkpoint()
        whole.cancel()
        #expect(throws: WorkToken.cancellation) { try other.checkpoint() }
    }

    @Test func `sorting can be cancelled`() throws {
        var random = SplitMix64(seed: 92)
        let numbers = (0..<20_000).map { _ in random.next() }
        var sorted = numbers
        try self.view.limited(by: Self.token(endingAt: .max).0).sort(&sorted, by: <)
        #expect(sorted == numbers.sorted())
        var rest = numbers
        #expect(throws: WorkToken.cancellation) {
            try self.view.limited(by: Self.token(endingAt: 3).0).sort(&rest, by: <)
        }
    }
}
