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
        _ wanted: DispatchTransfer,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        self.checkLines(
            wanted.lines.count,
            reference: wanted.reference,
            note: wanted.note,
            &findings
        )
        if wanted.source == wanted.destination {
            findings.add(Refusal(.invalidField, .field("to", problem: "is the source location")))
        }
        let next = draft.transfers.firstNumber(
            ofNew: wanted.lines.count,
            behind: self.tables.transfers.rowCount,
            openCount: self.openTransfers.count,
            &findings
        )

        for (index, line) in wanted.lines.enumerated() {
            let number = UInt32(index)
            let found = findings.count
            let sent = self.sent(
                line,
                number: number,
                wanted: wanted,
                draft: draft,
                findings: &findings
            )
            guard let next, let sent, findings.count == found else { continue }
            self.send(sent, as: TransferID(next + UInt32(index)), wanted, in: &draft)
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
        wanted: DispatchTransfer,
        draft: Draft,
        findings: inout Findings
    ) -> Sent? {
        let quantities = 1...Limits.quantityMax
        let isQuantity = findings.check(
            "quantity",
            line.quantity.baseUnits,
            in: quantities,
            line: number
        )
        let source = self.place(
            line.product,
            location: wanted.source,
            ifRevision: line.ifRevision,
            line: number,
            draft: draft,
            findings: &findings
        )
        let destination = self.place(
            line.product,
            location: wanted.destination,
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
        _ wanted: DispatchTransfer,
        in draft: inout Draft
    ) {
        let out = Movement(
            kind: .transferOut,
            product: sent.leaving.product,
            location: wanted.source,
            onHandDelta: -sent.quantity,
            cost: -sent.cost,
            reference: wanted.reference,
            note: wanted.note,
            occurredAt: draft.time
        )
        draft.move(out, leaving: sent.leaving)
        let origin = draft.lastMovement
        self.expect(sent.quantity, like: out, leaving: sent.arriving, in: &draft)
        draft.put(
            Transfer(
                id: id,
                product: sent.leaving.product,
                source: wanted.source,
                destination: wanted.destination,
                quantity: sent.quantity,
                remaining: sent.quantity,
                value: sent.cost,
                reference: wanted.reference,
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
        _ wanted: TransferSettlement,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        try self.settle(wanted, in: &draft) { part, draft, findings in
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
                wanted: wanted,
                in: &draft,
                findings: &findings
            )
        }
    }

    /// Returns a transfer to its source, in full or in part.
    func cancel(
        _ wanted: TransferSettlement,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        try self.settle(wanted, in: &draft) { part, draft, findings in
            let transfer = part.item
            let level = self.level(transfer.product, location: transfer.source, draft: draft)
            self.take(
                part,
                of: .cancelled,
                into: level,
                announced: 0,
                wanted: wanted,
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
                note: wanted.note,
                occurredAt: draft.time
            )
            self.expect(-announced, like: like, leaving: expecting, in: &draft)
        }
    }

    // MARK: - Shared

    private typealias TransferPart = OpenItemPart<Transfer>

    /// Checks each line and calls `body` for it.
    private func settle(
        _ wanted: TransferSettlement,
        in draft: inout Draft,
        _ body: (TransferPart, inout Draft, inout Findings) -> Void
    ) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        self.checkLines(wanted.lines.count, reference: "", note: wanted.note, &findings)
        for (index, line) in wanted.lines.enumerated() {
            if let part = self.part(line, number: UInt32(index), draft: draft, findings: &findings)
            {
                body(part, &draft, &findings)
            }
        }
        try findings.settle()
        return self.done(UInt64(wanted.lines.first?.transfer.value ?? 0), in: draft)
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
        wanted: TransferSettlement,
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
            note: wanted.note,
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
