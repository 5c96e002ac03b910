internal import Bytes
public import InventoryModel

/// Counts what the commands of one request of an import's run come to, while they are decided one by one.
///
///     begin ──▶ note each outcome ──▶ importPart, a change of the request's last step
///
/// So the run's counts are in the log with the rows, whatever becomes of the client.
public struct ImportTally: Sendable {
    /// The change, once the last command was noted.
    public private(set) var part = ImportPart()
    /// Whether the rows of the file are counted: not those of requests that prepare the import.
    private let countsRows: Bool

    init(run number: UInt32, first: LSN, countsRows: Bool) {
        self.part.number = number
        self.part.first = first
        self.countsRows = countsRows
    }

    /// Counts a creation of a product that was executed.
    public mutating func noteCreated() {
        if self.countsRows { self.part.booked += 1 }
    }

    /// Counts a command that the fast path refused.
    public mutating func noteRefused() {
        if self.countsRows { self.part.refused += 1 }
    }

    /// Counts a receipt of the past that was recorded by its fast path.
    public mutating func note(
        _ batch: borrowing PlainReceipt.Batch,
        _ index: Int,
        recordedBy step: borrowing PlainReceipt.Step
    ) {
        guard self.countsRows else { return }
        self.part.booked += UInt64(step.lines.count)
        for (line, recorded) in zip(batch.receipts[index].lines, step.lines)
        where batch.lines[line].cost == nil && recorded.numbers.cost == 0 {
            self.part.withoutCost += 1
        }
    }

    /// Counts a command that was decided on the slow path.
    ///
    /// - Parameters:
    ///   - decision: Its outcome and its changes.
    ///   - command: The command.
    ///   - state: The state before the decision.
    public mutating func note(
        _ decision: Decision,
        of command: Command,
        in state: borrowing InventoryState
    ) {
        guard self.countsRows else { return }
        let sale: PastSale? = if case .recordPastSale(let sale) = command { sale } else { nil }
        switch decision.outcome {
        case .done, .batch, .errorsOnly:
            self.part.booked += UInt64(sale?.lines.count ?? 1)
            if let sale { self.noteCosts(of: sale, in: decision.changes) }
        case .refused(let refusal):
            if let sale, refusal.code == .alreadyRecorded,
                case .recorded(let count) = refusal.detail
            {
                let first = Int(refusal.line ?? 0)
                self.part.alreadyThere += state.countLines(
                    first..<min(first + Int(count), sale.lines.count),
                    of: sale,
                    notOfRun: self.part.number
                )
            } else {
                // The other lines of a receipt are sent again.
                self.part.refused += refusal.line != nil ? 1 : UInt64(sale?.lines.count ?? 1)
            }
        }
    }

    private mutating func noteCosts(of sale: PastSale, in changes: [Change]) {
        let movements = changes.compactMap { change -> Movement? in
            guard case .moved(let movement, _) = change, movement.kind != .openingBalance else {
                return nil
            }
            return movement
        }
        for (line, movement) in zip(sale.lines, movements)
        where line.cost == nil && line.quantity != 0 && movement.cost == 0 {
            self.part.withoutCost += 1
        }
    }
}

extension InventoryState {
    /// Begins to count a batch of independent commands.
    ///
    /// - Parameters:
    ///   - session: The number of the session that the connection has open; `nil` for none.
    ///   - isErrorsOnly: Whether the batch is errors-only, as those with rows of the file are.
    /// - Returns: The tally; `nil` unless the session is that of an import's run which is not finished.
    public func importTally(of session: UInt32?, isErrorsOnly: Bool) -> ImportTally? {
        guard let session, let row = self.sessions.session(session)?.run,
            !self.tables.importRuns.isFinished(row)
        else { return nil }
        return ImportTally(
            run: UInt32(row + 1),
            first: self.lsn.next,
            countsRows: isErrorsOnly
        )
    }
}
