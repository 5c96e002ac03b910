internal import Bytes
internal import InventoryModel
internal import InventoryWire
internal import NIOCore

/// One connection on its event loop: feeds events to the values that decide, and performs their actions.
///
/// It knows the server by three protocols: where it lives, what runs its requests, and what is sent to it besides
/// answers.
///
///     bytes ─▶ FrameIntake ─▶ frames ─▶ ConnectionStateMachine ─▶ RequestService
///                 ReadGate: back-pressure                            └─▶ ConnectionWriter ─▶ bytes
///
/// All frames of a read are processed in one pass, their answers are encoded into one buffer, and those that
/// may be sent are written at once.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let id: ConnectionID
    let host: any ConnectionHost
    let streams: any ConnectionStreams
    /// The server, or the connection's dry run once it has begun one.
    var service: any RequestService
    let writer: ConnectionWriter
    let queries: ConnectionQueries
    var machine = ConnectionStateMachine()
    var context: ChannelHandlerContext?

    var intake = FrameIntake()
    var gate = ReadGate()
    private var unwritten = UnwrittenSteps()
    var idleWatch = IdleWatch()
    var turns = ConnectionTurns()

    var session = ConnectionSession()
    /// The memory of the idempotency keys that came over this connection.
    var keyShare = KeyShare()
    /// Requests for snapshots that are being taken.
    var snapshots: Set<UInt64> = []

    init(of server: some ConnectionHost & RequestService & ConnectionStreams) {
        let parts = server.connectionParts()
        self.host = server
        self.streams = server
        self.service = server
        self.id = parts.writer.id
        self.writer = parts.writer
        self.queries = parts.queries
        self.writer.delegate = self
    }

    // MARK: - The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.writer.opened(context)
    }

    func channelActive(context: ChannelHandlerContext) {
        self.host.connected(self)
        if self.host.isDraining { self.drain() }
        context.eventLoop.assumeIsolated().scheduleTask(
            in: .milliseconds(Int64(WireLimits.helloMilliseconds))
        ) { [weak self] in
            self?.happened(.helloDue)
        }
        self.watchIdle()
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.machine.channelClosed()
        self.queries.cancelAll()
        self.writer.closed()
        self.streams.forgetStreams(of: self.id)
        self.service.connectionClosed(session: self.session.closed())
        self.queries.connectionClosed()
        self.giveBackSpace()
        _ = self.intake.take()
        self.context = nil
        self.host.disconnected(self)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The peer went away in the middle; there is no one to notify.
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var read = self.unwrapInboundIn(data)
        self.host.metrics.receivedBytes += Int64(read.readableBytes)
        self.idleWatch.read()
        let isFirstPart = self.intake.isEmpty
        let bytes = self.intake.take(&read)
        switch self.turns.received() {
        case .run: self.run(bytes, isFirstPart: isFirstPart)
        case .keep, .queue: self.intake.keep(bytes)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if self.mustBeReleased { self.waitForRelease() }
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.writer.updateGauge()
        if context.channel.isWritable {
            self.writer.channelBecameWritable()
            self.becameWritable()
        }
        context.fireChannelWritabilityChanged()
    }

    /// The client has closed its sending side: it receives the answers owed to it, then the connection ends.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { self.happened(.inputEnded) }
        context.fireUserInboundEventTriggered(event)
    }

    // MARK: - Frames

    /// Runs the complete frames, as many as this turn of the loop may.
    private func run(_ bytes: ByteBuffer, isFirstPart: Bool) {
        self.host.turns.beginRequests()
        guard self.turns.begins(isTurnUsedUp: self.host.turns.isTurnUsedUp) == .run else {
            self.intake.keep(bytes)
            self.runLater()
            return
        }
        var bytes = bytes
        let before = self.host.lsn
        let (consumed, begun, isUsedUp) = bytes.withUnsafeReadableBytes { self.receive($0) }
        bytes.moveReaderIndex(forwardBy: consumed)
        let lsn = self.host.lsn
        self.unwritten.decided(Int(lsn - before), through: lsn)
        guard !self.machine.isClosed else { return }
        self.claimSpace(begun, isAnother: consumed > 0)
        if bytes.readableBytes > 0 {
            if consumed > 0 || isFirstPart { self.timeFrame() }
            self.intake.keep(bytes)
        }
        switch self.turns.ran(isTurnUsedUp: isUsedUp) {
        case .queue: self.runLater()
        case .run, .keep: self.updateReading()
        }
    }

    /// - Returns: The bytes of the frames that were run, the bytes of the incomplete frame behind them, and
    ///   whether others are left because this turn of the loop is used up.
    private func receive(
        _ bytes: UnsafeRawBufferPointer
    ) -> (consumed: Int, begun: Int?, isUsedUp: Bool) {
        var frames = FrameReader(bytes, limit: WireLimits.requestByteCountMax)
        var isUsedUp = false
        do throws(WireError) {
            repeat {
                let start = frames.consumed
                frames.pause(after: Self.sliceByteCount)
                while !self.machine.isClosed, let frame = try self.runCommands(&frames) {
                    self.receive(frame)
                }
                isUsedUp = self.host.turns.used(frames.consumed - start) && frames.isPaused
            } while frames.isPaused && !isUsedUp && !self.machine.isClosed
        } catch {
            self.host.metrics.refusedFrames += 1
            self.perform(self.machine.failed(error), requestID: 0)
        }
        return (frames.consumed, isUsedUp ? nil : frames.nextByteCount, isUsedUp)
    }

    /// Bytes of requests that are run between two checks of the turn's budget.
    private static let sliceByteCount = 8 << 10

    // MARK: - Space for a large frame

    /// Claims the space for a large frame whose rest is to come, and releases that of the previous frame.
    ///
    /// `begun` is the size of the frame in bytes, if known; `isAnother` whether complete frames came before
    /// it.
    private func claimSpace(_ begun: Int?, isAnother: Bool) {
        if isAnother { self.giveBackSpace() }
        guard let begun, self.intake.needsSpace(begun) else { return }
        let hasSpace = self.host.begunFrame(self.id, begun)
        self.intake.claimed(begun, hasSpace: hasSpace)
    }

    private func giveBackSpace() {
        if self.intake.endedFrame() { self.host.endedFrame(self.id) }
    }

    /// There is now space for the frame that was begun.
    func spaceFound() {
        self.intake.spaceFound()
        self.updateReading()
    }

    // MARK: - Actions of the state machine

    func perform(_ action: ConnectionStateMachine.Action, requestID: UInt64) {
        switch action {
        case .accept, .run, .nothing:
            break
        case .refuse(let refusal):
            // It never ran, so it does not count as answered either.
            self.writer.send(.refused(refusal), to: requestID, at: self.host.durable)
        case .close(let refusal):
            self.sayGoodbye(refusal)
        }
        if !self.writer.pending.isEmpty || self.writer.isClosing { self.waitForRelease() }
    }

    /// Sends the last frame of the connection, after ending its open answers and subscriptions, behind all
    /// pending replies.
    private func sayGoodbye(_ refusal: Refusal) {
        self.queries.cancelAll()
        self.streams.endBackup(over: self.id)
        self.unsubscribeAll(nil)
        self.writer.sayGoodbye(refusal)
    }

    func unsubscribeAll(_ reason: Refusal?) {
        self.streams.unsubscribeAll(of: self.writer, reason)
    }

    // MARK: - Reading

    /// Resumes or pauses reading.
    private func updateReading() {
        guard let context else { return }
        var reasons: ReadGate.Reasons = []
        if self.turns.isDeferred { reasons.insert(.deferred) }
        if self.intake.isAwaitingSpace { reasons.insert(.awaitingSpace) }
        if self.unwritten.isFull { reasons.insert(.unwritten) }
        if self.writer.isFull { reasons.insert(.outbox) }
        switch self.gate.update(reasons) {
        case .none: return
        case .pause: break
        case .resume: self.intake.resumed(at: self.host.milliseconds)
        }
        context.channel.setOption(.autoRead, value: !self.gate.isPaused).whenFailure { _ in
            // The channel was closed meanwhile.
        }
    }

    // MARK: - Turns

    /// Leaves received bytes for a later turn and pauses reading until then.
    private func runLater() {
        self.host.turns.runLater(self)
        self.updateReading()
    }

    private var mustBeReleased: Bool { !self.writer.pending.isEmpty || self.unwritten.isFull }

    /// Registers for ``release(durable:)`` when more is durable or this round is over.
    func waitForRelease() {
        self.waitForNextRelease()
        self.host.endRound()
    }

    private func waitForNextRelease() {
        if self.turns.waits() { self.host.turns.wait(self) }
    }

    // MARK: - Stopping

    /// The server stops: subscriptions end with their position to resume from, running requests are answered.
    func drain() {
        self.unsubscribeAll(Refusal(.shuttingDown))
        self.perform(self.machine.drain(), requestID: 0)
        self.waitForRelease()
    }

    func checkInvariants() {
        self.writer.checkInvariants()
        self.queries.checkInvariants()
        self.machine.checkInvariants()
        self.intake.checkInvariants()
        self.unwritten.checkInvariants()
        self.turns.checkInvariants()
        self.session.checkInvariants()
        self.keyShare.checkInvariants()
        precondition(
            self.intake.isEmpty || self.context != nil,
            "a closed connection retains bytes"
        )
    }
}

extension ConnectionHandler: TurnTaker {
    /// Continues with what the turn before had no time for.
    func runDeferred() {
        self.turns.resumed()
        guard self.context != nil, !self.machine.isClosed else {
            // Nothing can happen to it any more.
            _ = self.turns.takeEvents()
            return
        }
        if let kept = self.intake.take() {
            self.run(kept, isFirstPart: true)
        } else {
            self.updateReading()
        }
        if self.mustBeReleased { self.waitForRelease() }
        self.runEvents()
    }

    /// Sends every reply that reflects only durable steps, and ends a connection that is to end.
    func release(durable: LSN) {
        let action = self.turns.released()
        self.unwritten.written(through: durable)
        guard self.context != nil else { return }
        guard action == .write else {
            self.writer.abandon()
            return
        }
        let finals = self.writer.write(durable: durable)
        if finals > 0, case .close(let refusal) = self.machine.replied(finals) {
            self.sayGoodbye(refusal)
            _ = self.writer.write(durable: durable)
        }
        if self.writer.isClosing, self.writer.pending.isEmpty {
            self.writer.finish()
            return
        }
        if self.mustBeReleased { self.waitForNextRelease() }
        self.updateReading()
    }
}

extension ConnectionHandler: ConnectionWriterDelegate {
    func becameWritable() {
        guard self.context != nil else { return }
        self.writer.updateGauge()
        self.updateReading()
        self.queries.becameWritable()
        self.streams.becameWritable(self.id)
    }

    func hasRepliesToRelease() { self.waitForRelease() }

    func subscriptionEnded(_ requestID: UInt64) {
        self.streams.subscriptionEnded(requestID, of: self.id)
    }

    /// Closes the connection in a later turn: many may end at once, and each costs system calls.
    func closeRequested() {
        guard self.context != nil else { return }
        self.turns.ends()
        self.waitForRelease()
    }
}
