internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import Synchronization
import TerminalKit

/// Shows a live list: a subscription signals changes, and the query is re-executed.
///
///     terminal   redrawn in place, at most ten times a second, below the state of the connection
///     piped      an object for each row that is added, changed or removed, as NDJSON
///
/// After a reconnect the subscription resumes where it was, so no change is missed, and the query is
/// re-executed. After a long query the next waits several times as long, so that a list does not load a server
/// that changes all the time.
struct ListWatch {
    /// The state of the subscription, shared with the drawing task.
    struct State: Sendable {
        var status = LiveStatus()
        var isDirty = true
        var isOver = false
        var failure: ClientError?
        var scroll = WatchScroll()
    }

    private let shell: Shell
    private let query: Query
    private let omitting: Set<String>
    private let state = SharedState()

    /// The minimum time between two redraws.
    private static let pause = Duration.milliseconds(100)
    /// The pause after a query, as a multiple of the time that it took.
    private static let pauseOfQuery = 4
    /// The rows that are formatted beyond those on the screen: scrolling to them needs no query.
    private static let rowsAhead = 500
    /// The most rows that are counted.
    private static let countMax = 100_000

    final class SharedState: Sendable {
        let value = Mutex(State())
        let wake: AsyncStream<Void>
        private let continuation: AsyncStream<Void>.Continuation

        init() {
            let made = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
            self.wake = made.stream
            self.continuation = made.continuation
        }

        func change(_ body: (inout State) -> Void) {
            self.value.withLock { body(&$0) }
            self.continuation.yield()
        }
    }

    init(_ shell: Shell, _ query: Query, omitting: Set<String>) {
        self.shell = shell
        self.query = query
        self.omitting = omitting
    }

    func run() async throws {
        let session = Terminal.isOutput ? TerminalSession(.fullScreen) : nil
        defer { session?.leave() }
        let state = self.state
        Interruption.setMessage("stopped watching; nothing was changed")
        Interruption.state.withLock { $0.resized = { state.change { $0.isDirty = true } } }
        let client = self.shell.client
        let subscription = Task { await Self.listen(client, state) }
        let clock = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: .seconds(1))
                state.change { _ in
                    // Redraws only: the clock advanced.
                }
            }
        }
        let keys = Task {
            guard let session else { return }
            for await key in session.keys() {
                state.change { if $0.scroll.take(key) == .leave { $0.isOver = true } }
            }
        }
        defer { for task in [subscription, keys] { task.cancel() } }
        defer { clock.cancel() }
        if session == nil {
            try await self.printChanges()
        } else {
            try await self.redraw()
        }
        Interruption.setMessage(nil)
    }

    private static func listen(_ client: InventoryClient, _ state: SharedState) async {
        let subscription = Subscription(topics: .all, start: .now)
        do {
            for try await event in client.subscribe(subscription) { self.take(event, state) }
        } catch let error as ClientError where error.code != .cancelled {
            state.change {
                $0.failure = error
                $0.isOver = true
            }
        } catch {
            state.change { $0.isOver = true }
        }
    }

    private static func take(_ event: SubscriptionEvent, _ state: SharedState) {
        let now = TimeText.now().microseconds
        state.change { state in
            state.status.take(event, now: now)
            switch event {
            case .began, .entry, .snapshot, .reset: state.isDirty = true
            case .progress, .caughtUp, .verified, .mismatched, .disconnected: break
            }
        }
    }

    // MARK: - Answers

    /// Waits for a change and returns the state before it is marked clean; `nil` once the watch is over.
    private func next() async throws -> State? {
        for await _ in self.state.wake {
            let state = self.state.value.withLock { state in
                let copy = state
                _ = state.status.takePending()
                if !state.status.isLost { state.isDirty = false }
                return copy
            }
            if let failure = state.failure { throw failure }
            return state.isOver ? nil : state
        }
        return nil
    }

    /// Re-executes the query; returns `false` if the connection was lost meanwhile.
    private func runQuery(_ take: (ResultTable, LSN) throws -> Bool) async throws -> Bool {
        do {
            for try await part in self.shell.client.rows(of: self.query) {
                if try !take(part.table, part.lsn) { break }
            }
            return true
        } catch let error as ClientError where error.code == .unreachable || error.code == .timedOut
        {
            self.state.value.withLock { $0.isDirty = true }
            return false
        }
    }

    // MARK: - On a terminal

    private func redraw() async throws {
        var frame: WatchFrame?
        var isStale = true
        var nextQuery = ContinuousClock.now
        self.state.change { _ in
            // The first drawing needs no change.
        }
        while let state = try await self.next() {
            let space = max(1, Terminal.size.rows - 2)
            let wanted = state.scroll.top + space
            isStale = isStale || state.isDirty
            self.draw(frame, state, space: space)
            let isShort = frame.map { $0.rows.count < min(wanted, $0.total) } ?? true
            if isStale || isShort, !state.status.isLost, ContinuousClock.now >= nextQuery {
                let start = ContinuousClock.now
                if let fresh = try await self.frame(rows: wanted + Self.rowsAhead) {
                    (frame, isStale) = (fresh, false)
                    self.draw(frame, state, space: space)
                }
                nextQuery = .now + (ContinuousClock.now - start) * Self.pauseOfQuery
            }
            try await Task.sleep(for: Self.pause)
        }
    }

    private func draw(_ frame: WatchFrame?, _ state: State, space: Int) {
        guard let frame else { return TerminalSession.draw([self.header(state, nil)]) }
        let top = self.state.value.withLock { state in
            state.scroll.fit(frame, space: space)
            return state.scroll.top
        }
        let more = frame.more(from: top, space: space)
        TerminalSession.draw(
            [self.header(state, more), ""] + frame.lines(from: top, space: space)
        )
    }

    /// Returns the list with the first `rows` rows formatted and the others counted; `nil` if the connection
    /// was lost.
    private func frame(rows: Int) async throws -> WatchFrame? {
        var output = RowOutput(self.shell.style(omitting: self.omitting), self.shell.listing)
        output.formattedMax = rows
        let isWhole = try await self.runQuery { table, _ in
            try output.take(table) && output.rowCount < Self.countMax
        }
        guard isWhole else { return nil }
        output.finish()
        let lines = String(decoding: output.bytes, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
        guard self.shell.format == .table else { return WatchFrame(lines: lines) }
        return WatchFrame(
            lines,
            above: 0,
            rowCount: min(output.rowCount, rows),
            total: output.rowCount,
            hasUncounted: output.rowCount >= Self.countMax
        )
    }

    private func header(_ state: State, _ more: String?) -> String {
        var words = state.status.words(now: TimeText.now().microseconds)
        if let more { words.insert(more, at: 1) }
        let text = (words + ["q quits"]).joined(separator: " · ")
        let line = TextWidth.clipped(SafeText.line(text), to: Terminal.size.columns)
        return self.shell.settings.color.isColored(true) ? "\u{1B}[7m\(line)\u{1B}[0m" : line
    }

    // MARK: - Piped

    private func printChanges() async throws {
        var changes = RowChanges()
        var style = self.shell.style()
        style.format = .ndjson
        self.state.change { _ in
            // The first answer needs no change.
        }
        while var state = try await self.next() {
            for notice in state.status.takePending() where !self.shell.options.isQuiet {
                Terminal.note("\(notice)   LSN \(state.status.lsn)")
            }
            guard state.isDirty, !state.status.isLost else { continue }
            var rows = RowOutput(style, self.shell.listing)
            var keys: RowOutput?
            var lsn = state.status.lsn
            let isWhole = try await self.runQuery { table, answered in
                lsn = answered
                if keys == nil {
                    var keyStyle = style
                    keyStyle.fields = RowChanges.keyFields(of: table.schema)
                    keys = RowOutput(keyStyle, self.shell.listing)
                }
                _ = try keys?.take(table)
                return try rows.take(table)
            }
            guard isWhole else { continue }
            rows.finish()
            keys?.finish()
            Terminal.write(changes.take(keys?.bytes ?? [], rows.bytes, lsn: lsn), to: 1)
            try await Task.sleep(for: Self.pause)
        }
    }
}

/// The differences of a list from its last result: rows added, changed and removed.
///
/// Rows and their keys are lines of NDJSON in the same order.
struct RowChanges {
    private var known: [String: String] = [:]

    /// Returns the columns that identify a row: those of an entity, else all that are no measure.
    static func keyFields(of schema: [ResultField]) -> [String] {
        let names = schema.map { $0.name }
        if names.contains("id") { return ["id"] }
        if names.contains("lsn") { return names.contains("line") ? ["lsn", "line"] : ["lsn"] }
        let identities: Set<String> = ["productId", "sku", "locationId", "location", "category"]
        let found = names.filter { identities.contains($0) }
        if !found.isEmpty { return found }
        return schema.filter { !$0.isNumber }.map { $0.name }
    }

    mutating func take(_ keys: [UInt8], _ rows: [UInt8], lsn: LSN) -> [UInt8] {
        var bytes: [UInt8] = []
        var seen: [String: String] = [:]
        let lines = { (bytes: [UInt8]) in
            String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { String($0) }
        }
        func append(_ change: String, _ object: String) {
            bytes.append("{\"change\":\"\(change)\",\"lsn\":\(lsn),\(object.dropFirst())\n")
        }
        for (key, row) in zip(lines(keys), lines(rows)) {
            seen[key] = row
            switch self.known[key] {
            case nil: append("added", row)
            case row?: break
            case .some: append("changed", row)
            }
        }
        for key in self.known.keys.sorted() where seen[key] == nil { append("removed", key) }
        self.known = seen
        return bytes
    }
}

extension Shell {
    /// Shows a live list until it is interrupted.
    func watch(_ query: Query, omitting: Set<String>) async throws {
        try await ListWatch(self, query, omitting: omitting).run()
    }
}
