internal import Bytes
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire

/// Steps of the log that are not on a fast path: each is encoded as an entry and applied to the state.
extension Engine {
    /// Writes the first step of a new database.
    mutating func bootstrap(currency: Currency, now: Instant) {
        precondition(self.lsn == 0, "bootstrapped at LSN \(self.lsn)")
        self.apply(
            InventoryState.bootstrap(currency: currency),
            at: self.time(now),
            by: "",
            remembering: nil
        )
    }

    /// Opens a session on a connection, in place of the one that it has open.
    ///
    /// - Returns: The session, and the number of the one that it replaces; `nil` for none.
    /// - Throws: `overloaded` if the connection has created too many, and what opening it throws.
    mutating func openSession(
        _ id: SessionID,
        mayCreate: Bool,
        in session: inout ConnectionSession,
        _ context: borrowing Context,
        unless isOpen: (UInt32) -> Bool
    ) throws(Refusal) -> (status: SessionStatus, replaced: UInt32?) {
        let exists = self.state.sessionStatus(of: id) != nil
        if let refusal = session.refusal(exists: exists, mayCreate: mayCreate) { throw refusal }
        let status = try self.openSession(id, mayCreate: mayCreate, context, unless: isOpen)
        return (status, session.opened(status.number, isNew: !exists))
    }

    /// Opens a session, or returns its current position.
    ///
    /// `isOpen` reports whether the session with that number is open on a connection.
    ///
    /// - Throws: `session_expired` if the session does not exist and may not be created.
    mutating func openSession(
        _ id: SessionID,
        mayCreate: Bool,
        _ context: borrowing Context,
        unless isOpen: (UInt32) -> Bool
    ) throws(Refusal) -> SessionStatus {
        if let status = self.state.sessionStatus(of: id) { return status }
        guard mayCreate else { throw Refusal(.sessionExpired) }
        if let refusal = context.refusal { throw refusal }
        let time = self.time(context.now)
        let changes = try self.state.opening(id, at: time, unless: isOpen)
        self.apply(changes, at: time, by: context.actor, remembering: nil)
        guard let status = self.state.sessionStatus(of: id) else {
            preconditionFailure("a session that was opened is not there")
        }
        return status
    }

    /// Expires reservations that are due and forgets old idempotency keys: each is a system step without
    /// actor.
    ///
    /// At most ``Limits/tickReservationsMax`` and ``Limits/tickKeysMax`` of them, which bounds the delay; the
    /// next call continues.
    ///
    /// - Returns: Whether any was due.
    mutating func tick(now: Instant) -> Bool {
        let hasForgotten = self.forgetKeys(now: now)
        let time = self.time(now)
        guard time >= self.state.nextExpiry else { return hasForgotten }
        self.apply(self.state.tick(at: time), at: time, by: "", remembering: nil)
        return true
    }

    /// Forgets idempotency keys once the oldest is past its retention.
    private mutating func forgetKeys(now: Instant) -> Bool {
        guard self.keys.isDue(self.state.oldestKeyTime, at: now) else { return false }
        let changes = self.state.forgettingKeys(through: self.keys.horizon(at: now))
        self.apply(changes, at: self.time(now), by: "", remembering: nil)
        return !changes.isEmpty
    }

    /// `now`, or just after the last step if the clock went back.
    func time(_ now: Instant) -> Instant {
        max(now, Instant(microseconds: self.state.time.microseconds &+ 1))
    }

    /// Encodes one step for the log and applies it to the state.
    ///
    /// The step that completes a request remembers its outcome: the answer from `start` on.
    mutating func apply(
        _ changes: [Change],
        at time: Instant,
        by actor: String,
        completing completion: Completion?,
        into reply: borrowing ByteWriter,
        from start: Int
    ) {
        guard let completion else {
            self.apply(changes, at: time, by: actor, remembering: nil)
            return
        }
        reply.withBytes { bytes in
            let outcome = RememberedOutcome(completion, answered: bytes, from: start)
            self.apply(changes, at: time, by: actor, remembering: outcome)
        }
    }

    mutating func apply(
        _ changes: [Change],
        at time: Instant,
        by actor: String,
        remembering outcome: RememberedOutcome?
    ) {
        if changes.isEmpty, outcome == nil { return }
        precondition(self.sales.isEmpty, "a step behind sales that are not in the ledger")
        precondition(self.products.isEmpty, "a step behind products that are not in the tables")
        precondition(self.receiptRows.isEmpty, "a step behind receipts that are not in the ledger")
        let lsn = self.state.lsn + 1
        var entry = EntryWriter(lsn: lsn, time: time, actor: actor, into: &self.gathered)
        for change in changes { entry.append(change, into: &self.gathered) }
        if let outcome { entry.append(outcome, into: &self.gathered) }
        self.state.evolve(changes, lsn: lsn, time: time, actor: actor, remembering: outcome)
        entry.finish(into: &self.gathered)
        self.finishStep()
    }
}
