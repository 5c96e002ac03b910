internal import InventoryModel
internal import InventoryWire

/// Calls that end without their answer.
extension ClientCore {
    /// Why a call ends so.
    enum Ending {
        case expired
        case cancelled
        case closed

        /// Why nobody knows the outcome of a command that was sent.
        func reason(_ what: String) -> String {
            switch self {
            case .expired: "no answer\(what) in time"
            case .cancelled: "cancelled before its answer came"
            case .closed: "closed before its answer came"
            }
        }
    }

    func end(command id: UInt64, _ ending: Ending) {
        // It may have its answer by now.
        guard let completion = self.completions.removeValue(forKey: id) else { return }
        switch self.machine.givenUp(requestID: id) {
        case .withdrawn:
            self.perform(self.machine.moreToSend())
            completion(.failure(self.error(ofUnsent: id, ending)))
        case .unknown(let sequence):
            // It stays with its number: later ones are behind it, and its answer is still taken.
            let reason = ending.reason(" to command \(sequence)")
            completion(.failure(.unknown(sequence, reason)))
        case nil:
            // It was cancelled before it had a place.
            completion(.failure(self.error(ofUnsent: id, ending)))
        }
    }

    func end(keyed id: UInt64, _ ending: Ending) {
        guard let completion = self.keyedCompletions.removeValue(forKey: id) else { return }
        switch self.keyed.givenUp(requestID: id) {
        case .unknown(let key): completion(.failure(.unknown(key, ending.reason(""))))
        case .withdrawn, nil: completion(.failure(self.error(ofUnsent: id, ending)))
        }
    }

    /// A command that no copy of can be executed ends with this.
    private func error(ofUnsent id: UInt64, _ ending: Ending) -> ClientError {
        let refusal = self.turnedAway.removeValue(forKey: id)
        switch ending {
        case .cancelled: return ClientError(.cancelled)
        case .closed: return ClientError(.closed)
        case .expired:
            return refusal.map { .refused($0) }
                ?? ClientError(.unreachable, self.lastFailure.message)
        }
    }

    func end(question id: UInt64, _ ending: Ending) {
        guard let question = self.questions.removeValue(forKey: id) else { return }
        let error: ClientError
        switch ending {
        case .cancelled: error = ClientError(.cancelled)
        case .closed: error = ClientError(.closed)
        case .expired:
            let code: ClientError.Code = question.wasSent ? .timedOut : .unreachable
            error = ClientError(code, self.lastFailure.message)
        }
        if question.wasSent, question.request.isCancellable {
            // Nobody waits for the answer: the server need not work on it.
            self.link.send(.cancel(requestID: id), id: self.takeRequestID())
        }
        _ = question.handler(.failure(error))
    }
}

extension Request {
    /// Whether the server can end its work on the answer.
    fileprivate var isCancellable: Bool {
        switch self {
        case .query, .insight: true
        default: false
        }
    }
}
