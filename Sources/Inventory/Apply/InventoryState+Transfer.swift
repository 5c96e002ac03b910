internal import ColumnStore

/// The rules of moving stock between locations.
///
///     source ── dispatch ──▶ in transit ── receive ──▶ destination
///        ▲                       │
///        └────────── cancel ─────┘
///
/// What is in transit is on hand nowhere, and incoming at the destination. Its cost travels with it.
extension InventoryState {
    /// All lines or none.
    ///
    /// A line may not leave less available at the source than the floor.
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
            findings.add(Refusal(.invalidField, .field("to", problem: "is where it comes from")))
        }
        let next = UInt64(self.tables.transfers.nextID.value) + UInt64(draft.createdTransfers)
        if next + UInt64(wanted.lines.count) > UInt64(Limits.transfersMax) {
            findings.add(.tableFull("transfers", Int64(Limits.transfersMax)))
        }
        let open = self.openTransfers.count + draft.openedTransfers
        if open + wanted.lines.count > Limits.openTransfersMax {
            findings.add(.tableFull("open transfers", Int64(Limits.openTransfersMax)))
        }
        try findings.settle()

        for (index, line) in wanted.lines.enumerated() {
            let number = UInt32(index)
            let range = 1...Limits.quantityMax
            findings.check("quantity", line.quantity, in: range, line: number)
            let source = self.checkPlace(
                line.product,
                wanted.source,
                line: number,
                draft,
                &findings
            )
            let destination = self.checkPlace(
                line.product,
                wanted.destination,
                line: number,
                draft,
                &findings
            )
            guard source != nil, destination != nil else { continue }
            let stored = self.tables.levels.level(line.product, wanted.source)
            self.check(revision: stored.revision, is: line.ifRevision, line: number, &findings)
            guard range.contains(line.quantity) else { continue }
            let level = self.level(line.product, wanted.source, draft)
            if level.sellable < line.quantity {
                findings.add(
                    Refusal(
                        .insufficientStock,
                        line: number,
                        .shortage(Refusal.Shortage(of: level, asked: line.quantity))
                    )
                )
                continue
            }
            let id = TransferID(UInt32(next) + UInt32(index))
            self.send(line, as: id, wanted, from: level, in: &draft, &findings)
        }
        try findings.settle()
        return self.done(next, in: draft)
    }

    /// Takes one line off the source and announces it at the destination.
    private func send(
        _ line: DispatchLine,
        as id: TransferID,
        _ wanted: DispatchTransfer,
        from level: Level,
        in draft: inout Draft,
        _ findings: inout Findings
    ) {
        var level = level
        let cost = StockMath.cost(ofTaking: line.quantity, from: level)
        level.onHand -= line.quantity
        level.value -= cost
        let out = Movement(
            kind: .transferOut,
            product: line.product,
            location: wanted.source,
            onHandDelta: -line.quantity,
            cost: -cost,
            reference: wanted.reference,
            note: wanted.note,
            occurredAt: draft.time
        )
        draft.move(out, leaving: level)
        let origin = draft.lastMovement
        var arriving = self.level(line.product, wanted.destination, draft)
        arriving.incoming += line.quantity
        self.checkRange(of: arriving, line: nil, &findings)
        self.expect(line.quantity, like: out, leaving: arriving, in: &draft)
        draft.put(
            Transfer(
                id: id,
                product: line.product,
                source: wanted.source,
                destination: wanted.destination,
                quantity: line.quantity,
                remaining: line.quantity,
                value: cost,
                reference: wanted.reference,
                origin: origin
            ),
            isNew: true
        )
    }

    /// Announces stock at a destination, or takes the announcement back.
    private func expect(
        _ delta: Int64,
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

    /// Takes in what arrived, whole or in part.
    func receive(
        _ wanted: TransferSettlement,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        try self.settle(wanted, in: &draft) { part, draft, findings in
            let transfer = part.transfer
            var level = self.level(transfer.product, transfer.destination, draft)
            // Other deliveries may have used the announcement up.
            let announced = min(part.quantity, level.incoming)
            level.incoming -= announced
            self.take(part, .received, into: level, announced, wanted, in: &draft, &findings)
        }
    }

    /// Takes what is on its way back to where it came from, whole or in part.
    func cancel(
        _ wanted: TransferSettlement,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        try self.settle(wanted, in: &draft) { part, draft, findings in
            let transfer = part.transfer
            let level = self.level(transfer.product, transfer.source, draft)
            self.take(part, .cancelled, into: level, 0, wanted, in: &draft, &findings)
            var expecting = self.level(transfer.product, transfer.destination, draft)
            let announced = min(part.quantity, expecting.incoming)
            guard announced > 0 else { return }
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

    /// As much of a transfer as a line means.
    private struct TransferPart {
        var transfer: Transfer
        var quantity: Int64
    }

    /// Checks each line and does with it what `body` says.
    private func settle(
        _ wanted: TransferSettlement,
        in draft: inout Draft,
        _ body: (TransferPart, inout Draft, inout Findings) -> Void
    ) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        self.checkLines(wanted.lines.count, reference: "", note: wanted.note, &findings)
        try findings.settle()
        for (index, line) in wanted.lines.enumerated() {
            if let part = self.part(line, UInt32(index), draft, &findings) {
                body(part, &draft, &findings)
            }
        }
        try findings.settle()
        return self.done(UInt64(wanted.lines.first?.transfer.value ?? 0), in: draft)
    }

    /// What a line means; nothing where a finding was added.
    private func part(
        _ line: TransferLine,
        _ number: UInt32,
        _ draft: Draft,
        _ findings: inout Findings
    ) -> TransferPart? {
        let id = Refusal.Detail.id(UInt64(line.transfer.value))
        let range = 1...Limits.quantityMax
        if let quantity = line.quantity {
            findings.check("quantity", quantity, in: range, line: number)
        }
        guard let transfer = self.transfer(line.transfer, draft) else {
            findings.add(Refusal(.transferNotFound, line: number, id))
            return nil
        }
        let isStored = self.tables.transfers.contains(transfer.id)
        let revision = isStored ? self.tables.transfers.revisions[transfer.id.row] : draft.lsn
        self.check(revision: revision, is: line.ifRevision, line: number, &findings)
        guard transfer.state == .inTransit else {
            findings.add(Refusal(.transferClosed, line: number, id))
            return nil
        }
        let quantity = line.quantity ?? transfer.remaining
        guard quantity <= transfer.remaining else {
            findings.add(
                Refusal(
                    .exceedsTransfer,
                    line: number,
                    .remainder(
                        UInt64(transfer.id.value),
                        asked: quantity,
                        remaining: transfer.remaining
                    )
                )
            )
            return nil
        }
        return range.contains(quantity)
            ? TransferPart(transfer: transfer, quantity: quantity) : nil
    }

    /// Puts a part of a transfer, with its share of the cost, onto a level.
    ///
    /// `announced`: By how much incoming of the level fell already.
    private func take(
        _ part: TransferPart,
        _ state: TransferState,
        into level: Level,
        _ announced: Int64,
        _ wanted: TransferSettlement,
        in draft: inout Draft,
        _ findings: inout Findings
    ) {
        var transfer = part.transfer
        let isLast = part.quantity == transfer.remaining
        // The quotient is at most the value, so it is in range; the last part takes the rest.
        let share = Price.proportion(
            transfer.value,
            times: part.quantity,
            over: transfer.remaining
        )
        let cost = isLast ? transfer.value : share ?? transfer.value
        let gained = StockMath.receiving(part.quantity, costing: cost, onto: level)
        var level = level
        level.onHand += part.quantity
        level.value += gained.value
        self.checkRange(of: level, line: nil, &findings)
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
        if isLast { transfer.state = state }
        draft.put(transfer)
    }
}
