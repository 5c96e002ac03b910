internal import Bytes
internal import DequeModule
internal import NIOCore
internal import Synchronization

/// The outbox of one connection: pieces that it shares with others, and its own answers.
struct FanoutQueue {
    private struct Part {
        var buffer: ByteBuffer
        var isAnswer: Bool
    }

    private var parts: Deque<Part> = []
    private(set) var byteCount = 0
    private(set) var answerByteCount = 0

    var isEmpty: Bool { self.parts.isEmpty }
    /// The number of stored parts; each has at least one byte left to write.
    var partCount: Int { self.parts.count }

    mutating func append(_ buffer: ByteBuffer, isAnswer: Bool) {
        guard buffer.readableBytes > 0 else { return }
        self.parts.append(Part(buffer: buffer, isAnswer: isAnswer))
        self.byteCount += buffer.readableBytes
        if isAnswer { self.answerByteCount += buffer.readableBytes }
    }

    /// The first buffers, at most `count`.
    func first(_ count: Int) -> [ByteBuffer] {
        self.parts.prefix(count).map { $0.buffer }
    }

    /// Removes written bytes from the front.
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

extension FanoutQueue {
    /// Traps if the counted bytes are not those of the parts.
    ///
    /// - Complexity: O(parts)
    func checkInvariants() {
        var (all, answers) = (0, 0)
        for part in self.parts {
            precondition(part.buffer.readableBytes > 0, "a part of no bytes")
            all += part.buffer.readableBytes
            if part.isAnswer { answers += part.buffer.readableBytes }
        }
        precondition(self.byteCount == all, "\(self.byteCount) bytes, not \(all)")
        precondition(self.answerByteCount == answers, "answers: \(self.answerByteCount)")
    }
}

/// The socket of a connection whose bytes the fan-out writes.
protocol FanoutSocket: AnyObject, Sendable {
    /// Writes as much of the queue as the socket accepts, without blocking.
    func write(_ queue: inout FanoutQueue) -> FanoutWrite
    func close()
}

enum FanoutWrite: Equatable {
    /// All of the queue was written.
    case done
    /// The socket is full; a notification follows when it is writable (back-pressure).
    case blocked
    /// The peer is gone.
    case gone
}

/// Counts the bytes of answers passed to the fan-out but not yet written: incremented by the loop and
/// decremented by the thread that writes them.
final class FanoutOutbox: Sendable {
    private let byteCount = Atomic(0)
    private let wantsNotice = Atomic(false)

    func add(_ count: Int) { self.byteCount.add(count, ordering: .relaxed) }

    /// Whether it is so full that no more answers should be made (back-pressure); if so, the next
    /// ``remove(_:)`` that frees space returns `true`.
    func isFull() -> Bool {
        guard self.byteCount.load(ordering: .acquiring) >= FanoutLimits.answerByteCountMax else {
            return false
        }
        self.wantsNotice.store(true, ordering: .sequentiallyConsistent)
        // A write in between gave no notice.
        return self.byteCount.load(ordering: .sequentiallyConsistent)
            >= FanoutLimits.answerByteCountMax
    }

    /// - Returns: Whether the loop waits to be notified of free space.
    func remove(_ count: Int) -> Bool {
        let left = self.byteCount.subtract(count, ordering: .sequentiallyConsistent).newValue
        guard left < FanoutLimits.answerByteCountMax else { return false }
        return self.wantsNotice.exchange(false, ordering: .sequentiallyConsistent)
    }
}

/// Callbacks of the fan-out to the connection's handler, called on its own thread.
struct FanoutPeer: Sendable {
    let outbox: FanoutOutbox
    /// More answers may be made.
    let becameWritable: @Sendable () -> Void
    /// All bytes before the end were written.
    let finished: @Sendable () -> Void
    /// The socket is closed.
    let gone: @Sendable () -> Void
    /// The fan-out has ended a subscription by itself.
    let ended: @Sendable (_ requestID: UInt64) -> Void
}

/// One connection of the fan-out; used on its thread.
final class FanoutConnection {
    let number: UInt32
    let socket: any FanoutSocket
    let peer: FanoutPeer
    var queue = FanoutQueue()
    /// Whether the socket is not writable until it reports so.
    var isBlocked = false
    var isFinishing = false
    private(set) var isGone = false
    var subscriptions: [FanoutSubscription] = []
    /// The index of the subscription served last.
    private var turn = 0

    init(_ number: UInt32, socket: any FanoutSocket, to peer: FanoutPeer) {
        self.number = number
        self.socket = socket
        self.peer = peer
    }

    /// Adds bytes behind those that wait; a peer that is gone gets none.
    func append(_ buffer: ByteBuffer, isAnswer: Bool) {
        guard !self.isGone else { return }
        self.queue.append(buffer, isAnswer: isAnswer)
    }

    /// The peer is gone: drops what waits for it.
    func lost() {
        self.isGone = true
        self.queue = FanoutQueue()
    }

    func subscription(_ requestID: UInt64) -> FanoutSubscription? {
        self.subscriptions.first { $0.requestID == requestID }
    }

    func nextSubscription() -> FanoutSubscription {
        self.turn = (self.turn + 1) % self.subscriptions.count
        return self.subscriptions[self.turn]
    }

    /// Traps if the queue is inconsistent, bytes wait for a peer that is gone, or a request has two
    /// subscriptions.
    ///
    /// - Complexity: O(subscriptions + parts of the queue)
    func checkInvariants() {
        self.queue.checkInvariants()
        precondition(!self.isGone || self.queue.isEmpty, "bytes wait for a peer that is gone")
        let requests = Set(self.subscriptions.map { $0.requestID })
        precondition(requests.count == self.subscriptions.count, "a request has two subscriptions")
        for subscription in self.subscriptions {
            subscription.machine.checkInvariants()
            precondition(!subscription.machine.isClosed, "a closed subscription is retained")
            precondition(
                (subscription.rows != nil) == (subscription.machine.snapshotLSN != nil),
                "rows of no snapshot, or a snapshot without rows"
            )
        }
    }
}
