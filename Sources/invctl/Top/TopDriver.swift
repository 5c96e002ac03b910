internal import Bytes
import Foundation
import Glibc
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import Synchronization
import TerminalKit

/// What makes the dashboard go: it asks the server, reads keys and draws, and decides nothing;
/// ``TopModel`` does.
///
///     feed      the ledger so far, then a subscription from there: nothing is missed, nothing twice
///     health    each second: figures, a ping, low stock if it may have changed, names
///     pulse     each second: the time
///     keys      as they are pressed
///     drawing   when something changed, at most ten times a second
final class TopDriver: Sendable {
    private struct State: Sendable {
        var model: TopModel
        var isOver = false
        var failure: ClientError?
        /// The command that a page waits for.
        var process: Subprocess?
    }

    private let shell: Shell
    private let location: LocationID?
    private let state: Mutex<State>
    private let wake: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation
    /// Microseconds that the server's clock is ahead of this one.
    private let ahead: Int64

    private static let pause = Duration.milliseconds(100)
    /// Rows of the past beyond which only today's are read.
    private static let pastRowsMax = 1_000_000
    private static let lowMax: UInt32 = 200
    /// Names that are asked for in a second.
    private static let namesMax = 64
    /// What of a product's movements fits beside each other.
    private static let history = "recordedAt,kind,onHandDelta,location,amount,reference,actor"
    /// Bytes of a command's answer that are shown.
    private static let answerBytesMax = 1 << 20

    init(_ shell: Shell, at location: LocationID?) {
        self.shell = shell
        self.location = location
        let here = TimeText.now().microseconds
        self.ahead = shell.server.serverTime.microseconds.subtractingSaturated(here)
        let place = TopModel.Place(
            name: shell.settings.context ?? shell.settings.address.description,
            currencyCode: shell.server.currencyCode,
            currencyDecimals: shell.server.currencyDecimals,
            zone: shell.settings[.zone]
        )
        let model = TopModel(
            place,
            zone: DayClock(shell.settings.zone),
            now: shell.server.serverTime.microseconds
        )
        self.state = Mutex(State(model: model))
        (self.wake, self.waker) = AsyncStream<Void>.makeStream(
            bufferingPolicy: .bufferingNewest(1)
        )
    }

    /// Shows it until somebody leaves.
    func run() async throws {
        guard let session = TerminalSession(.dashboard) else {
            throw Failure.usage("top draws on a terminal, and this is none")
        }
        defer { session.leave() }
        Interruption.say("left top; nothing was changed")
        Interruption.state.withLock { $0.resized = { [weak self] in self?.waker.yield() } }
        let tasks = [
            Task { await self.feed() },
            Task { await self.keepHealth() },
            Task { await self.keepTime() },
            Task { await self.takeKeys(session) },
        ]
        defer {
            for task in tasks { task.cancel() }
            self.stopProcess()
        }
        try await self.draw()
        Interruption.say(nil)
    }

    @discardableResult
    private func change<Answer: Sendable>(_ body: (inout State) -> Answer) -> Answer {
        defer { self.waker.yield() }
        return self.state.withLock { body(&$0) }
    }

    private func now() -> Int64 { TimeText.now().microseconds.addingSaturated(self.ahead) }

    // MARK: - What happened, and happens

    private func feed() async {
        while !Task.isCancelled {
            do {
                let lsn = try await self.load()
                let subscription = Subscription(
                    topics: [.products, .stock, .sales, .alerts],
                    filter: SubscriptionFilter(location: self.location),
                    start: .after(lsn)
                )
                for try await event in self.shell.client.subscribe(subscription) {
                    // The log no longer goes back to where this was: what is known is void.
                    if case .reset = event { break }
                    let now = self.now()
                    self.change { $0.model.take(event, now: now) }
                }
            } catch let error as ClientError where error.isPassing {
                let now = self.now()
                self.change { $0.model.status.lose(error, now: now) }
                try? await Task.sleep(for: .milliseconds(500))
            } catch {
                self.change { state in
                    state.failure = error as? ClientError
                    state.isOver = true
                }
                return
            }
        }
    }

    /// Reads the sales of the last days.
    ///
    /// - Returns: The LSN they reflect.
    private func load() async throws -> LSN {
        self.change { $0.model.beginLoading() }
        let locations = try await self.shell.client.locations(includingArchived: true).rows
        self.change { $0.model.take(locations: locations) }
        let (from, today) = self.state.withLock { ($0.model.book.from, $0.model.book.todayFrom) }
        let query = LedgerQuery(
            location: self.location,
            kinds: [
                MovementKindSet(.sale), MovementKindSet(.return), MovementKindSet(.reversal),
            ],
            from: from
        )
        var lsn: LSN = 0
        var rowCount = 0
        for try await part in self.shell.client.rows(of: .ledger(query)) {
            lsn = part.lsn
            let movements = try part.rows(as: ListedMovement.self)
            rowCount += movements.count
            self.change { $0.model.take(ledger: movements) }
            guard let oldest = movements.last else { continue }
            if rowCount > Self.pastRowsMax, oldest.occurredAt < today { break }
        }
        self.change { $0.model.endLoading() }
        return lsn
    }

    // MARK: - How the server is

    private func keepHealth() async {
        while !Task.isCancelled {
            do {
                if !self.state.withLock({ $0.model.status.isLost }) { try await self.askHealth() }
            } catch {
                // The feed says what befell the connection; this is asked again in a second.
            }
            try? await Task.sleep(for: .seconds(1))
        }
    }

    private func askHealth() async throws {
        let client = self.shell.client
        let start = ContinuousClock.now
        _ = try await client.ping()
        let took = (ContinuousClock.now - start).components
        let ping = UInt64(max(0, took.seconds * 1_000_000 + took.attoseconds / 1_000_000_000_000))
        let statistics = try await client.statistics()
        self.change { $0.model.take(statistics, pingMicroseconds: ping) }
        let isLowDirty = self.change { state in
            defer { state.model.isLowDirty = false }
            return state.model.isLowDirty
        }
        if isLowDirty {
            let query = LowStockQuery(location: self.location, limit: Self.lowMax)
            let low = try await client.lowStock(query).rows
            self.change { $0.model.take(low: low) }
        }
        for id in self.state.withLock({ $0.model.unnamed(Self.namesMax) }) {
            guard let found = try await client.product(.id(id))?.product else { continue }
            let item = TopModel.Item(
                sku: found.sku,
                name: found.name,
                decimals: found.unit.decimals,
                unit: found.unit.code
            )
            self.change { $0.model.take(item, of: id) }
        }
    }

    private func keepTime() async {
        while !Task.isCancelled {
            let now = self.now()
            self.change { $0.model.advance(to: now) }
            try? await Task.sleep(for: .seconds(1))
        }
    }

    // MARK: - Drawing

    private func draw() async throws {
        let hasColor = self.shell.settings.color.isColored(true)
        for await _ in self.wake {
            let size = Terminal.size
            // Within the lock: a copy that outlived it would have the next event copy all there is.
            let (lines, isOver, failure) = self.state.withLock { state in
                state.model.prepare()
                let screen = TopScreen(
                    state.model,
                    columns: size.columns,
                    rows: size.rows,
                    hasColor: hasColor
                )
                return (screen.lines, state.isOver, state.failure)
            }
            if let failure { throw failure }
            if isOver { return }
            TerminalSession.draw(lines)
            try await Task.sleep(for: Self.pause)
        }
    }

    /// Everything once, as it is now.
    func showOnce() async throws {
        _ = try await self.load()
        try await self.askHealth()
        let model = self.state.withLock { state in
            state.model.prepare()
            return state.model
        }
        if self.shell.format.isJSON {
            Terminal.print(TopFigures(model).object.text)
            return
        }
        let size = Terminal.size
        let screen = TopScreen(
            model,
            columns: Terminal.isOutput ? size.columns : 100,
            rows: Terminal.isOutput ? max(12, size.rows - 1) : 30,
            hasColor: self.shell.settings.color.isColored(Terminal.isOutput)
        )
        for line in screen.lines.dropLast() { Terminal.print(line) }
    }

    // MARK: - Keys

    private func takeKeys(_ session: TerminalSession) async {
        for await key in session.keys() {
            if key == .control("z") {
                Interruption.suspendJob()
                continue
            }
            let order = self.change { $0.model.take(key) }
            switch order {
            case .nothing: break
            case .leave: self.change { $0.isOver = true }
            case .stop: self.stopProcess()
            case .show(let sku):
                self.stopProcess()
                self.run(
                    [
                        ["stock", "show", sku],
                        ["product", "history", sku, "--limit", "50", "--fields", Self.history],
                    ],
                    title: sku
                )
            case .run(let words):
                self.stopProcess()
                self.run([words], title: words.joined(separator: " "))
            }
        }
    }

    private func stopProcess() { self.state.withLock { $0.process.take() }?.end() }

    /// Runs commands one after the other, on a thread of their own, and shows what they say.
    private func run(_ commands: [[String]], title: String) {
        let settings = self.shell.handedDown
        Thread.detachNewThread {
            var bytes: [UInt8] = []
            for words in commands {
                guard let process = Subprocess(asking: words, settings) else { continue }
                self.state.withLock { $0.process = process }
                bytes += process.readAll(Self.answerBytesMax)
                let code = process.wait()
                bytes += Array((code == 0 ? "\n" : "exit \(code)\n\n").utf8)
                self.state.withLock { if $0.process === process { $0.process = nil } }
            }
            let lines = String(decoding: bytes, as: UTF8.self)
                .split(separator: "\n", omittingEmptySubsequences: false)
                .map { RowStyle.flat(String($0)) }
            self.change { $0.model.take(page: lines, title: title) }
        }
    }
}

extension ClientError {
    /// Whether trying again may mend it.
    fileprivate var isPassing: Bool {
        if let refusal { return Exit.code(for: refusal) == Exit.unreachable }
        return self.code != .protocolViolation && self.code != .cancelled
    }
}

extension Shell {
    /// The settings of this run, as a command started from it finds them in its environment.
    fileprivate var handedDown: [String: String] {
        var settings: [String: String] = ["INVCTL_OUTPUT": "table", "INVCTL_COLOR": "never"]
        for key in [Setting.Key.server, .actor, .timeout, .zone, .tokenFile] {
            settings[key.variable] = self.settings[key]
        }
        return settings
    }
}

extension Subprocess {
    /// Starts this program with other words, to be read from: what it prints and what it complains of.
    fileprivate convenience init?(asking words: [String], _ settings: [String: String]) {
        guard
            let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        else { return nil }
        let arguments = ["/bin/sh", "-c", "exec \"$0\" \"$@\" 2>&1 </dev/null", path] + words
        self.init(reading: arguments, environment: settings)
    }
}
