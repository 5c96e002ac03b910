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
    struct Reading {
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
        let command = self.randomCommand(tag, &random)
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

    private func randomCommand(_ tag: String, _ random: inout SplitMix64) -> Command {
        let product = ProductID(UInt32.random(in: 1...UInt32(self.products), using: &random))
        switch Int.random(in: 0..<17, using: &random) {
        case 0:
            let line = RestockLine(product: product, quantity: 40, unitCost: Money(3))
            return .restock(Restock(lines: [line], note: tag))
        case 1:
            let delta = Int64.random(in: -3...3, using: &random)
            return .adjust(
                Adjustment(product: product, delta: Quantity(delta), reason: .found, note: tag)
            )
        case 2:
            let counted = Int64.random(in: 0...60, using: &random)
            return .count(StockCount(product: product, counted: Quantity(counted), note: tag))
        case 3, 4:
            let parts = (0..<Int.random(in: 1...4, using: &random)).map {
                self.randomSale("\(tag)-\($0)", &random)
            }
            let modes = [BatchMode.atomic, .independent, .errorsOnly]
            return .batch(parts, modes.randomElement(using: &random) ?? .atomic)
        case 5, 6:
            let line = ReserveLine(
                product: product,
                quantity: Quantity(Int64.random(in: 1...4, using: &random))
            )
            let seconds = Int64.random(in: 1...4, using: &random)
            return .reserve(
                Reserve(lines: [line], expiry: .after(seconds: seconds), note: tag)
            )
        case 7:
            return self.randomSettlement(tag, &random)
        case 8:
            let point = Quantity(Int64.random(in: 0...40, using: &random))
            return .batch(
                [
                    .setReorderPoint(ReorderPointChange(product: product, reorderPoint: point)),
                    self.randomSale(tag, &random),
                ],
                .atomic
            )
        case 9:
            return .batch(
                [
                    .setUnavailable(Hold(product: product, delta: 2, reason: .damaged)),
                    .writeOff(
                        WriteOff(product: product, quantity: 2, reason: .damaged, note: tag)
                    ),
                ],
                .atomic
            )
        case 10:
            // The client's session becomes that of a run, whose row then advances with every command.
            let session = SessionID(high: UInt64(self.number), low: 7)
            return .recordImportRun(
                RecordImportRun(run: "client \(self.number)", session: session.hexadecimal)
            )
        case 11:
            return self.randomPast(tag, product, &random)
        default:
            return self.randomSale(tag, &random)
        }
    }

    /// A part of one of a few receipts, which other clients record too.
    private func randomPast(
        _ tag: String,
        _ product: ProductID,
        _ random: inout SplitMix64
    ) -> Command {
        let lines = (0..<Int.random(in: 1...3, using: &random)).map { _ in
            PastSaleLine(
                product: product,
                quantity: Quantity(Int64.random(in: -1...3, using: &random)),
                amount: 0,
                cost: nil
            )
        }
        return .recordPastSale(
            PastSale(
                lines: lines.map {
                    var line = $0
                    if line.quantity == 0 { line.amount = -1 }
                    return line
                },
                reference: "R\(Int.random(in: 0..<20, using: &random))",
                firstLine: UInt32.random(in: 0...2, using: &random),
                occurredAt: .zero,
                note: tag
            )
        )
    }

    /// Picks a reservation of any client, which may not exist.
    private func randomSettlement(_ tag: String, _ random: inout SplitMix64) -> Command {
        let line = ReservationLine(
            reservation: ReservationID(UInt32.random(in: 1...40, using: &random))
        )
        switch Int.random(in: 0..<3, using: &random) {
        case 0:
            return .commitReservation(CommitReservation(lines: [line], note: tag))
        case 1:
            return .releaseReservation(ReleaseReservation(lines: [line], note: tag))
        default:
            return .extendReservation(
                ExtendReservation(lines: [line], expiry: .after(seconds: 2))
            )
        }
    }

    private func randomSale(_ tag: String, _ random: inout SplitMix64) -> Command {
        let lines = (0..<Int.random(in: 1...3, using: &random)).map { _ in
            SaleLine(
                product: ProductID(UInt32.random(in: 1...UInt32(self.products), using: &random)),
                quantity: Quantity(Int64.random(in: 1...6, using: &random))
            )
        }
        return .sell(Sale(lines: lines, note: tag))
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
