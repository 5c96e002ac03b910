import InventoryModel
import InventoryWire
import NIOCore
import NIOEmbedded
import Testing

@testable import InventoryServer

/// Simultaneous events of many connections are spread over many turns of the loop.
///
/// Each reading of the clock takes 20 µs here: so a turn of 1 ms has time for 50 connections, and one of
/// replies for 25.
@Suite struct TurnBoundTests {
    private static let peerCount = 400
    /// The maximum number of connections served in a turn.
    private static let servedMax = 80

    private let bench: InsightHarness

    init() throws { self.bench = try InsightHarness(lookNanoseconds: 20_000) }

    private func peers(saysHello: Bool = true) throws -> [InsightPeer] {
        let peers = try (0..<Self.peerCount).map { _ in
            try InsightPeer(self.bench, saysHello: saysHello)
        }
        self.takeTurns { false }
        return peers
    }

    /// Runs turns until `isDone`, or until there is no more work.
    ///
    /// - Returns: The number of calls of `isDone`, one after every turn.
    @discardableResult
    private func takeTurns(until isDone: () throws -> Bool) rethrows -> Int {
        let loop = self.bench.server.loop
        var count = 0
        while true {
            count += 1
            loop.run()
            let now = loop.now.uptimeNanoseconds
            self.bench.server.turns.turned(from: now, to: now)
            self.bench.server.turns.checkInvariants()
            self.bench.driver.checkInvariants()
            if try isDone() { return count }
            let workers = self.bench.server.workers.filter { !$0.isIdle }
            for worker in workers { worker.runNext() }
            loop.advanceTime(by: .microseconds(50))
            if workers.isEmpty, count > 50 { return count }
        }
    }

    /// Returns the number of connections closed in each turn.
    private func closed(_ happen: () -> Void) -> [Int] {
        var left = [self.bench.driver.connections.count]
        happen()
        self.takeTurns {
            left.append(self.bench.driver.connections.count)
            return left.last == 0
        }
        return zip(left, left.dropFirst()).map { $0 - $1 }
    }

    /// `areTasks` is whether the loop gets the events as tasks, each of which may enqueue others.
    @Test(arguments: [false, true])
    func `simultaneously closed clients`(areTasks: Bool) throws {
        let peers = try self.peers()
        let loop = self.bench.server.loop
        let closed = self.closed {
            for peer in peers {
                if areTasks { loop.execute { peer.endInput() } } else { peer.endInput() }
            }
        }
        #expect(closed.reduce(0, +) == Self.peerCount)
        #expect(closed.allSatisfy { $0 <= Self.servedMax }, "\(closed)")
    }

    @Test func `simultaneously closed subscribers`() throws {
        let peers = try self.peers()
        for peer in peers {
            peer.send(.subscribe(Subscription(topics: [.stock], start: .now)), id: 1)
        }
        self.takeTurns { false }
        #expect(self.bench.driver.events.registry.followerCount == Self.peerCount)
        let closed = self.closed { for peer in peers { peer.endInput() } }
        #expect(closed.reduce(0, +) == Self.peerCount)
        #expect(closed.allSatisfy { $0 <= Self.servedMax }, "\(closed)")
    }

    @Test func `clients without a hello`() throws {
        let peers = try self.peers(saysHello: false)
        let loop = self.bench.server.loop
        loop.advanceTime(by: .milliseconds(Int64(WireLimits.helloMilliseconds) - 10))
        let closed = self.closed { loop.advanceTime(by: .milliseconds(10)) }
        #expect(closed.reduce(0, +) == Self.peerCount)
        #expect(closed.allSatisfy { $0 <= Self.servedMax }, "\(closed)")
        withExtendedLifetime(peers) {}
    }

    @Test func `connections of a server that stops`() throws {
        let peers = try self.peers()
        var left = [Self.peerCount]
        let isStopped = NIOLoopBoundBox(false, eventLoop: self.bench.server.loop)
        self.bench.driver.drain().whenSuccess { isStopped.value = true }
        self.takeTurns {
            left.append(self.bench.driver.connections.all.values.count { !$0.writer.isClosing })
            return isStopped.value
        }
        #expect(isStopped.value && left.last == 0)
        let drained = zip(left, left.dropFirst()).map { $0 - $1 }
        #expect(drained.allSatisfy { $0 <= Self.servedMax }, "\(drained)")
        withExtendedLifetime(peers) {}
    }

    @Test func `connections that did not end in time`() throws {
        let peers = try self.peers()
        let closed = self.closed { self.bench.driver.abandonConnections() }
        #expect(closed.reduce(0, +) == Self.peerCount)
        #expect(closed.allSatisfy { $0 <= Self.servedMax }, "\(closed)")
        withExtendedLifetime(peers) {}
    }

    @Test func `replies to one durable block`() throws {
        let peers = try self.peers()
        let creation = Command.createCategory(name: "All")
        peers[0].send(.command(sequence: 0, creation), id: 2)
        self.takeTurns { false }
        for (number, peer) in peers.enumerated() {
            peer.send(.command(sequence: 0, .createCategory(name: "C\(number)")), id: 3)
        }
        var answered: [Int] = []
        try self.takeTurns {
            answered.append(try peers.count { try !$0.received(3).isEmpty })
            return answered.reduce(0, +) == Self.peerCount
        }
        #expect(answered.reduce(0, +) == Self.peerCount)
        #expect(answered.allSatisfy { $0 <= Self.servedMax }, "\(answered)")
    }
}
