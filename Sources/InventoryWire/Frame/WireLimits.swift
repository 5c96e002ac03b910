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
    /// Subscriptions of all connections together.
    public static let subscriptionsOfAllMax = 65_536
    /// Bytes that the subscriptions of one connection hold by what they ask for.
    public static let subscriptionByteCountPerConnectionMax = 16 << 20
    /// Bytes that the subscriptions of all connections hold by what they ask for.
    public static let subscriptionByteCountMax = 256 << 20
    /// Different insights that all connections together subscribe to.
    public static let liveInsightsMax = 256
    /// Sessions that one connection creates: a quarter of all there may be.
    public static let sessionsPerConnectionMax = 1_024
    /// Bytes waiting to be sent to one client beyond which nothing more is read from it.
    public static let outboxByteCountMax = 4 << 20
    /// Bytes of that of all connections: many of them have equal parts of it.
    public static let outboxByteCountOfAll = 1 << 30
    /// Bytes that may wait for one client, however many there are.
    public static let outboxByteCountMin = 64 << 10
    /// Bytes of events that are put together for one subscriber at once.
    ///
    /// A single step may be more.
    public static let eventsByteCountMax = 64 << 10
    /// Queries and insights of one connection that wait, to begin or for a query thread.
    public static let waitingQueriesPerConnectionMax = 1_024
    /// Queries and insights of all connections that wait, to begin or for a query thread.
    public static let waitingQueriesMax = 16_384
    /// Queries and insights of one connection that are being answered, each from a state of its own; the
    /// others wait for those to end.
    public static let begunQueriesPerConnectionMax = 16
    /// Bytes that queries and insights of one connection hold which are not answered to the end.
    public static let openQueryByteCountPerConnectionMax = 16 << 20
    /// Bytes that queries and insights of all connections hold which are not answered to the end.
    public static let openQueryByteCountMax = 256 << 20
    /// Bytes that a request counts as while it is held, whatever it asks for.
    public static let heldRequestByteCount = 1_024
    /// Bytes that it counts as for each byte of its body: lists and sets take more than they do there.
    public static let heldByteCountPerByte = 8
    /// Bytes of a frame, header included, for which there always is space.
    public static let smallFrameByteCountMax = 16 << 10
    /// Bytes of all larger frames that were begun and are not whole; whoever begins another is not read
    /// until there is space.
    public static let begunFrameByteCountMax = 64 << 20
    /// Milliseconds of work on a query, or on a part of its answer, unless the server was told
    /// otherwise.
    public static let queryMilliseconds = 60_000
    /// Milliseconds a client has to say hello.
    public static let helloMilliseconds = 10_000
    /// Milliseconds from the first byte of a frame to its last, while the server reads.
    public static let frameMilliseconds = 20_000
    /// Seconds for which a connection may ask nothing, listen to nothing and await nothing, unless the server
    /// was told otherwise.
    public static let idleSeconds = 3_600
    /// Milliseconds between two signs of progress on an idle subscription.
    public static let progressMilliseconds = 1_000
    /// Bytes of a hello's token.
    public static let tokenByteCountMax = 4_096
    /// UTF-8 bytes of a client's or server's software name.
    public static let softwareByteCountMax = 64
}
