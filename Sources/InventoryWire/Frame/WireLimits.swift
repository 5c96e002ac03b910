/// Every limit of the network protocol, in one place; PROTOCOL.md's table is checked against it.
public enum WireLimits {
    /// Bytes of a request's body.
    public static let requestByteCountMax = 1 << 20
    /// Bytes of a reply's or an event's body.
    public static let replyByteCountMax = 64 << 20
    /// Unanswered requests of one connection; more are refused with `overloaded`.
    public static let inFlightMax = 4_096
    /// Subscriptions of one connection.
    public static let subscriptionsMax = 64
    /// Subscriptions of all connections together.
    public static let subscriptionsOfAllMax = 65_536
    /// Bytes of memory held by the subscriptions of one connection.
    public static let subscriptionByteCountPerConnectionMax = 16 << 20
    /// Bytes of memory held by the subscriptions of all connections together.
    public static let subscriptionByteCountMax = 256 << 20
    /// Different live insights of all connections together.
    public static let liveInsightsMax = 256
    /// Sessions that one connection creates: a quarter of the server's limit.
    public static let sessionsPerConnectionMax = 1_024
    /// Bytes queued in a client's outbox beyond which the server stops reading from it (back-pressure).
    public static let outboxByteCountMax = 4 << 20
    /// Bytes queued in all outboxes together; with many connections, each has an equal share.
    public static let outboxByteCountOfAll = 1 << 30
    /// Bytes that may be queued for one client, however many there are.
    public static let outboxByteCountMin = 64 << 10
    /// Bytes of events that are encoded for one subscriber at a time.
    ///
    /// A single step may exceed it.
    public static let eventsByteCountMax = 64 << 10
    /// Bytes of a backup in one message.
    public static let backupPieceByteCountMax = 128 << 10
    /// The lowest rate of a backup that a request may set, in bytes per second: a slower one would hold back the
    /// log for too long.
    public static let backupBytesPerSecondMin: UInt64 = 64 << 10
    /// Backups that run at once; another is refused with `overloaded`.
    public static let backupsMax = 1
    /// Milliseconds for which a backup waits for its reader; then it ends with `deadline_exceeded`.
    public static let backupStallMillisecondsMax = 300_000
    /// Dry runs of all connections whose copies are in memory; another is refused with `overloaded`.
    public static let dryRunsMax = 4
    /// Bytes of the log entries that the commands of a dry run would make; further commands are refused.
    ///
    /// They bound the memory that these commands take. The copy itself shares the tables with the state, and has
    /// indexes of its own, as large as the state's.
    public static let dryRunByteCountMax = 1 << 30
    /// Queries and insights of one connection that wait to start or for a query thread.
    public static let waitingQueriesPerConnectionMax = 1_024
    /// Queries and insights of all connections that wait to start or for a query thread.
    public static let waitingQueriesMax = 16_384
    /// Queries and insights of one connection that run at once, each on its own read view; others wait.
    public static let begunQueriesPerConnectionMax = 16
    /// Bytes of memory held by unfinished queries and insights of one connection.
    public static let openQueryByteCountPerConnectionMax = 16 << 20
    /// Bytes of memory held by unfinished queries and insights of all connections.
    public static let openQueryByteCountMax = 256 << 20
    /// Bytes that a held request counts as, whatever its content.
    public static let heldRequestByteCount = 1_024
    /// Bytes that a held request counts as per byte of its body: lists and sets are larger in memory.
    public static let heldByteCountPerByte = 8
    /// Bytes of a frame, including the header, for which there is always space.
    public static let smallFrameByteCountMax = 16 << 10
    /// Bytes of all larger incomplete frames; a connection that starts another is not read until there is
    /// space.
    public static let begunFrameByteCountMax = 64 << 20
    /// Default limit of work on a query, or on a part of its result, in milliseconds.
    public static let queryMilliseconds = 60_000
    /// Milliseconds until a client must have sent its hello.
    public static let helloMilliseconds = 10_000
    /// Milliseconds from the first byte of a frame to its last, while the server reads.
    public static let frameMilliseconds = 20_000
    /// Default time, in seconds, after which a connection without requests, subscriptions and pending
    /// replies is closed.
    public static let idleSeconds = 3_600
    /// Milliseconds between two progress messages on an idle subscription.
    public static let progressMilliseconds = 1_000
    /// Bytes of a hello's token.
    public static let tokenByteCountMax = 4_096
    /// UTF-8 bytes of a client's or server's software name.
    public static let softwareByteCountMax = 64
}
