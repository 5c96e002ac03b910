internal import Bytes
internal import DequeModule
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire
internal import NIOCore
internal import Synchronization

/// What waits to be written to one connection: pieces that it shares with others, and its own answers.
struct FanoutQueue {
    private struct Part {
        var buffer: ByteBuffer
        var isAnswer: Bool
    }

    private var parts: Deque<Part> = []
    private(set) var byteCount = 0
    private(set) var answerByteCount = 0

    var isEmpty: Bool { self.parts.isEmpty }
    /// Stored parts; each holds at least one byte that waits.
    var partCount: Int { self.parts.count }

    mutating func append(_ buffer: ByteBuffer, isAnswer: Bool) {
        guard buffer.readableBytes > 0 else { return }
        self.parts.append(Part(buffer: buffer, isAnswer: isAnswer))
        self.byteCount += buffer.readableBytes
        if isAnswer { self.answerByteCount += buffer.readableBytes }
    }

    /// The first buffers that wait, at most `count`.
    func first(_ count: Int) -> [ByteBuffer] {
        self.parts.prefix(count).map { $0.buffer }
    }

    /// So many bytes were written, from the front.
    mutating func remove(_ byteCount: Int) {
        precondition(byteCount <= self.byteCount, "\(byteCount) of \(self.byteCount) bytes")
        self.byteCount -= byteCount
        var rest = byteCount
        while rest > 0 {
            let part = self.parts[0]
            let taken = min(rest, part.buffer.readableBytes)
            if part.isAnswer { self.answerByteCount -= taken }
            rest -= taken
            if taken == part.buffer.readableBytes {
                self.parts.removeFirst()
            } else {
                self.parts[0].buffer.moveReaderIndex(forwardBy: taken)
            }
        }
    }
}

/// The socket of a connection whose bytes the fan-out writes.
protocol FanoutSocket: AnyObject, Sendable {
    /// Writes what it takes of the queue, without waiting.
    func write(_ queue: inout FanoutQueue) -> FanoutWrite
    func close()
}

enum FanoutWrite: Equatable {
    /// All of the queue was taken.
    case done
    /// It says when it takes more.
    case blocked
    /// The other side is gone.
    case gone
}

/// Bytes of answers that were handed over to the fan-out and wait to be written: counted by the loop
/// that adds them and the thread that writes them.
final class FanoutOutbox: Sendable {
    private let byteCount = Atomic(0)
    private let wantsNotice = Atomic(false)

    func add(_ count: Int) { self.byteCount.add(count, ordering: .relaxed) }

    /// Whether it holds so much that nothing more should be made for it; if so, the next
    /// ``remove(_:)`` that makes room says so.
    func isFull() -> Bool {
        guard self.byteCount.load(ordering: .acquiring) >= FanoutLimits.answerByteCountMax else {
            return false
        }
        self.wantsNotice.store(true, ordering: .sequentiallyConsistent)
        // What was written in between gave no notice.
        return self.byteCount.load(ordering: .sequentiallyConsistent)
            >= FanoutLimits.answerByteCountMax
    }

    /// - Returns: Whether somebody waits to hear of it.
    func remove(_ count: Int) -> Bool {
        let left = self.byteCount.subtract(count, ordering: .sequentiallyConsistent).newValue
        guard left < FanoutLimits.answerByteCountMax else { return false }
        return self.wantsNotice.exchange(false, ordering: .sequentiallyConsistent)
    }
}

/// What the fan-out says to the connection's handler, from its own thread.
struct FanoutPeer: Sendable {
    let outbox: FanoutOutbox
    /// More answers may be made.
    let becameWritable: @Sendable () -> Void
    /// All bytes were written that were to come before the end.
    let finished: @Sendable () -> Void
    /// The socket takes no more.
    let gone: @Sendable () -> Void
    /// A subscription is over that nobody has ended.
    let ended: @Sendable (_ requestID: UInt64) -> Void
}

/// One connection of the fan-out, of its thread.
final class FanoutConnection {
    let number: UInt32
    let socket: any FanoutSocket
    let peer: FanoutPeer
    var queue = FanoutQueue()
    /// Whether the socket takes no bytes until it says so.
    var isBlocked = false
    var isFinishing = false
    var isGone = false
    var subscriptions: [FanoutSubscription] = []
    /// Whose turn is next.
    private var turn = 0

    init(_ number: UInt32, socket: any FanoutSocket, to peer: FanoutPeer) {
        self.number = number
        self.socket = socket
        self.peer = peer
    }

    func subscription(_ requestID: UInt64) -> FanoutSubscription? {
        self.subscriptions.first { $0.requestID == requestID }
    }

    func nextSubscription() -> FanoutSubscription {
        self.turn = (self.turn + 1) % self.subscriptions.count
        return self.subscriptions[self.turn]
    }

    func remove(_ requestID: UInt64) -> FanoutSubscription? {
        guard let index = self.subscriptions.firstIndex(where: { $0.requestID == requestID })
        else { return nil }
        return self.subscriptions.remove(at: index)
    }
}

/// One subscription of a connection, of the fan-out's thread.
final class FanoutSubscription {
    let requestID: UInt64
    let subscription: Subscription
    let matcher: SubscriptionMatcher
    /// Equal for subscriptions that share every piece; see ``Interests``.
    let interest: Int
    var machine: SubscriptionMachine
    /// The rows of the snapshot on its way.
    var rows: SnapshotRows?
    /// When it was last told anything, in nanoseconds.
    var publishedAt: UInt64
    var isProgressDue = false
    /// When a digest was last asked for on its behalf.
    var checksumSentAt: UInt64 = 0
    /// A digest that waits until the steps before it are delivered.
    var proof: (lsn: LSN, value: UInt64)?
    /// The last step that a window ended with for the sake of a digest.
    var exactAt: LSN = 0
    /// Where the window ends that it is in.
    var windowEnd: LSN = 0

    init(
        _ requestID: UInt64,
        subscription: Subscription,
        matcher: SubscriptionMatcher,
        interest: Int,
        machine: SubscriptionMachine,
        at now: UInt64
    ) {
        self.requestID = requestID
        self.subscription = subscription
        self.matcher = matcher
        self.interest = interest
        self.machine = machine
        self.publishedAt = now
    }

    var isConflated: Bool { self.machine.period != nil }
}

/// The rows of a snapshot, with one user at a time: that is why it is `@unchecked Sendable`.
final class SnapshotRows: @unchecked Sendable {
    let lsn: LSN
    private let snapshot: SubscriptionSnapshot

    init(_ subscription: Subscription, of view: ReadView) {
        self.lsn = view.lsn
        self.snapshot = SubscriptionSnapshot(subscription, of: view)
    }

    func next(_ count: Int) -> [Change]? { self.snapshot.next(count) }
}
