import Foundation
import InventoryClient
import InventoryModel
import InventoryWire
import Testing

/// One run of a daemon under random requests from a seed: several connections that send, subscribe and
/// disconnect at random, and one good client that must be served throughout.
struct DaemonFuzz {
    struct Counts: Sendable {
        var requests = 0
        var accepted = 0
        var refused = 0
        var subscribed = 0
        /// Connections that the server ended with a reason.
        var goodbyes = 0

        static func += (left: inout Counts, right: Counts) {
            left.requests += right.requests
            left.accepted += right.accepted
            left.refused += right.refused
            left.subscribed += right.subscribed
            left.goodbyes += right.goodbyes
        }
    }

    private let seed: UInt64
    private let daemon: Daemon
    private var good: GoodClient
    private let maker: InventoryClient
    private var mutator: RequestMutator
    private var connections: [RawConnection] = []
    private var nextID: UInt64 = 1 << 20
    private(set) var counts = Counts()

    private static let connectionCount = 4
    /// Requests of one connection before it waits for their answers.
    private static let requestsPerTurn = 16
    /// Seconds within which all of them must be answered.
    private static let answerSeconds = 60
    /// Rounds of a run: each is a turn of every connection, then one of the good client.
    static let roundsMax = 200
    /// Rounds before the requests use other objects, and before connections disconnect.
    private static let roundsPerWorld = 20

    init(seed: UInt64) async throws {
        self.seed = seed
        self.daemon = try Daemon()
        self.good = try await GoodClient(self.daemon, othersMayTouchIt: true)
        self.maker = self.daemon.client("fuzz")
        self.mutator = RequestMutator(
            seed: seed,
            try await WalkedWorld.make(0, self.maker)
        )
    }

    /// Runs all rounds, or until `deadline`.
    mutating func run(until deadline: ContinuousClock.Instant) async throws {
        for round in 0..<Self.roundsMax {
            if ContinuousClock.now >= deadline { break }
            if round % Self.roundsPerWorld == 0 { try await self.restart(round) }
            for index in self.connections.indices { try self.turn(index) }
            try await self.good.serve(after: "seed \(self.seed), round \(round)")
        }
        self.connections = []
        try await self.end()
    }

    private mutating func restart(_ round: Int) async throws {
        let world = try await WalkedWorld.make(round + 1, self.maker)
        self.mutator = RequestMutator(seed: self.seed &* 1_000 &+ UInt64(round), world)
        // With subscriptions open and answers unread.
        self.connections = []
        for _ in 0..<Self.connectionCount { self.connections.append(try self.connect()) }
    }

    private func connect() throws -> RawConnection {
        let connection = try RawConnection(self.daemon, timeoutSeconds: Self.answerSeconds)
        connection.send(RawConnection.hello)
        return connection
    }

    /// Checks that the accepted data is valid and does not trap the next start.
    private func end() async throws {
        try await self.good.verify()
        #expect(self.daemon.stop() == 0, "seed \(self.seed)")
        try self.daemon.start()
        let client = self.daemon.client()
        _ = try await client.verified()
        for name in NamedInsight.Name.allCases {
            // It may be refused but must not end the server.
            _ = try? await client.insight(.named(NamedInsight(name)))
            _ = try await client.ping()
        }
    }

    // MARK: - One turn of a connection

    private mutating func turn(_ index: Int) throws {
        var waiting: [UInt64: PlausibleRequest] = [:]
        var bytes: [UInt8] = []
        for _ in 0..<Self.requestsPerTurn {
            self.nextID += 1
            let request = self.mutator.next()
            waiting[self.nextID] = request
            bytes += RawConnection.frame(request.opcode.rawValue, request.body, id: self.nextID)
        }
        self.counts.requests += waiting.count
        // The server may have ended the connection, which shows in the answers.
        self.connections[index].send(bytes)
        let deadline = ContinuousClock.now + .seconds(Self.answerSeconds)
        while !waiting.isEmpty {
            // A subscription may send an event each second without end.
            let messages = self.connections[index].next()
            guard !messages.isEmpty, ContinuousClock.now < deadline else {
                throw self.unanswered(waiting)
            }
            for message in messages {
                if case .goodbye? = message.message {
                    // Such as after a second hello: requests behind it are not answered.
                    self.counts.goodbyes += 1
                    self.connections[index] = try self.connect()
                    return
                }
                guard let request = waiting[message.requestID],
                    self.count(AnswerStep(message, to: request.opcode), message)
                else { continue }
                waiting[message.requestID] = nil
            }
        }
    }

    /// - Returns: Whether the request is answered; a subscription continues.
    private mutating func count(_ step: AnswerStep, _ message: RawConnection.Received) -> Bool {
        switch step {
        case .accepted: self.counts.accepted += 1
        case .refused, .overloaded: self.counts.refused += 1
        case .unsubscribe: self.counts.subscribed += 1
        case .more:
            guard message.opcode == Opcode.subscribed.rawValue else { return false }
            self.counts.subscribed += 1
        case .unexpected: Issue.record("seed \(self.seed): unexpected answer \(message)")
        }
        return true
    }

    private func unanswered(_ waiting: [UInt64: PlausibleRequest]) -> any Error {
        let requests = waiting.values.map { "\($0.opcode) \($0.body)" }.joined(separator: "\n")
        let state = self.daemon.isRunning ? "runs" : "has ended"
        Issue.record(
            "seed \(self.seed): the daemon \(state); one of these has no answer\n\(requests)"
        )
        return Unexpected()
    }
}
