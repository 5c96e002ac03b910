import Bytes
import Foundation
import InventoryClient
import InventoryModel
import InventoryWire
import Testing

/// The guarantees of PROTOCOL.md for a pipelining client: which outcomes the server will remember, known
/// before a command is sent.
@Suite struct RememberedOutcomeTests {
    /// A connection after its hello, and the answers to its requests, in order.
    private struct Pipeline {
        let raw: RawConnection
        private var answers: [ServerMessage] = []

        init(_ daemon: Daemon) throws {
            self.raw = try RawConnection(daemon)
            self.raw.send(RawConnection.hello)
        }

        func send(_ request: Request, id: UInt64 = 7) {
            var body = ByteWriter()
            request.encodeBody(into: &body)
            self.raw.sendFrame(request.opcode.rawValue, body.array(), id: id)
        }

        /// Returns the next `count` answers; fewer if the connection ends.
        mutating func take(_ count: Int) -> [ServerMessage] {
            while self.answers.count < count, case let next = self.raw.next(), !next.isEmpty {
                self.answers += next.compactMap { $0.message }
            }
            defer { self.answers.removeFirst(min(count, self.answers.count)) }
            return Array(self.answers.prefix(count))
        }

        mutating func ask(_ request: Request) throws -> ServerMessage {
            self.send(request)
            return try #require(self.take(1).first)
        }
    }

    private static func sale(_ product: ProductID) -> Command {
        .sell(Sale(lines: [SaleLine(product: product, quantity: 1)]))
    }

    private static func refusal(_ message: ServerMessage) -> Refusal? {
        if case .outcome(.refused(let refusal)) = message { refusal } else { nil }
    }

    @Test func `a malformed command is refused before its key is looked up`() async throws {
        let daemon = try Daemon()
        let product = try await daemon.client().stockedProducts(1, stock: 10)[0]
        var pipeline = try Pipeline(daemon)
        let key = try #require(IdempotencyKey("k"))
        _ = try pipeline.ask(.keyedCommand(key, firstTried: nil, Self.sale(product)))
        // The same key with another command, and then with one byte more than a command.
        let other = Request.keyedCommand(
            key,
            firstTried: nil,
            .createCategory(name: "Another")
        )
        guard case .outcome(.refused(let reused)) = try pipeline.ask(other) else {
            Issue.record("a key was accepted for two commands")
            return
        }
        #expect(reused.code == .keyReused)
        var body = ByteWriter()
        other.encodeBody(into: &body)
        pipeline.raw.sendFrame(13, body.array() + [0], id: 8)
        guard case .refused(let malformed)? = pipeline.take(1).first else {
            Issue.record("a malformed command is not refused")
            return
        }
        #expect(malformed.code == .malformedFrame)
    }

    @Test func `a window of sales in flight can be resent after a kill`() async throws {
        let daemon = try Daemon()
        let product = try await daemon.client().stockedProducts(1, stock: 100_000)[0]
        let session = SessionID(high: 1, low: 2)
        let numbers = 1...UInt64(Limits.sessionWindow)
        func outcomes(mayCreate: Bool) throws -> [ServerMessage] {
            var pipeline = try Pipeline(daemon)
            _ = try pipeline.ask(.openSession(session, mayCreate: mayCreate))
            for number in numbers {
                pipeline.send(.command(sequence: number, Self.sale(product)))
            }
            return pipeline.take(numbers.count)
        }
        let first = try outcomes(mayCreate: true)
        #expect(first.count == Limits.sessionWindow)
        #expect(first.allSatisfy { if case .outcome(.done) = $0 { true } else { false } })
        daemon.kill()
        try daemon.start()
        #expect(try outcomes(mayCreate: false) == first)
        let left = 100_000 - Int64(Limits.sessionWindow)
        #expect(try await daemon.client().level(product).onHand == left)
    }

    @Test func `a batch whose outcome is too long to remember is refused before it is executed`()
        async throws
    {
        let daemon = try Daemon()
        let product = try await daemon.client().stockedProducts(1, stock: 10_000)[0]
        let most = Limits.outcomeByteCountMax / Limits.outcomeRefusalByteCountMax
        func batch(_ count: Int) -> Command {
            .batch(Array(repeating: Self.sale(product), count: count), .independent)
        }
        var pipeline = try Pipeline(daemon)
        let opened = Request.openSession(SessionID(high: 3, low: 4), mayCreate: true)
        _ = try pipeline.ask(opened)
        let key = try #require(IdempotencyKey("k"))
        let more = batch(most + 1)
        for request in [
            Request.command(sequence: 1, more), .keyedCommand(key, firstTried: nil, more),
        ] {
            #expect(Self.refusal(try pipeline.ask(request))?.code == .tooManyLines)
        }
        #expect(try await daemon.client().level(product).onHand == 10_000)
        let done = Request.command(sequence: 2, batch(most))
        let outcome = try pipeline.ask(done)
        guard case .outcome(.batch(let parts)) = outcome else {
            Issue.record("the outcome was \(outcome)")
            return
        }
        #expect(parts.count == most)
        #expect(try pipeline.ask(done) == outcome)
        // An errors-only batch may be longer, and outside of sessions any batch may.
        let errorsOnly = Command.batch(
            Array(repeating: Self.sale(product), count: 4_000),
            .errorsOnly
        )
        let short = Request.command(sequence: 3, errorsOnly)
        let remembered = try pipeline.ask(short)
        #expect(try pipeline.ask(short) == remembered && Self.refusal(remembered) == nil)
        let plain = try pipeline.ask(.command(sequence: 0, more))
        #expect(Self.refusal(plain) == nil)
        let sold = Int64(most + 4_000 + most + 1)
        #expect(try await daemon.client().level(product).onHand == 10_000 - sold)
    }

    @Test func `a connection creates a limited number of sessions, and none is evicted for them`()
        throws
    {
        let daemon = try Daemon()
        var kept = try Pipeline(daemon)
        let mine = SessionID(high: 5, low: 6)
        _ = try kept.ask(.openSession(mine, mayCreate: true))
        _ = try kept.ask(.command(sequence: 1, .createCategory(name: "C")))
        var pipeline = try Pipeline(daemon)
        let most = WireLimits.sessionsPerConnectionMax
        for number in 0...UInt64(most) {
            pipeline.send(.openSession(SessionID(high: 7, low: number), mayCreate: true))
        }
        let answers = pipeline.take(most + 1)
        #expect(answers.count == most + 1)
        let opened = answers.dropLast().count { message in
            if case .sessionOpened = message { true } else { false }
        }
        #expect(opened == most)
        guard case .refused(let refusal)? = answers.last else {
            Issue.record("\(String(describing: answers.last))")
            return
        }
        #expect(refusal.code == .overloaded)
        var again = try Pipeline(daemon)
        guard
            case .sessionOpened(let standing) = try again.ask(
                .openSession(mine, mayCreate: false)
            )
        else {
            Issue.record("the session is gone")
            return
        }
        #expect(standing.lastSequence == 1)
    }

    @Test
    func
        `one command more than a batch may have is refused with an outcome, with and without a key`()
        throws
    {
        let daemon = try Daemon()
        var pipeline = try Pipeline(daemon)
        _ = try pipeline.ask(.openSession(SessionID(high: 8, low: 9), mayCreate: true))
        let many = [Command](
            repeating: .archiveCategory(CategoryID(1), ifRevision: nil),
            count: Limits.batchMax + 1
        )
        for mode in BatchMode.allCases {
            let command = Command.batch(many, mode)
            let key = try #require(IdempotencyKey("\(mode)"))
            for request in [
                Request.command(sequence: 0, command),
                .keyedCommand(key, firstTried: nil, command),
            ] {
                let refusal = Self.refusal(try pipeline.ask(request))
                #expect(refusal?.code == .tooManyLines, "\(mode)")
                let detail = Refusal.Detail.range(
                    "commands",
                    value: Int64(many.count),
                    lowest: 1,
                    highest: Int64(Limits.batchMax)
                )
                #expect(refusal?.detail == detail, "\(mode)")
            }
        }
    }
}
