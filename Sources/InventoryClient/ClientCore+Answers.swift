internal import InventoryModel
internal import InventoryWire
internal import NIOCore

/// Dispatches answers to the requests that wait for them.
extension ClientCore {
    func linkReceived(_ id: UInt64, _ message: ServerMessage) {
        if id == self.openRequestID, self.machine.phase == .opening {
            self.receivedOpening(message)
            return
        }
        if id == self.dryRunRequestID, self.machine.phase == .beginning {
            self.receivedDryRun(message)
            return
        }
        if self.receivedKeyed(id, message) || self.receivedAnswer(id, message) { return }
        // An answer to a call that has ended is dropped.
        guard let readRequest = self.readRequests[id] else { return }
        if case .refused(let refusal) = message {
            self.readRequests[id] = nil
            _ = readRequest.handler(.failure(.refused(refusal)))
        } else if readRequest.handler(.success(message)) {
            self.readRequests[id] = nil
        }
    }

    private func receivedDryRun(_ message: ServerMessage) {
        if let refusal = message.refusal { self.lastFailure = .refused(refusal) }
        self.begin(self.machine.dryRunAnswered(message.refusal))
    }

    private func receivedOpening(_ message: ServerMessage) {
        switch message {
        case .sessionOpened(let status):
            self.perform(self.machine.opened(status))
            self.completeSessionWaiters(.success(status))
        case .refused(let refusal):
            self.lastFailure = .refused(refusal)
            self.perform(self.machine.openingRefused(refusal))
            // The calls that wait for the session end by their deadlines.
            guard !self.machine.retries(refusal.code) else { return }
            self.completeSessionWaiters(.failure(.refused(refusal)))
            self.link.leave()
        default:
            self.link.leave()
        }
    }

    // MARK: - Numbered commands

    /// Handles an answer to a numbered command.
    ///
    /// - Returns: Whether the message is one.
    private func receivedAnswer(_ id: UInt64, _ message: ServerMessage) -> Bool {
        let settlement = self.machine.answered(requestID: id, refusal: message.refusal)
        switch settlement {
        case .stray:
            return false
        case .again:
            // The reason is that of the first command: a gap only means that this one waits for it.
            let isReason = message.refusal?.code.isRetryable ?? false
            let first = self.machine.numbered.pending.first?.requestID ?? id
            self.retryableRefusals[id] = isReason ? message.refusal : self.retryableRefusals[first]
            self.resendLater(id)
        case .stopped(let commands):
            let refusal = message.refusal ?? Refusal(.storageFull)
            for pending in commands {
                self.complete(pending.requestID, .failure(.refused(refusal)))
            }
        case .unknown(let sequence):
            let code = message.refusal?.code.name ?? "\(message.opcode)"
            self.complete(id, .failure(.unknown(sequence, "command \(sequence): \(code)")))
        case .settled:
            switch message {
            case .outcome(let outcome): self.complete(id, .success(outcome))
            case .refused(let refusal): self.complete(id, .success(.refused(refusal)))
            default:
                let problem = "\(message.opcode) answers a command"
                self.complete(id, .failure(ClientError(.protocolViolation, problem)))
            }
        }
        self.perform(self.machine.moreToSend())
        return true
    }

    /// Completes a command, unless its call has already ended.
    func complete(_ id: UInt64, _ result: Result<Outcome, ClientError>) {
        self.retryableRefusals[id] = nil
        self.completions.removeValue(forKey: id)?(result)
    }

    private func resendLater(_ id: UInt64) {
        self.loop.scheduleTask(in: .milliseconds(Self.retryMilliseconds)) {
            self.perform(self.machine.resending(after: id))
        }
    }

    // MARK: - Commands with a key

    /// Handles an answer to a command with an idempotency key.
    ///
    /// - Returns: Whether the message is one.
    private func receivedKeyed(_ id: UInt64, _ message: ServerMessage) -> Bool {
        let isReplay = message.opcode == .replayedOutcome
        let settlement = self.keyed.answered(
            requestID: id,
            refusal: message.refusal,
            time: message.doneAt,
            isReplay: isReplay
        )
        switch settlement {
        case .stray:
            return false
        case .again:
            self.retryableRefusals[id] = message.refusal
            self.loop.scheduleTask(in: .milliseconds(Self.retryMilliseconds)) {
                self.retry(keyed: id)
            }
        case .unknown(let key):
            self.complete(
                keyed: id,
                .failure(.unknown(key, "the server no longer remembers its outcome"))
            )
        case .settled(let isReplayed):
            switch message {
            case .outcome(let outcome), .replayedOutcome(let outcome):
                let result = KeyedOutcome(outcome: outcome, isReplayed: isReplayed)
                self.complete(keyed: id, .success(result))
            case .refused(let refusal):
                let result = KeyedOutcome(outcome: .refused(refusal), isReplayed: false)
                self.complete(keyed: id, .success(result))
            default:
                let problem = "\(message.opcode) answers a command"
                self.complete(keyed: id, .failure(ClientError(.protocolViolation, problem)))
            }
        }
        return true
    }

    /// Completes a command with a key, unless its call has already ended.
    func complete(keyed id: UInt64, _ result: Result<KeyedOutcome, ClientError>) {
        self.retryableRefusals[id] = nil
        self.keyedCompletions.removeValue(forKey: id)?(result)
    }
}

extension ServerMessage {
    /// The refusal of a request, whatever it came in.
    var refusal: Refusal? {
        switch self {
        case .refused(let refusal), .outcome(.refused(let refusal)),
            .replayedOutcome(.refused(let refusal)):
            refusal
        default: nil
        }
    }

    /// When what an outcome says was done, if anything was.
    fileprivate var doneAt: Instant? {
        switch self {
        case .outcome(let outcome), .replayedOutcome(let outcome): outcome.doneAt
        default: nil
        }
    }
}

extension Outcome {
    fileprivate var doneAt: Instant? {
        switch self {
        case .done(let done): done.time
        case .batch(let outcomes): outcomes.lazy.compactMap { $0.doneAt }.first
        case .refused, .errorsOnly: nil
        }
    }
}
