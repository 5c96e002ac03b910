import Bytes
import Durability
import InventoryEngine
import InventoryModel
import InventoryTestSupport
import InventoryWire
import Testing

@testable import InventoryServer

/// The whole server over a log that has no files.
@Suite struct MemoryLogTests {
    private let log = MemoryLog()
    private let bench: InsightHarness
    private let client: InsightPeer

    init() throws {
        self.bench = try InsightHarness(log: self.log)
        self.client = try InsightPeer(self.bench)
    }

    private func create(_ count: Int) {
        for _ in 0..<count {
            let number = self.bench.driver.host.lsn.value
            self.client.run(.createCategory(name: "C\(number)"))
            self.bench.settle()
            self.bench.driver.checkInvariants()
        }
    }

    /// The LSNs of the entries received for a request.
    private func received(_ id: UInt64, by peer: InsightPeer) throws -> [LSN] {
        try peer.received(id).flatMap { message -> [LSN] in
            if case .entries(let entries) = message { entries.map { $0.lsn } } else { [] }
        }
    }

    @Test func `every step is in the log before its reply, and the log rebuilds the state`() throws
    {
        self.client.run(.createCategory(name: "All"))
        self.bench.settle(log: false)
        #expect(try self.client.received(900).isEmpty)
        #expect(self.log.last == 1)
        self.bench.settle()
        #expect(try self.client.received(900).map { $0.opcode } == [.outcome])
        self.create(5)
        #expect(self.log.last == self.bench.driver.host.lsn)
        #expect(self.bench.driver.host.durable == self.log.last)

        var state = InventoryState()
        var replay = Replay()
        for block in self.log.content.blocks {
            try block.bytes.withUnsafeBytes { try state.evolve($0, with: &replay) }
        }
        #expect(state.lsn == self.log.last)
        let replayed = state.wholeView().wholeChecksum()
        #expect(replayed == self.bench.driver.host.wholeView().wholeChecksum())
    }

    @Test func `a subscriber that is behind reads through a cursor, and then follows`() throws {
        self.create(20)
        let last = self.log.last
        let peer = try InsightPeer(self.bench)
        peer.send(.subscribe(Subscription(topics: .products, start: .after(3))), id: 7)
        self.bench.pass(milliseconds: 20)
        #expect(self.log.content.cursorCount > 0 && self.log.content.readCount > 0)
        #expect(try self.received(7, by: peer) == Self.lsns(4, through: last))
        self.create(2)
        self.bench.pass(milliseconds: 20)
        #expect(
            try self.received(7, by: peer) == Self.lsns(last.next.value, through: self.log.last)
        )
    }

    private static func lsns(_ first: UInt64, through last: LSN) -> [LSN] {
        (first...last.value).map { LSN($0) }
    }

    @Test func `steps that the log no longer has begin with a snapshot`() throws {
        self.create(10)
        self.log.forget(before: 6)
        let peer = try InsightPeer(self.bench)
        peer.send(.subscribe(Subscription(topics: .products, start: .after(2))), id: 7)
        self.bench.pass(milliseconds: 20)
        let messages = try peer.received(7)
        #expect(messages.contains(.reset(.historyGone)))
        #expect(messages.contains(.caughtUp(lsn: self.log.last)))
    }

    @Test func `a log that is full refuses new writes and answers the old ones once it has space`()
        throws
    {
        let durable = self.log.last
        let other = try InsightPeer(self.bench)
        self.log.fail(.full(operation: "append", path: "memory"))
        self.client.run(.createCategory(name: "All"))
        self.bench.settle()
        other.run(.createCategory(name: "More"))
        self.bench.settle()
        guard case .outcome(.refused(let refusal))? = try other.received(900).first else {
            Issue.record("it was not refused")
            return
        }
        #expect(refusal.code == .storageFull)
        #expect(try self.client.received(900).isEmpty)
        #expect(self.bench.driver.host.durable == durable)
        self.log.fail(nil)
        self.bench.pass(milliseconds: 600)
        #expect(try self.client.received(900).map { $0.opcode } == [.outcome])
        #expect(self.bench.driver.host.durable == durable.next)
        #expect(!self.bench.server.hasFailed)
    }

    @Test func `a failing sync stops the server, and no reply leaves`() throws {
        let durable = self.log.last
        let error = DurabilityError.failed(
            operation: "sync",
            path: "memory",
            errno: 5,
            reason: "input/output error"
        )
        self.log.fail(error)
        self.client.run(.createCategory(name: "All"))
        self.bench.settle()
        #expect(self.bench.server.hasFailed)
        #expect(try self.client.received(900).isEmpty)
        #expect(self.bench.driver.host.durable == durable)
    }

    @Test func `an idle log is sealed, and a server that stops closes it`() throws {
        self.create(1)
        self.bench.pass(milliseconds: 300)
        #expect(self.log.content.isSealed)
        _ = self.bench.driver.drain()
        self.bench.pass(milliseconds: 50)
        #expect(self.log.content.isClosed)
    }
}
