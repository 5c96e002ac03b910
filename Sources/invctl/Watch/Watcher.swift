internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import TerminalKit

/// Prints the events of a subscription: one line each for people, one object each for programs.
struct Watcher {
    private let shell: Shell
    private let topics: SubscriptionTopics
    private let isJSON: Bool
    private var rest: UInt64?
    private var status = LiveStatus()
    private var names: Names

    init(_ shell: Shell, _ topics: SubscriptionTopics, limit: UInt64) {
        self.shell = shell
        self.topics = topics
        self.rest = limit == 0 ? nil : limit
        // Piped output is for programs; lists alone have the formats of rows that a setting may choose.
        self.isJSON = ![.table, .vertical].contains(shell.format)
        self.names = Names(shell)
    }

    /// Prints one event.
    ///
    /// - Returns: Whether to continue.
    /// - Throws: An error of the output.
    mutating func take(_ event: SubscriptionEvent) async throws -> Bool {
        self.status.take(event, now: TimeText.now().microseconds)
        switch event {
        case .began(let lsn, let hasSnapshot):
            if self.status.reconnectCount == 0 {
                let what = hasSnapshot ? "a snapshot, then changes" : "changes"
                self.note("watching: \(what) after LSN \(lsn)")
            }
        case .snapshot(let changes):
            for change in changes where self.rest != 0 {
                try await self.show(change, lsn: nil, time: nil, actor: "")
            }
        case .caughtUp(let lsn):
            self.note("caught up at LSN \(lsn)")
        case .entry(let entry):
            for change in entry.changes where self.rest != 0 {
                try await self.show(change, lsn: entry.lsn, time: entry.time, actor: entry.actor)
            }
        case .reset:
            self.note("reset: a snapshot follows")
        case .progress, .verified, .mismatched, .disconnected:
            break
        }
        for notice in self.status.takePending() { self.note(notice) }
        return self.rest != 0
    }

    private func note(_ text: String) { if !self.shell.options.isQuiet { Terminal.note(text) } }

    private mutating func show(
        _ change: Change,
        lsn: LSN?,
        time: Instant?,
        actor: String
    ) async throws {
        await self.names.learn(change, at: lsn)
        let text = ChangeText(self.names, decimals: self.shell.server.currencyDecimals)
        guard let row = text.row(change, self.topics) else { return }
        if let rest = self.rest { self.rest = rest - 1 }
        if self.isJSON {
            Terminal.print(Self.object(row, lsn: lsn, time: time, actor: actor).text)
            return
        }
        let stamp = time.map {
            String(self.shell.clock.format($0.microseconds).dropFirst(11).prefix(8))
        }
        let place = lsn.map { "LSN \($0)" } ?? "now"
        Terminal.say(
            "\(stamp ?? "--------")  \(place)  \(row.event)  \(row.sentence)"
                + (actor.isEmpty ? "" : "  by \(actor)")
        )
    }

    private static func object(
        _ row: ChangeText.Row,
        lsn: LSN?,
        time: Instant?,
        actor: String
    ) -> JSONObject {
        var object = JSONObject()
        if let lsn { object.add("lsn", raw: String(lsn.value)) }
        if let time { object.add("recordedAt", TimeText.format(time.microseconds)) }
        object.add("event", row.event)
        for member in row.facts.flatMap({ $0.members }) {
            object.add(member.name, raw: member.json)
        }
        if !actor.isEmpty { object.add("actor", actor) }
        return object
    }
}
