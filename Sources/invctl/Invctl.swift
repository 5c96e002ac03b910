import ArgumentParser
import CPosix
import Glibc
import InventoryTransfer
import Synchronization
import TerminalKit

/// The entry point of the program.
package enum InvctlProgram {
    /// Runs the command line of the process and exits with its exit code.
    package static func run() async { await Invctl.main() }
}

/// The tree of commands.
struct Invctl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invctl",
        abstract: "Manages an inventory: products, stock, sales, live.",
        discussion: """
            Data goes to standard output, messages to standard error. invctl help errors lists the \
            exit codes, invctl help configuration the settings.

            Examples:
              invctl product list --where 'available < 5'
              invctl sell LAP-01=2 --ref POS-7781
              invctl top
            """,
        version: "invctl \(InvctlVersion.current)",
        subcommands: [
            ProductCommand.self, CategoryCommand.self, LocationCommand.self, StockCommand.self,
            SellCommand.self, ReturnCommand.self, UndoCommand.self,
            ReserveCommand.self, LedgerCommand.self, InsightCommand.self, QueryCommand.self,
            WatchCommand.self, ImportCommand.self, ExportCommand.self, ApplyCommand.self,
            TopCommand.self, ShellCommand.self,
            PingCommand.self, StatsCommand.self, VerifyCommand.self, SnapshotCommand.self,
            BackupCommand.self,
            LogCommand.self,
            BenchCommand.self, ContextCommand.self, CompletionCommand.self,
            HelpCommand.self, VersionCommand.self,
        ]
    )

    /// Seconds that a crash may take to write its backtrace.
    private static let crashReportSeconds: UInt32 = 30

    static func main() async {
        invd_end_on_fatal_signals(Self.crashReportSeconds)
        let arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.first == TerminalGuard.word {
            TerminalGuard.run(Array(arguments.dropFirst()), for: "invctl")
            return
        }
        if arguments.first == CompletionLine.word {
            Glibc.exit(await CompletionLine.run(Array(arguments.dropFirst())))
        }
        Interruption.begin()
        if arguments.first == ShellWorker.word {
            await ShellWorker.run()
            Glibc.exit(0)
        }
        var parsed = ParsedCommands()
        Glibc.exit(await Self.run(arguments, keeping: &parsed).rawValue)
    }

    /// Runs one command line and reports its errors.
    ///
    /// - Returns: The exit code.
    static func run(
        _ arguments: [String],
        keeping parsed: inout ParsedCommands
    ) async -> ExitStatus {
        let wantsJSON = CommandLineText.wantsJSON(arguments)
        Failure.color.withLock { $0 = CommandLineText.color(arguments) }
        do {
            let line = try await parsed.line(arguments) { try await Self.line($0) }
            try await RequestWords.$commandLine.withValue(line.arguments) {
                var command = line.command
                if var command = command as? any AsyncParsableCommand {
                    try await command.run()
                } else {
                    try command.run()
                }
            }
            return .success
        } catch let status as ExitStatus {
            return status
        } catch let error as ExitCode {
            return ExitStatus(error.rawValue)
        } catch is RowSink.ReaderLeft {
            return .success
        } catch let failure as Failure {
            failure.report(asJSON: wantsJSON)
            return failure.exit
        } catch let error as ValidationError {
            // The command found the error itself, so the usage would add nothing.
            Failure.usage(error.message).report(asJSON: wantsJSON)
            return Exit.usage
        } catch {
            return Self.report(error, wantsJSON)
        }
    }

    /// Parses a command line whose global options may precede the command.
    ///
    /// - Throws: ``Failure`` for an unknown command, or the parser's error.
    static func line(_ arguments: [String]) async throws -> ParsedCommands.Line {
        let arguments = try LeadingOptions.moved(arguments, in: Self.self)
        if let failure = CommandLineText.unknownCommand(arguments, in: Self.self) { throw failure }
        let command = try await Self.parsedWithNegatives(arguments)
        return ParsedCommands.Line(command: command, arguments: arguments)
    }

    /// Parses a command line in which values may be negative numbers.
    private static func parsedWithNegatives(
        _ arguments: [String]
    ) async throws -> any ParsableCommand {
        do {
            return try await self.parsed(arguments)
        } catch {
            let joined = NegativeValues.joined(arguments)
            guard joined != arguments, let parsed = try? await self.parsed(joined) else {
                throw error
            }
            return parsed
        }
    }

    /// Parses a command line.
    ///
    /// The command that its first words name is parsed by itself: the parser prepares all commands for one that
    /// may be any of them, which takes longer than executing most. Only that parser's errors and help name the
    /// command as it was typed.
    private static func parsed(_ arguments: [String]) async throws -> any ParsableCommand {
        if let (command, rest) = self.leaf(arguments[...]),
            let command = command as? any AsyncParsableCommand.Type,
            let parsed = try? await command.asyncParseAsRoot(rest),
            // A request for help is another command.
            type(of: parsed) == command
        {
            return parsed
        }
        return try await self.asyncParseAsRoot(arguments)
    }

    /// Returns the command that the first words name, if it has no subcommands, and the other words.
    private static func leaf(
        _ arguments: ArraySlice<String>
    ) -> (command: any ParsableCommand.Type, rest: [String])? {
        var command: any ParsableCommand.Type = Self.self
        var rest = arguments
        while !command.configuration.subcommands.isEmpty {
            guard let word = rest.popFirst(),
                let child = command.configuration.subcommands.first(where: { $0.name == word })
            else { return nil }
            command = child
        }
        return (command, Array(rest))
    }

    private static func report(_ error: any Error, _ wantsJSON: Bool) -> ExitStatus {
        if Self.exitCode(for: error) == .success {
            // Help, the version or a completion script, which is no error.
            HelpText.show(Self.fullMessage(for: error, columns: HelpText.parserWidth))
            return .success
        }
        if wantsJSON {
            Failure.usage(Self.message(for: error)).report(asJSON: true)
        } else {
            // The parser's message with the usage, under the common "error:" prefix.
            let text = HelpText.fitted(
                Self.fullMessage(for: error, columns: HelpText.parserWidth),
                to: Terminal.isError ? Terminal.size.columns : PageText.columnCount
            )
            let message = text.hasPrefix("Error: ") ? String(text.dropFirst(7)) : text
            Terminal.note(" " + message, after: Failure.head)
        }
        return Exit.usage
    }
}
