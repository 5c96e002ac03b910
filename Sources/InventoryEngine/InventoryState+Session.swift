public import InventoryModel

/// What a session's numbers say about a request before it is decided.
public enum SequenceCheck: Sendable, Equatable {
    /// The next one: decide it.
    case next
    /// Decided before, with this outcome: give it again, byte for byte.
    case repeated([UInt8])
    /// Not to be decided.
    case refused(Refusal)
}

extension InventoryState {
    /// Sessions that are remembered.
    public var sessionCount: Int { self.sessions.sessions.count }

    /// Where the session with that id stands; nothing if it was never opened or is forgotten.
    public func standing(of id: SessionID) -> SessionStatus? {
        guard let number = self.sessions.number(of: id),
            let session = self.sessions.session(number)
        else { return nil }
        return SessionStatus(
            number: number,
            lastSequence: session.sequence,
            oldestRemembered: session.outcomes.oldest
        )
    }

    /// The changes that open a session at `time`: those that make space for it, and its own.
    ///
    /// `isOpen`: Whether the session of that number is open on a connection, and so must stay.
    ///
    /// - Throws: `overloaded` if there are too many sessions, and none may go.
    public func opening(
        _ id: SessionID,
        at time: Instant,
        unless isOpen: (UInt32) -> Bool = { _ in false }
    ) throws(Refusal) -> [Change] {
        let expired = try self.sessions.expiring(at: time, unless: isOpen)
        let opened = Change.sessionOpened(id, number: self.sessions.nextNumber)
        return expired.isEmpty ? [opened] : [.sessionsExpired(expired), opened]
    }

    /// Whether `sequence` is the next of a session: what ``check(_:sequence:digest:)`` nearly always
    /// finds.
    public func isNext(_ sequence: UInt64, of number: UInt32) -> Bool {
        guard let slot = self.sessions.slot(number) else { return false }
        return sequence == self.sessions.sessions[slot].sequence + 1
    }

    /// Whether the request `sequence` of a session may be decided now.
    ///
    /// `digest`: Of the request's body: the same number with another body is refused.
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
