internal import Bytes
internal import InventoryEngine
internal import InventoryModel

/// The fast paths of the engine: a plain sale, and batches of plain sales and of plain products; those of receipts
/// are beside it.
///
/// Each requires a ``FastPathPermission``, so no command runs without the right to send it.
/// A command that a fast path cannot decide falls back to the slow path within the same request.
extension Engine {
    /// Runs a command on its fast path.
    ///
    /// - Returns: Whether it could; if not, nothing has changed.
    mutating func runPlain(
        _ command: UnsafeRawBufferPointer,
        with permission: FastPathPermission,
        context: borrowing Context,
        completing completion: Completion?,
        into reply: inout ByteWriter
    ) -> Bool {
        switch permission.path {
        case .sale:
            self.runSale(
                command,
                with: permission,
                context: context,
                completing: completion,
                into: &reply
            )
        case .sales:
            self.runSales(
                command,
                with: permission,
                context: context,
                completing: completion,
                into: &reply
            )
        case .products:
            self.runProducts(
                command,
                with: permission,
                context: context,
                completing: completion,
                into: &reply
            )
        case .receipts:
            self.runReceipts(
                command,
                with: permission,
                context: context,
                completing: completion,
                into: &reply
            )
        }
    }

    // MARK: - Plain sales

    /// Runs a plain sale on the fast path.
    ///
    /// - Returns: Whether it was one; if not, nothing has changed.
    private mutating func runSale(
        _ command: UnsafeRawBufferPointer,
        with permission: FastPathPermission,
        context: borrowing Context,
        completing completion: Completion?,
        into reply: inout ByteWriter
    ) -> Bool {
        assert(permission.path == .sale, "a sale by the right of \(permission.path)")
        guard let sale = PlainSale(command) else { return false }
        let time = self.time(context.now)
        guard self.state.decide(sale, at: time, into: &self.step) else { return false }
        let start = reply.count
        let balances = self.step.encodeOutcome(into: &reply)
        let place = (start, balances)
        self.applyStep(
            context.actor,
            completing: completion,
            into: reply,
            at: place,
            balancesIn: reply
        )
        return true
    }

    /// Runs a batch of independent plain sales on the fast path.
    ///
    /// - Returns: Whether it was one; if not, nothing has changed.
    private mutating func runSales(
        _ command: UnsafeRawBufferPointer,
        with permission: FastPathPermission,
        context: borrowing Context,
        completing completion: Completion?,
        into reply: inout ByteWriter
    ) -> Bool {
        assert(permission.path == .sales, "sales by the right of \(permission.path)")
        guard let batch = PlainSaleBatch(command),
            Self.isShort(
                batch.sales.count,
                isErrorsOnly: batch.isErrorsOnly,
                completing: completion
            )
        else { return false }
        let start = reply.count
        var answer = BatchAnswer(
            count: batch.sales.count,
            isErrorsOnly: batch.isErrorsOnly,
            into: &reply
        )
        var scratch = ByteWriter()
        for index in batch.sales.indices {
            if index % PlainSaleBatch.partCount == 0 { self.state.prefetch(batch, from: index) }
            // All steps are in one block: after a crash, either the whole request remains or none of it.
            let last = index == batch.sales.count - 1 ? completion : nil
            let time = self.time(context.now)
            if !self.state.decide(batch.sales[index], at: time, into: &self.step) {
                self.state.settle(&self.sales)
                let decision = self.state.decide(batch.sales[index].command, at: time)
                answer.take(decision.outcome, into: &reply)
                self.apply(
                    decision.changes,
                    at: time,
                    by: context.actor,
                    completing: last,
                    into: reply,
                    from: start
                )
            } else if batch.isErrorsOnly {
                // The answer omits this outcome, but the log entry still needs the balances.
                scratch.removeAll()
                let balances = self.step.encodeOutcome(into: &scratch)
                answer.takeDone(self.step.lsn, into: &reply)
                let place = (start, balances)
                self.applyStep(
                    context.actor,
                    completing: last,
                    into: reply,
                    at: place,
                    balancesIn: scratch
                )
            } else {
                let balances = self.step.encodeOutcome(into: &reply)
                let place = (start, balances)
                self.applyStep(
                    context.actor,
                    completing: last,
                    into: reply,
                    at: place,
                    balancesIn: reply
                )
            }
        }
        return true
    }

    /// Encodes the step of a plain sale for the log and applies it to the state.
    ///
    /// `place` holds the offset in the reply at which the request's answer begins, and the range of the
    /// resulting balances in `encoded`.
    private mutating func applyStep(
        _ actor: String,
        completing completion: Completion?,
        into reply: borrowing ByteWriter,
        at place: (start: Int, balances: Range<Int>),
        balancesIn encoded: borrowing ByteWriter
    ) {
        reply.withBytes { answer in
            encoded.withBytes { bytes in
                let outcome = completion.map {
                    RememberedOutcome($0, answered: answer, from: place.start)
                }
                self.step.encodeEntry(
                    by: actor,
                    leaving: UnsafeRawBufferPointer(rebasing: bytes[place.balances]),
                    remembering: outcome,
                    into: &self.gathered
                )
                self.state.evolve(
                    self.step,
                    by: actor,
                    remembering: outcome,
                    gathering: &self.sales
                )
            }
        }
        self.finishStep()
    }

    /// Whether the outcome of a batch of one-line commands is short enough to be remembered, if it has to be.
    ///
    /// The slow path refuses a batch whose outcome is too long.
    private static func isShort(
        _ count: Int,
        isErrorsOnly: Bool,
        completing completion: Completion?
    ) -> Bool {
        completion == nil || isErrorsOnly
            || count * OutcomeBound.byteCount(lines: 1) <= Limits.outcomeByteCountMax
    }

    // MARK: - Plain products

    /// Runs a batch of independent creations of products on the fast path.
    ///
    /// - Returns: Whether it was one; if not, nothing has changed.
    private mutating func runProducts(
        _ command: UnsafeRawBufferPointer,
        with permission: FastPathPermission,
        context: borrowing Context,
        completing completion: Completion?,
        into reply: inout ByteWriter
    ) -> Bool {
        assert(permission.path == .products, "products by the right of \(permission.path)")
        guard let batch = PlainProduct.Batch.reading(command),
            Self.isShort(batch.count, isErrorsOnly: batch.isErrorsOnly, completing: completion)
        else { return false }
        self.state.settle(&self.sales)
        self.state.prefetch(batch)
        let start = reply.count
        var answer = BatchAnswer(count: batch.count, isErrorsOnly: batch.isErrorsOnly, into: &reply)
        var tally = self.state.importTally(of: context.session, isErrorsOnly: batch.isErrorsOnly)
        for index in 0..<batch.count {
            // All steps are in one block: after a crash, either the whole request remains or none of it.
            let isLast = index == batch.count - 1
            let last = isLast ? completion : nil
            let time = self.time(context.now)
            // The last step of a request of an import has its counts.
            let path =
                isLast && tally != nil
                ? .slowPath
                : self.state.decide(
                    batch,
                    index,
                    at: time,
                    behind: self.products,
                    into: &self.creation
                )
            switch path {
            case .created:
                tally?.noteCreated()
                answer.take(self.creation, into: &reply)
                self.applyCreation(
                    batch,
                    at: index,
                    by: context.actor,
                    completing: last,
                    into: reply,
                    from: start
                )
            case .refused(let refusal):
                tally?.noteRefused()
                answer.take(.refused(refusal), into: &reply)
                guard last != nil else { continue }
                self.state.settle(&self.products)
                self.apply(
                    [],
                    at: time,
                    by: context.actor,
                    completing: last,
                    into: reply,
                    from: start
                )
            case .slowPath:
                self.state.settle(&self.products)
                let decision = self.decide(
                    batch.command(index),
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
        }
        self.state.settle(&self.products)
        return true
    }

    /// Encodes the creation of a plain product for the log and applies it to the state.
    private mutating func applyCreation(
        _ batch: borrowing PlainProduct.Batch,
        at index: Int,
        by actor: String,
        completing completion: Completion?,
        into reply: borrowing ByteWriter,
        from start: Int
    ) {
        reply.withBytes { bytes in
            let outcome = completion.map {
                RememberedOutcome($0, answered: bytes, from: start)
            }
            self.state.encodeEntry(
                batch,
                at: index,
                step: self.creation,
                by: actor,
                remembering: outcome,
                into: &self.gathered
            )
            self.state.evolve(
                batch,
                at: index,
                step: &self.creation,
                by: actor,
                remembering: outcome,
                gathering: &self.products
            )
        }
        self.finishStep()
    }
}

extension RememberedOutcome {
    /// Remembers the answer of a request: the bytes of `reply` from `start` on.
    init(
        _ completion: Engine.Completion,
        answered reply: UnsafeRawBufferPointer,
        from start: Int
    ) {
        self.init(
            completion.name,
            digest: completion.digest,
            outcome: UnsafeRawBufferPointer(rebasing: reply[start...])
        )
    }
}
