internal import ColumnStore

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

/// A request of a session that was decided: what ``Change/sessionAdvanced(number:sequence:digest:outcome:)``
/// says, with the outcome's bytes borrowed from where they were encoded.
public struct SessionAdvance {
    let number: UInt32
    let sequence: UInt64
    let digest: UInt64
    let outcome: UnsafeRawBufferPointer

    public init(
        number: UInt32,
        sequence: UInt64,
        digest: UInt64,
        outcome: UnsafeRawBufferPointer
    ) {
        self.number = number
        self.sequence = sequence
        self.digest = digest
        self.outcome = outcome
    }

    /// Bytes that it takes at most.
    var byteCountMax: Int { 9 + 3 * VarintCoding.byteCountMax + self.outcome.count }

    func encode(into writer: inout ByteWriter) {
        writer.append(atMost: self.byteCountMax) { self.encode(into: &$0) }
    }

    @inline(__always)
    func encode(into cursor: inout ByteCursor) {
        cursor.write(ChangeTag.sessionAdvanced.rawValue)
        cursor.writeVarint(UInt64(self.number))
        cursor.writeVarint(self.sequence)
        cursor.write(self.digest)
        cursor.writeVarint(UInt64(self.outcome.count))
        cursor.write(bytes: self.outcome)
    }

    /// Reads what follows the tag.
    init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.number = try reader.readVarint(as: UInt32.self, "session number")
        self.sequence = try reader.readVarint()
        self.digest = try reader.readUInt64()
        self.outcome = try reader.readBytes(try reader.readCount(limit: .max))
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
            oldestRemembered: session.outcomes.oldest
        )
    }

    /// The changes that open a session at `time`: those that make room for it, and its own.
    public func opening(_ id: SessionID, at time: Instant) -> [Change] {
        let expired = self.sessions.expiring(at: time)
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
