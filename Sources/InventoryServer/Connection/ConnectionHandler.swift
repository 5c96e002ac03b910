internal import Bytes
internal import InventoryModel
internal import InventoryWire
internal import NIOCore

/// One connection on its event loop: feeds the values that decide, and does what they say.
///
///     bytes ─▶ FrameIntake ─▶ frames ─▶ ConnectionStateMachine ─▶ Engine, or who serves the request
///                 ReadGate: is it read?                              └─▶ ConnectionWriter ─▶ bytes
///
/// All frames of a read are taken out in one pass, their answers go into one buffer, and what may be sent is
/// written once.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let id: ConnectionID
    let driver: EngineDriver
    let writer: ConnectionWriter
    let questions: ConnectionQuestions
    var machine = ConnectionStateMachine()
    private var context: ChannelHandlerContext?

    private var intake = FrameIntake()
    private var gate = ReadGate()
    private var unwritten = UnwrittenSteps()
    private var idleWatch = IdleWatch()
    /// Whether frames that came are left for a later turn of the loop.
    private var isDeferred = false
    /// What happened and waits for a turn of the loop that has time for it.
    private var events = Events()
    /// Whether it is to be released when more is durable.
    private var isWaiting = false
    /// Whether it is to be closed when it is next released.
    private var isOver = false

    /// The session that is open.
    var session: UInt32?
    /// Sessions that were created over this connection.
    var sessionsCreated = 0
    /// What the idempotency keys take that came over this connection.
    var keyShare = KeyShare()
    /// Snapshots that were asked for and are being taken.
    var snapshots: Set<UInt64> = []

    /// What may happen to any number of connections in one moment.
    private struct Events: OptionSet {
        let rawValue: UInt8
        /// The client said that it sends no more.
        static let inputEnded = Events(rawValue: 1 << 0)
        /// The time for the hello is over.
        static let helloDue = Events(rawValue: 1 << 1)
        /// The time for the frame that was begun is over.
        static let frameDue = Events(rawValue: 1 << 2)
        /// Nothing was asked for too long.
        static let idleDue = Events(rawValue: 1 << 3)
    }

    init(driver: EngineDriver) {
        self.driver = driver
        self.id = driver.connections.nextID()
        self.writer = ConnectionWriter(
            self.id,
            of: driver.host,
            fanout: driver.fanout,
            among: driver.connections
        )
        self.questions = ConnectionQuestions(driver.queries, self.writer)
        self.writer.delegate = self
    }

    // MARK: - The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.writer.opened(context)
    }

    func channelActive(context: ChannelHandlerContext) {
        self.driver.connected(self)
        if self.driver.isDraining { self.drain() }
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
        self.questions.cancelAll()
        self.writer.closed()
        self.driver.events.forgetAll(of: self.id)
        self.driver.insights.unsubscribeAll(of: self.id, nil)
        self.driver.connections.changedSession(from: self.session, to: nil)
        self.session = nil
        self.questions.connectionClosed()
        self.giveBackSpace()
        _ = self.intake.take()
        self.context = nil
        self.driver.disconnected(self)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The peer went away in the middle; there is nobody to tell.
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var read = self.unwrapInboundIn(data)
        self.driver.metrics.receivedBytes += Int64(read.readableBytes)
        self.idleWatch.read()
        let isFirstPart = self.intake.isEmpty
        let bytes = self.intake.take(&read)
        if self.isDeferred {
            // They come after those that wait already.
            self.intake.keep(bytes)
        } else {
            self.run(bytes, isFirstPart: isFirstPart)
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

    /// The client has said all it will: it gets the answers it is owed, then the connection ends.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { self.happened(.inputEnded) }
        context.fireUserInboundEventTriggered(event)
    }

    // MARK: - Frames

    /// Runs the frames that are whole, as many as this turn of the loop may.
    private func run(_ bytes: ByteBuffer, isFirstPart: Bool) {
        self.driver.turns.beginRequests()
        if self.driver.turns.isTurnUsedUp {
            // What other sockets brought was enough for this turn.
            self.intake.keep(bytes)
            self.runLater()
            return
        }
        var bytes = bytes
        let before = self.driver.host.lsn
        let (consumed, begun, isUsedUp) = bytes.withUnsafeReadableBytes { self.receive($0) }
        bytes.moveReaderIndex(forwardBy: consumed)
        let lsn = self.driver.host.lsn
        self.unwritten.decided(Int(lsn - before), through: lsn)
        guard !self.machine.isClosed else { return }
        self.claimSpace(begun, isAnother: consumed > 0)
        if bytes.readableBytes > 0 {
            if consumed > 0 || isFirstPart { self.timeFrame() }
            self.intake.keep(bytes)
        }
        if isUsedUp { self.runLater() } else { self.updateReading() }
    }

    /// - Returns: The bytes of the frames that were run, those of the frame that was begun behind them, and
    ///   whether others are left because this turn of the loop has done enough.
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
                isUsedUp = self.driver.turns.used(frames.consumed - start) && frames.isPaused
            } while frames.isPaused && !isUsedUp && !self.machine.isClosed
        } catch {
            self.driver.metrics.refusedFrames += 1
            self.perform(self.machine.failed(error), requestID: 0)
        }
        return (frames.consumed, isUsedUp ? nil : frames.nextByteCount, isUsedUp)
    }

    /// Bytes of requests that are run between two looks at how much of the turn is used.
    private static let sliceByteCount = 8 << 10

    /// A frame was begun: it has to be whole in time.
    ///
    /// One look at the clock a frame, one timer for as many as follow each other.
    private func timeFrame() {
        let first = self.intake.begin(at: self.driver.context.milliseconds)
        if let first { self.lookAtFrame(in: first) }
    }

    private func lookAtFrame(in milliseconds: Int64) {
        self.context?.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(milliseconds)) {
            [weak self] in
            guard let self else { return }
            let verdict = self.intake.look(
                at: self.driver.context.milliseconds,
                isRead: !self.gate.isPaused,
                isSpaceWanted: self.driver.connections.isSpaceWanted
            )
            switch verdict {
            case .none: break
            case .later(let milliseconds): self.lookAtFrame(in: milliseconds)
            case .late: self.happened(.frameDue)
            }
        }
    }

    // MARK: - Space for a large frame

    /// Takes the space that a frame needs whose rest is to come, and gives back that of the one before.
    ///
    /// `begun`: The bytes of that frame, if it said so already. `isAnother`: Whether frames were whole.
    private func claimSpace(_ begun: Int?, isAnother: Bool) {
        if isAnother { self.giveBackSpace() }
        guard let begun, self.intake.needsSpace(begun) else { return }
        let hasSpace = self.driver.connections.begunFrame(self.id, begun)
        self.intake.claimed(begun, hasSpace: hasSpace)
    }

    private func giveBackSpace() {
        if self.intake.endedFrame() { self.driver.connections.endedFrame(self.id) }
    }

    /// There is space for the frame that was begun.
    func spaceFound() {
        self.intake.spaceFound()
        self.updateReading()
    }

    // MARK: - Events

    /// Something happened that is done now, or behind the frames that came before it, once there is time.
    private func happened(_ event: Events) {
        guard self.context != nil, !self.machine.isClosed else { return }
        self.events.insert(event)
        guard !self.isDeferred else { return }
        self.driver.turns.beginRequests()
        if self.driver.turns.isTurnUsedUp {
            self.isDeferred = true
            self.driver.turns.runLater(self)
        } else {
            self.runEvents()
        }
    }

    private func runEvents() {
        let events = self.events
        self.events = []
        if events.contains(.helloDue) {
            self.perform(self.machine.helloTimedOut(), requestID: 0)
        }
        if events.contains(.frameDue), !self.intake.isEmpty {
            self.perform(self.machine.frameTimedOut(), requestID: 0)
        }
        if events.contains(.idleDue) {
            let seconds = self.driver.configuration.idleSeconds
            self.perform(self.machine.idleTimedOut(seconds: seconds), requestID: 0)
        }
        if events.contains(.inputEnded) { self.endInput() }
    }

    /// Looks from time to time whether the connection holds its place without asking anything.
    private func watchIdle() {
        let milliseconds = Int64(self.driver.configuration.idleSeconds) * 1_000
        guard milliseconds > 0 else { return }
        self.context?.eventLoop.assumeIsolated().scheduleTask(
            in: .milliseconds(milliseconds / Int64(IdleWatch.looksMax))
        ) { [weak self] in
            guard let self, self.context != nil, !self.machine.isClosed else { return }
            if self.idleWatch.look(isServed: self.hasOpenAnswers) { self.happened(.idleDue) }
            self.watchIdle()
        }
    }

    private func endInput() {
        self.unsubscribeAll(nil)
        if !self.questions.isEmpty { self.probe() }
        self.perform(self.machine.inputClosed(), requestID: 0)
        self.waitForRelease()
    }

    /// Writes a frame that means nothing to a client that closed its sending side while an answer is
    /// being worked out for it.
    ///
    /// To the server that looks the same as a client that is gone, until something is sent to it: one
    /// that is gone answers with a reset, which ends the connection and its work at once.
    private func probe() { self.writer.send(self.driver.pong, to: 0, at: 0) }

    // MARK: - What the machine says

    func perform(_ action: ConnectionStateMachine.Action, requestID: UInt64) {
        switch action {
        case .accept, .run, .nothing:
            break
        case .refuse(let refusal):
            // It never ran, so it does not count as answered either.
            self.writer.send(.refused(refusal), to: requestID, at: self.driver.host.durable)
        case .close(let refusal):
            self.sayGoodbye(refusal)
        }
        if !self.writer.pending.isEmpty || self.writer.isClosing { self.waitForRelease() }
    }

    /// The last frame of the connection, behind all that is owed: answers that are still being made and
    /// subscriptions end before it.
    private func sayGoodbye(_ refusal: Refusal) {
        self.questions.cancelAll()
        self.unsubscribeAll(nil)
        self.writer.sayGoodbye(refusal)
    }

    private func unsubscribeAll(_ reason: Refusal?) {
        self.driver.events.unsubscribeAll(of: self.writer, reason)
        self.driver.insights.unsubscribeAll(of: self.id, reason)
    }

    // MARK: - Reading

    /// Reads on, or no more, as things are now.
    private func updateReading() {
        guard let context else { return }
        var reasons: ReadGate.Reasons = []
        if self.isDeferred { reasons.insert(.deferred) }
        if self.intake.isAwaitingSpace { reasons.insert(.awaitingSpace) }
        if self.unwritten.isFull { reasons.insert(.unwritten) }
        if self.writer.isFull { reasons.insert(.outbox) }
        switch self.gate.update(reasons) {
        case .none: return
        case .pause: break
        case .resume: self.intake.resumed(at: self.driver.context.milliseconds)
        }
        context.channel.setOption(.autoRead, value: !self.gate.isPaused).whenFailure { _ in
            // The channel closed meanwhile.
        }
    }

    // MARK: - Turns

    /// Leaves what came for a later turn, and reads no more until then.
    private func runLater() {
        self.isDeferred = true
        self.driver.turns.runLater(self)
        self.updateReading()
    }

    private var mustBeReleased: Bool { !self.writer.pending.isEmpty || self.unwritten.isFull }

    /// Has ``release(durable:)`` called when more is durable, or this round is over.
    private func waitForRelease() {
        self.waitForNextRelease()
        self.driver.log.tick()
    }

    private func waitForNextRelease() {
        guard !self.isWaiting else { return }
        self.isWaiting = true
        self.driver.turns.wait(self)
    }

    // MARK: - Stopping

    /// The server stops: subscriptions end with where to resume, requests that run are answered.
    func drain() {
        self.unsubscribeAll(Refusal(.shuttingDown))
        self.perform(self.machine.drain(), requestID: 0)
        self.waitForRelease()
    }

    func checkInvariants() {
        self.writer.checkInvariants()
        self.questions.checkInvariants()
        self.unwritten.checkInvariants()
        precondition(
            self.intake.isEmpty || self.context != nil,
            "a connection that is gone keeps bytes"
        )
    }
}

extension ConnectionHandler: TurnTaker {
    /// Goes on with what the turn before had no time for.
    func runDeferred() {
        self.isDeferred = false
        guard self.context != nil, !self.machine.isClosed else { return }
        if let kept = self.intake.take() {
            self.run(kept, isFirstPart: true)
        } else {
            self.updateReading()
        }
        if self.mustBeReleased { self.waitForRelease() }
        if !self.isDeferred { self.runEvents() }
    }

    /// Sends every reply that reflects only what is durable, and ends a connection that is to end.
    func release(durable: LSN) {
        self.isWaiting = false
        self.unwritten.written(through: durable)
        guard self.context != nil else { return }
        if self.isOver {
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
        self.questions.becameWritable()
        self.driver.insights.becameWritable(self.id)
    }

    func hasRepliesToRelease() { self.waitForRelease() }

    func subscriptionEnded(_ requestID: UInt64) {
        self.driver.events.ended(requestID, of: self.id)
    }

    /// It closes once there is time: many may end in one moment, and each costs system calls.
    func isToEnd() {
        guard self.context != nil else { return }
        self.isOver = true
        self.waitForRelease()
    }
}
