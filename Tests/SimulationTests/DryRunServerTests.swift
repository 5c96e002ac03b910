import Bytes
import InventoryModel
import InventoryWire
import NIOEmbedded
import Testing

@testable import InventoryServer

/// Dry runs at a server whose query threads the test controls.
@Suite struct DryRunServerTests {
    private let bench: InsightHarness

    init() throws {
        self.bench = try InsightHarness()
        try Self.stock(self.bench)
    }

    /// Creates a product, so that there is something to copy.
    private static func stock(_ bench: InsightHarness) throws {
        let peer = try InsightPeer(bench)
        peer.run(.createCategory(name: "All"))
        peer.run(
            .createProduct(
                ProductDraft(
                    sku: "S1",
                    name: "N1",
                    category: CategoryID(1),
                    price: Price(100),
                    opening: OpeningStock(quantity: 10, unitCost: Money(40))
                )
            )
        )
        bench.settle()
    }

    private func creation(_ name: String) -> Request {
        .command(sequence: 0, .createCategory(name: name))
    }

    /// Does everything but the work of the query threads, and checks what must hold in between.
    private func settleLoop() {
        self.bench.settle(queries: false)
        self.bench.driver.checkInvariants()
    }

    private func settle() {
        self.bench.settle()
        self.bench.driver.checkInvariants()
    }

    /// A client whose dry run is being prepared.
    private func beginning() throws -> InsightPeer {
        let peer = try InsightPeer(self.bench)
        peer.send(.beginDryRun, id: 1)
        self.settleLoop()
        #expect(try peer.received(1).isEmpty)
        return peer
    }

    private func refusal(_ messages: [ServerMessage]) -> Refusal? {
        switch messages.first {
        case .refused(let refusal), .outcome(.refused(let refusal)): refusal
        default: nil
        }
    }

    private func problem(_ messages: [ServerMessage]) -> String {
        guard case .field(_, let problem) = self.refusal(messages)?.detail else { return "" }
        return problem
    }

    private func hasBegun(_ peer: InsightPeer) throws -> Bool {
        if case .pong = try peer.received(1).first { true } else { false }
    }

    @Test func `requests while the copy is made are refused, a second beginning too`() throws {
        let lsn = self.bench.driver.host.lsn
        let peer = try self.beginning()
        #expect(self.bench.driver.dryRuns.counts.open == 1)
        peer.send(.beginDryRun, id: 2)
        peer.send(self.creation("Early"), id: 3)
        peer.send(.query(.categories(includingArchived: false)), id: 4)
        self.settleLoop()
        for id in 2...4 as ClosedRange<UInt64> {
            #expect(self.problem(try peer.received(id)) == "came before the dry run began")
        }
        self.settle()
        #expect(try self.hasBegun(peer))
        peer.send(self.creation("Mine"), id: 5)
        peer.send(.beginDryRun, id: 6)
        self.settle()
        guard case .outcome(.done(let done)) = try peer.received(5).first else {
            Issue.record("a command of a dry run was not decided")
            return
        }
        #expect(done.lsn == lsn.next)
        #expect(
            self.problem(try peer.received(6)) == "\(Opcode.beginDryRun) is not part of a dry run"
        )
        #expect(self.bench.driver.host.lsn == lsn)
    }

    @Test func `a client that leaves before the copy is begun withdraws it`() throws {
        let peer = try self.beginning()
        peer.close()
        self.settleLoop()
        // What it was to be made from is freed by a query thread.
        #expect(
            self.bench.driver.dryRuns.counts.open == 0
                && self.bench.driver.dryRuns.counts.ending == 1
        )
        self.settle()
        #expect(self.bench.driver.dryRuns.counts.count == 0)
    }

    @Test func `a client that leaves while the copy is made cancels it`() throws {
        let peer = try self.beginning()
        // A query thread reads the clock first when it begins the work, and then at its checkpoints.
        self.bench.server.happens(atNextLook: {
            self.bench.server.happens(atNextLook: {
                peer.close()
                self.bench.server.loop.run()
                #expect(self.bench.driver.dryRuns.counts.ending == 1)
            })
        })
        self.bench.server.queries.runNext()
        #expect(self.bench.driver.dryRuns.counts.open == 0)
        self.settle()
        #expect(self.bench.driver.dryRuns.counts.count == 0)
    }

    @Test func `a client that leaves when the copy is complete gives it back`() throws {
        let peer = try self.beginning()
        self.bench.server.queries.runNext()
        peer.close()
        self.settleLoop()
        #expect(self.bench.driver.dryRuns.counts.ending == 1)
        self.settle()
        #expect(self.bench.driver.dryRuns.counts.count == 0)
        // The same of one that has begun.
        let other = try self.beginning()
        self.settle()
        #expect(try self.hasBegun(other))
        other.close()
        self.settleLoop()
        #expect(self.bench.driver.dryRuns.counts.ending == 1)
        self.settle()
        #expect(self.bench.driver.dryRuns.counts.count == 0)
    }

    @Test func `too many at once are refused until the copy of one is freed`() throws {
        var peers: [InsightPeer] = []
        for _ in 0..<WireLimits.dryRunsMax { peers.append(try self.beginning()) }
        let refused = try InsightPeer(self.bench)
        refused.send(.beginDryRun, id: 1)
        self.settleLoop()
        #expect(self.refusal(try refused.received(1))?.code == .overloaded)
        // Its connection is open, and decides nothing any more.
        refused.send(self.creation("Late"), id: 2)
        self.settleLoop()
        #expect(
            self.problem(try refused.received(2)) == "belongs to a dry run that was refused"
        )
        peers.removeFirst().close()
        self.settleLoop()
        let next = try InsightPeer(self.bench)
        next.send(.beginDryRun, id: 1)
        self.settleLoop()
        #expect(self.refusal(try next.received(1))?.code == .overloaded)
        self.settle()
        let last = try self.beginning()
        self.settle()
        #expect(try self.hasBegun(last))
        for peer in peers { #expect(try self.hasBegun(peer)) }
        refused.close()
        self.settle()
        #expect(self.bench.driver.dryRuns.counts.open == WireLimits.dryRunsMax)
    }

    @Test func `a copy that takes too long is refused, with the limit, and does not count`() throws
    {
        // Each reading of the clock takes 0.6 ms.
        let bench = try InsightHarness(lookNanoseconds: 600_000, queryMilliseconds: 1)
        try Self.stock(bench)
        let peer = try InsightPeer(bench)
        peer.send(.beginDryRun, id: 1)
        bench.pass(milliseconds: 2)
        bench.driver.checkInvariants()
        let refusal = try #require(self.refusal(try peer.received(1)))
        #expect(refusal.code == .deadlineExceeded)
        #expect(
            refusal.detail
                == .message(
                    "took longer than 1 ms of work; dry runs of so much data need a higher"
                        + " --query-milliseconds of invd"
                )
        )
        #expect(bench.driver.dryRuns.counts.count == 0)
        peer.send(self.creation("Late"), id: 2)
        bench.settle()
        #expect(self.problem(try peer.received(2)) == "belongs to a dry run that was refused")
    }

    @Test func `work is requested of an idle worker without effect`() {
        let worker = SimulatedWorker()
        worker.runNext()
        #expect(worker.isIdle)
    }
}
