import ArgumentParser
import InventoryClient
import InventoryTransfer
import TerminalKit

struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Shows a live dashboard: sales, best sellers, low stock, the server.",
        discussion: """
            Shows sales per second, revenue today, best sellers, low stock and how long it lasts, each \
            sale as it happens, and the server's log, snapshot, subscribers and latencies. ? lists the \
            keys; / searches, : runs any command, Enter shows a product, q quits.

            Examples:
              invctl top
              invctl top --at depot
              invctl top --once -o json
            """
    )
    @OptionGroup var global: GlobalOptions
    @OptionGroup var times: ZoneOptions
    @Option(help: "Only this location.", completion: Candidates.ofLocation) var at: String?
    @Flag(help: "Prints it once and exits; needs no terminal.") var once = false

    func run() async throws {
        let hasTerminal = Terminal.isInput && Terminal.isOutput
        guard self.once || hasTerminal else {
            throw Failure.usage(
                "top draws on a terminal, but there is none",
                hint: """
                    invctl top --once prints it once; invctl stats, stock low and insight sales have \
                    the same data in every format.
                    """
            )
        }
        try await Shell.run(self.global, zone: self.times.zone) { shell in
            try shell.checkAnswerOptions()
            let location = try await self.at.asyncMap { try await shell.location($0) }
            let driver = TopDriver(shell, at: location)
            if self.once {
                try await driver.showOnce()
            } else {
                try await driver.run()
            }
        }
    }
}

extension Optional {
    fileprivate func asyncMap<Other>(
        _ body: (Wrapped) async throws -> Other
    ) async rethrows -> Other? {
        guard let self else { return nil }
        return try await body(self)
    }
}
