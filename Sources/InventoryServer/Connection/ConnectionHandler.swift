internal import Bytes
internal import Durability
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire
internal import NIOCore

/// One connection on its event loop: bytes to requests, requests to the engine, answers to bytes.
///
/// Every decision about the connection is ``ConnectionStateMachine``'s. All frames of a read are
/// taken out in one pass, their answers go into one buffer, and what may be sent is written once.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let driver: EngineDriver
    private var machine = ConnectionStateMachine()
    var pending = PendingReplies()
    private(set) var context: ChannelHandlerContext?
    /// The beginning of a frame whose rest has not come yet.
    private var partial: ByteBuffer?
    /// When that frame was begun, or reading resumed since.
    private var frameBegunAt: Int64 = 0
    private var isFrameTimed = false
    private var isWaiting = false
    private var isReadPaused = false
    private var isClosing = false
    /// Whether frames that came are left for the next turn of the loop.
    private var isDeferred = false
    /// What happened and waits for a turn of the loop that has time for it.
    private var events = Events()
    /// Whether it is to be closed when it is next released.
    private var isOver = false
    private var route = Route.channel
    /// What is done once the answers before it were handed over, by where they end.
    private var behind: [(end: Int, action: (UInt32) -> Void)] = []
    private var unwritten = UnwrittenSteps()
    /// Bytes of answers that were handed over.
    private var releasedByteCount = 0
    private var hasUnflushed = false
    private(set) var actor = ""
    private var session: UInt32?
    /// Sessions that were created over this connection.
    private var sessionsCreated = 0
    /// What the idempotency keys take that came over this connection.
    private var keyShare = KeyShare()
    /// Subscriptions to events, by the request that began each; the fan-out has the rest.
    ///
    /// With the bytes that it holds.
    var subscriptions: [UInt64: Int] = [:]
    /// Subscriptions to insights.
    var insights: [UInt64: InsightSubscriber] = [:]
    /// Queries and insights that are not answered to the end.
    var answers = OpenAnswers<OpenAnswer, OpenQuestion>()
    /// What those hold.
    var queryShare = ByteBudget.Share()
    /// What its subscriptions hold.
    var subscriptionShare = ByteBudget.Share()
    /// The bytes of the large frame that it has begun, and has space for or waits for it; 0 for none.
    var begunByteCount = 0
    /// Whether it is not read because there is no space for the frame that it has begun.
    var isAwaitingSpace = false
    private var idleWatch = IdleWatch()
    /// Snapshots that were asked for and are being taken.
    private var snapshots: Set<UInt64> = []

    let gauge = OutboxGauge()

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

    /// Who writes its bytes.
    private enum Route {
        case channel
        /// The fan-out, once the channel has written what it was given.
        case moving([ByteBuffer], FanoutOutbox, UInt32)
        case fanout(FanoutOutbox, UInt32)
    }

    /// Whose work its queries are.
    let queryOwner: QueryQueue.Owner

    init(driver: EngineDriver) {
        self.driver = driver
        self.queryOwner = driver.makeOwner()
    }

    // MARK: - The channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

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
        self.cancelAnswers()
        self.driver.changedSubscriptions(by: -self.subscriptions.count)
        self.subscriptions = [:]
        self.behind = []
        if case .fanout(_, let number) = self.route {
            self.driver.fanout.post { $0.dropped(number) }
        }
        self.driver.unsubscribeInsights(of: self, nil)
        self.driver.changedSession(from: self.session, to: nil)
        self.session = nil
        self.driver.disconnected(self)
        self.giveBackAll()
        self.partial = nil
        self.context = nil
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
        let isFirstPart = self.partial == nil
        // Taken out of its place: while that held it too, each read would copy all of it.
        if var partial = self.partial.take() {
            if partial.readerIndex > partial.readableBytes { partial.discardReadBytes() }
            // Room for all of a large frame at once, instead of one copy in each of twice the size.
            let missing = self.begunByteCount - partial.readableBytes
            if missing > partial.writableBytes {
                partial.reserveCapacity(minimumWritableBytes: missing)
            }
            partial.writeBuffer(&read)
            read = partial
        }
        if self.isDeferred {
            // They come after those that wait already.
            self.partial = read
            return
        }
        self.run(read, isFirstPart: isFirstPart)
    }

    /// Runs the frames that are whole, as many as this turn of the loop may.
    private func run(_ bytes: ByteBuffer, isFirstPart: Bool) {
        self.driver.beginRequests()
        if self.driver.isTurnUsedUp {
            // What other sockets brought was enough for this turn.
            self.partial = bytes
            self.runLater()
            return
        }
        var bytes = bytes
        let before = self.driver.engine.lsn
        let (consumed, begun, isUsedUp) = bytes.withUnsafeReadableBytes { self.receive($0) }
        bytes.moveReaderIndex(forwardBy: consumed)
        let lsn = self.driver.engine.lsn
        self.unwritten.decided(Int(lsn - before), through: lsn)
        guard !self.machine.isClosed else { return }
        self.claimSpace(begun, isAnother: consumed > 0)
        if bytes.readableBytes > 0 {
            if consumed > 0 || isFirstPart { self.timeFrame() }
            self.partial = bytes
        }
        if isUsedUp {
            self.runLater()
        } else if let context {
            self.pauseReadingIfNeeded(context)
        }
    }

    /// Leaves what came for a later turn, and reads no more until then.
    private func runLater() {
        self.isDeferred = true
        self.driver.runLater(self)
        if let context { self.pauseReadingIfNeeded(context) }
    }

    /// Goes on with what the turn before had no time for.
    func runDeferred() {
        self.isDeferred = false
        guard let context, !self.machine.isClosed else { return }
        if let partial = self.partial.take() {
            self.run(partial, isFirstPart: true)
        } else {
            self.pauseReadingIfNeeded(context)
        }
        if !self.pending.isEmpty || self.unwritten.isFull { self.waitForRelease() }
        if !self.isDeferred { self.runEvents() }
    }

    /// Something happened that is done now, or behind the frames that came before it, once there is time.
    private func happened(_ event: Events) {
        guard self.context != nil, !self.machine.isClosed else { return }
        self.events.insert(event)
        guard !self.isDeferred else { return }
        self.driver.beginRequests()
        if self.driver.isTurnUsedUp {
            self.isDeferred = true
            self.driver.runLater(self)
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
        if events.contains(.frameDue), self.partial != nil {
            self.perform(self.machine.frameTimedOut(), requestID: 0)
        }
        if events.contains(.idleDue) {
            self.perform(
                self.machine.idleTimedOut(seconds: self.driver.configuration.idleSeconds),
                requestID: 0
            )
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
            let isServed =
                !self.subscriptions.isEmpty || !self.insights.isEmpty || !self.answers.isEmpty
                || !self.snapshots.isEmpty
            if self.idleWatch.look(isServed: isServed) { self.happened(.idleDue) }
            self.watchIdle()
        }
    }

    /// A frame was begun: it has to be whole in time.
    ///
    /// One look at the clock a frame, one timer for as many as follow each other.
    private func timeFrame() {
        self.frameBegunAt = self.driver.milliseconds
        if !self.isFrameTimed { self.checkFrame(in: Int64(WireLimits.frameMilliseconds)) }
    }

    private func checkFrame(in milliseconds: Int64) {
        self.isFrameTimed = true
        self.context?.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(milliseconds)) {
            [weak self] in
            guard let self else { return }
            self.isFrameTimed = false
            guard self.partial != nil else { return }
            // While nothing is read, it is not the client that is late, unless it doesn't read either, and
            // others wait for its space.
            let isHoldingUp =
                self.begunByteCount > 0 && !self.isAwaitingSpace
                && self.driver.frameSpace.hasWaiting
            if self.isReadPaused, !isHoldingUp { self.frameBegunAt = self.driver.milliseconds }
            let left =
                self.frameBegunAt + Int64(WireLimits.frameMilliseconds) - self.driver.milliseconds
            guard left <= 0 else {
                self.checkFrame(in: left)
                return
            }
            self.happened(.frameDue)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if !self.pending.isEmpty || self.unwritten.isFull { self.waitForRelease() }
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.gauge.set(isFull: !self.takesAnswers)
        if context.channel.isWritable {
            if case .fanout(_, let number) = self.route {
                self.driver.fanout.post { $0.becameWritable(number) }
            }
            self.becameWritable()
        }
        context.fireChannelWritabilityChanged()
    }

    /// More may be made for the connection.
    private func becameWritable() {
        guard self.context != nil else { return }
        self.gauge.set(isFull: !self.takesAnswers)
        self.resumeReading()
        for answer in self.answers.begun.values where answer.stream.isStalled {
            self.driver.advance(answer.stream, of: self)
        }
        for subscriber in self.insights.values { self.driver.tell(subscriber) }
    }

    /// The client has said all it will: it gets the answers it is owed, then the connection ends.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { self.happened(.inputEnded) }
        context.fireUserInboundEventTriggered(event)
    }

    private func endInput() {
        self.driver.unsubscribeAll(of: self, nil)
        self.driver.unsubscribeInsights(of: self, nil)
        if !self.answers.isEmpty { self.probe() }
        self.perform(self.machine.inputClosed(), requestID: 0)
        self.waitForRelease()
    }

    /// Writes a frame that means nothing to a client that closed its sending side while an answer is
    /// being worked out for it.
    ///
    /// To the server that looks the same as a client that is gone, until something is sent to it: one
    /// that is gone answers with a reset, which ends the connection and its work at once.
    private func probe() {
        self.send(
            .pong(durable: self.driver.engine.durable, time: self.driver.now()),
            to: 0,
            at: 0
        )
    }

    var isWritable: Bool {
        guard let context else { return false }
        return switch self.route {
        case .channel: context.channel.isWritable
        case .moving(_, let outbox, _), .fanout(let outbox, _): !outbox.isFull()
        }
    }

    // MARK: - Where bytes go

    /// Has the fan-out write this connection's bytes from now on.
    ///
    /// - Returns: Whether it can.
    func moveToFanout() -> Bool {
        guard case .channel = self.route, let context else { return true }
        let number = self.driver.nextConnectionNumber()
        guard let socket = self.driver.fanout.socket(of: context.channel, number) else {
            return false
        }
        let outbox = FanoutOutbox()
        self.route = .moving([], outbox, number)
        let loop = context.eventLoop
        let bound = NIOLoopBound(self, eventLoop: loop)
        let act: @Sendable (@escaping @Sendable (ConnectionHandler) -> Void) -> Void = { body in
            loop.execute { body(bound.value) }
        }
        let peer = FanoutPeer(
            outbox: outbox,
            becameWritable: { act { $0.becameWritable() } },
            finished: { act { $0.endSoon() } },
            gone: { act { $0.endSoon() } },
            ended: { requestID in act { $0.subscriptionEnded(requestID) } }
        )
        // What the channel was given goes out first.
        let written = loop.makePromise(of: Void.self)
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer()), promise: written)
        written.futureResult.assumeIsolated().whenSuccess { self.moved(socket, peer) }
        return true
    }

    private func moved(_ socket: any FanoutSocket, _ peer: FanoutPeer) {
        guard case .moving(let held, let outbox, let number) = self.route, self.context != nil
        else {
            return
        }
        self.route = .fanout(outbox, number)
        self.driver.fanout.post { $0.opened(number, socket, peer) }
        for buffer in held { self.driver.fanout.post { $0.answer(number, buffer) } }
        self.runBehind()
        if self.isClosing, self.pending.isEmpty { self.finish() }
    }

    /// Does something with the number of its place in the fan-out, once all answers before it were handed
    /// over.
    func behindReplies(_ action: @escaping (UInt32) -> Void) {
        self.behind.append((self.releasedByteCount + self.pending.byteCount, action))
    }

    /// Does what no answers are before any more.
    private func runBehind() {
        guard case .fanout(_, let number) = self.route else { return }
        while let next = self.behind.first, next.end <= self.releasedByteCount {
            self.behind.removeFirst()
            next.action(number)
        }
    }

    /// Hands over bytes that may be sent, and does what was to come between them.
    private func hand(_ bytes: UnsafeRawBufferPointer) {
        var offset = 0
        while case .fanout(_, let number) = self.route, let next = self.behind.first,
            next.end - self.releasedByteCount <= bytes.count - offset
        {
            let end = offset + next.end - self.releasedByteCount
            self.output(UnsafeRawBufferPointer(rebasing: bytes[offset..<end]))
            offset = end
            self.behind.removeFirst()
            next.action(number)
        }
        self.output(UnsafeRawBufferPointer(rebasing: bytes[offset...]))
    }

    private func output(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0, let context else { return }
        self.releasedByteCount += bytes.count
        var buffer = context.channel.allocator.buffer(capacity: bytes.count)
        buffer.writeBytes(bytes)
        self.output([buffer], context)
    }

    /// Hands over whole frames, in as many buffers as they have: nothing comes between those.
    private func output(_ frames: [ByteBuffer], _ context: ChannelHandlerContext) {
        let byteCount = frames.reduce(0) { $0 + $1.readableBytes }
        switch self.route {
        case .channel:
            for buffer in frames { context.write(self.wrapOutboundOut(buffer), promise: nil) }
            self.hasUnflushed = true
        case .moving(let held, let outbox, let number):
            outbox.add(byteCount)
            self.route = .moving(held + frames, outbox, number)
        case .fanout(let outbox, let number):
            outbox.add(byteCount)
            self.driver.fanout.post { fanout in
                for buffer in frames { fanout.answer(number, buffer) }
            }
        }
    }

    private func flush() {
        guard self.hasUnflushed else { return }
        self.hasUnflushed = false
        self.context?.flush()
    }

    /// The connection ends once all that it is owed was written.
    private func finish() {
        switch self.route {
        case .channel:
            self.abandon()
            return
        case .moving:
            // What is held comes first, then this again.
            break
        case .fanout(_, let number):
            self.driver.fanout.post { $0.finish(number) }
        }
        // One that does not read is not waited for.
        self.context?.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { self.endSoon() }
    }

    /// The fan-out has ended a subscription, and said why.
    private func subscriptionEnded(_ requestID: UInt64) {
        guard let byteCount = self.subscriptions.removeValue(forKey: requestID) else { return }
        self.driver.subscriptionBytes.give(byteCount, of: &self.subscriptionShare)
        self.driver.changedSubscriptions(by: -1)
    }

    /// Bytes that may wait to be sent to the client.
    private var outboxMax: Int {
        ConnectionShare.outboxByteCount(connections: self.driver.connections.count)
    }

    /// Whether the client reads fast enough for more of its answers to be made.
    var takesAnswers: Bool {
        self.isWritable && self.pending.byteCount < self.outboxMax
    }

    // MARK: - Frames

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
                isUsedUp = self.driver.used(frames.consumed - start) && frames.isPaused
            } while frames.isPaused && !isUsedUp && !self.machine.isClosed
        } catch {
            self.driver.metrics.refusedFrames += 1
            self.perform(self.machine.failed(error), requestID: 0)
        }
        return (frames.consumed, isUsedUp ? nil : frames.nextByteCount, isUsedUp)
    }

    /// Bytes of requests that are run between two looks at how much of the turn is used.
    private static let sliceByteCount = 8 << 10

    /// Runs all commands and reads of products that come next.
    ///
    /// They share one look at the clock, and one at whether anything may be written.
    ///
    /// - Returns: The first frame that is neither, or one that the connection may not run now.
    private func runCommands(_ frames: inout FrameReader) throws(WireError) -> Frame? {
        guard let opcode = frames.nextOpcode, Engine.runs(opcode) else {
            return try frames.next()
        }
        let context = self.writeContext()
        var counts = Engine.RunCounts()
        defer {
            self.driver.metrics.requests += counts.commands + counts.reads
            self.driver.metrics.queries += counts.reads
            self.driver.metrics.commands += counts.commands
            self.driver.metrics.refusedFrames += counts.malformed
        }
        return try self.driver.engine.run(
            &frames,
            session: self.session,
            context,
            &self.machine,
            isInUse: self.hasOpenAnswers ? { self.isInUse($0) } : nil,
            into: &self.pending,
            share: &self.keyShare,
            counting: &counts
        )
    }

    /// Whether a request may be answered in parts, or later, while others are answered.
    private var hasOpenAnswers: Bool {
        !self.answers.isEmpty || !self.subscriptions.isEmpty || !self.insights.isEmpty
            || !self.snapshots.isEmpty
    }

    private func isInUse(_ requestID: UInt64) -> Bool {
        self.answers.contains(requestID) || self.subscriptions[requestID] != nil
            || self.insights[requestID] != nil || self.snapshots.contains(requestID)
    }

    /// Whether the request may run.
    private func admit(_ frame: Frame) -> ConnectionStateMachine.Action {
        let id = frame.requestID
        return self.machine.requestReceived(id, isInUse: self.hasOpenAnswers && self.isInUse(id))
    }

    private func writeContext() -> Engine.Context {
        Engine.Context(
            actor: self.actor,
            now: self.driver.now(),
            refusal: self.driver.writeRefusal()
        )
    }

    private func receive(_ frame: Frame) {
        guard let opcode = Opcode(rawValue: frame.opcode), opcode.isRequest else {
            self.receiveUnknown(frame)
            return
        }
        if opcode == .hello {
            self.receiveHello(frame)
            return
        }
        switch self.admit(frame) {
        case .run:
            self.driver.metrics.requests += 1
            do throws(WireError) {
                try self.run(opcode, frame)
            } catch {
                self.driver.metrics.refusedFrames += 1
                self.reply(.refused(error.refusal), to: frame.requestID)
            }
        case let action:
            self.perform(action, requestID: frame.requestID)
        }
    }

    /// A whole frame that is no request: answered, since the next one can still be found.
    private func receiveUnknown(_ frame: Frame) {
        self.driver.metrics.refusedFrames += 1
        switch self.admit(frame) {
        case .run:
            let refusal = WireError.unknownOpcode(frame.opcode).refusal
            self.reply(.refused(refusal), to: frame.requestID)
        case let action:
            self.perform(action, requestID: frame.requestID)
        }
    }

    private func receiveHello(_ frame: Frame) {
        var reader = ByteReader(frame.body)
        do throws(ByteReaderError) {
            let hello = try Hello(from: &reader)
            try reader.finish()
            // The name goes into the ledger.
            guard !NormalizedText.hasControlCharacter(hello.actor) else {
                throw .invalidText(offset: 0)
            }
            let action = self.machine.helloReceived(hello)
            if action == .accept { self.accept(hello, frame.requestID) }
            self.perform(action, requestID: frame.requestID)
        } catch {
            self.perform(self.machine.failed(.malformedBody(.hello, error)), requestID: 0)
        }
    }

    private func accept(_ hello: Hello, _ requestID: UInt64) {
        self.actor = NormalizedText.trimmed(hello.actor)
        let durable = self.driver.engine.durable
        let accepted = HelloAccepted(
            version: ProtocolVersion.newest,
            databaseHigh: self.driver.database.bytes.0,
            databaseLow: self.driver.database.bytes.1,
            currencyCode: self.driver.engine.state.currency?.code ?? "",
            currencyDecimals: self.driver.engine.state.currency?.decimals ?? 0,
            durable: durable,
            serverTime: self.driver.now(),
            software: "invd \(InvdVersion.current)"
        )
        let frame = FrameWriter(.helloAccepted, requestID: requestID, into: &self.pending.writer)
        accepted.encode(into: &self.pending.writer)
        frame.finish(into: &self.pending.writer)
        // The currency it names is that of the first step.
        self.pending.mark(lsn: min(1, self.driver.engine.lsn), isFinal: false)
    }

    // MARK: - Requests

    private func run(_ opcode: Opcode, _ frame: Frame) throws(WireError) {
        var reader = ByteReader(frame.body)
        let id = frame.requestID
        let held = ByteBudget.held(body: frame.body.count)
        switch try Request(opcode, from: &reader) {
        case .openSession(let session, let mayCreate):
            self.open(session, mayCreate: mayCreate, id)
        case .command, .keyedCommand, .keyedOutcome, .getProduct:
            preconditionFailure("what the engine runs at once was run with what came before it")
        case .query(let query):
            self.driver.metrics.queries += 1
            self.driver.answer(query, to: id, of: self, holding: held)
        case .subscribe(let subscription):
            self.driver.subscribe(subscription, id, of: self, holding: held)
        case .insight(let insight):
            self.driver.metrics.queries += 1
            self.driver.answer(insight, to: id, of: self, holding: held)
        case .subscribeInsight(let insight):
            self.driver.subscribe(insight, id, of: self, holding: held)
        case .unsubscribe(let subscription):
            self.unsubscribe(subscription, id)
        case .cancel(let query):
            self.cancelAnswer(query)
            self.reply(.pong(durable: self.driver.engine.durable, time: self.driver.now()), to: id)
        case .ping:
            self.reply(
                .pong(durable: self.driver.engine.durable, time: self.driver.now()),
                to: id,
                at: 0
            )
        case .takeSnapshot:
            self.snapshots.insert(id)
            self.driver.takeSnapshot { [weak self] result in
                self?.snapshots.remove(id)
                switch result {
                case .success(let taken):
                    self?.reply(.snapshotTaken(taken), to: id)
                case .failure(let error):
                    let code: RefusalCode =
                        if case .full = error { .storageFull } else { .internal }
                    self?.reply(.refused(Refusal(code, .message("\(error)"))), to: id)
                }
                self?.releaseSoon()
            }
        }
    }

    private func open(_ id: SessionID, mayCreate: Bool, _ requestID: UInt64) {
        let context = self.writeContext()
        do throws(Refusal) {
            let driver = self.driver
            let isFull = self.sessionsCreated >= WireLimits.sessionsPerConnectionMax
            if isFull, mayCreate, driver.engine.state.standing(of: id) == nil {
                throw Self.tooManySessions
            }
            let before = driver.engine.lsn
            let standing = try driver.engine.openSession(
                id,
                mayCreate: mayCreate,
                context,
                unless: { driver.isOpen($0) }
            )
            if driver.engine.lsn > before { self.sessionsCreated += 1 }
            driver.changedSession(from: self.session, to: standing.number)
            self.session = standing.number
            self.reply(.sessionOpened(standing), to: requestID)
        } catch {
            // What it is refused for now says nothing of the state.
            self.reply(.refused(error), to: requestID, at: error.code.isRetryable ? 0 : nil)
        }
    }

    private static var tooManySessions: Refusal {
        let highest = Int64(WireLimits.sessionsPerConnectionMax)
        return Refusal(
            .overloaded,
            .range("sessions of a connection", value: highest + 1, lowest: 0, highest: highest)
        )
    }

    private func unsubscribe(_ subscription: UInt64, _ requestID: UInt64) {
        let reason = Refusal(.clientClosed, .message("unsubscribed"))
        self.driver.unsubscribeInsight(subscription, of: self, reason)
        self.driver.unsubscribe(subscription, of: self, reason)
        self.reply(
            .pong(durable: self.driver.engine.durable, time: self.driver.now()),
            to: requestID
        )
    }

    // MARK: - Answers

    /// Answers a request, once everything the answer can reflect is durable.
    func reply(_ message: ServerMessage, to requestID: UInt64, at lsn: UInt64? = nil) {
        guard !self.isClosing else { return }
        message.encodeFrame(requestID: requestID, into: &self.pending.writer)
        self.pending.mark(lsn: lsn ?? self.driver.engine.lsn, isFinal: true)
    }

    /// Sends a message that does not complete a request.
    func send(_ message: ServerMessage, to requestID: UInt64, at lsn: UInt64) {
        guard !self.isClosing else { return }
        message.encodeFrame(requestID: requestID, into: &self.pending.writer)
        self.pending.mark(lsn: lsn, isFinal: false)
    }

    /// Sends a message that was encoded for many, and does not complete a request.
    func send(_ frame: ServerFrame, to requestID: UInt64, at lsn: UInt64) {
        guard !self.isClosing else { return }
        let target = FrameWriter(frame.opcode, requestID: requestID, into: &self.pending.writer)
        self.pending.writer.write(bytes: frame.body)
        target.finish(into: &self.pending.writer)
        self.pending.mark(lsn: lsn, isFinal: false)
    }

    /// Sends frames of a streamed answer; `isLast` completes the request.
    func send(_ frames: [UInt8], at lsn: UInt64, isLast: Bool) {
        guard !self.isClosing else { return }
        self.pending.writer.write(bytes: frames)
        self.pending.mark(lsn: lsn, isFinal: isLast)
        self.releaseSoon()
    }

    /// Sends events of what is durable: straight away, or behind the replies that wait.
    func sendEvents(_ batch: EventBatch, _ requestID: UInt64) {
        guard !self.isClosing else { return }
        guard self.pending.isEmpty, let context else {
            batch.forEachBuffer(of: requestID) { buffer in
                buffer.withUnsafeReadableBytes { self.pending.writer.write(bytes: $0) }
            }
            self.pending.mark(lsn: batch.through, isFinal: false)
            return
        }
        var frame: [ByteBuffer] = []
        batch.forEachBuffer(of: requestID) { frame.append($0) }
        self.output(frame, context)
    }

    /// Writes events to the socket at once.
    func flushEvents() {
        self.flush()
        if !self.pending.isEmpty { self.releaseSoon() }
    }

    private func perform(_ action: ConnectionStateMachine.Action, requestID: UInt64) {
        switch action {
        case .accept, .run, .nothing:
            break
        case .refuse(let refusal):
            // It never ran, so it does not count as answered either.
            self.send(.refused(refusal), to: requestID, at: self.driver.engine.durable)
        case .close(let refusal):
            self.sayGoodbye(refusal)
        }
        if !self.pending.isEmpty || self.isClosing { self.waitForRelease() }
    }

    /// The last frame of the connection, behind all that is owed: answers that are still being made and
    /// subscriptions end before it.
    private func sayGoodbye(_ refusal: Refusal) {
        self.cancelAnswers()
        self.driver.unsubscribeAll(of: self, nil)
        self.driver.unsubscribeInsights(of: self, nil)
        self.send(.goodbye(refusal), to: 0, at: self.driver.engine.durable)
        self.isClosing = true
    }

    /// Has the driver call ``release(durable:)`` when more is durable, or this round is over.
    private func waitForRelease() {
        if !self.isWaiting {
            self.isWaiting = true
            self.driver.wait(self)
        }
        self.driver.tick()
    }

    func releaseSoon() { if self.context != nil { self.waitForRelease() } }

    /// Sends every reply that reflects only what is durable.
    func release(durable: UInt64) {
        self.isWaiting = false
        self.unwritten.written(through: durable)
        guard let context else { return }
        if self.isOver {
            self.abandon()
            return
        }
        let finals = self.write(durable)
        if finals > 0, case .close(let refusal) = self.machine.replied(finals) {
            self.sayGoodbye(refusal)
            _ = self.write(durable)
        }
        if self.isClosing, self.pending.isEmpty {
            self.finish()
            return
        }
        if !self.pending.isEmpty || self.unwritten.isFull {
            self.isWaiting = true
            self.driver.wait(self)
        }
        self.pauseReadingIfNeeded(context)
    }

    /// Writes what may go.
    ///
    /// - Returns: How many requests that completes.
    private func write(_ durable: UInt64) -> Int {
        let finals = self.pending.release(durable: durable) { self.hand($0) }
        self.runBehind()
        self.flush()
        return finals
    }

    // MARK: - Back pressure

    private func pauseReadingIfNeeded(_ context: ChannelHandlerContext) {
        let isFull =
            self.isDeferred || self.isAwaitingSpace || self.unwritten.isFull
            || self.pending.byteCount > self.outboxMax || !self.isWritable
        if isFull, !self.isReadPaused {
            self.isReadPaused = true
            context.channel.setOption(.autoRead, value: false).whenFailure { _ in
                // The channel closed meanwhile.
            }
        } else if !isFull {
            self.resumeReading()
        }
    }

    func resumeReading() {
        guard self.isReadPaused, !self.isDeferred, !self.isAwaitingSpace, !self.unwritten.isFull,
            let context, self.pending.byteCount <= self.outboxMax
        else { return }
        self.isReadPaused = false
        self.frameBegunAt = self.driver.milliseconds
        context.channel.setOption(.autoRead, value: true).whenFailure { _ in
            // The channel closed meanwhile.
        }
    }

    // MARK: - Stopping

    /// The server stops: subscriptions end with where to resume, requests that run are answered.
    func drain() {
        self.driver.unsubscribeAll(of: self, Refusal(.shuttingDown))
        self.driver.unsubscribeInsights(of: self, Refusal(.shuttingDown))
        self.perform(self.machine.drain(), requestID: 0)
        self.waitForRelease()
    }

    /// Closes the connection once there is time: many may end in one moment, and each costs system calls.
    private func endSoon() {
        guard self.context != nil else { return }
        self.isOver = true
        self.waitForRelease()
    }

    func abandon() { self.context?.close(mode: .all, promise: nil) }
}
