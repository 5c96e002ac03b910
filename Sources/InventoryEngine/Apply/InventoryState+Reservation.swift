internal import Bytes
internal import ColumnStore
public import InventoryModel

/// The rules of reserving stock, and of committing, releasing and expiring reservations.
///
///                 ┌─ commit the last ──▶ committed
///     reserve ──▶ active ─ release the last ─▶ released
///                 └─ a tick when due  ─▶ expired
/// A reservation ends when the log's clock reaches its expiry: from then on it can be neither committed
/// nor extended, and the next tick releases its stock.
extension InventoryState {
    /// Reserves all lines or none.
    ///
    /// A line may not leave less available than the floor.
    func reserve(_ command: Reserve, in draft: inout Draft) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        self.checkLines(
            command.lines.count,
            reference: command.reference,
            note: command.note,
            &findings
        )
        let expiresAt = Self.instant(command.expiry, draft: draft, findings: &findings)
        let next = draft.reservations.firstNumber(
            ofNew: command.lines.count,
            behind: self.tables.reservations.rowCount,
            openCount: self.deadlines.openCount,
            &findings
        )

        var unmet = UnmetDemand()
        for (index, line) in command.lines.enumerated() {
            let found = findings.count
            let level = self.reservable(
                line,
                number: UInt32(index),
                draft: draft,
                findings: &findings
            )
            guard let next, let level, findings.count == found else { continue }
            if level.sellable < line.quantity {
                unmet.add(
                    line.quantity,
                    of: level,
                    sellable: level.sellable,
                    line: UInt32(index),
                    reference: command.reference,
                    &findings
                )
                continue
            }
            let id = ReservationID(next + UInt32(index))
            Self.reserve(line, of: command, as: id, until: expiresAt, from: level, in: &draft)
        }
        try unmet.settle(findings, in: &draft)
        return self.done(UInt64(next ?? 0), in: draft)
    }

    /// Records the movement that sets units apart, and the reservation that refers to it.
    private static func reserve(
        _ line: ReserveLine,
        of command: Reserve,
        as id: ReservationID,
        until expiresAt: Instant,
        from level: Level,
        in draft: inout Draft
    ) {
        var level = level
        level.reserved += line.quantity
        draft.move(
            Movement(
                kind: .reserve,
                product: line.product,
                location: line.location,
                reservedDelta: line.quantity,
                reference: command.reference,
                note: command.note,
                occurredAt: draft.time
            ),
            leaving: level
        )
        draft.put(
            Reservation(
                id: id,
                product: line.product,
                location: line.location,
                quantity: line.quantity,
                remaining: line.quantity,
                expiresAt: expiresAt,
                reference: command.reference,
                origin: draft.lastMovement
            ),
            isNew: true
        )
    }

    /// The level from which a line is to be reserved; `nil` if the line cannot be checked further.
    private func reservable(
        _ line: ReserveLine,
        number: UInt32,
        draft: Draft,
        findings: inout Findings
    ) -> Level? {
        findings.check(
            "quantity",
            line.quantity.baseUnits,
            in: FieldBounds.quantities,
            line: number
        )
        let place = self.place(
            line.product,
            location: line.location,
            ifRevision: line.ifRevision,
            line: number,
            draft: draft,
            findings: &findings
        )
        if let facts = place.facts {
            SaleRule.check(line.product, isForSale: facts, number: number, checks: &findings)
        }
        return place.level
    }

    func extend(
        _ command: ExtendReservation,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        self.checkLines(command.lines.count, reference: "", note: "", &findings)
        let expiresAt = Self.instant(command.expiry, draft: draft, findings: &findings)
        for (index, line) in command.lines.enumerated()
        where line.quantity != nil || line.price != nil {
            findings.add(
                Refusal(
                    .invalidField,
                    line: UInt32(index),
                    .field("quantity", problem: "an extension is of the whole reservation")
                )
            )
        }
        for (index, line) in command.lines.enumerated() {
            let part = self.part(line, number: UInt32(index), draft: draft, findings: &findings)
            guard let part, part.isSound else { continue }
            var reservation = part.item
            guard reservation.expiresAt != expiresAt else { continue }
            reservation.expiresAt = expiresAt
            draft.put(reservation)
        }
        try findings.settle()
        return self.done(command.lines.first, in: draft)
    }

    /// Sells what was reserved: for each line, the reservation is reduced and the units are sold.
    ///
    /// Available does not change, so the floor does not apply; but units that a count or an adjustment
    /// has removed since cannot be sold.
    func commit(
        _ command: CommitReservation,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        self.checkLines(
            command.lines.count,
            reference: command.reference,
            note: command.note,
            &findings
        )
        let occurredAt = Self.occurrence(command.occurred, at: draft.time, &findings)

        var unmet = UnmetDemand()
        var total = Money.zero
        for (index, line) in command.lines.enumerated() {
            let number = UInt32(index)
            SaleRule.check(line.price, number: number, checks: &findings)
            guard let part = self.part(line, number: number, draft: draft, findings: &findings)
            else { continue }
            let reservation = part.item
            let found = findings.count
            let place = self.place(
                reservation.product,
                location: reservation.location,
                line: number,
                draft: draft,
                findings: &findings
            )
            guard let facts = place.facts, let level = place.level else { continue }
            let priced = SaleRule.priced(part.quantity, at: line.price, facts)
            let amount = findings.add(priced.amount, to: &total, line: number)
            guard let amount, findings.count == found else { continue }
            let onShelf = Self.committable(level)
            let reference = command.reference.isEmpty ? reservation.reference : command.reference
            guard let taken = SaleRule.take(part.quantity, from: level, sellable: onShelf) else {
                unmet.add(
                    part.quantity,
                    of: level,
                    sellable: onShelf,
                    line: number,
                    reference: reference,
                    isDemand: part.isSound,
                    &findings
                )
                continue
            }
            guard part.isSound else { continue }
            var movement = Movement.unfilledSale
            SaleRule.record(
                part.quantity,
                taken,
                charged: amount,
                at: priced.price,
                reference: reference,
                note: command.note,
                occurredAt: occurredAt,
                isImported: command.occurred?.isImported ?? false,
                in: &movement
            )
            let lifted = self.lift(part, .commit, from: level, note: command.note, in: &draft)
            self.record(movement, at: lifted, in: &draft)
        }
        try unmet.settle(findings, in: &draft)
        return self.done(command.lines.first, amount: total, in: draft)
    }

    /// Records the sale that a commit makes.
    private func record(_ sale: Movement, at level: Level, in draft: inout Draft) {
        var level = level
        level.onHand += sale.onHandDelta
        level.value += sale.cost
        draft.move(sale, leaving: level)
    }

    /// The number of reserved units that can be handed over: those on hand that are not on hold, and those
    /// that the floor allows beyond them.
    private static func committable(_ level: Level) -> Quantity {
        max(0, level.onHand - level.unavailable - min(0, level.floor))
    }

    func release(
        _ command: ReleaseReservation,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        self.checkLines(command.lines.count, reference: "", note: command.note, &findings)
        for (index, line) in command.lines.enumerated() where line.price != nil {
            findings.add(
                Refusal(
                    .invalidField,
                    line: UInt32(index),
                    .field("price", problem: "a release sells nothing")
                )
            )
        }
        for (index, line) in command.lines.enumerated() {
            let part = self.part(line, number: UInt32(index), draft: draft, findings: &findings)
            guard let part, part.isSound else { continue }
            let place = part.item
            let level = self.level(place.product, location: place.location, draft: draft)
            _ = self.lift(part, .release, from: level, note: command.note, in: &draft)
        }
        try findings.settle()
        return self.done(command.lines.first, in: draft)
    }

    // MARK: - Time

    /// When the next reservation expires; the end of time if none is active.
    public var nextExpiry: Instant { self.deadlines.next }

    /// The changes of a tick: the reservations due at `time` expire, earliest first, at most
    /// `Limits/tickReservationsMax` of them.
    ///
    /// Empty if none is due.
    /// - Complexity: O(k log k) for k due reservations.
    public func tick(at time: Instant) -> [Change] {
        let due = self.deadlines.due(
            at: time,
            limit: Limits.tickReservationsMax,
            in: self.tables.reservations
        )
        guard !due.isEmpty else { return [] }
        var draft = Draft(lsn: self.lsn.next, time: time, isBatch: false)
        for id in due {
            let reservation = self.tables.reservation(id)
            let part = ReservationPart(
                item: reservation,
                quantity: reservation.remaining,
                line: 0,
                isSound: true
            )
            let level = self.level(
                reservation.product,
                location: reservation.location,
                draft: draft
            )
            _ = self.lift(part, .expire, from: level, note: "", in: &draft)
        }
        self.settleAlerts(in: &draft)
        return draft.changes
    }

    // MARK: - Shared

    private typealias ReservationPart = OpenItemPart<Reservation>

    /// The part of a reservation that a line refers to; `nil` if there is no such reservation.
    private func part(
        _ line: ReservationLine,
        number: UInt32,
        draft: Draft,
        findings: inout Findings
    ) -> ReservationPart? {
        self.tables.reservations.part(
            line,
            number: number,
            of: self.reservation(line.reservation, draft),
            at: draft.time,
            findings: &findings
        )
    }

    /// Reduces a reservation by a movement of that kind.
    ///
    /// - Returns: The level it leaves.
    private func lift(
        _ part: ReservationPart,
        _ kind: MovementKind,
        from level: Level,
        note: String,
        in draft: inout Draft
    ) -> Level {
        var level = level
        level.reserved -= part.quantity
        precondition(level.reserved >= 0, "\(level) has less reserved than \(part.item)")
        draft.move(
            Movement(
                kind: kind,
                product: level.product,
                location: level.location,
                reservedDelta: -part.quantity,
                reference: part.item.reference,
                note: note,
                origin: part.item.origin,
                occurredAt: draft.time
            ),
            leaving: level
        )
        var reservation = part.item
        reservation.remaining -= part.quantity
        if reservation.remaining == 0 {
            reservation.state =
                switch kind {
                case .commit: .committed
                case .release: .released
                default: .expired
                }
        }
        draft.put(reservation)
        return level
    }

    /// When a reservation made now expires.
    private static func instant(
        _ expiry: Expiry,
        draft: Draft,
        findings: inout Findings
    ) -> Instant {
        switch expiry {
        case .at(let instant):
            let latest = draft.time.advanced(bySeconds: Limits.reservationSecondsMax)
            let range = (draft.time.microseconds + 1)...latest.microseconds
            findings.check("expiresAt", instant.microseconds, in: range)
            return instant
        case .after(let seconds):
            findings.check("expiresAfter", seconds, in: FieldBounds.expirySeconds)
            return draft.time.advanced(bySeconds: seconds)
        }
    }

    private func done(
        _ line: ReservationLine?,
        amount: Money = 0,
        in draft: Draft
    ) -> Outcome.Done {
        self.done(UInt64(line?.reservation.value ?? 0), amount: amount, in: draft)
    }
}
