public import InventoryModel

/// Why a call of the client library failed.
///
/// Every call ends by its deadline, or at once when its task is cancelled. A command was then executed, not
/// executed, or its outcome is ``Code-swift.struct/unknown``. A refusal of a command is not an error but an
/// `Outcome`.
public struct ClientError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of an error.
    ///
    /// Future versions may add more.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The name in words, such as `timed out`.
        public let description: String

        /// The server could not be reached by the deadline.
        ///
        /// A command was not executed and will not be.
        public static let unreachable = Code(description: "unreachable")
        /// The task of the call was cancelled.
        ///
        /// A command was not executed and will not be: one that was already sent is ``unknown`` instead.
        /// A query or an insight is cancelled at the server too.
        public static let cancelled = Code(description: "cancelled")
        /// The command was sent, but its answer did not arrive by the deadline or before the cancellation.
        ///
        /// It may have been executed, or may still be. A retry with the same session and sequence number,
        /// or with the same idempotency key, resolves it while the server remembers the outcome.
        public static let unknown = Code(description: "unknown")
        /// The answer to a query did not arrive by the deadline.
        public static let timedOut = Code(description: "timed out")
        /// The server refused the request, or all retries until the deadline; see ``ClientError/refusal``.
        ///
        /// A command was not executed and will not be.
        public static let refused = Code(description: "refused")
        /// A command that was to be decided before this one was not.
        ///
        /// The command was not executed and will not be.
        public static let outOfSequence = Code(description: "out of sequence")
        /// The received bytes do not follow the protocol.
        public static let protocolViolation = Code(description: "protocol violation")
        /// The client was closed.
        ///
        /// A command was not executed and will not be.
        public static let closed = Code(description: "closed")
    }

    /// The kind of error.
    public let code: Code
    /// What happened, for people; empty if the code says it all.
    public let message: String
    /// The server's refusal, if it refused the request.
    public let refusal: Refusal?
    /// The sequence number of a numbered command whose outcome is unknown.
    public let sequence: UInt64?
    /// The idempotency key of a keyed command whose outcome is unknown.
    public let key: IdempotencyKey?

    /// Creates an error, for tests of programs that use the library.
    public init(
        _ code: Code,
        _ message: String = "",
        refusal: Refusal? = nil,
        sequence: UInt64? = nil,
        key: IdempotencyKey? = nil
    ) {
        self.code = code
        self.message = message
        self.refusal = refusal
        self.sequence = sequence
        self.key = key
    }

    static func unreachable(_ address: ServerAddress, _ reason: String) -> ClientError {
        ClientError(.unreachable, "cannot connect to \(address): \(reason)")
    }

    static func refused(_ refusal: Refusal) -> ClientError {
        ClientError(.refused, "\(refusal.code.name)", refusal: refusal)
    }

    static func outOfSequence(_ sequence: UInt64) -> ClientError {
        ClientError(.outOfSequence, "command \(sequence): one before it was not decided")
    }

    static func unknown(_ sequence: UInt64, _ message: String) -> ClientError {
        ClientError(.unknown, message, sequence: sequence)
    }

    static func unknown(_ key: IdempotencyKey, _ message: String) -> ClientError {
        ClientError(.unknown, message, key: key)
    }

    /// The code and the message.
    public var description: String {
        self.message.isEmpty ? self.code.description : "\(self.code): \(self.message)"
    }
}
