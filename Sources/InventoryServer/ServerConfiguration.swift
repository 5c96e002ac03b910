public import Durability
public import InventoryModel
public import InventoryWire

/// Every setting of a server, with its unit, default and effect.
public struct ServerConfiguration: Sendable {
    /// The directory of the database.
    ///
    /// One server at a time can open it.
    public var dataDirectory: String
    /// The host to listen on for TCP; `nil` for no TCP.
    public var host: String?
    /// The TCP port; 0 for any free port.
    public var port: Int
    /// The path of the Unix socket to listen on; `nil` for none.
    public var unixSocketPath: String?
    /// The currency of a new database.
    ///
    /// An existing database keeps its currency.
    public var currency: Currency
    /// Disk usage of the log.
    public var log: LogConfiguration
    /// Bytes of log after which the next snapshot is taken.
    ///
    /// Smaller values make restarts faster and write more.
    public var snapshotByteCount: Int
    /// Threads for queries and for reading old log files.
    ///
    /// Each takes a core that the engine may need.
    public var queryThreads: Int
    /// Milliseconds of work after which a query, or a part of its answer, is cancelled.
    public var queryMilliseconds: Int
    /// The limit of concurrent connections; further ones wait to be accepted.
    public var connectionsMax: Int
    /// Seconds after which an idle connection without requests and subscriptions is closed; 0 for never.
    public var idleSeconds: Int
    /// Seconds that open requests have to complete when the server stops.
    public var drainSeconds: Int
    /// Seconds between two scrubs, which read every file that no longer changes and heal damaged ones; 0 for
    /// never.
    public var scrubSeconds: Int
    /// Seconds for which a request is remembered under its idempotency key, at least.
    public var keyRetentionSeconds: Int64
    /// Bytes of memory for idempotency keys; one connection may use a quarter of it.
    ///
    /// At the limit new commands with a key are refused; no key is forgotten early.
    public var keyByteCountMax: Int
    /// The limits of a backup.
    public var backup: BackupLimits

    /// The limits of a backup that is being sent.
    public struct BackupLimits: Sendable, Equatable {
        /// Bytes per second; 0 for no limit.
        public var bytesPerSecondMax: Int
        /// Bytes of log written while a backup is sent, after which it ends.
        ///
        /// Until then older files of the log and a snapshot are retained for it.
        public var heldByteCountMax: Int

        /// Creates the limits.
        public init(bytesPerSecondMax: Int = 64 << 20, heldByteCountMax: Int = 4 << 30) {
            self.bytesPerSecondMax = bytesPerSecondMax
            self.heldByteCountMax = heldByteCountMax
        }
    }

    /// Creates a configuration; only the directory and the currency of a new database have no default.
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
        keyByteCountMax: Int = 512 << 20,
        backup: BackupLimits = BackupLimits()
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
        self.backup = backup
    }
}
