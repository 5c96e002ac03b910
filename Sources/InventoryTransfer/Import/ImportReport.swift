package import InventoryClient
package import InventoryModel
package import InventoryWire
import Synchronization

/// The host of an import whose result is one JSON object.
///
///     {"rows":7,"accepted":5,"rejected":2,"passedOver":0,
///      "rejectedRows":[{"row":3,"reason":"price: is empty"}],"notes":["encoding: utf-8"]}
///
/// It collects what the import says, where another host prints it, and passes on everything else.
package final class ImportReport: TransferHost {
    private let host: any TransferHost

    private struct Contents {
        var summary: ImportSummary?
        var rejected: RejectedRows?
        /// Lines of the result beside the summary, such as the changes of a dry run.
        var lines: [String] = []
        var notes: [String] = []
    }

    private let contents = Mutex(Contents())

    /// Creates a report of an import on the connection of `host`.
    package init(_ host: any TransferHost) { self.host = host }

    /// Prints the object; nothing if the import ended without a summary.
    package func finish() {
        let contents = self.contents.withLock { $0 }
        guard let summary = contents.summary else { return }
        var object = JSONObject()
        for count in summary.counts { object.add(count.name, raw: String(count.value)) }
        if !contents.lines.isEmpty { object.add("changes", raw: Self.array(contents.lines)) }
        let rejected = contents.rejected?.rows ?? []
        let rows = rejected.map { row -> String in
            var object = JSONObject()
            object.add("row", raw: String(row.number))
            object.add("reason", row.reason)
            return object.text
        }
        object.add("rejectedRows", raw: "[" + rows.joined(separator: ",") + "]")
        object.add("notes", raw: Self.array(contents.notes))
        self.host.print(object)
    }

    private static func array(_ lines: [String]) -> String {
        let quoted = lines.flatMap { $0.split(separator: "\n") }
            .map { JSONObject.quoted(String($0).trimmingSpace) }
        return "[" + quoted.joined(separator: ",") + "]"
    }

    // MARK: - What the import says

    package func print(_ summary: ImportSummary) { self.contents.withLock { $0.summary = summary } }
    package func print(_ line: String) { self.contents.withLock { $0.lines.append(line) } }
    package func note(_ line: String) { self.contents.withLock { $0.notes.append(line) } }
    package func list(rejected rows: RejectedRows) {
        self.contents.withLock { $0.rejected = rows }
    }

    // MARK: - What it needs

    package var client: InventoryClient { self.host.client }
    package var server: HelloAccepted { self.host.server }
    package var session: SessionID { self.host.session }
    package var key: IdempotencyKey { self.host.key }
    package var isDryRun: Bool { self.host.isDryRun }
    package var importRun: ImportRunHandle? { self.host.importRun }
    package var startFilter: FilterStart { self.host.startFilter }
    package var report: TransferReport { self.host.report }
    package var isQuiet: Bool { self.host.isQuiet }
    package var showsProgress: Bool { self.host.showsProgress }

    package func sendWithKey(
        _ command: Command,
        fingerprint: RequestFingerprint?
    ) async throws -> Outcome {
        try await self.host.sendWithKey(command, fingerprint: fingerprint)
    }

    package func outcomeUnderKey(_ fingerprint: RequestFingerprint) async throws -> Outcome? {
        try await self.host.outcomeUnderKey(fingerprint)
    }

    package func location(_ code: String?) async throws -> LocationID {
        try await self.host.location(code)
    }

    package func print(_ object: JSONObject) { self.host.print(object) }
    package func progress(_ line: String) { self.host.progress(line) }
    package func endProgress() { self.host.endProgress() }
    package func setInterruptionMessage(_ message: String?) {
        self.host.setInterruptionMessage(message)
    }
    package func onInterruption(_ cleanUp: @escaping @Sendable () -> Void) {
        self.host.onInterruption(cleanUp)
    }
}
