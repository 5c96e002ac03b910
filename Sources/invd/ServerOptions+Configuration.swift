internal import ArgumentParser
internal import Durability
internal import Glibc
internal import InventoryModel
internal import InventoryServer
internal import Logging

/// The configuration that the flags result in: each setting is its flag, else its environment variable, else its
/// default.
extension ServerOptions {
    var logLevel: Logger.Level {
        Self.text(self.logLevelName, "INVD_LOG_LEVEL").flatMap { Logger.Level(rawValue: $0) }
            ?? .info
    }

    private static func text(_ flag: String?, _ variable: String) -> String? {
        if let flag { return flag }
        guard let value = getenv(variable) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }

    private static func number(
        _ flag: Int?,
        variable: String,
        name: String,
        in range: ClosedRange<Int>,
        default standard: Int
    ) throws -> Int {
        var number = flag
        if number == nil, let text = Self.text(nil, variable) {
            guard let parsed = Int(text) else {
                throw ValidationError("\(variable) is '\(text)', not a whole number")
            }
            number = parsed
        }
        let value = number ?? standard
        guard range.contains(value) else {
            throw ValidationError(
                "--\(name) is \(value); it must be \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return value
    }

    /// Returns the validated configuration.
    ///
    /// - Throws: `ValidationError` for a missing or invalid setting.
    func configuration() throws -> ServerConfiguration {
        guard let directory = Self.text(self.dataDir, "INVD_DATA_DIR") else {
            throw ValidationError("the data directory is missing: --data-dir DIR")
        }
        let code = Self.text(self.currency, "INVD_CURRENCY") ?? "USD"
        guard let currency = Currency(code: code) else {
            throw ValidationError("--currency is '\(code)', not an ISO 4217 code such as EUR")
        }
        if let level = Self.text(self.logLevelName, "INVD_LOG_LEVEL"),
            Logger.Level(rawValue: level) == nil
        {
            throw ValidationError("--log-level is '\(level)', not a log level")
        }
        let fileMib = try Self.number(
            self.logFileMib,
            variable: "INVD_LOG_FILE_MIB",
            name: "log-file-mib",
            in: 1...4_096,
            default: 64
        )
        let retentionMib = try Self.number(
            self.logRetentionMib,
            variable: "INVD_LOG_RETENTION_MIB",
            name: "log-retention-mib",
            in: 0...1_048_576,
            default: 4_096
        )
        let (host, port) = try self.address()
        return ServerConfiguration(
            dataDirectory: directory,
            host: host,
            port: port,
            unixSocketPath: Self.text(self.unixSocket, "INVD_UNIX_SOCKET"),
            currency: currency,
            log: LogConfiguration(
                fileByteCount: fileMib << 20,
                retentionByteCount: retentionMib << 20
            ),
            snapshotByteCount: try Self.number(
                self.snapshotMib,
                variable: "INVD_SNAPSHOT_MIB",
                name: "snapshot-mib",
                in: 1...1_048_576,
                default: 256
            ) << 20,
            queryThreads: try Self.number(
                self.queryThreads,
                variable: "INVD_QUERY_THREADS",
                name: "query-threads",
                in: 1...64,
                default: 1
            ),
            queryMilliseconds: try Self.number(
                self.queryMilliseconds,
                variable: "INVD_QUERY_MILLISECONDS",
                name: "query-milliseconds",
                in: 1...86_400_000,
                default: 60_000
            ),
            connectionsMax: try Self.number(
                self.connections,
                variable: "INVD_CONNECTIONS",
                name: "connections",
                in: 1...1_000_000,
                default: 10_000
            ),
            idleSeconds: Int(
                try Self.seconds(
                    self.idleTimeout,
                    variable: "INVD_IDLE_TIMEOUT",
                    name: "idle-timeout",
                    in: 0...30 * 86_400,
                    default: 3_600
                )
            ),
            drainSeconds: try Self.number(
                self.drainSeconds,
                variable: "INVD_DRAIN_SECONDS",
                name: "drain-seconds",
                in: 0...3_600,
                default: 10
            ),
            scrubSeconds: try Self.number(
                self.scrubSeconds,
                variable: "INVD_SCRUB_SECONDS",
                name: "scrub-seconds",
                in: 0...31_536_000,
                default: 86_400
            ),
            keyRetentionSeconds: try Self.seconds(
                self.keyRetention,
                variable: "INVD_KEY_RETENTION",
                name: "key-retention",
                in: 1...30 * 86_400,
                default: 86_400
            ),
            keyByteCountMax: try Self.number(
                self.keyMemoryMib,
                variable: "INVD_KEY_MEMORY_MIB",
                name: "key-memory-mib",
                in: 1...16_384,
                default: 512
            ) << 20,
            backup: try self.backupLimits()
        )
    }

    private func backupLimits() throws -> ServerConfiguration.BackupLimits {
        ServerConfiguration.BackupLimits(
            bytesPerSecondMax: try Self.number(
                self.backupMibPerSecond,
                variable: "INVD_BACKUP_MIB_PER_SECOND",
                name: "backup-mib-per-second",
                in: 0...1_048_576,
                default: 64
            ) << 20,
            heldByteCountMax: try Self.number(
                self.backupHoldMib,
                variable: "INVD_BACKUP_HOLD_MIB",
                name: "backup-hold-mib",
                in: 1...1_048_576,
                default: 4_096
            ) << 20
        )
    }

    /// Returns a duration such as 24h, in seconds.
    private static func seconds(
        _ flag: String?,
        variable: String,
        name: String,
        in range: ClosedRange<Int64>,
        default standard: Int64
    ) throws -> Int64 {
        guard let text = Self.text(flag, variable) else { return standard }
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        let unit = text.last.flatMap { units[$0] }
        let digits = unit == nil ? text[...] : text.dropLast()
        let isNumber = digits.allSatisfy { $0.isASCII && $0.isNumber }
        let product = (isNumber ? Int64(digits) : nil)?.multipliedReportingOverflow(by: unit ?? 1)
        guard let product, !product.overflow,
            range.contains(product.partialValue)
        else {
            throw ValidationError(
                "--\(name) is '\(text)'; it must be a duration of \(range.lowerBound)s to 30d, such as 24h"
            )
        }
        return product.partialValue
    }

    private func address() throws -> (host: String?, port: Int) {
        let text = Self.text(self.listen, "INVD_LISTEN") ?? "127.0.0.1:7411"
        if text == "none" {
            guard Self.text(self.unixSocket, "INVD_UNIX_SOCKET") != nil else {
                throw ValidationError("--listen none needs a --unix-socket")
            }
            return (nil, 0)
        }
        guard let colon = text.lastIndex(of: ":"),
            text[text.index(after: colon)...].allSatisfy({ $0.isASCII && $0.isNumber }),
            let port = Int(text[text.index(after: colon)...]), (0...65_535).contains(port),
            colon > text.startIndex
        else {
            throw ValidationError("--listen is '\(text)', not HOST:PORT such as 127.0.0.1:7411")
        }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        let isUnprotected =
            self.unprotected || Self.text(nil, "INVD_UNPROTECTED").map { $0 == "1" } ?? false
        guard Self.isLoopback(host) || isUnprotected else {
            throw ValidationError(
                """
                other machines can reach \(host), and there is no access control yet: anyone could read \
                and change everything. Listen on 127.0.0.1, or use --unprotected to allow it.
                """
            )
        }
        return (host, port)
    }

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1"
            || (host.hasPrefix("127.") && host.split(separator: ".").count == 4)
    }
}
