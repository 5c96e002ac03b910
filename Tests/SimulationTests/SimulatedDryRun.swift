import Bytes
import InventoryModel
import InventoryTestSupport
import InventoryWire
import NIOEmbedded

@testable import InventoryClient

/// A dry run of the real client core: it sends batches and reads, each once the one before is answered, and leaves
/// after a random number of them.
///
/// Each batch begins with a command that is always done and so says when the batch was decided. That is all that
/// ``DryRunModel`` needs to know to predict the answers.
final class SimulatedDryRun: @unchecked Sendable {
    /// An answer, in the order in which they arrived.
    enum Answer {
        case levels(LSN, [SimulatedClient.Reading])
        case batch([Command], Outcome)
    }

    static let actor = "dry run"

    /// Whether its commands belong to a session, rather than having keys.
    let hasSession: Bool
    let session: SessionID
    private let core: ClientCore
    private let connector: OwnLink
    private let number: Int
    private let commands: RandomCommands
    private(set) var answers: [Answer] = []
    private(set) var failures: [String] = []
    private(set) var hasBegun = false
    /// Whether it was refused or left, or lost its connection.
    private(set) var isOver = false
    private var random: SplitMix64
    /// The requests that it still sends before it leaves.
    private var left: Int
    private var sent = 0
    /// Of the answer that is being read.
    private var header: ResultHeader?
    private var readings: [SimulatedClient.Reading] = []

    init(
        _ number: Int,
        products: Int,
        hasSession: Bool,
        _ connector: OwnLink,
        _ loop: EmbeddedEventLoop,
        seed: UInt64
    ) {
        self.connector = connector
        self.number = number
        self.random = SplitMix64(seed: seed)
        self.left = Int.random(in: 0...8, using: &self.random)
        self.hasSession = hasSession
        self.session = SessionID(high: UInt64(number), low: 1_000)
        self.commands = RandomCommands(products: products, session: self.session)
        self.core = ClientCore(
            ClientConfiguration(
                actor: Self.actor,
                session: self.session,
                isDryRun: true,
                timeoutMilliseconds: 10_000_000
            ),
            by: connector,
            on: loop
        )
        self.core.greet { result in
            switch result {
            case .success:
                self.hasBegun = true
                // Its LSN is that of the copy.
                self.readLevels()
            case .failure(let error): self.failed(error)
            }
        }
    }

    /// Its connection, if it has one.
    var link: SimulatedLink? { self.connector.link }

    func checkInvariants() { self.core.checkInvariants() }

    /// Leaves, whatever it waits for.
    func close() {
        self.isOver = true
        _ = self.core.close()
    }

    // MARK: - Requests

    /// Sends the next batch or read, or leaves.
    private func proceed() {
        guard !self.isOver else { return }
        guard self.left > 0 else { return self.close() }
        self.left -= 1
        if Int.random(in: 0..<3, using: &self.random) == 0 {
            self.readLevels()
        } else {
            self.sendBatch()
        }
    }

    private func sendBatch() {
        let tag = "dry-\(self.number)-\(self.sent)"
        self.sent += 1
        let rest = (0..<Int.random(in: 1...4, using: &self.random)).map {
            self.commands.single("\(tag)-\($0)", &self.random)
        }
        let parts = [.createCategory(name: tag)] + rest
        let batch = Command.batch(parts, .independent)
        guard !self.hasSession else {
            return self.core.submit(batch) { self.answered(parts, $0) }
        }
        let key = IdempotencyKey(high: self.random.next(), low: self.random.next())
        self.core.submit(batch.encoded, key: key, firstTried: nil) { result in
            self.answered(parts, result.map { $0.outcome })
        }
    }

    private func answered(_ parts: [Command], _ result: Result<Outcome, ClientError>) {
        switch result {
        case .success(let outcome):
            self.answers.append(.batch(parts, outcome))
            self.proceed()
        case .failure(let error): self.failed(error)
        }
    }

    private func readLevels() {
        self.header = nil
        self.readings = []
        self.core.request(.query(.levels(LevelQuery()))) { result in
            do throws(ClientError) {
                return try self.received(try result.get())
            } catch {
                self.failed(error)
                return true
            }
        }
    }

    /// - Returns: Whether the message is the last of the answer.
    private func received(_ message: ServerMessage) throws(ClientError) -> Bool {
        switch message {
        case .resultHeader(let header):
            self.header = header
        case .resultRows(let bytes):
            guard let header else { throw ClientError(.protocolViolation, "rows before a header") }
            let table = try AnswerReader.table(bytes, header.schema)
            self.readings += try table.rows(as: ListedLevel.self).map { level in
                SimulatedClient.Reading(
                    lsn: header.lsn,
                    product: level.product.value,
                    onHand: level.onHand.baseUnits,
                    available: level.available.baseUnits
                )
            }
        case .resultEnd:
            self.answers.append(.levels(self.header?.lsn ?? 0, self.readings))
            self.proceed()
            return true
        default:
            throw ClientError(.protocolViolation, "\(message) in an answer")
        }
        return false
    }

    /// It ends with its connection, or was refused because there are too many.
    private func failed(_ error: ClientError) {
        self.isOver = true
        switch error.code {
        case .unreachable, .closed, .unknown: break
        case .refused where error.refusal?.code == .overloaded: break
        default: self.failures.append("dry run \(self.number): \(error)")
        }
    }
}
