internal import Bytes
internal import InventoryModel
internal import InventoryWire

/// The server as the place where a connection lives: its loop's turns, and what connections share.
///
/// Used on the engine's loop.
protocol ConnectionHost: AnyObject {
    /// The parts of a new connection that other objects of the server share.
    func connectionParts() -> ConnectionParts
    func connected(_ connection: ConnectionHandler)
    func disconnected(_ connection: ConnectionHandler)
    /// Whether the server stops.
    var isDraining: Bool { get }
    /// Seconds without a request after which a connection ends; 0 for never.
    var idleSeconds: Int { get }
    /// The newest LSN.
    var lsn: LSN { get }
    /// The newest durable LSN.
    var durable: LSN { get }
    /// The server's description of itself, for an authorized client.
    func accepted() -> HelloAccepted
    /// The reply to a ping, with the durable LSN.
    var pong: ServerMessage { get }

    /// Milliseconds of the loop's monotonic clock.
    var milliseconds: Int64 { get }
    var turns: RequestTurns { get }
    var metrics: ServerMetrics { get }
    /// Writes what was decided, and releases replies, once this round of socket reads is over.
    func endRound()

    // Space for large frames

    /// Whether a connection waits for space.
    var isSpaceWanted: Bool { get }
    /// Claims space for a large frame that a connection has begun.
    ///
    /// - Returns: Whether there is space; if not, the connection is notified once there is.
    func begunFrame(_ id: ConnectionID, _ byteCount: Int) -> Bool
    /// Releases the space of a connection's large frame, which is complete or abandoned.
    func endedFrame(_ id: ConnectionID)
}

/// The parts of a connection that other objects of the server share.
struct ConnectionParts {
    var writer: ConnectionWriter
    var queries: ConnectionQueries
}

/// What runs the requests of a connection: the server, or a dry run in its place.
///
/// Every answer goes to the connection's writer. Used on the engine's loop.
protocol RequestService: AnyObject {
    /// Runs all commands and product reads at the front of `frames`.
    ///
    /// They share one read of the clock and one check whether writes are accepted. `isInUse` reports whether
    /// another request with an ID is still being answered; `nil` where none can be.
    ///
    /// - Returns: The first frame that is neither, or one that the connection may not run now.
    func run(
        _ frames: inout FrameReader,
        session: UInt32?,
        machine: inout ConnectionStateMachine,
        isInUse: ((UInt64) -> Bool)?,
        into pending: inout PendingReplies,
        share: inout KeyShare
    ) throws(WireError) -> Frame?
    /// Answers any other request, except those below.
    ///
    /// `heldByteCount` is the memory of the request while it is open.
    func answer(
        _ request: Request,
        to requestID: UInt64,
        of queries: ConnectionQueries,
        holding heldByteCount: Int
    )
    /// Opens a session in place of the connection's.
    func openSession(
        _ id: SessionID,
        mayCreate: Bool,
        for principal: Principal,
        in session: inout ConnectionSession,
        to requestID: UInt64,
        of writer: ConnectionWriter
    )
    /// Takes a snapshot now, or joins the one that is being taken.
    func takeSnapshot(_ completion: @escaping (Result<SnapshotTaken, Refusal>) -> Void)

    /// Begins a dry run of a connection, and answers the request once it can run others.
    ///
    /// - Returns: What runs the connection's requests from now on; `nil` if the dry run is refused.
    func beginDryRun(
        of writer: ConnectionWriter,
        sessionBefore: UInt32?,
        to requestID: UInt64
    ) -> (any RequestService)?

    /// The connection is closed; `session` is the one that it had open.
    func connectionClosed(session: UInt32?)
}

/// The server as the sender of subscriptions and backups, which continue during a dry run of their connection.
///
/// Used on the engine's loop.
protocol ConnectionStreams: AnyObject {
    /// Whether subscriptions or a backup are sent over a connection.
    func hasStreams(_ id: ConnectionID) -> Bool
    /// Whether a request is that of a subscription or a backup that is still being sent.
    func isStreamed(_ requestID: UInt64, of id: ConnectionID) -> Bool
    /// Ends a backup that is sent over a connection.
    func endBackup(over id: ConnectionID)
    /// Ends all of a connection's subscriptions; `reason` is sent to each, if there is one.
    func unsubscribeAll(of writer: ConnectionWriter, _ reason: Refusal?)
    /// The fan-out has ended a subscription.
    func subscriptionEnded(_ requestID: UInt64, of id: ConnectionID)
    /// The connection is writable again: publishes what it could not accept before.
    func becameWritable(_ id: ConnectionID)
    /// The connection is closed: forgets its subscriptions and its backup.
    func forgetStreams(of id: ConnectionID)
}
