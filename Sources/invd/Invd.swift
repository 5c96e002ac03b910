import ArgumentParser
internal import Bytes
import CPosix
import Durability
import Glibc
import InventoryServer
import Logging

/// The daemon: parses the options and runs the server until it is stopped.
@main
struct Invd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invd",
        abstract: "A real-time inventory engine: products, stock and sales, durable and live.",
        discussion: """
            Every setting is a flag or an environment variable; the flag takes precedence. Once it \
            serves, it prints "ready" with the addresses and the LSN as the first line on standard \
            output. Log lines go to standard error. SIGTERM or SIGINT stops it gracefully; SIGHUP, \
            SIGUSR1 and SIGUSR2 are ignored, with a log line.

            Exit: 0 stopped gracefully, 1 failed, 2 wrong usage, 3 the data is refused, 4 another \
            process has the directory open.
            """,
        version: "invd \(InvdVersion.current)",
        subcommands: [CheckCommand.self, RepairCommand.self, RestoreCommand.self]
    )

    @OptionGroup var options: ServerOptions

    func run() throws {
        let configuration = try self.options.configuration()
        var logger = Logger(label: "invd") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = self.options.logLevel
        let signals = Signals(logger)
        let server = Server(configuration: configuration, logger: logger) { status in
            let addresses = status.addresses.joined(separator: " ")
            Self.printLine("ready \(addresses) lsn \(status.lsn.value)")
        }
        do {
            try server.run { signals.waitForStop() }
        } catch let error as DurabilityError {
            logger.critical("\(error)")
            throw ExitCode(Self.exitCode(error))
        } catch {
            logger.critical("\(error)")
            throw ExitCode(1)
        }
    }

    static func exitCode(_ error: DurabilityError) -> Int32 {
        if case .locked = error { return 4 }
        return error.isDataRefused ? 3 : 1
    }

    /// Writes a line unbuffered, because the process that started the daemon waits for it.
    private static func printLine(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = bytes.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    }

    /// Seconds that a crash may take to write its backtrace.
    private static let crashReportSeconds: UInt32 = 30

    /// Runs the command line; usage errors exit with 2, as in most tools.
    static func main() {
        invd_end_on_fatal_signals(Self.crashReportSeconds)
        do {
            var command = try Self.parseAsRoot()
            try command.run()
        } catch let error as ExitCode {
            Self.exit(withError: error)
        } catch {
            let code = Self.exitCode(for: error)
            if code == .success { Self.exit(withError: error) }
            let message = Array((Self.fullMessage(for: error) + "\n").utf8)
            _ = message.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            Glibc.exit(2)
        }
    }
}
