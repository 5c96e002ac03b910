import ArgumentParser

/// The flags of the server, each with its environment variable and default.
struct ServerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The data directory; created if missing. Only one invd can have it open. "
                + "[INVD_DATA_DIR]",
            valueName: "dir"
        )
    )
    var dataDir: String?

    @Option(
        help: ArgumentHelp(
            "The TCP address to listen on; 'none' for no TCP, port 0 for any free port. "
                + "[INVD_LISTEN; default 127.0.0.1:7411]",
            valueName: "host:port"
        )
    )
    var listen: String?

    @Option(
        help: ArgumentHelp(
            "A Unix socket to listen on as well. [INVD_UNIX_SOCKET]",
            valueName: "path"
        )
    )
    var unixSocket: String?

    @Flag(
        help: """
            Allows listening on an address that other machines can reach, although there is no access \
            control yet: anyone can read and change everything. [INVD_UNPROTECTED=1]
            """
    )
    var unprotected = false

    @Option(
        help: ArgumentHelp(
            "The ISO 4217 currency of a new database; an existing one keeps its own. "
                + "[INVD_CURRENCY; default USD]",
            valueName: "code"
        )
    )
    var currency: String?

    @Option(
        help: ArgumentHelp(
            "The size of a log file in MiB. Two are allocated in advance; larger files are recycled "
                + "less often. [INVD_LOG_FILE_MIB; default 64]",
            valueName: "mib"
        )
    )
    var logFileMib: Int?

    @Option(
        help: ArgumentHelp(
            "MiB of old log retained for subscribers that resume; beyond it they need a new snapshot. "
                + "[INVD_LOG_RETENTION_MIB; default 4096]",
            valueName: "mib"
        )
    )
    var logRetentionMib: Int?

    @Option(
        help: ArgumentHelp(
            "MiB of log after which a snapshot is taken. Lower values make restarts faster but cause "
                + "more writes. [INVD_SNAPSHOT_MIB; default 256]",
            valueName: "mib"
        )
    )
    var snapshotMib: Int?

    @Option(
        help: ArgumentHelp(
            "The number of query threads; each may take a core from the engine. "
                + "[INVD_QUERY_THREADS; default 1]",
            valueName: "count"
        )
    )
    var queryThreads: Int?

    @Option(
        help: ArgumentHelp(
            "The maximum milliseconds of work on a query, or on a part of its answer; beyond it the "
                + "query ends with deadline_exceeded. [INVD_QUERY_MILLISECONDS; default 60000]",
            valueName: "milliseconds"
        )
    )
    var queryMilliseconds: Int?

    @Option(
        help: ArgumentHelp(
            "The maximum number of connections, fewer if the limit of open files (ulimit -n) is "
                + "lower; further ones wait to be accepted. "
                + "[INVD_CONNECTIONS; default 10000]",
            valueName: "count"
        )
    )
    var connections: Int?

    @Option(
        help: ArgumentHelp(
            "The time after which a connection without requests and subscriptions is closed: 1h, 90m, "
                + "30s; 0 for never. [INVD_IDLE_TIMEOUT; default 1h]",
            valueName: "duration"
        )
    )
    var idleTimeout: String?

    @Option(
        help: ArgumentHelp(
            "Seconds that open requests have to finish when the server stops. "
                + "[INVD_DRAIN_SECONDS; default 10]",
            valueName: "seconds"
        )
    )
    var drainSeconds: Int?

    @Option(
        help: ArgumentHelp(
            "Seconds between scrubs, which read all files that no longer change and repair damaged "
                + "pages; 0 for never. [INVD_SCRUB_SECONDS; default 86400]",
            valueName: "seconds"
        )
    )
    var scrubSeconds: Int?

    @Option(
        help: ArgumentHelp(
            "How long idempotency keys are remembered, at least: 24h, 90m, 30s. A retry within that "
                + "time returns the first answer. [INVD_KEY_RETENTION; default 24h]",
            valueName: "duration"
        )
    )
    var keyRetention: String?

    @Option(
        help: ArgumentHelp(
            "MiB of memory for idempotency keys, some 90 bytes each; one connection can use at most a "
                + "quarter. At the limit new keys are refused, and none is forgotten early. "
                + "[INVD_KEY_MEMORY_MIB; default 512]",
            valueName: "mib"
        )
    )
    var keyMemoryMib: Int?

    @Option(
        help: ArgumentHelp(
            "MiB per second at which a backup is sent at most, so that it leaves the disk and the network to "
                + "sales; 0 for no limit. [INVD_BACKUP_MIB_PER_SECOND; default 64]",
            valueName: "mib"
        )
    )
    var backupMibPerSecond: Int?

    @Option(
        help: ArgumentHelp(
            "MiB of log written while a backup is sent. Older files are retained for it until then; beyond "
                + "it the backup ends with overloaded. [INVD_BACKUP_HOLD_MIB; default 4096]",
            valueName: "mib"
        )
    )
    var backupHoldMib: Int?

    @Option(
        name: .customLong("log-level"),
        help: ArgumentHelp(
            "The minimum level of log lines: trace, debug, info, notice, warning, error or critical. "
                + "[INVD_LOG_LEVEL; default info]",
            valueName: "level"
        )
    )
    var logLevelName: String?
}
