/// Every maximum of the network, in one place; PROTOCOL.md's table is checked against it.
public enum WireLimits {
    /// Bytes of a request's body.
    public static let requestByteCountMax = 1 << 20
    /// Bytes of a reply's or an event's body.
    public static let replyByteCountMax = 64 << 20
    /// Requests of one connection that are not answered yet; more are refused with `overloaded`.
    public static let inFlightMax = 4_096
    /// Subscriptions of one connection.
    public static let subscriptionsMax = 64
    /// Different insights that all connections together subscribe to.
    public static let standingInsightsMax = 256
    /// Sessions that one connection creates: a quarter of all there may be.
    public static let sessionsPerConnectionMax = 1_024
    /// Bytes waiting to be sent to one client beyond which nothing more is read from it.
    public static let outboxByteCountMax = 4 << 20
    /// Bytes of events that are put together for one subscriber at once.
    ///
    /// A single step may be more.
    public static let eventsByteCountMax = 64 << 10
    /// Queries and insights of one connection that wait for a query thread.
    public static let waitingQueriesPerConnectionMax = 1_024
    /// Queries and insights of all connections that wait for a query thread.
    public static let waitingQueriesMax = 16_384
    /// Milliseconds of work on a query, or on a part of its answer, unless the server was told
    /// otherwise.
    public static let queryMilliseconds = 60_000
    /// Milliseconds a client has to say hello.
    public static let helloMilliseconds = 10_000
    /// Milliseconds from the first byte of a frame to its last, while the server reads.
    public static let frameMilliseconds = 20_000
    /// Milliseconds between two signs of progress on an idle subscription.
    public static let progressMilliseconds = 1_000
    /// Bytes of a hello's token.
    public static let tokenByteCountMax = 4_096
    /// UTF-8 bytes of a client's or server's software name.
    public static let softwareByteCountMax = 64
}
