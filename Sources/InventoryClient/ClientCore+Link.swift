internal import InventoryModel
internal import InventoryWire
internal import NIOCore

/// What becomes of the calls as connections come and go.
extension ClientCore {
    var wantsLink: Bool {
        !self.completions.isEmpty || !self.keyedCompletions.isEmpty || !self.questions.isEmpty
            || self.greeters.contains { $0.isWaiting } || self.openers.contains { $0.isWaiting }
    }

    func linkUnreachable(_ reason: String) {
        self.lastFailure = .unreachable(self.link.configuration.address, reason)
    }

    func linkAccepted(_ accepted: HelloAccepted) {
        self.accepted = accepted
        self.acceptedAt = self.loop.now
        self.completeGreeters(.success(accepted))
        self.perform(self.machine.accepted())
        self.sendKeyed()
        self.sendQuestions(self.questions.keys.sorted())
    }

    func linkLost(_ error: ClientError) {
        self.accepted = nil
        self.lastFailure = error
        self.machine.lost()
        self.keyed.lost()
        // An answer that has begun cannot be continued; its caller asks again.
        for (id, question) in self.questions where question.wasSent {
            self.questions[id] = nil
            _ = question.handler(.failure(error))
        }
        if error.code == .refused { self.completeGreeters(.failure(error)) }
    }

    func linkEnded(_ error: ClientError) {
        preconditionFailure("a client's link ends only when it is closed; this one did by \(error)")
    }

    // MARK: - Sending

    /// Sends questions that were not sent yet, if there is a connection that takes them.
    func sendQuestions(_ ids: [UInt64]) {
        guard self.machine.takesRequests else { return }
        for id in ids {
            guard let question = self.questions[id] else { continue }
            precondition(!question.wasSent, "request \(id) was sent before")
            self.questions[id]?.wasSent = true
            self.link.send(question.request, id: id)
        }
    }

    /// Sends the commands with a key that wait, if there is a connection that takes them.
    func sendKeyed() {
        guard self.machine.takesRequests else { return }
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

    func sendAgain(keyed id: UInt64) {
        guard self.machine.takesRequests else { return }
        if let again = self.keyed.takeAgain(id, at: self.serverTime) { self.send([again]) }
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
        case .openLater:
            self.loop.scheduleTask(in: .milliseconds(Self.retryMilliseconds)) {
                self.perform(self.machine.openIfWanted())
            }
        case .fail(let commands, let refusal):
            for pending in commands { self.fail(pending, refusal) }
        case .nothing:
            break
        }
    }

    /// The session of a command is gone.
    private func fail(_ pending: ClientStateMachine.PendingCommand, _ refusal: Refusal) {
        guard !pending.isUntouched else {
            self.complete(pending.requestID, .failure(.refused(refusal)))
            return
        }
        let problem = "command \(pending.sequence) had no answer, and its session is gone: "
        let error = ClientError.unknown(pending.sequence, problem + refusal.code.name)
        self.complete(pending.requestID, .failure(error))
    }

    // MARK: - Invariants

    /// - Complexity: O(n) for n calls that are under way.
    func checkInvariants() {
        self.link.machine.checkInvariants()
        self.machine.checkInvariants()
        self.keyed.checkInvariants()
        let phase = self.link.machine.phase
        precondition(!self.wantsLink || phase != .idle, "calls wait, and nobody connects")
        precondition(!self.wantsLink || phase != .closed, "calls wait for a client that is closed")
        let isAccepted = phase == .ready || phase == .leaving
        precondition(!self.machine.takesRequests || isAccepted, "requests over a link \(phase)")
        for (id, question) in self.questions {
            precondition(
                question.wasSent == self.machine.takesRequests,
                "request \(id) was sent: \(question.wasSent), over a link \(phase)"
            )
        }
    }
}
