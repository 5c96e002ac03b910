/// The state of a session, which the server sends when its client opens it.
public struct SessionStatus: Sendable, Hashable {
    /// The number that represents the session in the log.
    public var number: UInt32
    /// The last sequence number that was decided; 0 if none was.
    public var lastSequence: UInt64
    /// The oldest sequence number whose outcome is still remembered.
    public var oldestRemembered: UInt64

    /// Creates a status from its numbers.
    public init(number: UInt32, lastSequence: UInt64, oldestRemembered: UInt64) {
        self.number = number
        self.lastSequence = lastSequence
        self.oldestRemembered = oldestRemembered
    }
}
