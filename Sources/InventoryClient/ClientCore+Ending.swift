internal import InventoryModel
internal import InventoryWire

/// Ends calls that have no answer: at their deadline, by cancellation, or when the client closes.
extension ClientCore {
    /// Why a call ends without an answer.
    enum Ending {
        case expired
        case cancelled
        case closed

        /// Returns why the outcome of a command that was sent is unknown.
        func reason(_ what: String) -> String {
            switch self {
            case .expired: "no answer\(what) in time"
            case .cancelled: "cancelled before its answer came"
            case .closed: "closed before its answer came"
            }
        }
    }

    func end(command id: UInt64, _ ending: Ending) {
        // It may already have its answer.
        guard let completion = self.completions.removeValue(forKey: id) else { return }
        switch self.machine.abandoned(requestID: id) {
        case .withdrawn(let behind):
            self.perform(self.machine.moreToSend())
            completion(.failure(self.error(ofUnsent: id, ending)))
            for pending in behind {
                self.complete(pending.requestID, .failure(.outOfSequence(pending.sequence)))
            }
        case .unknown(let sequence):
            // The command keeps its number: later ones wait behind it, and its answer is still accepted.
            let reason = ending.reason(" to command \(sequence)")
            completion(.failure(.unknown(sequence, reason)))
        case nil:
            // It was cancelled before it was queued.
            completion(.failure(self.error(ofUnsent: id, ending)))
        }
    }

    func end(keyed id: UInt64, _ ending: Ending) {
        guard let completion = self.keyedCompletions.removeValue(forKey: id) else { return }
        switch self.keyed.abandoned(requestID: id) {
        case .unknown(let key): completion(.failure(.unknown(key, ending.reason(""))))
        case .withdrawn, nil: completion(.failure(self.error(ofUnsent: id, ending)))
        }
    }

    /// Returns the error for a command of which no copy can be executed.
    private func error(ofUnsent id: UInt64, _ ending: Ending) -> ClientError {
        let refusal = self.retryableRefusals.removeValue(forKey: id)
        switch ending {
        case .cancelled: return ClientError(.cancelled)
        case .closed: return ClientError(.closed)
        case .expired:
            return refusal.map { .refused($0) }
                ?? ClientError(.unreachable, self.lastFailure.message)
        }
    }

    func end(readRequest id: UInt64, _ ending: Ending) {
        guard let readRequest = self.readRequests.removeValue(forKey: id) else { return }
        let error: ClientError
        switch ending {
        case .cancelled: error = ClientError(.cancelled)
        case .closed: error = ClientError(.closed)
        case .expired:
            let code: ClientError.Code = readRequest.wasSent ? .timedOut : .unreachable
            error = ClientError(code, self.lastFailure.message)
        }
        if readRequest.wasSent, readRequest.request.isCancellable {
            // The answer is no longer needed: the server stops working on it.
            self.link.send(.cancel(requestID: id), id: self.takeRequestID())
        }
        _ = readRequest.handler(.failure(error))
    }
}

extension Request {
    /// Whether the server can cancel its work on the answer.
    fileprivate var isCancellable: Bool {
        switch self {
        case .query, .insight: true
        default: false
        }
    }
}
