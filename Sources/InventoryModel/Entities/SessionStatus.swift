/// Where a session stands, as its client is told when it opens it.
public struct SessionStatus: Sendable, Hashable {
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
