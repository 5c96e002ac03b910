/// What a session's numbers say about a request before it is decided.
public enum SequenceCheck: Sendable, Equatable {
    /// The next one: decide it.
    case next
    /// Decided before, with this outcome: give it again, byte for byte.
    case repeated([UInt8])
    /// Not to be decided.
    case refused(Refusal)
}

/// Where a session stands, as its client is told when it opens it.
public struct SessionStanding: Sendable, Hashable {
    /// What stands for the session in the log.
    public var number: UInt32
    /// The last sequence number that was decided.
    public var lastSequence: UInt64
    /// The oldest one whose outcome can still be asked for.
    public var oldestRemembered: UInt64

    public init(number: UInt32, lastSequence: UInt64, oldestRemembered: UInt64) {
        self.number = number
        self.lastSequence = lastSequence
        self.oldestRemembered = oldestRemembered
    }
}

extension InventoryState {
    /// Where the session with that id stands; nothing if it was never opened or is forgotten.
    public func standing(of id: SessionID) -> SessionStanding? {
        guard let number = self.sessions.number(of: id),
            let session = self.sessions.session(number)
        else { return nil }
        return SessionStanding(
            number: number,
            lastSequence: session.sequence,
            oldestRemembered: session.oldest
        )
    }

    /// The changes that open a session at `time`: those that make room for it, and its own.
    public func opening(_ id: SessionID, at time: Instant) -> [Change] {
        let expired = self.sessions.expiring(at: time)
        let opened = Change.sessionOpened(id, number: self.sessions.nextNumber)
        return expired.isEmpty ? [opened] : [.sessionsExpired(expired), opened]
    }

    /// Whether the request `sequence` of a session may be decided now.
    ///
    /// `digest`: Of the request's body: the same number with another body is refused.
    public func check(_ number: UInt32, sequence: UInt64, digest: UInt64) -> SequenceCheck {
        guard let session = self.sessions.session(number) else {
            return .refused(Refusal(.sessionExpired, .id(UInt64(number))))
        }
        let facts = Refusal.Detail.sequence(received: sequence, last: session.sequence)
        if sequence == session.sequence + 1 { return .next }
        if sequence > session.sequence { return .refused(Refusal(.sequenceGap, facts)) }
        guard let remembered = session.remembered(sequence) else {
            return .refused(Refusal(.outcomeForgotten, facts))
        }
        guard remembered.digest == digest else {
            return .refused(Refusal(.sequenceReused, facts))
        }
        return .repeated(remembered.outcome)
    }
}
