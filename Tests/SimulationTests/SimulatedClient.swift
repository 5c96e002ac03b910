import Bytes
import InventoryModel
import InventoryTestSupport
import InventoryWire
import NIOEmbedded

@testable import InventoryClient

/// The real client core with random work; it records all answers.
final class SimulatedClient: @unchecked Sendable {
    /// An answered command.
    struct Acknowledged {
        var tag: String
        var command: Command
        var outcome: Outcome
    }

    /// A level returned by a query.
    struct Reading: Hashable {
        var lsn: LSN
        var product: UInt32
        var onHand: Int64
        var available: Int64
    }

    /// All movements returned by a query.
    struct Ledger {
        var lsn: LSN
        var movements: [History.Move]
    }

    private let core: ClientCore
    private let number: Int
    private let products: Int
    private let commands: RandomCommands
    private(set) var sent = 0
    /// Commands with a key.
    private(set) var keyed = 0
    private(set) var acknowledged: [Acknowledged] = []
    /// Commands whose result is unknown.
    private(set) var unknown = 0
    /// Commands that were not executed, and never will be.
    private(set) var undone: [Command] = []
    private(set) var readings: [Reading] = []
    private(set) var ledgers: [Ledger] = []
    private(set) var failures: [String] = []
    private(set) var waiting = 0

    init(
        _ number: Int,
        products: Int,
        timeoutMilliseconds: Int64,
        _ network: SimulatedNetwork,
        _ loop: EmbeddedEventLoop
    ) {
        self.number = number
        self.products = products
        self.commands = RandomCommands(
            products: products,
            session: SessionID(high: UInt64(number), low: 7)
        )
        self.core = ClientCore(
            ClientConfiguration(
                actor: "client \(number)",
                session: SessionID(high: UInt64(number), low: 7),
                timeoutMilliseconds: timeoutMilliseconds
            ),
            by: network,
            on: loop
        )
    }

    func stop() { _ = self.core.close() }

    func checkInvariants() { self.core.checkInvariants() }

    // MARK: - Commands

    func submitRandom(_ random: inout SplitMix64) {
        let tag = "c\(self.number)-\(self.sent)"
        let command = self.commands.any(tag, &random)
        if Int.random(in: 0..<3, using: &random) > 0 {
            self.submit(command, tag)
        } else {
            self.submit(command, tag, key: IdempotencyKey(high: random.next(), low: random.next()))
        }
    }

    /// Sends a command with its own key, outside the session.
    private func submit(_ command: Command, _ tag: String, key: IdempotencyKey) {
        self.sent += 1
        self.keyed += 1
        self.waiting += 1
        self.core.submit(command.encoded, key: key, firstTried: nil) { result in
            if case .success(let answer) = result, answer.isReplayed {
                self.failures.append("\(tag) is reported as a retry, but was never sent before")
            }
            self.answered(command, tag, result.map { $0.outcome })
        }
    }

    func submit(_ command: Command, _ tag: String) {
        self.sent += 1
        self.waiting += 1
        self.core.submit(command) { self.answered(command, tag, $0) }
    }

    private func answered(
        _ command: Command,
        _ tag: String,
        _ result: Result<Outcome, ClientError>
    ) {
        self.waiting -= 1
        switch result {
        case .success(let outcome):
            self.acknowledged.append(
                Acknowledged(tag: tag, command: command, outcome: outcome)
            )
        case .failure(let error):
            switch error.code {
            case .unknown: self.unknown += 1
            case .unreachable: self.undone.append(command)
            case .refused where error.refusal?.code.isRetryable == true:
                self.undone.append(command)
            default: self.failures.append("\(tag): \(error)")
            }
        }
    }

    // MARK: - Queries

    /// Queries every level, the whole ledger or one product, and records the answer.
    func read(_ random: inout SplitMix64) {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: self.readLedger()
        case 1: self.readProduct(UInt32.random(in: 1...UInt32(self.products), using: &random))
        default: self.readLevels()
        }
    }

    private func readLevels() {
        self.ask(.levels(LevelQuery()), of: ListedLevel.self) { lsn, levels in
            self.readings += levels.map { level in
                Reading(
                    lsn: lsn,
                    product: level.product.value,
                    onHand: level.onHand.baseUnits,
                    available: level.available.baseUnits
                )
            }
        }
    }

    private func readLedger() {
        let box = Box<[History.Move]>()
        let query = LedgerQuery(isNewestFirst: false)
        self.ask(.ledger(query), of: ListedMovement.self) { _, movements in
            box.value =
                (box.value ?? [])
                + movements.map { movement in
                    History.Move(
                        lsn: movement.id.lsn,
                        product: movement.product.value,
                        onHandDelta: movement.onHandDelta.baseUnits,
                        note: movement.note
                    )
                }
        } atEnd: { lsn in
            self.ledgers.append(Ledger(lsn: lsn, movements: box.value ?? []))
        }
    }

    private func readProduct(_ product: UInt32) {
        self.core.request(.getProduct(.id(ProductID(product)))) { result in
            switch result {
            case .success(.product(let product)):
                for level in product.levels {
                    self.readings.append(
                        Reading(
                            lsn: product.lsn,
                            product: level.product.value,
                            onHand: level.onHand.baseUnits,
                            available: level.available.baseUnits
                        )
                    )
                }
            case .success(let message):
                self.failures.append("\(message) instead of a product")
            case .failure:
                // The connection was lost, or the product does not exist yet.
                break
            }
            return true
        }
    }

    /// Passes on each block of an answer with its LSN, and that LSN once the answer is complete.
    private func ask<Row: AnswerRow>(
        _ query: Query,
        of rows: Row.Type,
        _ take: @escaping @Sendable (LSN, [Row]) -> Void,
        atEnd: @escaping @Sendable (LSN) -> Void = { _ in }
    ) {
        let box = Box<ResultHeader>()
        self.core.request(.query(query)) { result in
            switch result {
            case .success(.resultHeader(let header)):
                box.value = header
                return false
            case .success(.resultRows(let bytes)):
                guard let header = box.value else {
                    self.failures.append("rows before their header")
                    return true
                }
                do throws(ClientError) {
                    let table = try AnswerReader.table(bytes, header.schema)
                    take(header.lsn, try table.rows(as: rows))
                } catch {
                    self.failures.append("an answer cannot be read: \(error)")
                }
                return false
            case .success(.resultEnd):
                atEnd(box.value?.lsn ?? 0)
                return true
            case .success(let message):
                self.failures.append("\(message) in an answer")
                return true
            case .failure:
                return true
            }
        }
    }
}
