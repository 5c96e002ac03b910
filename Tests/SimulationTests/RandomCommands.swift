import InventoryModel
import InventoryTestSupport

/// Random commands about a few products, each with a note by which it is found in the log.
struct RandomCommands {
    /// The products are numbered from 1.
    let products: Int
    /// The session of the client that sends them.
    let session: SessionID

    /// Any command, batches included.
    func any(_ tag: String, _ random: inout SplitMix64) -> Command {
        switch Int.random(in: 0..<17, using: &random) {
        case 0, 1:
            let parts = (0..<Int.random(in: 1...4, using: &random)).map {
                self.sale("\(tag)-\($0)", &random)
            }
            let modes = [BatchMode.atomic, .independent, .errorsOnly]
            return .batch(parts, modes.randomElement(using: &random) ?? .atomic)
        case 2:
            let point = Quantity(Int64.random(in: 0...40, using: &random))
            let product = self.product(&random)
            return .batch(
                [
                    .setReorderPoint(ReorderPointChange(product: product, reorderPoint: point)),
                    self.sale(tag, &random),
                ],
                .atomic
            )
        case 3:
            let product = self.product(&random)
            return .batch(
                [
                    .setUnavailable(Hold(product: product, delta: 2, reason: .damaged)),
                    .writeOff(
                        WriteOff(product: product, quantity: 2, reason: .damaged, note: tag)
                    ),
                ],
                .atomic
            )
        case 4:
            // The client's session becomes that of a run, whose row then advances with every command.
            return .recordImportRun(
                RecordImportRun(
                    run: "client \(self.session.high)",
                    session: self.session.hexadecimal
                )
            )
        default:
            return self.single(tag, &random)
        }
    }

    private func product(_ random: inout SplitMix64) -> ProductID {
        ProductID(UInt32.random(in: 1...UInt32(self.products), using: &random))
    }

    /// A command that may be a part of a batch.
    func single(_ tag: String, _ random: inout SplitMix64) -> Command {
        let product = self.product(&random)
        switch Int.random(in: 0..<12, using: &random) {
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
            let line = ReserveLine(
                product: product,
                quantity: Quantity(Int64.random(in: 1...4, using: &random))
            )
            let seconds = Int64.random(in: 1...4, using: &random)
            return .reserve(
                Reserve(lines: [line], expiry: .after(seconds: seconds), note: tag)
            )
        case 5:
            return self.settlement(tag, &random)
        case 6:
            return self.pastSale(tag, product, &random)
        default:
            return self.sale(tag, &random)
        }
    }

    /// A part of one of a few receipts, which other clients record too.
    private func pastSale(
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
    private func settlement(_ tag: String, _ random: inout SplitMix64) -> Command {
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

    func sale(_ tag: String, _ random: inout SplitMix64) -> Command {
        let lines = (0..<Int.random(in: 1...3, using: &random)).map { _ in
            SaleLine(
                product: ProductID(UInt32.random(in: 1...UInt32(self.products), using: &random)),
                quantity: Quantity(Int64.random(in: 1...6, using: &random))
            )
        }
        return .sell(Sale(lines: lines, note: tag))
    }
}
