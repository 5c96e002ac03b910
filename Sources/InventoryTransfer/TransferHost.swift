package import InventoryClient
package import InventoryModel
package import InventoryWire

/// What a transfer works with: the connection that it runs on, and the program around it.
///
///     file ⇄ transfer ⇄ client ⇄ server
///               │
///               └─▶ host    words on the way, programs that pack and unpack
///
/// A transfer knows neither a command line nor a terminal: whoever runs one says here what was asked
/// for, and shows what it says.
package protocol TransferHost: TransferMessages {
    /// A connected client.
    var client: InventoryClient { get }
    /// What the server said of itself: its currency, what a request may have.
    var server: HelloAccepted { get }
    /// The client's session, which names what a transfer sends so that it can be run again.
    var session: SessionID { get }
    /// What names the one request of a transfer that is done in one step.
    var key: IdempotencyKey { get }
    /// How programs that pack and unpack are started.
    var startFilter: FilterStart { get }

    /// How to connect once more, for another session.
    func configuration(session: SessionID) throws(Failure) -> ClientConfiguration

    /// Sends a command under ``key``, and notes whether it was executed before.
    ///
    /// `fingerprint`: What tells whether it is the same command; its own bytes if there is none.
    func sendWithKey(
        _ command: Command,
        fingerprint: RequestFingerprint?
    ) async throws -> Outcome

    /// What became of the command with ``key`` in an earlier run; `nil` if that is not remembered.
    ///
    /// - Throws: What refuses it, if the key is that of another command.
    func outcomeUnderKey(_ fingerprint: RequestFingerprint) async throws -> Outcome?

    /// The location of that code; the default one where none is named.
    ///
    /// - Throws: ``Failure`` if there is none.
    func location(_ code: String?) async throws -> LocationID
}
