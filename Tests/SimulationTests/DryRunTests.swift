import Bytes
import Durability
import InventoryEngine
import InventoryModel
import InventoryTestSupport
import InventoryWire
import Logging
import NIOEmbedded
import Testing

@testable import InventoryServer

/// A dry run by itself: its server is a few lines of the test, and its query thread works when the test says so.
@Suite struct DryRunTests {
    /// What a dry run gets of a server, which records what the dry run asks of it.
    private final class Upstream: DryRunUpstream {
        let host = EngineHost(Engine(state: InventoryState()))
        let keys = KeyRetention()
        private(set) var viewCount = 0
        private(set) var answered: [Opcode] = []
        private(set) var closedSessions: [UInt32?] = []
        var refusal: Refusal?

        init() {
            guard let currency = Currency(code: "EUR") else { preconditionFailure("EUR") }
            self.host.engine.bootstrap(currency: currency, now: Instant(microseconds: 1))
        }

        func wholeView() -> ReadView {
            self.viewCount += 1
            return self.host.wholeView()
        }

        func writeContext(of principal: Principal) -> Engine.Context {
            Engine.Context(
                principal: principal,
                now: Instant(microseconds: 2),
                refusal: self.refusal
            )
        }

        func answer(
            _ request: Request,
            to requestID: UInt64,
            of queries: ConnectionQueries,
            holding heldByteCount: Int
        ) {
            self.answered.append(request.opcode)
        }

        func closeSession(_ session: UInt32?) { self.closedSessions.append(session) }
    }

    private let upstream = Upstream()
    private let loop = EmbeddedEventLoop()
    private let thread = SimulatedWorker()
    private let connections = ConnectionTable()
    private let runs: DryRuns

    init() throws {
        let currency = try #require(Currency(code: "EUR"))
        let context = LoopContext(
            loop: self.loop,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let runner = QueryRunner(
            context,
            of: self.upstream.host,
            on: self.thread,
            configuration: ServerConfiguration(
                dataDirectory: "memory",
                currency: currency,
                log: LogConfiguration(fileByteCount: 1 << 20)
            )
        )
        self.runs = DryRuns(context, runner: runner, max: 2)
    }

    private func writer(_ number: UInt64 = 1) -> ConnectionWriter {
        ConnectionWriter(
            ConnectionID(number: number),
            of: self.upstream.host,
            fanout: SimulatedFanout(self.loop),
            among: self.connections
        )
    }

    /// A dry run that was requested with ID 1, over a connection with session 7.
    private func begin(_ writer: ConnectionWriter) -> DryRun {
        let run = DryRun(
            of: self.upstream,
            among: self.runs,
            writer: writer,
            sessionBefore: 7,
            to: 1
        )
        run.checkInvariants()
        return run
    }

    private func settle(_ run: DryRun) {
        while !self.thread.isIdle {
            self.thread.runNext()
            self.loop.run()
            run.checkInvariants()
        }
    }

    /// Returns the replies since the last call.
    private func replies(_ writer: ConnectionWriter) throws -> [ServerMessage] {
        var bytes: [UInt8] = []
        _ = writer.pending.release(durable: .max) { bytes += Array($0) }
        return try bytes.withUnsafeBytes { bytes in
            var frames = FrameReader(bytes, limit: WireLimits.replyByteCountMax)
            var messages: [ServerMessage] = []
            while let frame = try frames.next() { messages.append(try ServerMessage(frame)) }
            return messages
        }
    }

    /// Runs a command as the connection would.
    private func run(_ command: Command, in run: DryRun, of writer: ConnectionWriter) throws {
        var machine = ConnectionStateMachine()
        #expect(machine.helloReceived(Hello(actor: "a", software: "test")) == .accept)
        var frame = ByteWriter()
        Request.command(sequence: 0, command).encodeFrame(requestID: 2, into: &frame)
        var share = KeyShare()
        let left = try frame.array().withUnsafeBytes { bytes in
            var frames = FrameReader(bytes, limit: WireLimits.requestByteCountMax)
            return try run.run(
                &frames,
                session: nil,
                machine: &machine,
                isInUse: nil,
                into: &writer.pending,
                share: &share
            ) != nil
        }
        #expect(!left)
        run.checkInvariants()
    }

    @Test func `its commands are decided on one copy, and the server's state stays as it is`()
        throws
    {
        let writer = self.writer()
        let run = self.begin(writer)
        #expect(self.upstream.viewCount == 1 && self.runs.counts.open == 1)
        #expect(try self.replies(writer).isEmpty)
        self.settle(run)
        #expect(try self.replies(writer).map { $0.opcode } == [.pong])
        let lsn = self.upstream.host.lsn
        for step in 1...2 {
            try self.run(.createCategory(name: "C\(step)"), in: run, of: writer)
            guard case .outcome(.done(let done)) = try self.replies(writer).first else {
                Issue.record("command \(step) was not decided")
                return
            }
            #expect(done.lsn == lsn + step)
        }
        #expect(self.upstream.host.lsn == lsn && self.upstream.viewCount == 1)
        run.connectionClosed(session: nil)
        self.settle(run)
    }

    @Test func `it refuses writes for the reason that the server has`() throws {
        let writer = self.writer()
        let run = self.begin(writer)
        self.settle(run)
        _ = try self.replies(writer)
        self.upstream.refusal = Refusal(.storageFull)
        try self.run(.createCategory(name: "C"), in: run, of: writer)
        #expect(try self.replies(writer) == [.outcome(.refused(Refusal(.storageFull)))])
        run.connectionClosed(session: nil)
        self.settle(run)
    }

    @Test func `requests about the connection are the server's, others are refused or the copy's`()
        throws
    {
        let writer = self.writer()
        let queries = ConnectionQueries(self.runs.runner, writer)
        let run = self.begin(writer)
        self.settle(run)
        _ = try self.replies(writer)
        let asked: [Request] = [
            .query(.stats), .unsubscribe(requestID: 9), .cancel(requestID: 9), .ping,
        ]
        for request in asked { run.answer(request, to: 3, of: queries, holding: 0) }
        #expect(self.upstream.answered == asked.map { $0.opcode })
        #expect(try self.replies(writer).isEmpty)
        run.answer(.backup(bytesPerSecondMax: 0), to: 4, of: queries, holding: 0)
        #expect(self.upstream.answered.count == asked.count)
        #expect(try self.replies(writer).map { $0.opcode } == [.refused])
        run.connectionClosed(session: nil)
        self.settle(run)
    }

    @Test func `its end closes the session of before, and it counts until its copy is freed`()
        throws
    {
        let writer = self.writer()
        let run = self.begin(writer)
        self.settle(run)
        run.connectionClosed(session: 1)
        run.checkInvariants()
        #expect(self.upstream.closedSessions == [7])
        #expect(self.runs.counts.open == 0 && self.runs.counts.ending == 1)
        self.settle(run)
        #expect(self.runs.counts.count == 0)
    }

    @Test func `one beyond the limit is refused, and makes no copy`() throws {
        let first = self.begin(self.writer(1))
        let second = self.begin(self.writer(2))
        let writer = self.writer(3)
        let third = self.begin(writer)
        #expect(try self.replies(writer).map { $0.opcode } == [.refused])
        #expect(self.upstream.viewCount == 2)
        self.runs.counts.checkInvariants(open: 2)
        third.connectionClosed(session: nil)
        first.connectionClosed(session: nil)
        self.settle(first)
        second.connectionClosed(session: nil)
        self.settle(second)
        self.runs.counts.checkInvariants(open: 0)
        #expect(self.runs.counts.count == 0)
    }
}
