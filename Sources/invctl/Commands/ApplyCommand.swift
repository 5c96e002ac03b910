import ArgumentParser
import InventoryClient
import InventoryTransfer
import TerminalKit

struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Executes commands written as NDJSON, one object per line.",
        discussion: """
            Accepts every command that changes something, with its fields: see invctl help commands. \
            Lines are executed one by one, in order; errors are reported with line and field, and the \
            other lines are executed (exit 8). --atomic executes all of them as one step or none. A \
            retry with the same --id does not execute a line again that was executed before.

            Examples:
              echo '{"command":"createCategory","name":"Garden"}' | invctl apply -
              invctl apply orders.ndjson --id orders-2026-03-01
              invctl apply moves.ndjson --atomic
              invctl apply moves.ndjson --dry-run
            """
    )

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The file, or - for standard input.") var file: String
    @Flag(help: "Executes all commands as one step, or none.") var atomic = false
    @Flag(help: "Shows what it would do; changes nothing.") var dryRun = false
    @OptionGroup var retry: RetryOptions

    func validate() throws {
        if self.retry.firstTried != nil, !self.atomic {
            throw ValidationError("--first-tried applies to a single request: it needs --atomic")
        }
    }

    func run() async throws {
        let stream = try ByteStream(self.file, Subprocess.startFilter)
        var write = self.retry.request
        write.isDryRun = self.dryRun
        write.isDryRunOfMany = self.dryRun
        // An atomic batch is one request, which can be replayed; of many lines some may be executed.
        try await Shell.run(self.global, write: write, continuesSession: !self.atomic) { shell in
            if self.atomic {
                try await AtomicApply(shell, stream).run()
            } else {
                if let id = self.retry.id { try await shell.claim(id, for: "apply") }
                try await LinewiseApply(shell, stream).run()
            }
        }
    }
}
