internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import Synchronization
import TerminalKit

/// Shows a live insight: the server publishes changes of its result.
///
///     terminal   redrawn in place, at most ten times a second, below the state of the connection
///     piped      an object for each row that is added, changed or removed, as NDJSON
///
/// After a reconnect the server sends the whole result again, and only the differences are printed.
struct InsightWatch {
    /// Formats an answer for a terminal.
    typealias Drawing = @Sendable (InsightAnswer, Shell) throws -> WatchFrame

    private let shell: Shell
    private let insight: Insight
    private let draw: Drawing
    /// Results until it ends; `nil` for never.
    private var rest: Int?

    /// The minimum time between two redraws.
    private static let pause = Duration.milliseconds(100)

    /// Creates a watch of an insight.
    ///
    /// - Parameters:
    ///   - shell: The connected shell.
    ///   - insight: The insight to subscribe to.
    ///   - count: The number of results after which it ends; 0 for never.
    ///   - draw: Formats the answer for a terminal; `nil` for rows in a table.
    init(_ shell: Shell, _ insight: Insight, count: Int = 0, draw: Drawing? = nil) {
        self.shell = shell
        self.insight = insight
        self.rest = count == 0 ? nil : count
        self.draw = draw ?? Self.drawRows
    }

    func run() async throws {
        Interruption.setMessage("stopped watching; nothing was changed")
        let last = try await self.shell.lastLSN(of: self.insight)
        if let session = Terminal.isOutput ? TerminalSession(.fullScreen) : nil {
            defer { session.leave() }
            try await self.redraw(session, last)
        } else {
            try await self.printChanges(last)
        }
        Interruption.setMessage(nil)
    }

    // MARK: - On a terminal

    /// The state of the subscription, shared with the drawing task.
    private struct State: Sendable {
        var answer: InsightAnswer?
        /// Why the connection is lost; `nil` while it is up.
        var lost: String?
        var lag: Int64 = 0
        var rest: Int?
        var isOver = false
        var failure: ClientError?
        var scroll = WatchScroll()

        mutating func take(_ event: InsightEvent) {
            switch event {
            case .result(let answer): self.show(answer)
            case .changed(let change): self.show(change.answer)
            case .progress(let lsn):
                self.lost = nil
                self.answer?.lsn = lsn
            case .disconnected(let error): self.lost = error.reason
            }
        }

        private mutating func show(_ answer: InsightAnswer) {
            self.lost = nil
            self.answer = answer
            let now = TimeText.now().microseconds
            self.lag = max(0, now.subtractingSaturated(answer.time.microseconds))
            if let rest { self.rest = rest - 1 }
            if self.rest == 0 { self.isOver = true }
        }
    }

    /// The state, and a wake-up after each change of it.
    private final class SharedState: Sendable {
        private let value: Mutex<State>
        let wake: AsyncStream<Void>
        private let continuation: AsyncStream<Void>.Continuation

        init(rest: Int?) {
            self.value = Mutex(State(rest: rest))
            let made = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
            self.wake = made.stream
            self.continuation = made.continuation
        }

        var now: State { self.value.withLock { $0 } }

        func change(_ body: (inout State) -> Void) {
            self.value.withLock { body(&$0) }
            self.continuation.yield()
        }

        /// Keeps the scroll position within what is drawn and returns it.
        func fit(_ frame: WatchFrame, space: Int) -> Int {
            self.value.withLock { state in
                state.scroll.fit(frame, space: space)
                return state.scroll.top
            }
        }
    }

    private func redraw(_ session: TerminalSession, _ last: LSN) async throws {
        let state = SharedState(rest: self.rest)
        let events = self.shell.client.subscribe(toInsight: self.insight)
        Interruption.state.withLock {
            $0.resized = {
                state.change { _ in
                    // Redraws only.
                }
            }
        }
        let listening = Task { await Self.listen(events, state) }
        let keys = Task {
            for await key in session.keys() {
                state.change { if $0.scroll.take(key) == .leave { $0.isOver = true } }
            }
        }
        defer { for task in [listening, keys] { task.cancel() } }
        for await _ in state.wake {
            let now = state.now
            if let failure = now.failure { throw failure }
            if let answer = now.answer {
                let space = max(1, Terminal.size.rows - 2)
                let frame = try self.draw(answer, self.shell)
                let top = state.fit(frame, space: space)
                let more = frame.more(from: top, space: space)
                let head = self.header(now, answer: answer, last: last, more: more)
                TerminalSession.draw([head, ""] + frame.lines(from: top, space: space))
            }
            if now.isOver { return }
            try await Task.sleep(for: Self.pause)
        }
    }

    private static func listen(_ events: InsightEvents, _ state: SharedState) async {
        do {
            for try await event in events { state.change { $0.take(event) } }
        } catch let error as ClientError where error.code != .cancelled {
            state.change { $0.failure = error }
        } catch {
            state.change { $0.isOver = true }
        }
    }

    private func header(
        _ state: State,
        answer: InsightAnswer,
        last: LSN,
        more: String?
    ) -> String {
        let parts = [
            state.lost.map { "OFFLINE (\($0)), reconnecting; rows may be stale" } ?? "live",
            more, Self.window(answer.window), "LSN \(min(answer.lsn, last))",
            "lag \(DecimalText.format(state.lag / 10, decimals: 2)) ms", "q quits",
        ]
        let words = SafeText.line(parts.compactMap { $0 }.joined(separator: " · "))
        let text = TextWidth.clipped(words, to: Terminal.size.columns)
        return self.shell.settings.color.isColored(true) ? "\u{1B}[7m\(text)\u{1B}[0m" : text
    }

    /// Returns the text of a window with the time zone of its days.
    static func window(_ window: ResolvedWindow) -> String {
        let text = BucketText(window.zone)
        let from = window.from.map { "from " + text.end($0.microseconds) }
        let to = window.to.map { "before " + text.end($0.microseconds) }
        let span = [from, to].compactMap { $0 }.joined(separator: " ")
        return (span.isEmpty ? "all" : span) + " (\(window.zone))"
    }

    private static func drawRows(_ answer: InsightAnswer, _ shell: Shell) throws -> WatchFrame {
        try shell.frame(answer, .none)
    }

    // MARK: - Piped

    private func printChanges(_ last: LSN) async throws {
        var changes = RowChanges()
        var rest = self.rest
        for try await event in self.shell.client.subscribe(toInsight: self.insight) {
            let answer: InsightAnswer
            switch event {
            case .result(let whole): answer = whole
            case .changed(let change): answer = change.answer
            case .progress: continue
            case .disconnected(let error):
                if !self.shell.options.isQuiet {
                    Terminal.note("\(error.interruption); reconnecting")
                }
                continue
            }
            let (keys, rows) = try self.lines(of: answer)
            Terminal.write(changes.take(keys, rows, lsn: min(answer.lsn, last)), to: 1)
            if let left = rest { rest = left - 1 }
            if rest == 0 { return }
        }
    }

    /// Returns the rows and their keys, each as a line of NDJSON.
    private func lines(of answer: InsightAnswer) throws -> (keys: [UInt8], rows: [UInt8]) {
        var style = self.shell.style(of: answer)
        style.format = .ndjson
        var rows = RowOutput(style, self.shell.listing)
        _ = try rows.take(answer.table)
        rows.finish()
        guard answer.keyColumnCount > 0 else {
            return (Array(String(repeating: "{}\n", count: rows.rowCount).utf8), rows.bytes)
        }
        style.fields = answer.table.schema.prefix(answer.keyColumnCount).map { $0.name }
        var keys = RowOutput(style, self.shell.listing)
        _ = try keys.take(answer.table)
        keys.finish()
        return (keys.bytes, rows.bytes)
    }
}

extension Shell {
    /// Returns the last LSN that an insight covers; `UInt64.max` for one of the present.
    fileprivate func lastLSN(of insight: Insight) async throws -> LSN {
        switch insight.asOf {
        case .lsn(let lsn): return lsn
        case .time(let time) where time <= TimeText.now():
            return try await self.client.insight(.rows(RowSelection(limit: 1), of: insight)).lsn
        case .time, .effective, nil: return .max
        }
    }

    /// Shows a live insight until it is interrupted.
    func watch(_ insight: Insight, count: Int = 0) async throws {
        try await InsightWatch(self, insight, count: count).run()
    }
}
