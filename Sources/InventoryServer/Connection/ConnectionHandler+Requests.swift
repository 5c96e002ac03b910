internal import Bytes
internal import Durability
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire

/// Requests: those of the engine run at once, all others are passed to their service.
extension ConnectionHandler {
    /// Runs all commands and product reads at the front of `frames`.
    ///
    /// They share one read of the clock and one check whether writes are accepted.
    ///
    /// - Returns: The first frame that is neither, or one that the connection may not run now.
    func runCommands(_ frames: inout FrameReader) throws(WireError) -> Frame? {
        guard let opcode = frames.nextOpcode, Engine.runs(opcode) != nil else {
            return try frames.next()
        }
        let context = self.writeContext()
        var counts = Engine.RunCounts()
        defer { self.driver.metrics.count(counts) }
        return try self.driver.host.engine.run(
            &frames,
            session: self.session,
            context: context,
            machine: &self.machine,
            isInUse: self.hasOpenAnswers ? { self.isInUse($0) } : nil,
            into: &self.writer.pending,
            share: &self.keyShare,
            counting: &counts
        )
    }

    private func writeContext() -> Engine.Context {
        Engine.Context(
            principal: self.machine.principal,
            now: self.driver.context.now(),
            refusal: self.driver.writeRefusal()
        )
    }

    /// Whether a request may still be answered in parts, or later, while others are answered.
    var hasOpenAnswers: Bool {
        !self.queries.isEmpty || !self.snapshots.isEmpty
            || self.driver.events.registry.hasAny(of: self.id)
    }

    private func isInUse(_ requestID: UInt64) -> Bool {
        self.queries.contains(requestID) || self.snapshots.contains(requestID)
            || self.driver.events.registry.contains(requestID, of: self.id)
    }

    // MARK: - Frames

    /// Handles a complete frame that the engine does not run.
    func receive(_ frame: Frame) {
        let opcode = Opcode(rawValue: frame.opcode).flatMap { $0.isRequest ? $0 : nil }
        if opcode == .hello {
            self.receiveHello(frame)
            return
        }
        let id = frame.requestID
        let isInUse = self.hasOpenAnswers && self.isInUse(id)
        let action = self.machine.requestReceived(id, opcode, isInUse: isInUse)
        guard action == .run else {
            self.perform(action, requestID: id)
            return
        }
        do throws(WireError) {
            // A frame with an unknown opcode is answered too, since the next frame can still be found.
            guard let opcode else { throw .unknownOpcode(frame.opcode) }
            self.driver.metrics.requests += 1
            try self.run(opcode, frame)
        } catch {
            self.driver.metrics.refusedFrames += 1
            self.writer.reply(.refused(error.refusal), to: id)
        }
    }

    private func receiveHello(_ frame: Frame) {
        var reader = ByteReader(frame.body)
        do throws(ByteReaderError) {
            let hello = try Hello(from: &reader)
            try reader.finish()
            // The actor's name is recorded in the ledger.
            guard !NormalizedText.hasControlCharacter(hello.actor) else {
                throw .invalidText(offset: 0)
            }
            let action = self.machine.helloReceived(hello)
            if action == .accept { self.accept(frame.requestID) }
            self.perform(action, requestID: frame.requestID)
        } catch {
            self.perform(self.machine.failed(.malformedBody(.hello, error)), requestID: 0)
        }
    }

    private func accept(_ requestID: UInt64) {
        let accepted = self.driver.accepted()
        let pending = FrameWriter(
            .helloAccepted,
            requestID: requestID,
            into: &self.writer.pending.writer
        )
        accepted.encode(into: &self.writer.pending.writer)
        pending.finish(into: &self.writer.pending.writer)
        // The currency in the answer is that of the first step.
        self.writer.pending.mark(lsn: min(1, self.driver.host.lsn), isFinal: false)
    }

    // MARK: - Dispatch

    private func run(_ opcode: Opcode, _ frame: Frame) throws(WireError) {
        var reader = ByteReader(frame.body)
        let id = frame.requestID
        let held = ByteBudget.held(body: frame.body.count)
        switch try Request(opcode, from: &reader) {
        case .openSession(let session, let mayCreate):
            self.open(session, mayCreate: mayCreate, id)
        case .command, .keyedCommand, .keyedOutcome, .getProduct:
            preconditionFailure("\(opcode) is run by the engine, in runCommands")
        case .query(.stats):
            self.driver.metrics.queries += 1
            self.driver.answerStats(to: id, of: self.writer)
        case .query(let query):
            self.driver.metrics.queries += 1
            self.driver.queries.answer(query, to: id, of: self.queries, holding: held)
        case .subscribe(let subscription):
            self.driver.events.subscribe(subscription, id, of: self.writer, holding: held)
        case .insight(let insight):
            self.driver.metrics.queries += 1
            self.driver.queries.answer(insight, to: id, of: self.queries, holding: held)
        case .subscribeInsight(let insight):
            self.driver.insights.subscribe(insight, id, of: self.writer, holding: held)
        case .unsubscribe(let subscription):
            self.unsubscribe(subscription, id)
        case .cancel(let query):
            self.queries.cancel(query)
            self.writer.reply(self.driver.pong, to: id)
        case .ping:
            self.writer.reply(self.driver.pong, to: id, at: 0)
        case .takeSnapshot:
            self.takeSnapshot(id)
        }
    }

    private func unsubscribe(_ subscription: UInt64, _ requestID: UInt64) {
        let reason = Refusal(.clientClosed, .message("unsubscribed"))
        self.driver.insights.unsubscribe(subscription, of: self.id, reason)
        self.driver.events.unsubscribe(subscription, of: self.writer, reason)
        self.writer.reply(self.driver.pong, to: requestID)
    }

    private func takeSnapshot(_ id: UInt64) {
        self.snapshots.insert(id)
        self.driver.snapshots.take { [weak self] result in
            guard let self else { return }
            self.snapshots.remove(id)
            switch result {
            case .success(let taken):
                self.writer.reply(.snapshotTaken(taken), to: id)
            case .failure(let error):
                let code: RefusalCode = if case .full = error { .storageFull } else { .internal }
                self.writer.reply(.refused(Refusal(code, .message("\(error)"))), to: id)
            }
            self.writer.releaseSoon()
        }
    }

    // MARK: - Sessions

    private func open(_ id: SessionID, mayCreate: Bool, _ requestID: UInt64) {
        let context = self.writeContext()
        let (host, connections) = (self.driver.host, self.driver.connections)
        do throws(Refusal) {
            let isFull = self.sessionsCreated >= WireLimits.sessionsPerConnectionMax
            if isFull, mayCreate, host.engine.state.sessionStatus(of: id) == nil {
                throw Self.tooManySessions
            }
            let before = host.lsn
            let status = try host.engine.openSession(
                id,
                mayCreate: mayCreate,
                context,
                unless: { connections.isOpen($0) }
            )
            if host.lsn > before { self.sessionsCreated += 1 }
            connections.changedSession(from: self.session, to: status.number)
            self.session = status.number
            self.writer.reply(.sessionOpened(status), to: requestID)
        } catch {
            // A retryable refusal does not depend on the state, so it waits for no LSN.
            let lsn: LSN? = error.code.isRetryable ? 0 : nil
            self.writer.reply(.refused(error), to: requestID, at: lsn)
        }
    }

    private static var tooManySessions: Refusal {
        let highest = Int64(WireLimits.sessionsPerConnectionMax)
        return Refusal(
            .overloaded,
            .range("sessions of a connection", value: highest + 1, lowest: 0, highest: highest)
        )
    }
}
