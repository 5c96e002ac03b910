import Bytes
import Durability
import InventoryModel
import InventoryWire
import Logging
import NIOCore
import Synchronization
import Testing

@testable import InventoryEngine
@testable import InventoryServer

/// A subscriber behind the log's files, which no longer have its steps: it restarts with a view, unless it has ended
/// before that comes.
@Suite struct FanoutRestartTests {
    private static let subscription = Subscription(topics: .products, start: .now)
    private let host = PostedWork()
    private let views = RequestedViews()
    private let fanout: Fanout

    init() {
        let views = self.views
        let upstream = FanoutUpstream(
            takeView: { views.request($0) },
            work: self.host,
            log: RetiredLog(),
            now: { .zero },
            clock: { 1 },
            loopNanoseconds: { 0 },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        self.fanout = Fanout(upstream, on: self.host, FanoutBoard())
        let peer = FanoutPeer(
            outbox: FanoutOutbox(),
            becameWritable: {},
            finished: {},
            gone: {},
            ended: { _ in }
        )
        self.fanout.opened(0, socket: Sink(), to: peer)
    }

    private func subscribe(after lsn: LSN, durable: LSN) throws -> FanoutSubscription {
        self.fanout.began(
            Self.subscription,
            requestID: 7,
            of: 0,
            start: .after(lsn),
            durable: durable,
            keys: .none
        )
        return try #require(self.fanout.connections[0]?.subscription(7))
    }

    /// A view of a state without any row.
    private static func view(at lsn: LSN) -> ReadView {
        var state = InventoryState()
        while state.lsn < lsn {
            let next = state.lsn.next
            let time = Instant(microseconds: Int64(next.value))
            state.evolve(Entry(lsn: next, time: time, actor: "a", changes: []))
        }
        return state.readView()
    }

    /// Runs turns, and the work that they post, until none is left.
    private func settle() {
        repeat {
            _ = self.fanout.turn()
            self.fanout.checkInvariants()
        } while self.host.run(self.fanout)
        self.fanout.checkInvariants()
    }

    @Test func `a subscriber whose steps are gone restarts with the view that it is passed`() throws
    {
        let subscription = try self.subscribe(after: 0, durable: 5)
        self.settle()
        #expect(subscription.machine.wait == .view && self.views.count == 1)
        self.views.pass(Self.view(at: 5))
        self.settle()
        #expect(self.views.count == 0)
        // Its snapshot has no rows, so it follows at once.
        #expect(subscription.machine.isFollowing && subscription.machine.wait == nil)
        #expect(subscription.machine.cursor == 5)
    }

    @Test func `a view for a subscription that has ended is not for another under its request ID`()
        throws
    {
        _ = try self.subscribe(after: 0, durable: 5)
        self.settle()
        #expect(self.views.count == 1)
        self.fanout.unsubscribed(7, of: 0, Refusal(.clientClosed))
        let other = try self.subscribe(after: 5, durable: 5)
        self.settle()
        self.views.pass(Self.view(at: 4))
        self.settle()
        #expect(other.machine.isFollowing && other.machine.wait == nil && other.machine.cursor == 5)
    }
}

/// Views that the fan-out has requested and that the test passes on.
private final class RequestedViews: Sendable {
    private let bodies = Mutex<[@Sendable (ReadView) -> Void]>([])

    var count: Int { self.bodies.withLock { $0.count } }

    func request(_ body: @escaping @Sendable (ReadView) -> Void) {
        self.bodies.withLock { $0.append(body) }
    }

    func pass(_ view: ReadView) {
        let bodies = self.bodies.withLock { bodies in
            defer { bodies = [] }
            return bodies
        }
        for body in bodies { body(view) }
    }
}

/// A host whose posted work, and a query thread whose work, runs when the test says so.
private final class PostedWork: FanoutHost, Worker {
    private let posted = Mutex<[@Sendable (Fanout) -> Void]>([])

    func begin(_ fanout: Fanout) {}

    func post(canRest: Bool, _ work: @escaping @Sendable (Fanout) -> Void) {
        self.posted.withLock { $0.append(work) }
    }

    func submit(_ work: @escaping @Sendable () -> Void) { self.post { _ in work() } }

    func socket(of channel: any Channel, _ number: UInt32) -> (any FanoutSocket)? { nil }

    /// - Returns: Whether there was any.
    func run(_ fanout: Fanout) -> Bool {
        let work = self.posted.withLock { posted in
            defer { posted = [] }
            return posted
        }
        for work in work { work(fanout) }
        return !work.isEmpty
    }
}

/// A socket that accepts everything.
private final class Sink: FanoutSocket {
    func write(_ queue: inout FanoutQueue) -> FanoutWrite {
        queue.remove(queue.byteCount)
        return .done
    }

    func close() {}
}

/// A log that has retired all steps.
private final class RetiredLog: LogStore {
    private struct Cursor: LogStoreCursor {
        let next: LSN

        mutating func nextBlock(through durable: LSN) throws(DurabilityError) -> FeedBlock? {
            throw .retired(requested: self.next, firstRetained: 100)
        }
    }

    let wantsNext = false
    let firstRetainedLSN: LSN = 100
    let byteCount: UInt64 = 0

    func append(
        body: UnsafeRawBufferPointer,
        first: LSN,
        count: Int,
        acknowledged: LSN,
        time: Int64
    ) throws(DurabilityError) {}
    func seal(acknowledged: LSN, time: Int64) throws(DurabilityError) {}
    func close(acknowledged: LSN, time: Int64) throws(DurabilityError) {}
    func space(for byteCount: Int) -> LogSpace { .certain }
    func prepareNext() throws(DurabilityError) {}
    func retire(through lsn: LSN, now: Int64) throws(DurabilityError) -> Int { 0 }
    func cursor(after lsn: LSN) -> any LogStoreCursor { Cursor(next: lsn.next) }
    var sizes: LogSizes {
        LogSizes(
            fileByteCount: 1 << 20,
            fileOverheadByteCount: 0,
            blockOverheadByteCount: 0,
            sealByteCount: 0
        )
    }
    func checkInvariants() {}
}
