import ArgumentParser
internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import TerminalKit

struct LogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "The server's write-ahead log: every step and its changes.",
        subcommands: [Inspect.self]
    )

    struct Inspect: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists steps of the log, oldest first, one row per change.",
            discussion: """
                Lists the last 20 steps, or those from --from to --to, inclusive. The log begins at \
                firstRetainedLsn of invctl stats; earlier state is in a snapshot. For a data \
                directory at rest use invd check DIR.

                Examples:
                  invctl log inspect
                  invctl log inspect --from 57 --to 57
                  invctl log inspect --where 'actor = pos-2' -o csv
                """
        )
        @OptionGroup var global: ListOptions
        @Option(help: "The first step.") var from: LSN?
        @Option(help: "The last step.") var to: LSN?

        /// The number of steps shown by default.
        private static let stepsShown: UInt64 = 20

        func validate() throws {
            if let from, let to, from > to {
                throw ValidationError("--from \(from) comes after --to \(to)")
            }
            if self.from == 0 { throw ValidationError("--from is 0; the first step is 1") }
            if self.global.watch {
                throw ValidationError("to follow the log use invctl watch stock, sales or products")
            }
        }

        func run() async throws {
            try await Shell.run(self.global) { shell in
                let durable = try await shell.client.ping()
                let last = min(self.to ?? durable, durable)
                let shown = min(last.value, Self.stepsShown)
                let from = self.from ?? LSN(last.value - shown + 1)
                try await shell.listLog(from...max(from, last))
            }
        }
    }
}

extension Shell {
    private static var logSchema: [ResultField] {
        [
            ResultField("lsn", .integer), ResultField("recordedAt", .instant),
            ResultField("actor", .text), ResultField("event", .text), ResultField("sku", .text),
            ResultField("detail", .text),
        ]
    }

    private static let logBlockRows = 500

    /// Lists the changes of some steps of the log.
    ///
    /// They come from a subscription that starts before the first step: the log is the feed.
    fileprivate func listLog(_ steps: ClosedRange<LSN>) async throws {
        var output = RowOutput(self.style(), self.listing)
        let sink = self.sink()
        var names = Names(self)
        // The first block determines the widths of the columns, so it should have more than one step.
        var block = ResultTable(Self.logSchema)
        let start = SubscriptionStart.after(steps.lowerBound.previous)
        var wantsMore = true
        for try await event in self.client.subscribe(Subscription(topics: .all, start: start)) {
            switch event {
            case .entry(let entry):
                if entry.lsn > steps.upperBound { wantsMore = false }
                guard wantsMore else { break }
                for change in entry.changes {
                    await names.learn(change, at: entry.lsn)
                    let text = ChangeText(names, decimals: self.server.currencyDecimals)
                    guard let row = text.row(change, .all) else { continue }
                    block.append(Self.row(entry, row))
                }
                wantsMore = entry.lsn < steps.upperBound
                guard block.rowCount >= Self.logBlockRows else { break }
                wantsMore = try output.take(block) && wantsMore
                block = ResultTable(Self.logSchema)
                try sink.write(&output.bytes)
            case .progress(let lsn):
                if lsn >= steps.upperBound { wantsMore = false }
            case .reset:
                throw await self.notRetained(steps.lowerBound)
            case .disconnected(let error):
                throw error.refusal == nil ? ClientError(.unreachable, error.message) : error
            case .began, .snapshot, .caughtUp, .verified, .mismatched:
                break
            }
            if !wantsMore { break }
        }
        _ = try output.take(block)
        output.finish()
        try sink.write(&output.bytes)
        sink.finish()
    }

    private static func row(_ entry: Entry, _ row: ChangeText.Row) -> [ResultCell] {
        var sku: ResultCell = .none
        var rest = row
        if let fact = row.facts.first(where: { $0.name == "sku" }) {
            sku = .text(fact.text)
            rest.facts.removeAll { $0.name == "sku" }
        }
        return [
            .integer(Int64(entry.lsn.value)), .integer(entry.time.microseconds),
            entry.actor.isEmpty ? .none : .text(entry.actor), .text(row.event), sku,
            .text(rest.sentence),
        ]
    }

    private func notRetained(_ lsn: LSN) async -> Failure {
        let first = try? await self.client.statistics()["firstRetainedLsn"].map { String($0) }
        return Failure(
            "not_retained",
            "the log no longer goes back to LSN \(lsn); it begins at \(first ?? "")",
            hint:
                "Earlier state is in a snapshot; invctl ledger list still has every movement.",
            exit: Exit.notFound
        )
    }
}
