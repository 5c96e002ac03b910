import Bytes
import Durability
import InventoryEngine
import InventoryModel
import InventoryTestSupport
import InventoryWire
import Logging
import NIOCore
import Synchronization
import Testing

@testable import InventoryServer

/// The fan-out on a thread of the test, with sockets whose writes take a millisecond each.
@Suite struct FanoutPassTests {
    private static let subscriberCount = 16

    @Test func `a connection served late in a pass gets steps that became durable meanwhile`()
        throws
    {
        let bench = try FanoutBench(subscriberCount: Self.subscriberCount)
        bench.becomeDurable(1)
        // A turn ends after two milliseconds, hence two writes, which is a part of this pass.
        while bench.writes.isEmpty { bench.turn() }
        let early = bench.writes.count
        #expect(early < Self.subscriberCount / 2)
        bench.becomeDurable(2)
        while bench.writes.count < Self.subscriberCount { bench.turn() }
        let writes = bench.writes
        #expect(Set(writes.map { $0.subscriber }).count == Self.subscriberCount)
        #expect(writes.prefix(early).allSatisfy { $0.lsns == [1] })
        #expect(writes.dropFirst(early).allSatisfy { $0.lsns == [1, 2] })
        // Connections served before get it in the next pass, and none gets it twice.
        bench.turnUntilIdle()
        let later = bench.writes.dropFirst(Self.subscriberCount)
        #expect(later.map { $0.subscriber } == writes.prefix(early).map { $0.subscriber })
        #expect(later.allSatisfy { $0.lsns == [2] })
    }

    @Test func `under constant load every subscriber gets each step once, in order`() throws {
        let bench = try FanoutBench(subscriberCount: Self.subscriberCount)
        for lsn in (1...200).map({ LSN($0) }) {
            bench.becomeDurable(lsn)
            bench.turn()
        }
        bench.turnUntilIdle()
        for subscriber in 0..<Self.subscriberCount {
            let lsns = bench.writes.filter { $0.subscriber == subscriber }.flatMap { $0.lsns }
            #expect(lsns == (1...200).map { LSN($0) })
        }
        // Each received a few steps at a time, so it followed closely.
        #expect(bench.writes.count < 200 * Self.subscriberCount / 4)
        #expect(bench.board.isBusy)
    }
}

/// A fan-out whose clock advances only with its writes.
private final class FanoutBench: Sendable {
    struct Write {
        var subscriber: Int
        var lsns: [LSN]
    }

    private struct State {
        var now: UInt64 = 1_000_000_000
        var writes: [Write] = []
    }

    let board = FanoutBoard()
    private let fanout: Fanout
    private let state: Clock

    fileprivate final class Clock: Sendable {
        private let state = Mutex(State())

        var now: UInt64 { self.state.withLock { $0.now } }
        var writes: [Write] { self.state.withLock { $0.writes } }

        func wrote(_ write: Write) {
            self.state.withLock {
                $0.now += 1_000_000
                $0.writes.append(write)
            }
        }

        func pass(until time: UInt64) { self.state.withLock { $0.now = max($0.now, time) } }
    }

    init(subscriberCount: Int) throws {
        let clock = Clock()
        let opened = try OpenedDatabase.open(
            MemoryStorage(),
            LogConfiguration(fileByteCount: 1 << 20),
            newID: DatabaseID(1, 2),
            now: .zero
        )
        let upstream = FanoutUpstream(
            takeView: { _ in },
            work: Nobody(),
            log: opened.log,
            now: { .zero },
            clock: { clock.now },
            loopNanoseconds: { 0 },
            logger: Logger(label: "test")
        )
        self.state = clock
        self.fanout = Fanout(upstream, on: Nobody(), self.board)
        for number in 0..<subscriberCount {
            let peer = FanoutPeer(
                outbox: FanoutOutbox(),
                becameWritable: {},
                finished: {},
                gone: {},
                ended: { _ in }
            )
            let connection = UInt32(number)
            self.fanout.opened(connection, socket: Socket(number, clock), to: peer)
            self.fanout.began(
                Subscription(topics: .products, start: .now),
                requestID: 7,
                of: connection,
                start: .after(0),
                durable: 0,
                keys: .none
            )
        }
        _ = self.fanout.turn()
    }

    var writes: [Write] { self.state.writes }

    func becomeDurable(_ lsn: LSN) {
        var writer = ByteWriter()
        Entry(lsn: lsn, time: .zero, actor: "a", changes: [.productDeleted(ProductID(1))])
            .encode(into: &writer)
        let block = FeedBlock(first: lsn, count: 1, bytes: writer.array())
        self.fanout.becameDurable(block, through: lsn, nil)
    }

    /// Runs a turn; a rest that it requests ends at once.
    func turn() {
        if case .rest(let time) = self.fanout.turn() { self.state.pass(until: time) }
    }

    func turnUntilIdle() {
        while true {
            switch self.fanout.turn() {
            case .now: break
            case .rest(let time): self.state.pass(until: time)
            case .at: return
            }
        }
    }

    /// Writes all of a queue, in a millisecond.
    private final class Socket: FanoutSocket {
        private let subscriber: Int
        private let clock: Clock

        init(_ subscriber: Int, _ clock: Clock) {
            (self.subscriber, self.clock) = (subscriber, clock)
        }

        func write(_ queue: inout FanoutQueue) -> FanoutWrite {
            var bytes: [UInt8] = []
            for buffer in queue.first(.max) { bytes += Array(buffer.readableBytesView) }
            queue.remove(queue.byteCount)
            let lsns = Self.lsns(bytes)
            if !lsns.isEmpty { self.clock.wrote(Write(subscriber: self.subscriber, lsns: lsns)) }
            return .done
        }

        /// The LSNs of the entries in event frames: each begins with its byte count and its LSN.
        private static func lsns(_ bytes: [UInt8]) -> [LSN] {
            bytes.withUnsafeBytes { bytes in
                var lsns: [LSN] = []
                var frame = 0
                while frame < bytes.count {
                    let length = bytes.loadUnaligned(fromByteOffset: frame, as: UInt32.self)
                    var entry = frame + FrameHeader.byteCount
                    let end = entry + Int(length)
                    let isOfEvents = bytes[frame + 5] == Opcode.entries.rawValue
                    while isOfEvents, entry < end {
                        let count = bytes.loadUnaligned(fromByteOffset: entry, as: UInt32.self)
                        lsns.append(
                            LSN(bytes.loadUnaligned(fromByteOffset: entry + 4, as: UInt64.self))
                        )
                        entry += 4 + Int(count)
                    }
                    frame = end
                }
                return lsns
            }
        }

        func close() {}
    }
}

/// Ignores all submitted work.
private struct Nobody: Worker, FanoutHost {
    func submit(_ work: @escaping @Sendable () -> Void) {}
    func begin(_ fanout: Fanout) {}
    func post(canRest: Bool, _ work: @escaping @Sendable (Fanout) -> Void) {}
    func socket(of channel: any Channel, _ number: UInt32) -> (any FanoutSocket)? { nil }
}
