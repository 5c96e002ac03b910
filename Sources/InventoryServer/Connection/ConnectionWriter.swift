internal import Bytes
internal import DequeModule
internal import InventoryModel
internal import InventoryWire
internal import NIOCore

/// Receives the events of a connection's writer.
protocol ConnectionWriterDelegate: AnyObject {
    /// More answers may be made for the client.
    func becameWritable()
    /// Replies wait to be sent, now or once they are durable.
    func hasRepliesToRelease()
    /// The fan-out has ended a subscription and has sent the reason.
    func subscriptionEnded(_ requestID: UInt64)
    /// The connection must be closed: everything was written, or the client is gone.
    func closeRequested()
}

/// The output of one connection: replies in order, each held until the LSN it reflects is durable, and the
/// route of their bytes.
///
///     reply ─▶ pending ──durable──▶ channel                       before it subscribes
///                                └▶ fan-out, with its events      from then on
///
/// Used on the engine's loop.
final class ConnectionWriter {
    /// The writer of its bytes.
    private enum Route {
        case channel
        /// The fan-out, once the channel has written what it was passed before.
        case moving([ByteBuffer], FanoutOutbox, UInt32)
        case fanout(FanoutOutbox, UInt32)
    }

    let id: ConnectionID
    /// Back-pressure for query threads: whether answers may be made for it.
    let gauge = OutboxGauge()
    var pending = PendingReplies()
    weak var delegate: (any ConnectionWriterDelegate)?
    private let state: any StateReader
    private let fanout: any FanoutHost
    private unowned let connections: ConnectionTable
    /// `nil` before the channel is active and after it is closed.
    private var context: ChannelHandlerContext?

    private var route = Route.channel
    /// Actions to run once the answers before them were passed on, with the offset at which those end.
    private var behind: Deque<(end: Int, action: (UInt32) -> Void)> = []
    /// Frames shared with other connections that wait behind pending replies.
    private var shared = SharedFrames()
    /// Bytes of answers that were passed on.
    private var releasedByteCount = 0
    private var hasUnflushed = false
    /// Whether the last frame is encoded; nothing follows it.
    private(set) var isClosing = false

    /// Seconds to wait at the end for a slow consumer.
    private static let finishSeconds: Int64 = 1

    init(
        _ id: ConnectionID,
        of state: any StateReader,
        fanout: any FanoutHost,
        among connections: ConnectionTable
    ) {
        self.id = id
        self.state = state
        self.fanout = fanout
        self.connections = connections
    }

    /// Whether the channel is active.
    var isOpen: Bool { self.context != nil }

    func opened(_ context: ChannelHandlerContext) { self.context = context }

    /// The channel is closed.
    func closed() {
        self.behind = []
        self.shared = SharedFrames()
        if case .fanout(_, let number) = self.route { self.fanout.post { $0.dropped(number) } }
        self.context = nil
    }

    // MARK: - Replies

    /// Answers a request once everything that the answer reflects is durable: `lsn`, or the newest step.
    func reply(_ message: ServerMessage, to requestID: UInt64, at lsn: LSN? = nil) {
        guard !self.isClosing else { return }
        message.encodeFrame(requestID: requestID, into: &self.pending.writer)
        self.pending.mark(lsn: lsn ?? self.state.lsn, isFinal: true)
    }

    /// Sends a message that does not complete a request.
    func send(_ message: ServerMessage, to requestID: UInt64, at lsn: LSN) {
        guard !self.isClosing else { return }
        message.encodeFrame(requestID: requestID, into: &self.pending.writer)
        self.pending.mark(lsn: lsn, isFinal: false)
    }

    /// Sends frames of a streamed answer; `isLast` completes the request.
    func send(_ frames: [UInt8], at lsn: LSN, isLast: Bool) {
        guard !self.isClosing else { return }
        self.pending.writer.write(bytes: frames)
        self.pending.mark(lsn: lsn, isFinal: isLast)
        self.releaseSoon()
    }

    /// Sends frames of durable steps that were encoded once for many connections: at once, or behind the replies
    /// that wait; their bytes are not copied either way.
    func sendShared(_ batches: [EventBatch], to requestID: UInt64) {
        guard !self.isClosing, let context else { return }
        var frames: [ByteBuffer] = []
        for batch in batches {
            let durable = self.state.durable
            precondition(batch.through <= durable, "LSN \(batch.through) is sent at \(durable)")
            batch.forEachBuffer(of: requestID) { frames.append($0) }
        }
        if self.pending.isEmpty {
            self.output(frames, context)
        } else {
            self.shared.append(frames, behind: self.releasedByteCount + self.pending.byteCount)
        }
    }

    /// Writes shared frames to the socket, now or as soon as the replies before them are.
    func flushShared() {
        self.flush()
        if !self.pending.isEmpty { self.releaseSoon() }
    }

    /// Sends the last frame, behind all pending replies.
    func sayGoodbye(_ refusal: Refusal) {
        self.send(.goodbye(refusal), to: 0, at: self.state.durable)
        self.isClosing = true
    }

    /// Requests the release of pending replies when more is durable, or this round is over.
    func releaseSoon() { if self.isOpen { self.delegate?.hasRepliesToRelease() } }

    /// Writes the replies that may be sent.
    ///
    /// - Returns: The number of requests that they complete.
    func write(durable: LSN) -> Int {
        let finals = self.pending.release(durable: durable) { self.hand($0) }
        self.runBehind()
        self.flush()
        return finals
    }

    // MARK: - Back-pressure

    /// The limit of bytes that wait to be sent to the client.
    private var byteCountMax: Int {
        ConnectionShare.outboxByteCount(connections: self.connections.count)
    }

    private var waitingByteCount: Int { self.pending.byteCount + self.shared.byteCount }

    var isWritable: Bool {
        guard let context else { return false }
        return switch self.route {
        case .channel: context.channel.isWritable
        case .moving(_, let outbox, _), .fanout(let outbox, _): !outbox.isFull()
        }
    }

    /// Whether the client is such a slow consumer that no more is read from it.
    var isFull: Bool { self.waitingByteCount > self.byteCountMax || !self.isWritable }

    /// Whether the client reads fast enough for more of its answers to be made.
    var takesAnswers: Bool { self.isWritable && self.waitingByteCount < self.byteCountMax }

    func updateGauge() { self.gauge.set(isFull: !self.takesAnswers) }

    /// The channel is writable again, and so is the fan-out's socket.
    func channelBecameWritable() {
        if case .fanout(_, let number) = self.route {
            self.fanout.post { $0.becameWritable(number) }
        }
    }

    // MARK: - Routing

    /// Routes this connection's bytes through the fan-out from now on.
    ///
    /// - Returns: Whether that is possible.
    func moveToFanout() -> Bool {
        guard case .channel = self.route, let context else { return true }
        let number = self.id.fanoutNumber
        guard let socket = self.fanout.socket(of: context.channel, number) else { return false }
        let outbox = FanoutOutbox()
        self.route = .moving([], outbox, number)
        let peer = self.peer(outbox, on: context.eventLoop)
        // Bytes that the channel already has are written first.
        let written = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(NIOAny(ByteBuffer()), promise: written)
        written.futureResult.assumeIsolated().whenSuccess { self.moved(socket, peer) }
        return true
    }

    /// The callbacks of the fan-out, which arrive on its own thread.
    private func peer(_ outbox: FanoutOutbox, on loop: any EventLoop) -> FanoutPeer {
        let bound = NIOLoopBound(self, eventLoop: loop)
        let post: @Sendable (@escaping @Sendable (any ConnectionWriterDelegate) -> Void) -> Void = {
            body in loop.execute { bound.value.delegate.map { body($0) } }
        }
        return FanoutPeer(
            outbox: outbox,
            becameWritable: { post { $0.becameWritable() } },
            finished: { post { $0.closeRequested() } },
            gone: { post { $0.closeRequested() } },
            ended: { requestID in post { $0.subscriptionEnded(requestID) } }
        )
    }

    private func moved(_ socket: any FanoutSocket, _ peer: FanoutPeer) {
        guard case .moving(let held, let outbox, let number) = self.route, self.isOpen else {
            return
        }
        self.route = .fanout(outbox, number)
        self.fanout.post { $0.opened(number, socket: socket, to: peer) }
        for buffer in held { self.fanout.post { $0.answer(number, buffer) } }
        self.runBehind()
        if self.isClosing, self.pending.isEmpty { self.finish() }
    }

    /// Runs an action with the connection's number in the fan-out, once all answers before it were passed
    /// on.
    func behindReplies(_ action: @escaping (UInt32) -> Void) {
        self.behind.append((self.releasedByteCount + self.pending.byteCount, action))
    }

    /// Runs the actions with no answers left before them.
    private func runBehind() {
        guard case .fanout(_, let number) = self.route else { return }
        while let next = self.behind.first, next.end <= self.releasedByteCount {
            self.behind.removeFirst()
            next.action(number)
        }
    }

    /// Passes on bytes that may be sent, and what waits for a place between them.
    private func hand(_ bytes: UnsafeRawBufferPointer) {
        var offset = 0
        while self.isOpen, let end = self.nextStop,
            end - self.releasedByteCount <= bytes.count - offset
        {
            let stop = offset + end - self.releasedByteCount
            self.output(UnsafeRawBufferPointer(rebasing: bytes[offset..<stop]))
            offset = stop
            self.stop(at: end)
        }
        self.output(UnsafeRawBufferPointer(rebasing: bytes[offset...]))
    }

    /// The offset of the next bytes behind which shared frames are sent, or an action runs that may run now.
    private var nextStop: Int? {
        var action: Int?
        if case .fanout = self.route { action = self.behind.first?.end }
        guard let frames = self.shared.nextEnd else { return action }
        return min(frames, action ?? frames)
    }

    /// Sends shared frames, and runs actions, that come behind the answers up to `end`.
    ///
    /// Where both are at one place their order does not matter: no request has both.
    private func stop(at end: Int) {
        while let context, let frames = self.shared.next(at: end) { self.output(frames, context) }
        self.runBehind()
    }

    private func output(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0, let context else { return }
        self.releasedByteCount += bytes.count
        var buffer = context.channel.allocator.buffer(capacity: bytes.count)
        buffer.writeBytes(bytes)
        self.output([buffer], context)
    }

    /// Passes on whole frames in their buffers, with nothing in between.
    private func output(_ frames: [ByteBuffer], _ context: ChannelHandlerContext) {
        let byteCount = frames.reduce(0) { $0 + $1.readableBytes }
        switch self.route {
        case .channel:
            for buffer in frames { context.write(NIOAny(buffer), promise: nil) }
            self.hasUnflushed = true
        case .moving(let held, let outbox, let number):
            outbox.add(byteCount)
            self.route = .moving(held + frames, outbox, number)
        case .fanout(let outbox, let number):
            outbox.add(byteCount)
            self.fanout.post { fanout in
                for buffer in frames { fanout.answer(number, buffer) }
            }
        }
    }

    private func flush() {
        guard self.hasUnflushed else { return }
        self.hasUnflushed = false
        self.context?.flush()
    }

    /// Ends the connection once all pending replies were written.
    func finish() {
        switch self.route {
        case .channel:
            self.abandon()
            return
        case .moving:
            // The held bytes come first; ``moved(_:_:)`` calls this again.
            break
        case .fanout(_, let number):
            self.fanout.post { $0.finish(number) }
        }
        // A slow consumer is not waited for.
        self.context?.eventLoop.assumeIsolated().scheduleTask(in: .seconds(Self.finishSeconds)) {
            self.delegate?.closeRequested()
        }
    }

    /// Closes the channel without waiting for pending replies.
    func abandon() { self.context?.close(mode: .all, promise: nil) }

    func checkInvariants() {
        self.pending.checkInvariants()
        let last = self.releasedByteCount + self.pending.byteCount
        self.shared.checkInvariants(from: self.releasedByteCount, through: last)
        let ends = self.behind.map { $0.end }
        precondition(ends == ends.sorted(), "actions between replies are out of order: \(ends)")
        precondition(
            ends.allSatisfy { $0 <= last },
            "an action waits for replies that never come"
        )
    }
}
