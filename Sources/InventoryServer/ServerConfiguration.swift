public import Durability
public import InventoryModel
public import InventoryWire

/// Every setting of a server: its unit, its default, and what it changes.
public struct ServerConfiguration: Sendable {
    /// The directory that holds the database.
    ///
    /// One server has it at a time.
    public var dataDirectory: String
    /// Where to listen for TCP; nothing for no TCP at all.
    public var host: String?
    /// 0 takes any free port.
    public var port: Int
    /// Where to listen on a Unix socket; nothing for none.
    public var unixSocketPath: String?
    /// The currency of a database that has to be made.
    ///
    /// An existing one keeps its own.
    public var currency: Currency
    /// How the log uses the disk.
    public var log: LogConfiguration
    /// Bytes of log since the last snapshot after which the next one is taken.
    ///
    /// Fewer make restarts faster and write more.
    public var snapshotByteCount: Int
    /// Threads for queries and for reading old log files.
    ///
    /// Each is a core that the engine may lack.
    public var queryThreads: Int
    /// Milliseconds of work on a query, or on a part of its answer, after which it is ended.
    public var queryMilliseconds: Int
    /// Connections there may be at once; whoever comes beyond waits to be accepted.
    public var connectionsMax: Int
    /// Seconds for which a connection may ask nothing and listen to nothing; 0 for as long as it likes.
    public var idleSeconds: Int
    /// Seconds that open requests have to end when the server stops.
    public var drainSeconds: Int
    /// Seconds from one scrub to the next: every file that no longer changes is read, and healed
    /// where it is damaged.
    ///
    /// 0 for never.
    public var scrubSeconds: Int
    /// Seconds that a request is remembered under its idempotency key, at least.
    public var keyRetentionSeconds: Int64
    /// Bytes of memory that idempotency keys take, at most; a quarter of it for one connection.
    ///
    /// At the bound new commands with a key are refused: none is forgotten early.
    public var keyByteCountMax: Int

    public init(
        dataDirectory: String,
        host: String? = "127.0.0.1",
        port: Int = 7411,
        unixSocketPath: String? = nil,
        currency: Currency,
        log: LogConfiguration = LogConfiguration(),
        snapshotByteCount: Int = 256 << 20,
        queryThreads: Int = 1,
        queryMilliseconds: Int = WireLimits.queryMilliseconds,
        connectionsMax: Int = 10_000,
        idleSeconds: Int = WireLimits.idleSeconds,
        drainSeconds: Int = 10,
        scrubSeconds: Int = 86_400,
        keyRetentionSeconds: Int64 = 86_400,
        keyByteCountMax: Int = 512 << 20
    ) {
        self.dataDirectory = dataDirectory
        self.host = host
        self.port = port
        self.unixSocketPath = unixSocketPath
        self.currency = currency
        self.log = log
        self.snapshotByteCount = snapshotByteCount
        self.queryThreads = queryThreads
        self.queryMilliseconds = queryMilliseconds
        self.connectionsMax = connectionsMax
        self.idleSeconds = idleSeconds
        self.drainSeconds = drainSeconds
        self.scrubSeconds = scrubSeconds
        self.keyRetentionSeconds = keyRetentionSeconds
        self.keyByteCountMax = keyByteCountMax
    }
}
