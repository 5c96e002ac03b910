import InventoryModel
import InventoryTestSupport
import InventoryWire
import NIOCore
import Testing

@testable import InventoryClient
@testable import InventoryServer

/// Live insights, at a server whose disk and clock the test controls.
@Suite struct LiveInsightServerTests {
    private let bench: InsightHarness
    private let seller: InsightPeer

    init() throws {
        self.bench = try InsightHarness()
        self.seller = try InsightPeer(self.bench)
        self.seller.run(.createCategory(name: "All"))
        for number in 0..<4 {
            self.seller.run(
                .createProduct(
                    ProductDraft(
                        sku: "S\(number)",
                        name: "N\(number)",
                        category: CategoryID(1),
                        price: Price(100),
                        opening: OpeningStock(quantity: 1_000, unitCost: Money(40))
                    )
                )
            )
        }
        self.bench.settle()
    }

    private static let today = Insight.query(
        InsightQuery(
            source: .sales,
            window: .last(1, .day),
            groups: [[.product], []],
            measures: [.units, .net],
            order: [InsightOrder(.measure(.net), descending: true)]
        )
    )

    private func sell(_ product: UInt32 = 1, _ quantity: Int64 = 1) {
        self.seller.run(
            .sell(
                Sale(lines: [SaleLine(product: ProductID(product), quantity: Quantity(quantity))])
            )
        )
    }

    /// Returns a subscriber that has the result.
    private func subscriber(
        _ insight: Insight = Self.today
    ) throws -> (peer: InsightPeer, copy: InsightCopy) {
        let peer = try InsightPeer(self.bench)
        var copy = InsightCopy()
        peer.send(.subscribeInsight(insight), id: 1)
        self.bench.pass(milliseconds: 60)
        let opcodes = try copy.follow(try peer.received(1))
        #expect(opcodes.first == .subscribed && opcodes.last == .caughtUp)
        return (peer, copy)
    }

    private func expectFresh(
        _ copy: InsightCopy,
        _ insight: Insight = Self.today,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let fresh = try self.bench.fresh(insight)
        #expect(copy.answer?.table == fresh.table, sourceLocation: sourceLocation)
        #expect(copy.answer?.window == fresh.window, sourceLocation: sourceLocation)
    }

    // MARK: - Notifications

    @Test func `the full result comes first, then the change by each sale`() throws {
        self.sell(1, 2)
        self.bench.settle()
        var (peer, copy) = try self.subscriber()
        try self.expectFresh(copy)
        for product in [1, 2, 3, 2] as [UInt32] {
            self.sell(product, 3)
            self.bench.pass(milliseconds: 60)
            let messages = try peer.received(1)
            #expect(messages.map { $0.opcode } == [.insightChanged])
            _ = try copy.follow(messages)
            try self.expectFresh(copy)
            #expect(copy.answer?.lsn == self.bench.driver.host.lsn)
        }
    }

    @Test func `no change is published before it is durable`() throws {
        var (peer, copy) = try self.subscriber()
        self.sell()
        self.bench.pass(milliseconds: 300, log: false)
        #expect(try peer.received(1).isEmpty)
        self.bench.pass(milliseconds: 60)
        #expect(try copy.follow(try peer.received(1)) == [.insightChanged])
        try self.expectFresh(copy)
    }

    @Test func `subscribers of the same query share one computation`() throws {
        var peers = try (0..<5).map { _ in try self.subscriber() }
        #expect(self.bench.driver.insights.table.all.count == 1)
        let rounds = self.bench.driver.metrics.insightRounds
        self.sell()
        self.bench.pass(milliseconds: 60)
        for index in peers.indices {
            let messages = try peers[index].peer.received(1)
            #expect(try peers[index].copy.follow(messages) == [.insightChanged])
            try self.expectFresh(peers[index].copy)
        }
        #expect(self.bench.driver.metrics.insightRounds == rounds + 1)
        for (peer, _) in peers { peer.close() }
        #expect(self.bench.driver.insights.table.all.isEmpty)
        #expect(self.bench.driver.events.registry.count == 0)
    }

    @Test func `subscribers are sent the bytes of one complete result, whatever their request IDs`()
        throws
    {
        for product in 1...4 as ClosedRange<UInt32> { self.sell(product) }
        self.bench.settle()
        // The first result is of the first subscriber; one that joins later is sent it as well.
        var bodies: [Set<UnsafeRawPointer>] = []
        for id in [1, 1, 9] as [UInt64] {
            let peer = try InsightPeer(self.bench)
            peer.send(.subscribeInsight(Self.today), id: id)
            self.bench.pass(milliseconds: 60)
            self.bench.driver.checkInvariants()
            bodies.append(try self.rowBodies(peer))
        }
        #expect(bodies[0].count == 1)
        #expect(bodies.allSatisfy { $0 == bodies[0] })
    }

    /// Where the bodies of rows that a peer was sent are in memory; a frame for another request than the usual
    /// one is a buffer of its header and one of its body.
    private func rowBodies(_ peer: InsightPeer) throws -> Set<UnsafeRawPointer> {
        var found: Set<UnsafeRawPointer> = []
        var isBody = false
        for buffer in try peer.receivedBuffers() {
            buffer.withUnsafeReadableBytes { bytes in
                guard let start = bytes.baseAddress else { return }
                if isBody { found.insert(start) }
                let isRows = bytes.count > 5 && bytes[5] == Opcode.resultRows.rawValue && !isBody
                isBody = isRows && bytes.count == FrameHeader.byteCount
                if isRows, !isBody { found.insert(start + FrameHeader.byteCount) }
            }
        }
        return found
    }

    @Test func `changes without an affected row result in progress`() throws {
        var (peer, copy) = try self.subscriber()
        self.seller.run(.createCategory(name: "Other"))
        self.bench.pass(milliseconds: 1_100)
        #expect(try copy.follow(try peer.received(1)) == [.progress])
        #expect(copy.answer?.lsn == self.bench.driver.host.lsn)
        self.bench.pass(milliseconds: 3_000)
        #expect((2...3).contains(try peer.received(1).count))
    }

    @Test func `a time window moves on, also without sales`() throws {
        self.sell(1, 5)
        self.bench.settle()
        var (peer, copy) = try self.subscriber()
        let movesAt = try #require(copy.answer?.window.movesAt)
        #expect(copy.answer?.table.rowCount == 2)
        // To a tenth of a second before the next day.
        self.bench.clock.microseconds = movesAt.microseconds - 100_000
        self.bench.pass(milliseconds: 90)
        #expect(try peer.received(1).isEmpty)
        self.bench.pass(milliseconds: 110)
        #expect(try copy.follow(try peer.received(1)) == [.insightChanged])
        try self.expectFresh(copy)
        #expect(copy.answer?.table.rowCount == 1)
        #expect(copy.answer?.window.from == movesAt)
    }

    @Test func `a new subscriber does not wait for the throttling of others`() throws {
        let (rested, _) = try self.subscriber()
        self.sell()
        self.bench.pass(milliseconds: 60)
        #expect(try rested.received(1).map { $0.opcode } == [.insightChanged])
        self.sell()
        self.bench.pass(milliseconds: 1)
        let total = Insight.query(InsightQuery(source: .sales, measures: [.units]))
        self.seller.send(.subscribeInsight(total), id: 5)
        self.bench.pass(milliseconds: 2)
        #expect(try self.seller.received(5).last?.opcode == .caughtUp)
        self.bench.pass(milliseconds: 60)
        #expect(try rested.received(1).map { $0.opcode } == [.insightChanged])
    }

    // MARK: - Slow readers

    @Test func `a slow consumer gets the latest result in one event`() throws {
        var (peer, copy) = try self.subscriber()
        let (fast, _) = try self.subscriber()
        peer.takesBytes = false
        for _ in 0..<6 {
            self.sell(2, 4)
            self.bench.pass(milliseconds: 60)
        }
        #expect(try peer.received(1).isEmpty)
        #expect(try fast.received(1).count == 6)
        peer.takesBytes = true
        self.bench.settle()
        #expect(try copy.follow(try peer.received(1)) == [.insightChanged])
        try self.expectFresh(copy)
    }

    @Test func `a subscriber away too long gets the full result`() throws {
        let count = LiveInsight.earlierMax + 2
        var peers = try (0..<count).map { _ in try self.subscriber() }
        for index in peers.indices {
            peers[index].peer.takesBytes = false
            self.sell(UInt32(1 + index % 4))
            self.bench.pass(milliseconds: 60)
            for other in peers.indices where other > index {
                _ = try peers[other].copy.follow(try peers[other].peer.received(1))
            }
        }
        var replaced = 0
        for index in peers.indices {
            peers[index].peer.takesBytes = true
            self.bench.settle()
            let opcodes = try peers[index].copy.follow(try peers[index].peer.received(1))
            if opcodes.first == .reset {
                replaced += 1
            } else {
                #expect(opcodes == [.insightChanged])
            }
            try self.expectFresh(peers[index].copy)
        }
        #expect(replaced == 2)
    }

    // MARK: - Refusals and ends

    @Test func `an invalid query is refused and leaves no state`() throws {
        let nonsense = InsightQuery(source: .sales, zone: "Nowhere/Land", measures: [.net])
        self.seller.send(.subscribeInsight(.query(nonsense)), id: 5)
        self.seller.send(.insight(.query(nonsense)), id: 6)
        self.bench.pass(milliseconds: 60)
        for id in [5, 6] as [UInt64] {
            #expect(try self.seller.received(id).map { $0.opcode } == [.refused])
        }
        #expect(self.bench.driver.insights.table.all.isEmpty)
        #expect(self.bench.driver.events.registry.count == 0)
    }

    @Test func `a subscription that ends before its first result is answered`() throws {
        self.seller.send(.subscribeInsight(Self.today), id: 5)
        self.seller.send(.unsubscribe(requestID: 5), id: 6)
        self.bench.pass(milliseconds: 60)
        #expect(try self.seller.received(5).map { $0.opcode } == [.refused])
        #expect(try self.seller.received(6).map { $0.opcode } == [.pong])
        let (peer, _) = try self.subscriber()
        peer.send(.unsubscribe(requestID: 1), id: 2)
        self.bench.settle()
        #expect(try peer.received(1).map { $0.opcode } == [.closed])
        #expect(try peer.received(2).map { $0.opcode } == [.pong])
        #expect(self.bench.driver.insights.table.all.isEmpty)
    }

    @Test func `subscriptions per connection and insights per server are limited`() throws {
        var peers: [InsightPeer] = []
        func ask(_ number: Int, _ peer: InsightPeer, id: UInt64) {
            let query = InsightQuery(source: .sales, measures: [.net], limit: UInt32(number))
            peer.send(.subscribeInsight(.query(query)), id: id)
        }
        for number in 0..<WireLimits.liveInsightsMax {
            let place = number % WireLimits.subscriptionsMax
            if place == 0 { peers.append(try InsightPeer(self.bench)) }
            ask(number, peers[peers.count - 1], id: UInt64(1 + place))
        }
        self.bench.pass(milliseconds: 60)
        #expect(self.bench.driver.insights.table.all.count == WireLimits.liveInsightsMax)
        // One more subscription to an existing insight exceeds the connection's limit, but not another's.
        ask(0, peers[1], id: 100)
        ask(0, self.seller, id: 100)
        self.bench.pass(milliseconds: 60)
        #expect(try peers[1].received(100).map { $0.opcode } == [.refused])
        #expect(try self.seller.received(100).first?.opcode == .subscribed)
        // A new insight replaces the latest one of the connection with the most.
        ask(WireLimits.liveInsightsMax, self.seller, id: 101)
        self.bench.pass(milliseconds: 60)
        #expect(try self.seller.received(101).first?.opcode == .subscribed)
        #expect(self.bench.driver.insights.table.all.count == WireLimits.liveInsightsMax)
        let last = UInt64(WireLimits.subscriptionsMax)
        let closed = try peers[3].received(last).last
        guard case .closed(let refusal, _) = closed else {
            Issue.record("\(String(describing: closed)) in place of closed")
            return
        }
        #expect(refusal.code == .overloaded)
        // A connection that has the most gets none of the others'.
        ask(WireLimits.liveInsightsMax + 1, peers[3], id: 200)
        self.bench.pass(milliseconds: 60)
        #expect(try peers[3].received(200).map { $0.opcode } == [.refused])
        for peer in peers { peer.close() }
        #expect(self.bench.driver.insights.table.all.count == 2)
    }

    @Test func `a stopping server notifies its subscribers`() throws {
        let (peer, _) = try self.subscriber()
        _ = self.bench.driver.drain()
        self.bench.settle()
        #expect(try peer.received(1).map { $0.opcode } == [.closed])
    }
}
