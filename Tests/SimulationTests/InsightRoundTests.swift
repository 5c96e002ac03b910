import Bytes
import InventoryEngine
import InventoryInsights
import InventoryModel
import Synchronization
import Testing

@testable import InventoryServer

/// A round of live insights, on a thread and a clock of the test.
@Suite struct InsightRoundTests {
    private let bench: InsightHarness

    init() throws { self.bench = try InsightHarness() }

    /// A round of insights that differ in their limit; each recomputation takes 6 ms of the clock.
    private func round(of count: UInt32) -> InsightRound {
        let job = QueryJob(.insights, self.bench.driver.queries.scheduler)
        let turns = (0..<count).compactMap { number -> InsightRound.Turn? in
            let query = InsightQuery(source: .sales, measures: [.net], limit: number + 1)
            let live = LiveInsight(.query(query), number: UInt64(number))
            guard let incremental = live.incremental else { return nil }
            live.incremental = nil
            let token = WorkToken(within: job.token)
            return InsightRound.Turn(live: live, incremental: incremental, token: token)
        }
        let looks = Looks()
        let round = InsightRound(
            turns,
            of: self.bench.driver.host.readView(),
            at: self.bench.clock.now,
            job,
            now: { looks.next() }
        )
        round.checkInvariants()
        return round
    }

    private final class Looks: Sendable {
        private let count = Atomic<UInt64>(0)
        func next() -> UInt64 {
            self.count.add(1, ordering: .relaxed).newValue * 6_000_000
        }
    }

    @Test func `a round works in slices, and hands over each insight once`() {
        let round = self.round(of: 5)
        var (numbers, slices): ([UInt64], Int) = ([], 0)
        var isOver = false
        while !isOver {
            isOver = round.work()
            slices += 1
            round.checkInvariants()
            let ended = round.takeEnded()
            round.checkInvariants()
            // Two take 12 ms, which is more than a slice.
            #expect(ended.count <= 2)
            numbers += ended.map { $0.live.number }
        }
        #expect(numbers == [0, 1, 2, 3, 4] && slices == 3)
        #expect(round.takeEnded().isEmpty)
    }

    @Test func `the first result of an insight is complete, since there is none to differ from`() {
        let round = self.round(of: 1)
        #expect(round.work())
        let ended = round.takeEnded()
        round.checkInvariants()
        guard case .changed(let answer, nil) = ended.first?.result else {
            Issue.record("the first result is a change from none")
            return
        }
        #expect(answer.lsn == round.view.lsn)
    }
}
