internal import InventoryModel
internal import InventoryWire
internal import NIOCore

/// Performs what ``KeyedCommands`` says.
extension ClientCore {
    func submit(
        _ command: EncodedCommand,
        key: IdempotencyKey,
        firstTried: Instant?,
        _ completion: @escaping KeyedCompletion
    ) {
        self.loop.execute {
            guard !self.isClosed else {
                completion(.failure(ClientError(.closed)))
                return
            }
            // The key with its count, and the instant.
            let headByteCount = 1 + key.text.utf8.count + 9
            if let refusal = command.tooLarge(behind: headByteCount) {
                completion(.failure(.refused(refusal)))
                return
            }
            let id = self.takeRequestID()
            self.keyedCompletions[id] = completion
            self.keyed.submitted(
                KeyedCommands.Pending(
                    requestID: id,
                    key: key,
                    firstTried: firstTried,
                    command: command
                )
            )
            self.sendKeyed()
            self.link.want()
            self.loop.scheduleTask(in: self.timeout) { self.expire(keyed: id) }
        }
    }

    /// Sends what waits, if there is a connection that takes it.
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

    private func expire(keyed id: UInt64) {
        guard let completion = self.keyedCompletions.removeValue(forKey: id) else { return }
        switch self.keyed.givenUp(requestID: id) {
        case .unknown(let key):
            completion(.failure(.unknown(key, "no answer in time")))
        case .withdrawn, nil:
            if let refusal = self.turnedAway.removeValue(forKey: id) {
                completion(.failure(.refused(refusal)))
            } else {
                completion(.failure(ClientError(.unreachable, self.lastFailure.message)))
            }
        }
    }

    /// The client is closed: says of each command what is known.
    func abandonKeyed() {
        for (id, completion) in self.keyedCompletions {
            switch self.keyed.givenUp(requestID: id) {
            case .unknown(let key):
                completion(.failure(.unknown(key, "closed before its answer came")))
            case .withdrawn, nil:
                completion(.failure(ClientError(.closed)))
            }
        }
        self.keyedCompletions = [:]
    }

    /// Takes the answer to a command with a key.
    ///
    /// - Returns: Whether the message is one.
    func receivedKeyed(_ id: UInt64, _ message: ServerMessage) -> Bool {
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
            self.turnedAway[id] = message.refusal
            self.loop.scheduleTask(in: .milliseconds(Self.retryMilliseconds)) {
                guard self.machine.takesRequests else { return }
                if let again = self.keyed.takeAgain(id, at: self.serverTime) { self.send([again]) }
            }
        case .unknown(let key):
            self.complete(keyed: id, .failure(.unknown(key, "its outcome is forgotten")))
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

    private func complete(keyed id: UInt64, _ result: Result<KeyedOutcome, ClientError>) {
        self.turnedAway[id] = nil
        self.keyedCompletions.removeValue(forKey: id)?(result)
    }
}

extension ServerMessage {
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
        case .refused, .brief: nil
        }
    }
}
