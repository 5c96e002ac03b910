public import InventoryModel

/// Why a call of the client library did not give what was asked for.
///
/// Every call ends by its deadline, or at once when its task is cancelled, as done, not done, or unknown;
/// ``Code-swift.struct/unknown`` is the last. Refusals of a command are no errors: they are its `Outcome`.
public struct ClientError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of error it is.
    ///
    /// More may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// In words: `timed out`.
        public let description: String

        /// The server could not be asked by the deadline.
        ///
        /// Nothing was done, and a command will not be done later.
        public static let unreachable = Code(description: "unreachable")
        /// The task of the call was cancelled.
        ///
        /// Nothing was done, and a command will not be done later: one that was sent already is
        /// ``unknown`` instead. Of a query or an insight the server was told that nobody waits for the
        /// answer.
        public static let cancelled = Code(description: "cancelled")
        /// The command was sent, and no answer came by the deadline, or before its task was cancelled: it
        /// may have been carried out, or may yet be.
        ///
        /// Asking again with the same session and sequence number, or with the same idempotency key, settles
        /// it, for as long as the server remembers the outcome.
        public static let unknown = Code(description: "unknown")
        /// The answer to a query did not come by the deadline.
        public static let timedOut = Code(description: "timed out")
        /// The server refused the request until the deadline; see ``ClientError/refusal``.
        ///
        /// Nothing was done, and a command will not be done later.
        public static let refused = Code(description: "refused")
        /// What came is not the protocol.
        public static let protocolViolation = Code(description: "protocol violation")
        /// The client was closed.
        ///
        /// Nothing was done, and a command will not be done later.
        public static let closed = Code(description: "closed")
    }

    /// What kind of error it is.
    public let code: Code
    /// What happened, for a person; empty where the code says all.
    public let message: String
    /// What the server said, where it refused.
    public let refusal: Refusal?
    /// The sequence number of a command whose outcome is unknown.
    public let sequence: UInt64?
    /// The idempotency key of a command whose outcome is unknown.
    public let key: IdempotencyKey?

    /// An error, for tests of a program that uses the library.
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

    static func unknown(_ sequence: UInt64, _ message: String) -> ClientError {
        ClientError(.unknown, message, sequence: sequence)
    }

    static func unknown(_ key: IdempotencyKey, _ message: String) -> ClientError {
        ClientError(.unknown, message, key: key)
    }

    /// The code and what happened.
    public var description: String {
        self.message.isEmpty ? self.code.description : "\(self.code): \(self.message)"
    }
}
