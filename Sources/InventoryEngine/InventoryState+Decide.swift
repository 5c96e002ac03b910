internal import Bytes
public import InventoryModel

/// The result of deciding a command: the reply, and the changes to log and evolve.
public struct Decision: Sendable {
    /// The reply to the client.
    public var outcome: Outcome
    /// Empty if nothing changes.
    ///
    /// A refusal for lack of stock does change something: it records unmet
    /// demand.
    public var changes: [Change]
}

extension InventoryState {
    /// Decides one command, except a batch of independent commands (errors-only or not): the caller
    /// decides and evolves those one by one.
    ///
    /// Pure: the same state, command and time give the same decision. If several refusals apply, the
    /// one with the lowest code is returned.
    ///
    /// - Parameters:
    ///   - command: The command; an atomic batch included.
    ///   - time: When the step is recorded; later than ``time``.
    /// - Returns: The reply and the changes of the step.
    /// - Complexity: O(lines); archiving a location or a category scans its table.
    public func decide(_ command: Command, at time: Instant) -> Decision {
        precondition(time > self.time, "\(time) is not after \(self.time)")
        var draft = Draft(lsn: self.lsn.next, time: time, isBatch: command.isBatch)
        if case .batch(let commands, .dryRun) = command {
            return self.dryRun(commands, in: &draft)
        }
        do throws(Refusal) {
            var done = try self.decide(command, in: &draft)
            self.settleAlerts(in: &draft)
            #if DEBUG
                draft.checkInvariants()
            #endif
            if !command.isErrorsOnly { done.levels = draft.levels }
            if draft.changes.isEmpty { done.lsn = self.lsn }
            return Decision(outcome: .done(done), changes: draft.changes)
        } catch {
            // A batch that is rolled back leaves nothing behind, not even unmet demand.
            let refused = draft.isBatch ? [] : draft.refusedDemand.map { Change.demandRefused($0) }
            return Decision(outcome: .refused(error), changes: refused)
        }
    }

    /// The outcome of an atomic batch in a dry run, alerts included, without changes.
    ///
    /// Its LSN is that of the current state.
    private func dryRun(_ commands: [Command], in draft: inout Draft) -> Decision {
        do throws(Refusal) {
            var done = try self.decideAtomically(commands, in: &draft)
            self.settleAlerts(in: &draft)
            done.lsn = self.lsn
            done.levels = draft.levels.map { level in
                var level = level
                level.revision = self.lsn
                return level
            }
            return Decision(outcome: .done(done), changes: [])
        } catch {
            return Decision(outcome: .refused(error), changes: [])
        }
    }

    /// Decides one command on top of what the draft contains already.
    func decide(_ command: Command, in draft: inout Draft) throws(Refusal) -> Outcome.Done {
        switch command {
        case .createCategory(let name):
            try self.createCategory(name, in: &draft)
        case .renameCategory(let id, let name, let revision):
            try self.renameCategory(id, name, ifRevision: revision, in: &draft)
        case .archiveCategory(let id, let revision):
            try self.archiveCategory(id, ifRevision: revision, in: &draft)
        case .createLocation(let location):
            try self.createLocation(location, in: &draft)
        case .updateLocation(let id, let update, let revision):
            try self.updateLocation(id, update, ifRevision: revision, in: &draft)
        case .archiveLocation(let id, let revision):
            try self.archiveLocation(id, ifRevision: revision, in: &draft)
        case .createProduct(let product):
            try self.createProduct(product, in: &draft)
        case .updateProduct(let id, let update, let revision):
            try self.updateProduct(id, update, ifRevision: revision, in: &draft)
        case .deleteProduct(let id, let revision):
            try self.deleteProduct(id, ifRevision: revision, in: &draft)
        case .sell(let sale):
            try self.sell(sale.trimmed, in: &draft)
        case .returnSale(let saleReturn):
            try self.returnSale(saleReturn.trimmed, in: &draft)
        case .restock(let restock):
            try self.restock(restock.trimmed, in: &draft)
        case .adjust(let adjustment):
            try self.adjust(adjustment.trimmed, in: &draft)
        case .count(let count):
            try self.count(count.trimmed, in: &draft)
        case .setUnavailable(let hold):
            try self.setUnavailable(hold.trimmed, in: &draft)
        case .expectIncoming(let expectation):
            try self.expectIncoming(expectation.trimmed, in: &draft)
        case .setFloor(let change):
            try self.setFloor(change, in: &draft)
        case .setReorderPoint(let change):
            try self.setReorderPoint(change, in: &draft)
        case .writeOff(let writeOff):
            try self.writeOff(writeOff.trimmed, in: &draft)
        case .reverse(let reversal):
            try self.reverse(reversal.trimmed, in: &draft)
        case .reserve(let reserve):
            try self.reserve(reserve.trimmed, in: &draft)
        case .extendReservation(let extend):
            try self.extend(extend, in: &draft)
        case .commitReservation(let commit):
            try self.commit(commit.trimmed, in: &draft)
        case .releaseReservation(let release):
            try self.release(release.trimmed, in: &draft)
        case .dispatchTransfer(let dispatch):
            try self.dispatch(dispatch.trimmed, in: &draft)
        case .receiveTransfer(let settlement):
            try self.receive(settlement.trimmed, in: &draft)
        case .cancelTransfer(let settlement):
            try self.cancel(settlement.trimmed, in: &draft)
        case .recordImportRun(let record):
            try self.recordImportRun(record, in: &draft)
        case .describeImportRun(let description):
            try self.describeImportRun(description, in: &draft)
        case .inferProduct(let inferred):
            try self.inferProduct(inferred, in: &draft)
        case .recordPastSale(let sale):
            try self.recordPastSale(sale.trimmed, in: &draft)
        case .batch(let commands, .atomic), .batch(let commands, .atomicErrorsOnly):
            try self.decideAtomically(commands, in: &draft)
        case .batch(_, .dryRun):
            preconditionFailure("a dry run makes no step")
        case .batch(_, .independent), .batch(_, .errorsOnly):
            preconditionFailure("independent commands are decided one by one")
        }
    }

    /// The outcome of a command that changed the entity `id`.
    func done(_ id: UInt64 = 0, amount: Money = 0, in draft: Draft) -> Outcome.Done {
        Outcome.Done(lsn: draft.lsn, time: draft.time, id: id, amount: amount)
    }
}

// MARK: - Batches

extension InventoryState {
    /// Checks the length of a batch, its number of lines, and that it contains no batch that one of its mode must
    /// not.
    ///
    /// - Throws: The refusal with the lowest code.
    public static func checkBatch(_ commands: [Command], _ mode: BatchMode) throws(Refusal) {
        var findings = Findings()
        if commands.isEmpty {
            findings.add(
                Self.batchRange(
                    "commands",
                    value: 0,
                    lowest: 1,
                    code: .outOfRange,
                    limit: Limits.batchMax
                )
            )
        } else if commands.count > Limits.batchMax {
            findings.add(
                Self.batchRange(
                    "commands",
                    value: commands.count,
                    lowest: 1,
                    code: .tooManyLines,
                    limit: Limits.batchMax
                )
            )
        }
        var lines = 0
        for command in commands {
            lines += command.lineCount
            if case .batch(_, let group) = command, !mode.mayContain(group) {
                findings.add(
                    Refusal(.invalidField, .field("commands", problem: "a batch in a batch"))
                )
            }
        }
        if lines > Limits.batchLinesMax {
            findings.add(
                Self.batchRange(
                    "lines",
                    value: lines,
                    lowest: 0,
                    code: .tooManyLines,
                    limit: Limits.batchLinesMax
                )
            )
        }
        try findings.settle()
    }

    private static func batchRange(
        _ field: String,
        value: Int,
        lowest: Int64,
        code: RefusalCode,
        limit: Int
    ) -> Refusal {
        Refusal(
            code,
            .range(field, value: Int64(value), lowest: lowest, highest: Int64(limit))
        )
    }

    private func decideAtomically(
        _ commands: [Command],
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        try Self.checkBatch(commands, .atomic)
        var done = self.done(in: draft)
        done.ids.reserveCapacity(commands.count)
        for (index, command) in commands.enumerated() {
            do throws(Refusal) {
                let one = try self.decide(command, in: &draft)
                done.ids.append(one.id)
                guard let sum = done.amount.adding(one.amount) else {
                    throw .overflow("amount")
                }
                done.amount = sum
            } catch {
                throw Refusal(.batchRolledBack, .batch(index: UInt32(index), error))
            }
        }
        return done
    }
}

extension Command {
    fileprivate var isBatch: Bool {
        if case .batch = self { true } else { false }
    }

    /// Whether its outcome has no levels.
    fileprivate var isErrorsOnly: Bool {
        if case .batch(_, .atomicErrorsOnly) = self { true } else { false }
    }
}
