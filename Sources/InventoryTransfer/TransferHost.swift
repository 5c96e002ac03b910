package import InventoryClient
package import InventoryModel
package import InventoryWire

/// The environment of a transfer: the connection that it runs on and the program that runs it.
///
///     file ⇄ transfer ⇄ client ⇄ server
///               │
///               └─▶ host    messages, programs that compress and decompress
///
/// A transfer does not depend on a command line or a terminal. The host supplies the options and
/// displays the messages.
package protocol TransferHost: TransferMessages {
    /// A connected client.
    var client: InventoryClient { get }
    /// The server's handshake: its currency and its request limits.
    var server: HelloAccepted { get }
    /// The client's session, whose sequence numbers make a transfer safe to run again.
    var session: SessionID { get }
    /// The idempotency key of a transfer that is a single request.
    var key: IdempotencyKey { get }
    /// Whether the client makes a dry run, so that nothing is changed.
    var isDryRun: Bool { get }
    /// The record of the import that is in progress; `nil` without one.
    var importRun: ImportRunHandle? { get }
    /// Starts programs that compress and decompress.
    var startFilter: FilterStart { get }

    /// Sends a command with the idempotency key ``key`` and records whether the outcome is a replay.
    ///
    /// The fingerprint decides whether a retry is the same command; without one the command's own
    /// bytes do.
    func sendWithKey(
        _ command: Command,
        fingerprint: RequestFingerprint?
    ) async throws -> Outcome

    /// Returns the outcome of the command with ``key`` in an earlier run; `nil` if the server does not
    /// remember one.
    ///
    /// - Throws: The refusal if the key belongs to another command.
    func outcomeUnderKey(_ fingerprint: RequestFingerprint) async throws -> Outcome?

    /// Returns the location with a code, or the default location if the code is `nil`.
    ///
    /// - Throws: ``Failure`` if there is no such location.
    func location(_ code: String?) async throws -> LocationID
}
