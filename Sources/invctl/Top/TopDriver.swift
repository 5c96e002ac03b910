internal import Bytes
import Foundation
import Glibc
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import Synchronization
import TerminalKit

/// Drives the dashboard: it queries the server, reads keys and draws; ``TopModel`` makes all decisions.
///
///     feed      the ledger so far, then a subscription from there: no change is missed or repeated
///     health    every second: statistics, a ping, low stock if it may have changed, names
///     time      every second: the current time
///     keys      as they are pressed
///     drawing   after a change, at most ten times a second
final class TopDriver: Sendable {
    private struct State: Sendable {
        var model: TopModel
        var isOver = false
        var failure: ClientError?
        /// The command whose output the open page waits for.
        var process: Subprocess?
    }

    private let shell: Shell
    private let location: LocationID?
    private let state: Mutex<State>
    private let wake: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation
    /// The microseconds by which the server's clock is ahead of the local one.
    private let ahead: Int64

    private static let pause = Duration.milliseconds(100)
    /// The number of past rows beyond which only today's are read.
    private static let pastRowsMax = 1_000_000
    private static let lowMax: UInt32 = 200
    /// The most names fetched per second.
    private static let namesMax = 64
    /// The columns of a product's movements that fit on a line.
    private static let history = "recordedAt,kind,onHandDelta,location,amount,reference,actor"
    /// The most bytes shown of a command's output.
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

    /// Shows the dashboard until the user quits.
    func run() async throws {
        guard let session = TerminalSession(.dashboard) else {
            throw Failure.usage("top draws on a terminal, but there is none")
        }
        defer { session.leave() }
        Interruption.setMessage("left top; nothing was changed")
        Interruption.state.withLock { $0.resized = { [weak self] in self?.waker.yield() } }
        let tasks = [
            Task { await self.feed() },
            Task { await self.pollHealth() },
            Task { await self.pollTime() },
            Task { await self.takeKeys(session) },
        ]
        defer {
            for task in tasks { task.cancel() }
            self.stopProcess()
        }
        try await self.draw()
        Interruption.setMessage(nil)
    }

    @discardableResult
    private func change<Answer: Sendable>(_ body: (inout State) -> Answer) -> Answer {
        defer { self.waker.yield() }
        return self.state.withLock { body(&$0) }
    }

    private func now() -> Int64 { TimeText.now().microseconds.addingSaturated(self.ahead) }

    // MARK: - Feed

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
                    // The log no longer goes back to the subscription's LSN: reload everything.
                    if case .reset = event { break }
                    let now = self.now()
                    self.change { $0.model.take(event, now: now) }
                }
            } catch let error as ClientError where error.isTransient {
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

    // MARK: - Health

    private func pollHealth() async {
        while !Task.isCancelled {
            do {
                if !self.state.withLock({ $0.model.status.isLost }) {
                    try await self.fetchHealth()
                }
            } catch {
                // The feed reports errors of the connection; this is retried in a second.
            }
            try? await Task.sleep(for: .seconds(1))
        }
    }

    private func fetchHealth() async throws {
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
                unit: found.unit.code,
                price: found.price
            )
            self.change { $0.model.take(item, of: id) }
        }
    }

    private func pollTime() async {
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
            // Within the lock: a copy that outlived it would make the next event copy the whole model.
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

    /// Prints the dashboard once.
    func showOnce() async throws {
        _ = try await self.load()
        try await self.fetchHealth()
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
        for line in screen.lines.dropLast() { Terminal.write(line + "\n", to: STDOUT_FILENO) }
    }

    // MARK: - Keys

    private func takeKeys(_ session: TerminalSession) async {
        for await key in session.keys() {
            if key == .control("z") {
                Interruption.suspendJob()
                continue
            }
            let action = self.change { $0.model.take(key) }
            switch action {
            case .none: break
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

    /// Runs commands in order on a separate thread and shows their output.
    private func run(_ commands: [[String]], title: String) {
        let settings = self.shell.childEnvironment
        Thread.detachNewThread {
            var bytes: [UInt8] = []
            for words in commands {
                guard let process = Subprocess(invctl: words, settings) else { continue }
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
    /// Whether a retry may succeed.
    fileprivate var isTransient: Bool {
        if let refusal { return Exit.code(for: refusal) == Exit.unreachable }
        return self.code != .protocolViolation && self.code != .cancelled
    }
}

extension Shell {
    /// The settings of this run as environment variables for a child process.
    fileprivate var childEnvironment: [String: String] {
        var settings: [String: String] = ["INVCTL_OUTPUT": "table", "INVCTL_COLOR": "never"]
        for key in [Setting.Key.server, .actor, .timeout, .zone, .tokenFile, .barcodeRules] {
            settings[key.variable] = self.settings[key]
        }
        return settings
    }
}

extension Subprocess {
    /// Starts this program with `words`; its standard output and error are read.
    fileprivate convenience init?(invctl words: [String], _ settings: [String: String]) {
        guard
            let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        else { return nil }
        let arguments = ["/bin/sh", "-c", "exec \"$0\" \"$@\" 2>&1 </dev/null", path] + words
        self.init(reading: arguments, environment: settings)
    }
}
