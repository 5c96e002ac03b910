import Bytes
import Glibc
import InventoryClient
import InventoryModel
import InventoryTestSupport
import InventoryWire
import Testing

/// Sends each request with each of its numbers replaced, one at a time, and checks that every request is
/// answered and other clients are not affected.
///
///     world ─▶ plausible request ─▶ fields ─▶ a frame for each replacement ─▶ answers
///                                                                              │
///                                                good client: a sale, a balance ◀┘   after each field
struct BoundaryWalk {
    struct Counts: Sendable {
        var fields = 0
        var requests = 0
        /// The requests that were answered.
        var accepted = 0
        /// The requests that were refused.
        var refused = 0
    }

    private let daemon: Daemon
    private let maker: InventoryClient
    private var good: GoodClient
    private var connection: RawConnection
    private var nextID: UInt64 = 1_000
    private var worldCount = 0
    private(set) var counts = Counts()

    /// The most requests in flight.
    private static let inFlightMax = 32
    /// The most retries of a request that was refused as `overloaded`.
    private static let attemptsMax = 200

    init(_ daemon: Daemon) async throws {
        self.daemon = daemon
        self.maker = daemon.client("walk")
        self.good = try await GoodClient(daemon)
        self.connection = try Self.connect(daemon)
    }

    private static func connect(_ daemon: Daemon) throws -> RawConnection {
        let connection = try RawConnection(daemon, timeoutSeconds: 60)
        connection.send(RawConnection.hello)
        return connection
    }

    private mutating func world() async throws -> WalkedWorld {
        self.worldCount += 1
        return try await WalkedWorld.make(self.worldCount, self.maker)
    }

    /// Walks all requests of an opcode.
    mutating func walk(_ opcode: Opcode) async throws {
        let isChanging = opcode == .command || opcode == .keyedCommand
        var world = try await self.world()
        let count = PlausibleRequests.of(opcode, world).count
        for number in 0..<count {
            var field = 0
            try self.begin(PlausibleRequests.of(opcode, world)[number])
            guard Self.isWalked(number, of: opcode) else { continue }
            while true {
                if isChanging { world = try await self.world() }
                let request = PlausibleRequests.of(opcode, world)[number]
                let fields = request.fields
                guard field < fields.count else { break }
                try self.walk(fields[field], of: request)
                self.counts.fields += 1
                try await self.good.serve(after: "\(request.name), \(fields[field])")
                field += 1
            }
        }
    }

    /// Returns whether the numbers of a request are walked.
    ///
    /// Queries share windows, filters and limits, and are the most expensive to answer, so a run has every
    /// sixth of them: run 1 from the first on. Six runs, `make long-boundary-walk`, have all.
    private static func isWalked(_ number: Int, of opcode: Opcode) -> Bool {
        guard opcode == .insight || opcode == .subscribeInsight else { return true }
        return Campaign.seeds(suite: 1...1).contains { number % 6 == Int(($0 - 1) % 6) }
    }

    func verify() async throws { try await self.good.verify() }

    // MARK: - An unmodified request

    /// Sends the unmodified request, which must be answered, and finds its fields, all of which must be found.
    private mutating func begin(_ request: PlausibleRequest) throws {
        let unseen = NumericFields(of: request.body, request.opcode).unseenByteCount
        try #require(unseen == 0, "\(unseen) bytes of \(request.name) are of no field")
        let before = self.counts
        if request.opcode == .hello {
            try self.sayHello(request.body)
        } else {
            try self.send([request.body], of: request)
        }
        guard !request.mayBeRefused else { return }
        #expect(self.counts.accepted > before.accepted, "\(request.name) is refused as it is")
    }

    private mutating func walk(_ field: NumericField, of request: PlausibleRequest) throws {
        let bodies = field.replacements.map { field.replaced(by: $0, in: request.body) }
        if request.opcode == .hello {
            for body in bodies { try self.sayHello(body) }
        } else {
            try self.send(bodies, of: request)
        }
    }

    /// Sends a hello on a new connection, since a connection accepts only one.
    private mutating func sayHello(_ body: [UInt8]) throws {
        let connection = try RawConnection(self.daemon)
        connection.sendFrame(Opcode.hello.rawValue, body)
        let answer = try #require(connection.next().first, "hello \(body) is not answered")
        self.counts.requests += 1
        switch Opcode(rawValue: answer.opcode) {
        case .helloAccepted: self.counts.accepted += 1
        case .goodbye: self.counts.refused += 1
        default: Issue.record("hello \(body) is answered by \(answer.opcode)")
        }
    }

    // MARK: - Pipelined requests and their answers

    private mutating func send(_ bodies: [[UInt8]], of request: PlausibleRequest) throws {
        for start in stride(from: 0, to: bodies.count, by: Self.inFlightMax) {
            let part = bodies[start..<min(start + Self.inFlightMax, bodies.count)]
            try self.sendTogether(Array(part), of: request)
        }
    }

    private mutating func sendTogether(_ bodies: [[UInt8]], of request: PlausibleRequest) throws {
        var waiting: [UInt64: [UInt8]] = [:]
        for body in bodies { waiting[self.issue(body, request.opcode)] = body }
        var attempts = 0
        while !waiting.isEmpty {
            let messages = self.connection.next()
            guard !messages.isEmpty else { throw self.unanswered(request, waiting) }
            for message in messages {
                guard let body = waiting[message.requestID] else { continue }
                let step = AnswerStep(message, to: request.opcode)
                switch step {
                case .more: continue
                case .unsubscribe:
                    self.unsubscribe(message.requestID)
                    continue
                case .overloaded where attempts < Self.attemptsMax:
                    attempts += 1
                    waiting[message.requestID] = nil
                    usleep(2_000)
                    waiting[self.issue(body, request.opcode)] = body
                    continue
                case .accepted: self.counts.accepted += 1
                case .refused, .overloaded: self.counts.refused += 1
                case .unexpected:
                    Issue.record("\(request.name) \(body) is answered by \(message)")
                }
                waiting[message.requestID] = nil
                self.counts.requests += 1
            }
        }
    }

    private func unanswered(
        _ request: PlausibleRequest,
        _ waiting: [UInt64: [UInt8]]
    ) -> any Error {
        let bodies = waiting.values.map { "\($0)" }.joined(separator: "\n")
        let state = self.daemon.isRunning ? "runs" : "has ended"
        Issue.record("\(request.name): the daemon \(state); one of these has no answer\n\(bodies)")
        return Unexpected()
    }

    private mutating func issue(_ body: [UInt8], _ opcode: Opcode) -> UInt64 {
        self.nextID += 1
        self.connection.sendFrame(opcode.rawValue, body, id: self.nextID)
        return self.nextID
    }

    private mutating func unsubscribe(_ requestID: UInt64) {
        var writer = ByteWriter()
        Request.unsubscribe(requestID: requestID).encodeBody(into: &writer)
        _ = self.issue(writer.array(), .unsubscribe)
    }
}

/// The meaning of a message for the request with its id.
enum AnswerStep: Equatable {
    /// More messages of the same answer follow.
    case more
    /// A subscription has its initial state and can be ended.
    case unsubscribe
    case accepted
    case refused
    case overloaded
    /// Not an answer to that request according to PROTOCOL.md.
    case unexpected

    init(_ received: RawConnection.Received, to opcode: Opcode) {
        guard let message = received.message else {
            self = .unexpected
            return
        }
        switch (opcode, message) {
        case (_, .refused(let refusal)) where refusal.code == .overloaded: self = .overloaded
        case (_, .refused): self = .refused
        case (.command, .outcome(let outcome)), (.keyedCommand, .outcome(let outcome)),
            (.keyedCommand, .replayedOutcome(let outcome)),
            (.keyedOutcome, .replayedOutcome(let outcome)):
            guard case .refused(let refusal) = outcome else {
                self = .accepted
                return
            }
            self = refusal.code == .overloaded ? .overloaded : .refused
        case (.openSession, .sessionOpened), (.takeSnapshot, .snapshotTaken),
            (.getProduct, .product), (.ping, .pong), (.cancel, .pong), (.beginDryRun, .pong),
            (.unsubscribe, .pong),
            (.query, .resultEnd), (.insight, .resultEnd), (.backup, .backupEnd):
            self = .accepted
        case (.query, .resultHeader), (.query, .resultRows), (.insight, .insightHeader),
            (.insight, .resultRows), (.backup, .backupPiece):
            self = .more
        case (.subscribe, let message): self = Self.event(message, isInsight: false)
        case (.subscribeInsight, let message): self = Self.event(message, isInsight: true)
        default: self = .unexpected
        }
    }

    /// A subscription ends by itself, or by `unsubscribe` once it has begun.
    private static func event(_ message: ServerMessage, isInsight: Bool) -> AnswerStep {
        switch message {
        case .subscribed(let subscribed):
            isInsight || subscribed.hasSnapshot ? .more : .unsubscribe
        case .caughtUp: .unsubscribe
        case .closed(let refusal, _): refusal.code == .clientClosed ? .accepted : .refused
        case .snapshotRows, .entries, .progress, .reset, .digest, .insightHeader, .insightChanged,
            .resultRows:
            .more
        default: .unexpected
        }
    }
}
