internal import Bytes
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire

/// The fast path of a batch of receipts of the past, as an import sends them: see ``PlainReceipt``.
extension Engine {
    /// Runs a batch of independent receipts on the fast path.
    ///
    /// - Returns: Whether it was one; if not, nothing has changed.
    mutating func runReceipts(
        _ command: UnsafeRawBufferPointer,
        with permission: FastPathPermission,
        context: borrowing Context,
        completing completion: Completion?,
        into reply: inout ByteWriter
    ) -> Bool {
        assert(permission.path == .receipts, "receipts by the right of \(permission.path)")
        guard self.receipts.read(command), self.isShort(completing: completion) else {
            return false
        }
        self.state.settle(&self.sales)
        let start = reply.count
        let isErrorsOnly = self.receipts.isErrorsOnly
        let count = self.receipts.count
        var answer = BatchAnswer(count: count, isErrorsOnly: isErrorsOnly, into: &reply)
        var tally = self.state.importTally(of: context.session, isErrorsOnly: isErrorsOnly)
        for index in 0..<count {
            // All steps are in one block: after a crash, either the whole request remains or none of it.
            let isLast = index == count - 1
            let last = isLast ? completion : nil
            let time = self.time(context.now)
            // The last step of a request of an import has its counts.
            if !isLast || tally == nil,
                self.state.decide(self.receipts, index, at: time, into: &self.receipt)
            {
                answer.take(self.receipt, into: &reply)
                tally?.note(self.receipts, index, recordedBy: self.receipt)
                self.applyReceipt(context.actor, completing: last, into: reply, from: start)
                continue
            }
            self.state.settle(&self.receiptRows)
            let decision = self.decide(
                self.receipts.command(index),
                at: time,
                isLast: isLast,
                of: &tally
            )
            answer.take(decision.outcome, into: &reply)
            self.apply(
                decision.changes,
                at: time,
                by: context.actor,
                completing: last,
                into: reply,
                from: start
            )
        }
        self.state.settle(&self.receiptRows)
        return true
    }

    /// Whether the outcome of the receipts is short enough to be remembered, if it has to be.
    ///
    /// The slow path refuses a batch whose outcome is too long.
    private func isShort(completing completion: Completion?) -> Bool {
        completion == nil || self.receipts.isErrorsOnly
            || self.receipts.outcomeByteCountMax <= Limits.outcomeByteCountMax
    }

    /// Encodes the step of a plain receipt for the log and applies it to the state.
    private mutating func applyReceipt(
        _ actor: String,
        completing completion: Completion?,
        into reply: borrowing ByteWriter,
        from start: Int
    ) {
        reply.withBytes { bytes in
            let outcome = completion.map {
                RememberedOutcome($0, answered: bytes, from: start)
            }
            self.receipt.encodeEntry(by: actor, remembering: outcome, into: &self.gathered)
            self.state.evolve(
                self.receipt,
                by: actor,
                remembering: outcome,
                gathering: &self.receiptRows
            )
        }
        self.finishStep()
    }
}
