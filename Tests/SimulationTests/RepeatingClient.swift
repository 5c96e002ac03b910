import InventoryModel
import InventoryTestSupport
import InventoryWire
import NIOCore
import NIOEmbedded

@testable import InventoryClient

/// A client that sends each command many times, on the same connection and on later ones, and compares
/// every answer with the first: it tests idempotency.
///
/// It speaks frames, since the library would never do that. Its commands have sequence numbers of a
/// session, or idempotency keys.
final class RepeatingClient: @unchecked Sendable {
    private let network: SimulatedNetwork
    private let loop: EmbeddedEventLoop
    private let session: SessionID
    private let number: Int
    private let products: Int
    private let isKeyed: Bool
    private var channel: (any Channel)?
    private var isReady = false
    private var isOver = false
    /// The commands by sequence number, from 1.
    private var commands: [Command] = []
    private(set) var answers: [UInt64: Outcome] = [:]
    /// The intent of each request.
    private var requests: [UInt64: (sequence: UInt64, kind: Kind)] = [:]
    private var nextRequestID: UInt64 = 10
    private(set) var repeats = 0
    private(set) var misuses = 0
    private(set) var failures: [String] = []

    private enum Kind { case honest, reused, gap }

    init(
        _ number: Int,
        products: Int,
        isKeyed: Bool = false,
        _ network: SimulatedNetwork,
        _ loop: EmbeddedEventLoop
    ) {
        self.isKeyed = isKeyed
        self.network = network
        self.loop = loop
        self.products = products
        self.session = SessionID(high: UInt64(number), low: 99)
        self.number = number
    }

    /// The note of the command with that number.
    func tag(_ sequence: UInt64) -> String { "r\(self.number)-\(sequence)" }

    func connectIfNeeded() {
        guard self.channel == nil, !self.isOver else { return }
        self.network.connect(on: self.loop) {
            ClientHandler(
                onAccepted: { _ in self.open() },
                onMessage: { self.received($0, $1) },
                onClosed: { _ in
                    self.channel = nil
                    self.isReady = false
                    self.requests = [:]
                }
            )
        }.whenSuccess { channel in
            self.channel = channel
            channel.sendHello(ClientConfiguration(actor: "repeating"))
        }
    }

    private func open() {
        if self.isKeyed {
            self.isReady = true
            return
        }
        self.channel?.send {
            Request.openSession(self.session, mayCreate: true).encodeFrame(requestID: 1, into: &$0)
        }
    }

    /// Sends the next command, a retry, or an invalid request.
    func act(_ random: inout SplitMix64) {
        self.connectIfNeeded()
        guard self.isReady else { return }
        let known = UInt64(self.commands.count)
        switch Int.random(in: 0..<10, using: &random) {
        case 0 where known > 0 && self.answers[known] != nil:
            self.misuses += 1
            self.send(
                known,
                .adjust(Adjustment(product: ProductID(1), delta: 1, reason: .lost)),
                .reused
            )
        case 1 where self.answers.count == self.commands.count && !self.isKeyed:
            self.misuses += 1
            self.send(known + 5, self.sale(known + 5, &random), .gap)
        case 2...4 where self.answers.count == self.commands.count:
            // The next number, now that the preceding one is answered.
            self.commands.append(self.sale(known + 1, &random))
            self.send(known + 1, self.commands[Int(known)], .honest)
        default:
            guard known > 0 else { return }
            // One of the last few: a session may have forgotten older ones.
            let oldest = known > 8 && !self.isKeyed ? known - 8 : 1
            let sequence = UInt64.random(in: oldest...known, using: &random)
            self.repeats += 1
            self.send(sequence, self.commands[Int(sequence) - 1], .honest)
        }
    }

    /// Retries all unanswered requests, without new invalid ones.
    func settle() {
        self.connectIfNeeded()
        guard self.isReady, self.requests.isEmpty else { return }
        for sequence in 1...UInt64(max(1, self.commands.count))
        where sequence <= self.commands.count && self.answers[sequence] == nil {
            self.send(sequence, self.commands[Int(sequence) - 1], .honest)
        }
    }

    var isSettled: Bool { self.answers.count == self.commands.count }

    private func sale(_ sequence: UInt64, _ random: inout SplitMix64) -> Command {
        let product = ProductID(UInt32.random(in: 1...UInt32(self.products), using: &random))
        let quantity = Int64.random(in: 1...4, using: &random)
        let line = SaleLine(product: product, quantity: Quantity(quantity))
        return .sell(Sale(lines: [line], note: self.tag(sequence)))
    }

    private func send(_ sequence: UInt64, _ command: Command, _ kind: Kind) {
        let id = self.nextRequestID
        self.nextRequestID += 1
        self.requests[id] = (sequence, kind)
        let request =
            self.isKeyed
            ? Request.keyedCommand(self.key(sequence), firstTried: nil, command)
            : .command(sequence: sequence, command)
        self.channel?.send { request.encodeFrame(requestID: id, into: &$0) }
    }

    private func key(_ sequence: UInt64) -> IdempotencyKey {
        IdempotencyKey(high: UInt64(self.number), low: sequence)
    }

    private func received(_ id: UInt64, _ message: ServerMessage) {
        if case .sessionOpened = message {
            self.isReady = true
            return
        }
        guard let (sequence, kind) = self.requests.removeValue(forKey: id) else { return }
        let outcome: Outcome
        switch message {
        case .outcome(let answer):
            outcome = answer
            if self.isKeyed, kind == .honest, self.answers[sequence] != nil, !outcome.isForNow {
                self.failures.append("\(sequence) was decided a second time")
            }
        case .replayedOutcome(let answer):
            outcome = answer
            if !self.isKeyed { self.failures.append("a replay to a session's command") }
        case .refused(let refusal): outcome = .refused(refusal)
        default:
            self.failures.append("\(message) answers a command")
            return
        }
        // Refused without execution: full, stopping, or after a refused one.
        if case .refused(let refusal) = outcome, refusal.code.isRetryable { return }
        switch kind {
        case .reused:
            let code: RefusalCode = self.isKeyed ? .keyReused : .sequenceReused
            guard case .refused(let refusal) = outcome, refusal.code == code else {
                self.failures.append("another command under \(sequence) resulted in \(outcome)")
                return
            }
        case .gap:
            guard case .refused(let refusal) = outcome, refusal.code == .sequenceGap else {
                self.failures.append(
                    "a number beyond the next, \(sequence), resulted in \(outcome)"
                )
                return
            }
        case .honest:
            if case .refused(let refusal) = outcome, refusal.code == .sequenceGap { return }
            if let first = self.answers[sequence], first != outcome {
                self.failures.append("\(sequence) resulted in \(first), then in \(outcome)")
            }
            self.answers[sequence] = outcome
        }
    }
}

extension Outcome {
    /// Whether the refusal is independent of the command: the server accepts nothing now.
    fileprivate var isForNow: Bool {
        if case .refused(let refusal) = self { refusal.code.isRetryable } else { false }
    }
}
