import ArgumentParser
import Glibc

/// The tree of commands.
@main
struct Invctl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invctl",
        abstract: "Drives an inventory: products, stock, sales, live.",
        discussion: """
            Exit: 0 done, 1 failed, 2 usage, 3 not found, 4 conflict, 5 refused for stock, 6 not \
            allowed, 7 unreachable or timed out (safe to retry with the same --id), 8 batch \
            partly done, 9 a check failed.
            """,
        version: "invctl \(InvctlVersion.current)",
        subcommands: [
            ProductCommand.self, CategoryCommand.self, LocationCommand.self, StockCommand.self,
            SellCommand.self, ReturnCommand.self, LedgerCommand.self, InsightCommand.self,
            WatchCommand.self, ImportCommand.self, ExportCommand.self, PingCommand.self,
            StatsCommand.self, VerifyCommand.self, SnapshotCommand.self, BenchCommand.self,
            VersionCommand.self,
        ]
    )

    /// Wrong usage exits with 2; everything a command threw has been told already.
    static func main() async {
        // A reader that goes away is an error of the write, not the end of the program by signal.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try Self.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as ExitCode {
            Glibc.exit(error.rawValue)
        } catch {
            let isHelp = Self.exitCode(for: error) == .success
            if isHelp { Self.exit(withError: error) }
            Terminal.note(Self.fullMessage(for: error))
            Glibc.exit(error is CSV.CSVError ? 1 : 2)
        }
    }
}
