import ArgumentParser
import InventoryClient
import InventoryTransfer
import TerminalKit

struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Carries out commands that are written as NDJSON, one object a line.",
        discussion: """
            Every command that changes something, by its name and its fields: invctl help commands \
            lists them. Each line is carried out on its own, in order, and what is wrong is told by \
            line and field; the rest is done (exit 8). --atomic has all of them done in one step or \
            none. Given again with the same --id, a line that was executed is not executed again.

            Examples:
              echo '{"command":"createCategory","name":"Garden"}' | invctl apply -
              invctl apply orders.ndjson --id orders-2026-03-01
              invctl apply moves.ndjson --atomic
              invctl apply moves.ndjson --dry-run
            """
    )

    @OptionGroup var global: GlobalOptions
    @Argument(help: "The file, or - for standard input.") var file: String
    @Flag(help: "All of them as one step, or none.") var atomic = false
    @Flag(help: "Says what it would do, and changes nothing.") var dryRun = false
    @OptionGroup var retry: RetryOptions

    func validate() throws {
        if self.retry.firstTried != nil, !self.atomic {
            throw ValidationError("--first-tried is of one request: it needs --atomic")
        }
    }

    func run() async throws {
        let stream = try ByteStream(self.file, Subprocess.startFilter)
        let write = self.retry.request
        // An atomic batch is one request, which can be asked for again; of many lines some are done.
        try await Shell.run(self.global, write: write, continuesSession: !self.atomic) { shell in
            if self.dryRun {
                try await ApplyDryRun(shell, stream, isAtomic: self.atomic).run()
            } else if self.atomic {
                try await AtomicApply(shell, stream).run()
            } else {
                if let id = self.retry.id { try await shell.claim(id, for: "apply") }
                try await LinewiseApply(shell, stream).run()
            }
        }
    }
}
