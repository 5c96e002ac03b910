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
            WatchCommand.self, ImportCommand.self, ExportCommand.self, ShellCommand.self,
            PingCommand.self, StatsCommand.self, VerifyCommand.self, SnapshotCommand.self,
            BenchCommand.self, ContextCommand.self, CompletionCommand.self, VersionCommand.self,
        ]
    )

    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.first == TerminalGuard.word {
            TerminalGuard.stand(Array(arguments.dropFirst()))
            return
        }
        Interruption.begin()
        Glibc.exit(await Self.run(arguments).rawValue)
    }

    /// Runs one command line, and tells what goes wrong.
    ///
    /// - Returns: The exit code.
    static func run(_ arguments: [String]) async -> ExitCode {
        let wantsJSON = CommandLineText.wantsJSON(arguments)
        do {
            if let failure = CommandLineText.unknownCommand(arguments, in: Self.self) {
                throw failure
            }
            var command = try await Self.asyncParseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return .success
        } catch let error as ExitCode {
            return error
        } catch let failure as Failure {
            failure.report(asJSON: wantsJSON)
            return failure.exit
        } catch {
            return Self.tell(error, wantsJSON)
        }
    }

    private static func tell(_ error: any Error, _ wantsJSON: Bool) -> ExitCode {
        if Self.exitCode(for: error) == .success {
            // Help, a version, a script of completions: asked for, so no error.
            Terminal.print(Self.fullMessage(for: error))
            return .success
        }
        if wantsJSON {
            Failure.usage(Self.message(for: error)).report(asJSON: true)
        } else {
            Terminal.note(Self.fullMessage(for: error))
        }
        return Exit.usage
    }
}
