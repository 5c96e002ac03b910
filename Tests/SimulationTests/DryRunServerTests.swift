import InventoryModel
import InventoryWire
import NIOEmbedded
import Testing

@testable import InventoryServer

/// The copies of dry runs, at a server whose threads and clock the test controls.
///
/// Each reading of the clock takes 6 ms here: so a slice of a query thread is over at each checkpoint.
@Suite struct DryRunServerTests {
    private let bench: InsightHarness
    private let other: InsightPeer

    init() throws {
        self.bench = try InsightHarness(lookNanoseconds: 6_000_000)
        self.other = try InsightPeer(self.bench)
        self.other.run(.createCategory(name: "All"))
        for number in 0..<3 {
            self.other.run(
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

    private var dryRuns: DryRunCounts { self.bench.driver.dryRuns }

    /// Sends `beginDryRun` over a new connection, without any work on the query threads.
    private func begin() throws -> InsightPeer {
        let peer = try InsightPeer(self.bench)
        self.bench.settle()
        peer.send(.beginDryRun, id: 1)
        self.bench.server.loop.run()
        return peer
    }

    private func settle() {
        self.bench.settle()
        self.bench.driver.checkInvariants()
    }

    /// Does the next work of the query thread, the making of a copy, and calls `body` with the number of each
    /// reading of the clock in it: one at the start, and two at each checkpoint.
    private func makeCopy(_ body: @escaping (Int) -> Void) {
        var (readings, isInside) = (0, false)
        self.bench.server.onLook = {
            if isInside { return }
            readings += 1
            isInside = true
            body(readings)
            isInside = false
        }
        self.bench.server.queries.runNext()
        self.bench.server.onLook = nil
    }

    private static func refusal(_ message: ServerMessage?) -> RefusalCode? {
        if case .refused(let refusal)? = message { refusal.code } else { nil }
    }

    @Test func `a query that comes after it is answered before the copy is made`() throws {
        let peer = try self.begin()
        self.other.send(.query(.categories(includingArchived: true)), id: 7)
        self.bench.server.loop.run()
        self.bench.server.queries.runNext()
        self.bench.server.loop.run()
        #expect(try self.other.received(7).contains { $0.opcode == .resultEnd })
        #expect(try peer.received(1).isEmpty)
        self.settle()
        #expect(try peer.received(1).map { $0.opcode } == [.pong])
        #expect((self.dryRuns.open, self.dryRuns.ending) == (1, 0))
    }

    @Test func `a query is answered while the copy is made`() throws {
        let peer = try self.begin()
        let (other, loop) = (self.other, self.bench.server.loop)
        let scheduler = self.bench.driver.queries.scheduler
        var waiting: [Int] = []
        self.makeCopy { reading in
            if reading == 3 {
                other.send(.query(.categories(includingArchived: true)), id: 7)
                loop.run()
            }
            if reading >= 3 { waiting.append(scheduler.waitingCount) }
        }
        #expect(waiting.first == 1 && waiting.last == 0, "\(waiting)")
        self.settle()
        #expect(try other.received(7).last?.opcode == .resultEnd)
        #expect(try peer.received(1).map { $0.opcode } == [.pong])
    }

    @Test(arguments: [1, 2, 3, 5])
    func `a connection that is closed while its copy is made ends the work`(_ last: Int) throws {
        let peer = try self.begin()
        let loop = self.bench.server.loop
        var closed: DryRunCounts?
        var later = 0
        self.makeCopy { reading in
            if reading > last { later += 1 }
            guard reading == last else { return }
            peer.close()
            loop.run()
            closed = self.dryRuns
        }
        // Until the work has ended and everything is freed, it counts.
        #expect(closed?.open == 0 && closed?.ending == 1)
        // It ends at that checkpoint, or at the next one.
        #expect(later <= 1, "\(later)")
        self.settle()
        #expect(self.dryRuns.count == 0)
        #expect(self.bench.driver.queries.scheduler.waitingCount == 0)
    }

    @Test func `clients that leave do not queue copies without limit`() throws {
        var peers: [InsightPeer] = []
        for _ in 0..<WireLimits.dryRunsMax { peers.append(try self.begin()) }
        for peer in peers { peer.close() }
        #expect(self.dryRuns.count == WireLimits.dryRunsMax)
        // No copy was begun, but what they were to be made from is not freed yet.
        let refused = try self.begin()
        #expect(Self.refusal(try refused.received(1).first) == .overloaded)
        self.settle()
        #expect(self.dryRuns.count == 0)
        let peer = try self.begin()
        self.settle()
        #expect(try peer.received(1).map { $0.opcode } == [.pong])
        peer.close()
        #expect((self.dryRuns.open, self.dryRuns.ending) == (0, 1))
        self.settle()
        #expect(self.dryRuns.count == 0)
    }

    @Test func `what follows a refused dry run is never executed`() throws {
        var peers: [InsightPeer] = []
        for _ in 0..<WireLimits.dryRunsMax { peers.append(try self.begin()) }
        let lsn = self.bench.driver.host.lsn
        let refused = try self.begin()
        refused.send(.command(sequence: 0, .createCategory(name: "Not")), id: 2)
        self.settle()
        #expect(Self.refusal(try refused.received(1).first) == .overloaded)
        #expect(Self.refusal(try refused.received(2).first) == .invalidField)
        #expect(self.bench.driver.host.lsn == lsn)
        refused.close()
        for peer in peers { peer.close() }
        self.settle()
        #expect(self.dryRuns.count == 0)
    }

    @Test func `what is about the server is answered before the copy is there`() throws {
        let peer = try self.begin()
        peer.send(.ping, id: 2)
        peer.send(.cancel(requestID: 9), id: 3)
        peer.send(.unsubscribe(requestID: 9), id: 4)
        peer.send(.query(.stats), id: 5)
        peer.send(.query(.categories(includingArchived: true)), id: 6)
        self.bench.server.loop.run()
        for id in 2...4 as ClosedRange<UInt64> {
            #expect(try peer.received(id).map { $0.opcode } == [.pong])
        }
        #expect(try peer.received(5).last?.opcode == .resultEnd)
        #expect(Self.refusal(try peer.received(6).last) == .invalidField)
        #expect(try peer.received(1).isEmpty)
        self.settle()
        #expect(try peer.received(1).map { $0.opcode } == [.pong])
    }

    @Test func `one connection creates as few sessions in a dry run as otherwise`() throws {
        let peer = try self.begin()
        self.settle()
        #expect(try peer.received(1).map { $0.opcode } == [.pong])
        let count = UInt64(WireLimits.sessionsPerConnectionMax)
        for number in 1...(count + 1) {
            let session = SessionID(high: 1, low: number)
            peer.send(.openSession(session, mayCreate: true), id: 1 + number)
            self.settle()
        }
        #expect(try peer.received(1 + count).map { $0.opcode } == [.sessionOpened])
        #expect(Self.refusal(try peer.received(2 + count).first) == .overloaded)
    }
}
