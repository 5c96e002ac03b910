internal import InventoryModel
internal import InventoryWire
internal import NIOCore

/// Sends and fails calls as connections are established and lost.
extension ClientCore {
    var needsConnection: Bool { self.machine.phase != .over && self.hasCalls }

    private var hasCalls: Bool {
        !self.completions.isEmpty || !self.keyedCompletions.isEmpty || !self.readRequests.isEmpty
            || self.helloWaiters.contains { $0.isWaiting }
            || self.sessionWaiters.contains { $0.isWaiting }
    }

    func linkUnreachable(_ reason: String) {
        self.lastFailure = .unreachable(self.link.configuration.address, reason)
        guard let limit = self.firstConnectMilliseconds, let greetedAt else { return }
        guard self.loop.now - greetedAt >= .milliseconds(limit) else { return }
        self.completeHelloWaiters(.failure(self.lastFailure))
    }

    /// How long failed attempts are repeated for those who wait for a hello; `nil` until their deadlines.
    private var firstConnectMilliseconds: Int64? {
        self.acceptedAt == .distantPast ? self.link.configuration.firstConnectMilliseconds : nil
    }

    func linkAccepted(_ accepted: HelloAccepted) {
        self.accepted = accepted
        self.acceptedAt = self.loop.now
        self.begin(self.machine.accepted())
    }

    /// Performs an action, and sends what waits if the server accepts requests from now on.
    func begin(_ action: ClientStateMachine.Action) {
        if self.machine.acceptsRequests, let accepted {
            self.completeHelloWaiters(.success(accepted))
        }
        self.perform(action)
        self.sendKeyed()
        self.sendReadRequests(self.readRequests.keys.sorted())
    }

    /// Fails all calls with the last failure.
    private func failAll() {
        let error = self.lastFailure
        self.completeHelloWaiters(.failure(error))
        self.completeSessionWaiters(.failure(error))
        for id in self.completions.keys { self.complete(id, .failure(error)) }
        for id in self.keyedCompletions.keys {
            _ = self.keyed.abandoned(requestID: id)
            self.complete(keyed: id, .failure(error))
        }
        for readRequest in self.readRequests.values { _ = readRequest.handler(.failure(error)) }
        self.readRequests = [:]
    }

    func linkLost(_ error: ClientError) {
        self.accepted = nil
        self.lastFailure = error
        self.keyed.lost()
        self.perform(self.machine.lost())
        // An answer that has begun cannot be resumed; its caller retries.
        for (id, readRequest) in self.readRequests where readRequest.wasSent {
            self.readRequests[id] = nil
            _ = readRequest.handler(.failure(error))
        }
        let isViolation = error.code == .protocolViolation && self.firstConnectMilliseconds != nil
        if error.code == .refused || isViolation { self.completeHelloWaiters(.failure(error)) }
    }

    func linkEnded(_ error: ClientError) {
        preconditionFailure(
            "a client's link ends only when it is closed; this one ended with \(error)"
        )
    }

    // MARK: - Sending

    /// Sends requests that were not sent yet, if there is a connection that accepts them.
    func sendReadRequests(_ ids: [UInt64]) {
        guard self.machine.acceptsRequests else { return }
        for id in ids {
            guard let readRequest = self.readRequests[id] else { continue }
            precondition(!readRequest.wasSent, "request \(id) was sent before")
            self.readRequests[id]?.wasSent = true
            self.link.send(readRequest.request, id: id)
        }
    }

    /// Sends the waiting commands with a key, if there is a connection that accepts them.
    func sendKeyed() {
        guard self.machine.acceptsRequests else { return }
        self.send(self.keyed.takeUnsent(at: self.serverTime))
    }

    private func send(_ commands: [KeyedCommands.Pending]) {
        guard !commands.isEmpty else { return }
        self.link.send { writer in
            for pending in commands {
                pending.command.encodeFrame(
                    key: pending.key,
                    firstTried: pending.firstTried,
                    requestID: pending.requestID,
                    into: &writer
                )
            }
        }
    }

    func retry(keyed id: UInt64) {
        guard self.machine.acceptsRequests else { return }
        if let again = self.keyed.takeRetry(id, at: self.serverTime) { self.send([again]) }
    }

    func perform(_ action: ClientStateMachine.Action) {
        switch action {
        case .openSession(let session, let mayCreate):
            self.openRequestID = self.takeRequestID()
            self.link.send(
                .openSession(session, mayCreate: mayCreate),
                id: self.openRequestID
            )
        case .send(let commands):
            self.link.send { writer in
                for pending in commands {
                    pending.command.encodeFrame(
                        sequence: pending.sequence,
                        requestID: pending.requestID,
                        into: &writer
                    )
                }
            }
        case .retryOpening:
            self.loop.scheduleTask(in: .milliseconds(Self.retryMilliseconds)) {
                self.perform(self.machine.openIfNeeded())
            }
        case .fail(let commands, let refusal):
            for pending in commands { self.fail(pending, refusal) }
        case .beginDryRun:
            self.dryRunRequestID = self.takeRequestID()
            self.link.send(.beginDryRun, id: self.dryRunRequestID)
        case .end:
            self.failAll()
            self.link.close()
        case .nothing:
            break
        }
    }

    /// Fails a command whose session no longer exists.
    private func fail(_ pending: ClientStateMachine.PendingCommand, _ refusal: Refusal) {
        guard !pending.isWithdrawable else {
            self.complete(pending.requestID, .failure(.refused(refusal)))
            return
        }
        let problem = "command \(pending.sequence) had no answer, and its session is gone: "
        let error = ClientError.unknown(pending.sequence, problem + refusal.code.name)
        self.complete(pending.requestID, .failure(error))
    }

    // MARK: - Invariants

    /// - Complexity: O(n) for n calls in progress.
    func checkInvariants() {
        self.link.checkInvariants()
        self.machine.checkInvariants()
        self.keyed.checkInvariants()
        let phase = self.link.machine.phase
        precondition(
            !self.needsConnection || phase != .idle,
            "calls wait without a connection attempt"
        )
        precondition(!self.needsConnection || phase != .closed, "calls wait for a closed client")
        let isAccepted = phase == .ready || phase == .leaving
        precondition(!self.machine.acceptsRequests || isAccepted, "requests over a link \(phase)")
        for (id, readRequest) in self.readRequests {
            precondition(
                readRequest.wasSent == self.machine.acceptsRequests,
                "request \(id) was sent: \(readRequest.wasSent), over a link \(phase)"
            )
        }
    }
}
