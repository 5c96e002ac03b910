internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// The rules of moving stock between locations.
///
///     source ── dispatch ──▶ in transit ── receive ──▶ destination
///        ▲                       │
///        └────────── cancel ─────┘
///
/// Goods in transit are on hand nowhere, and incoming at the destination. Their cost travels with them.
extension InventoryState {
    /// Dispatches all lines or none.
    ///
    /// A line takes at most the units that are on hand and not reserved, and leaves those that a floor above
    /// 0 retains; a floor below 0 applies to sales only.
    func dispatch(
        _ command: DispatchTransfer,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        self.checkLines(
            command.lines.count,
            reference: command.reference,
            note: command.note,
            &findings
        )
        if command.source == command.destination {
            findings.add(Refusal(.invalidField, .field("to", problem: "is the source location")))
        }
        let next = draft.transfers.firstNumber(
            ofNew: command.lines.count,
            behind: self.tables.transfers.rowCount,
            openCount: self.openTransfers.count,
            &findings
        )

        for (index, line) in command.lines.enumerated() {
            let number = UInt32(index)
            let found = findings.count
            let sent = self.sent(
                line,
                number: number,
                command: command,
                draft: draft,
                findings: &findings
            )
            guard let next, let sent, findings.count == found else { continue }
            self.send(sent, as: TransferID(next + UInt32(index)), command, in: &draft)
        }
        try findings.settle()
        return self.done(UInt64(next ?? 0), in: draft)
    }

    /// One line of a dispatch: both levels as it leaves them, and its quantity and cost.
    private struct Sent {
        var quantity: Quantity
        var cost: Money
        var leaving: Level
        var arriving: Level
    }

    /// Checks one line of a dispatch.
    ///
    /// - Returns: `nil` if it cannot be checked further.
    private func sent(
        _ line: DispatchLine,
        number: UInt32,
        command: DispatchTransfer,
        draft: Draft,
        findings: inout Findings
    ) -> Sent? {
        let quantities = FieldBounds.quantities
        let isQuantity = findings.check(
            "quantity",
            line.quantity.baseUnits,
            in: quantities,
            line: number
        )
        let source = self.place(
            line.product,
            location: command.source,
            ifRevision: line.ifRevision,
            line: number,
            draft: draft,
            findings: &findings
        )
        let destination = self.place(
            line.product,
            location: command.destination,
            line: number,
            draft: draft,
            findings: &findings
        )
        guard isQuantity else { return nil }
        var arriving = destination.level
        arriving?.incoming += line.quantity
        _ = arriving.map { self.checkRange(of: $0, line: number, &findings) }
        guard let level = source.level, let arriving else { return nil }
        guard level.movable >= line.quantity else {
            var shortage = Refusal.Shortage(of: level, asked: line.quantity)
            shortage.sellable = level.movable
            shortage.floor = max(0, level.floor)
            findings.add(Refusal(.insufficientStock, line: number, .shortage(shortage)))
            return nil
        }
        let cost = StockMath.cost(ofTaking: line.quantity, from: level)
        var leaving = level
        leaving.onHand -= line.quantity
        leaving.value -= cost
        return Sent(quantity: line.quantity, cost: cost, leaving: leaving, arriving: arriving)
    }

    /// Takes one line from the source and adds it to the incoming stock of the destination.
    private func send(
        _ sent: Sent,
        as id: TransferID,
        _ command: DispatchTransfer,
        in draft: inout Draft
    ) {
        let out = Movement(
            kind: .transferOut,
            product: sent.leaving.product,
            location: command.source,
            onHandDelta: -sent.quantity,
            cost: -sent.cost,
            reference: command.reference,
            note: command.note,
            occurredAt: draft.time
        )
        draft.move(out, leaving: sent.leaving)
        let origin = draft.lastMovement
        self.expect(sent.quantity, like: out, leaving: sent.arriving, in: &draft)
        draft.put(
            Transfer(
                id: id,
                product: sent.leaving.product,
                source: command.source,
                destination: command.destination,
                quantity: sent.quantity,
                remaining: sent.quantity,
                value: sent.cost,
                reference: command.reference,
                origin: origin
            ),
            replacing: nil
        )
    }

    /// Changes the incoming stock of a destination.
    private func expect(
        _ delta: Quantity,
        like movement: Movement,
        leaving level: Level,
        in draft: inout Draft
    ) {
        draft.move(
            Movement(
                kind: .expectIncoming,
                product: level.product,
                location: level.location,
                incomingDelta: delta,
                reference: movement.reference,
                note: movement.note,
                occurredAt: draft.time
            ),
            leaving: level
        )
    }

    /// Receives a transfer at its destination, in full or in part.
    func receive(
        _ command: TransferSettlement,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        try self.settle(command, in: &draft) { part, draft, findings in
            let transfer = part.item
            var level = self.level(transfer.product, location: transfer.destination, draft: draft)
            // Logs of version 0.1.0 contain deliveries that consumed the incoming stock of a transfer.
            let announced = min(part.quantity, level.incoming)
            level.incoming -= announced
            self.take(
                part,
                of: .received,
                into: level,
                announced: announced,
                command: command,
                in: &draft,
                findings: &findings
            )
        }
    }

    /// Returns a transfer to its source, in full or in part.
    func cancel(
        _ command: TransferSettlement,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        try self.settle(command, in: &draft) { part, draft, findings in
            let transfer = part.item
            let level = self.level(transfer.product, location: transfer.source, draft: draft)
            self.take(
                part,
                of: .cancelled,
                into: level,
                announced: 0,
                command: command,
                in: &draft,
                findings: &findings
            )
            var expecting = self.level(
                transfer.product,
                location: transfer.destination,
                draft: draft
            )
            let announced = min(part.quantity, expecting.incoming)
            guard part.isSound, announced > 0 else { return }
            expecting.incoming -= announced
            let like = Movement(
                kind: .transferIn,
                product: transfer.product,
                location: transfer.destination,
                reference: transfer.reference,
                note: command.note,
                occurredAt: draft.time
            )
            self.expect(-announced, like: like, leaving: expecting, in: &draft)
        }
    }

    // MARK: - Shared

    private typealias TransferPart = OpenItemPart<Transfer>

    /// Checks each line and calls `body` for it.
    private func settle(
        _ command: TransferSettlement,
        in draft: inout Draft,
        _ body: (TransferPart, inout Draft, inout Findings) -> Void
    ) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        self.checkLines(command.lines.count, reference: "", note: command.note, &findings)
        for (index, line) in command.lines.enumerated() {
            if let part = self.part(line, number: UInt32(index), draft: draft, findings: &findings)
            {
                body(part, &draft, &findings)
            }
        }
        try findings.settle()
        return self.done(UInt64(command.lines.first?.transfer.value ?? 0), in: draft)
    }

    /// The part of a transfer that a line refers to; `nil` if there is no such transfer.
    private func part(
        _ line: TransferLine,
        number: UInt32,
        draft: Draft,
        findings: inout Findings
    ) -> TransferPart? {
        self.tables.transfers.part(
            line,
            number: number,
            of: self.transfer(line.transfer, draft),
            at: draft.time,
            findings: &findings
        )
    }

    /// Adds a part of a transfer, with its share of the cost, to a level.
    ///
    /// `announced` is how much the level's incoming stock was reduced already.
    private func take(
        _ part: TransferPart,
        of state: TransferState,
        into level: Level,
        announced: Quantity,
        command: TransferSettlement,
        in draft: inout Draft,
        findings: inout Findings
    ) {
        var transfer = part.item
        let cost = StockMath.share(of: transfer.value, part.quantity, of: transfer.remaining)
        let gained = StockMath.receiving(part.quantity, costing: cost, onto: level)
        var level = level
        level.onHand += part.quantity
        level.value += gained.value
        guard self.checkRange(of: level, line: part.line, &findings), part.isSound else { return }
        let movement = Movement(
            kind: .transferIn,
            product: transfer.product,
            location: level.location,
            onHandDelta: part.quantity,
            incomingDelta: -announced,
            cost: gained.value,
            reference: transfer.reference,
            note: command.note,
            origin: transfer.origin,
            occurredAt: draft.time
        )
        draft.move(movement, leaving: level)
        self.recordLateCost(gained.late, of: movement, at: level, in: &draft)
        transfer.remaining -= part.quantity
        transfer.value -= cost
        if transfer.remaining == 0 { transfer.state = state }
        draft.put(transfer, replacing: part.item)
    }
}
