import Bytes
import InventoryModel
import InventoryTestSupport
import InventoryWire
import NIOCore
import NIOEmbedded
import Testing

@testable import InventoryClient
@testable import InventoryServer

/// The results of an insight with many subscribers are spread over many turns of the loop.
///
/// Each reading of the clock takes 20 µs here: so a turn has time for 25 subscribers.
@Suite struct LiveInsightTurnTests {
    /// The maximum number of subscribers served in a turn.
    private static let servedMax = 40
    private static let insight = Insight.query(InsightQuery(source: .sales, measures: [.units]))

    private let bench: InsightHarness
    private let seller: InsightPeer

    init() throws {
        self.bench = try InsightHarness(lookNanoseconds: 20_000)
        self.seller = try InsightPeer(self.bench)
        self.seller.run(.createCategory(name: "All"))
        self.seller.run(
            .createProduct(
                ProductDraft(
                    sku: "S",
                    name: "N",
                    category: CategoryID(1),
                    price: Price(100),
                    opening: OpeningStock(quantity: 1_000, unitCost: Money(40))
                )
            )
        )
        self.bench.settle()
    }

    private final class Subscriber {
        let peer: InsightPeer
        var copy = InsightCopy()
        /// The opcodes that it received, in order.
        var opcodes: [Opcode] = []

        init(_ bench: InsightHarness) throws {
            self.peer = try InsightPeer(bench)
            self.peer.send(.subscribeInsight(LiveInsightTurnTests.insight), id: 1)
        }

        /// Follows what arrived, whose LSNs never decrease.
        ///
        /// - Returns: Whether anything did.
        func follow() throws -> Bool {
            let before = self.copy.answer?.lsn ?? 0
            let new = try self.peer.received(1)
            let ends = new.last?.opcode == .closed
            _ = try self.copy.follow(ends ? new.dropLast() : new)
            self.opcodes += new.map { $0.opcode }
            #expect((self.copy.answer?.lsn ?? before) >= before)
            return !new.isEmpty
        }
    }

    private func subscribers(_ count: Int) throws -> [Subscriber] {
        let subscribers = try (0..<count).map { _ in try Subscriber(self.bench) }
        self.takeTurns(for: 200) { false }
        for subscriber in subscribers {
            #expect(try subscriber.follow())
            #expect(subscriber.opcodes.last == .caughtUp)
            subscriber.opcodes = []
        }
        return subscribers
    }

    /// Runs turns for that long, or until `isDone`.
    private func takeTurns(
        for milliseconds: Int64,
        until isDone: () throws -> Bool
    ) rethrows {
        let loop = self.bench.server.loop
        for _ in 0..<milliseconds * 10 {
            self.bench.clock.microseconds += 100
            loop.advanceTime(by: .microseconds(100))
            let now = loop.now.uptimeNanoseconds
            self.bench.server.turns.turned(from: now, to: now)
            if try isDone() { return }
            for worker in self.bench.server.workers { worker.runNext() }
        }
    }

    private func sell() {
        let line = SaleLine(product: ProductID(1), quantity: 1)
        self.seller.run(.sell(Sale(lines: [line])))
    }

    /// The number of subscribers that received something in each turn that served any.
    ///
    /// `until` ends it early.
    private func served(
        _ subscribers: [Subscriber],
        for milliseconds: Int64 = 400,
        after turn: (Int) throws -> Void = { _ in },
        until isDone: () -> Bool = { false }
    ) throws -> [Int] {
        var counts: [Int] = []
        try self.takeTurns(for: milliseconds) {
            let count = try subscribers.count { try $0.follow() }
            if count > 0 {
                counts.append(count)
                self.bench.driver.checkInvariants()
                try turn(counts.count)
            }
            return isDone()
        }
        return counts
    }

    private func expectFresh(_ subscribers: some Sequence<Subscriber>) throws {
        let fresh = try self.bench.fresh(Self.insight)
        #expect(subscribers.allSatisfy { $0.copy.answer?.table == fresh.table })
    }

    // MARK: - Bounds

    @Test func `a result for 1,000 subscribers takes many turns, and a ping waits for one`() throws
    {
        let subscribers = try self.subscribers(1_000)
        self.sell()
        var pingedAt: Int?
        var pongedAt: Int?
        let counts = try self.served(subscribers) { turn in
            if pingedAt == nil {
                self.seller.send(.ping, id: 7)
                pingedAt = turn
            }
            if pongedAt == nil, try !self.seller.received(7).isEmpty { pongedAt = turn }
        } until: {
            subscribers.allSatisfy { !$0.opcodes.isEmpty }
        }
        #expect(counts.reduce(0, +) == subscribers.count)
        #expect(counts.allSatisfy { $0 <= Self.servedMax }, "\(counts)")
        #expect(subscribers.allSatisfy { $0.opcodes == [.insightChanged] })
        #expect(try #require(pongedAt) <= #require(pingedAt) + 1)
        try self.expectFresh(subscribers)
    }

    @Test func `progress for many subscribers takes many turns`() throws {
        let subscribers = try self.subscribers(300)
        // Progress becomes due for all of them at once.
        for live in self.bench.driver.insights.table.all.values {
            for subscriber in live.subscribers.values { subscriber.publishedAt -= 1_000 }
        }
        let counts = try self.served(subscribers, for: 200)
        #expect(counts.reduce(0, +) == subscribers.count)
        #expect(counts.allSatisfy { $0 <= Self.servedMax }, "\(counts)")
        #expect(subscribers.allSatisfy { $0.opcodes == [.progress] })
    }

    @Test func `an insight that loses its place ends its subscriptions over many turns`() throws {
        let subscribers = try self.subscribers(300)
        let live = try #require(self.bench.driver.insights.table.all[Self.insight])
        self.bench.driver.insights.end(live, LiveInsightTable.refusal)
        #expect(self.bench.driver.insights.table.all.isEmpty)
        // The same query can be subscribed to meanwhile.
        let late = try Subscriber(self.bench)
        let counts = try self.served(subscribers, for: 100)
        #expect(counts.reduce(0, +) == subscribers.count)
        #expect(counts.allSatisfy { $0 <= Self.servedMax }, "\(counts)")
        #expect(subscribers.allSatisfy { $0.opcodes == [.closed] })
        #expect(self.bench.driver.events.registry.count == 1)
        _ = try late.follow()
        try self.expectFresh([late])
    }

    // MARK: - In the middle

    @Test func `a result that changes in the middle reaches all, and none gets an older one later`()
        throws
    {
        let subscribers = try self.subscribers(300)
        self.sell()
        // The next round begins while the results of the one before are being sent.
        let counts = try self.served(subscribers, for: 600) { turn in
            guard turn <= 3 else { return }
            self.bench.driver.insights.table.pace = LiveInsightPace()
            self.sell()
        }
        #expect(counts.allSatisfy { $0 <= Self.servedMax }, "\(counts)")
        try self.expectFresh(subscribers)
        #expect(subscribers.contains { $0.opcodes.count > 1 })
    }

    @Test func `subscribers join and leave and connections close in the middle`() throws {
        var subscribers = try self.subscribers(300)
        var random = SplitMix64(seed: 7)
        var closed: [Subscriber] = []
        self.sell()
        _ = try self.served(subscribers, for: 600) { _ in
            for _ in 0..<3 where subscribers.count > 100 {
                let index = Int.random(in: subscribers.indices, using: &random)
                let leaving = subscribers.remove(at: index)
                if Bool.random(using: &random) {
                    leaving.peer.close()
                } else {
                    leaving.peer.send(.unsubscribe(requestID: 1), id: 2)
                }
                closed.append(leaving)
            }
            if subscribers.count < 320 { subscribers.append(try Subscriber(self.bench)) }
        }
        for subscriber in subscribers { _ = try subscriber.follow() }
        #expect(!closed.isEmpty)
        try self.expectFresh(subscribers)
        #expect(self.bench.driver.events.registry.count == subscribers.count)
    }
}
