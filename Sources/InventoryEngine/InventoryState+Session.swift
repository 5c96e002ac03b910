public import InventoryModel

/// The result of checking a request's session and sequence number.
public enum SequenceCheck: Sendable, Equatable {
    /// It is the next one: decide it.
    case next
    /// A retry: it was decided before, with this outcome. Return it again, byte for byte.
    case repeated([UInt8])
    /// The request must not be decided.
    case refused(Refusal)
}

extension InventoryState {
    /// Sessions that are remembered.
    public var sessionCount: Int { self.sessions.sessions.count }

    /// The last request and the remembered outcomes of the session with that id; `nil` if it was never opened
    /// or is forgotten.
    public func sessionStatus(of id: SessionID) -> SessionStatus? {
        guard let number = self.sessions.number(of: id),
            let session = self.sessions.session(number)
        else { return nil }
        return SessionStatus(
            number: number,
            lastSequence: session.sequence,
            oldestRemembered: session.outcomes.oldest
        )
    }

    /// The changes that open a session at `time`: those that expire others to make space, and its own.
    ///
    /// - Parameters:
    ///   - id: The id that the client chose.
    ///   - time: When the session is opened.
    ///   - isOpen: Whether the session of that number is open on a connection, and so must not expire.
    /// - Returns: The changes of the step.
    /// - Throws: `overloaded` if there are too many sessions and none may expire.
    public func opening(
        _ id: SessionID,
        at time: Instant,
        unless isOpen: (UInt32) -> Bool = { _ in false }
    ) throws(Refusal) -> [Change] {
        let expired = try self.sessions.expiring(at: time, unless: isOpen)
        let opened = Change.sessionOpened(id, number: self.sessions.nextNumber)
        return expired.isEmpty ? [opened] : [.sessionsExpired(expired), opened]
    }

    /// Whether `sequence` is the next of a session, which is what ``check(_:sequence:digest:)`` nearly
    /// always finds.
    public func isNext(_ sequence: UInt64, of number: UInt32) -> Bool {
        guard let slot = self.sessions.slot(number) else { return false }
        return sequence == self.sessions.sessions[slot].sequence + 1
    }

    /// Checks whether the request `sequence` of a session may be decided now.
    ///
    /// - Parameters:
    ///   - number: The number of the session.
    ///   - sequence: The request's sequence number.
    ///   - digest: The digest of the request's body: the same number with another body is refused.
    /// - Returns: Whether the request is the next one, a retry, or refused.
    public func check(_ number: UInt32, sequence: UInt64, digest: UInt64) -> SequenceCheck {
        guard let slot = self.sessions.slot(number) else {
            return .refused(Refusal(.sessionExpired, .id(UInt64(number))))
        }
        let last = self.sessions.sessions[slot].sequence
        if sequence == last + 1 { return .next }
        let facts = Refusal.Detail.sequence(received: sequence, last: last)
        if sequence > last { return .refused(Refusal(.sequenceGap, facts)) }
        let outcomes = self.sessions.sessions[slot].outcomes
        guard outcomes.remembers(sequence) else {
            return .refused(Refusal(.outcomeForgotten, facts))
        }
        guard outcomes.digest(sequence) == digest else {
            return .refused(Refusal(.sequenceReused, facts))
        }
        return .repeated([UInt8](outcomes.outcome(sequence)))
    }
}
