import InventoryClient
internal import InventoryModel

/// Settles the lines of receipts that a request could not record because some are on record already.
///
///     command       0 1 2 3 4 5        the server: lines 0 and 1 are recorded already
///     sent again        2 3 4 5        line 2 differs
///     sent again          3 4 5        recorded
///
/// Lines on record are counted, those that differ are rejected, and the others are sent again. These requests
/// have no number: a line with a reference is recorded once however often it is sent, so a retry of the
/// import may send them again, too.
final class RecordedLines {
    private let client: InventoryClient
    private let host: any TransferHost
    private let problems: Problems
    private let products: [SoldUnit]
    private let openedAt: Instant
    /// Lines to be sent again.
    private var waiting = SalesBatch()
    /// The lines that were recorded before.
    private(set) var recordedCount = 0
    /// The lines that were refused.
    private(set) var refusedCount = 0

    init(
        _ host: any TransferHost,
        _ problems: Problems,
        products: [SoldUnit],
        openedAt: Instant
    ) {
        (self.client, self.host, self.problems) = (host.client, host, problems)
        (self.products, self.openedAt) = (products, openedAt)
    }

    /// Takes the outcome of a batch; `nil` if an earlier run has sent it and its outcome is forgotten.
    ///
    /// Then the lines with a reference are sent again: that they are on record is counted.
    func take(_ outcome: Outcome?, of batch: SalesBatch) {
        guard case .errorsOnly(let errorsOnly)? = outcome else {
            for group in batch.groups where !group.reference.isEmpty {
                self.waiting.append(group.lines, of: group, in: batch)
            }
            return
        }
        for refused in errorsOnly.refused where batch.groups.indices.contains(refused.index) {
            self.take(refused.refusal, of: batch.groups[refused.index], in: batch)
        }
    }

    private func take(_ refusal: Refusal, of group: SalesBatch.Group, in batch: SalesBatch) {
        let first = group.lines.lowerBound + Int(refusal.line ?? 0)
        let settled: Range<Int>
        switch (refusal.code, refusal.detail) {
        case (.alreadyRecorded, .recorded(let count)):
            settled = (first..<(first + Int(count))).clamped(to: group.lines)
            self.recordedCount += settled.count
        case _ where refusal.line != nil:
            settled = (first..<(first + 1)).clamped(to: group.lines)
            self.refuse(settled, refusal, in: batch)
        default: settled = group.lines.lowerBound..<group.lines.lowerBound
        }
        guard !settled.isEmpty else { return self.refuse(group.lines, refusal, in: batch) }
        self.waiting.append(group.lines.lowerBound..<settled.lowerBound, of: group, in: batch)
        self.waiting.append(settled.upperBound..<group.lines.upperBound, of: group, in: batch)
    }

    private func refuse(_ lines: Range<Int>, _ refusal: Refusal, in batch: SalesBatch) {
        self.refusedCount += lines.count
        for line in batch.lines[lines] {
            self.problems.add(line.row.number, self.host.sentence(refusal))
        }
    }

    /// Sends lines again until fewer than `count` wait.
    ///
    /// - Throws: The client's error, or the refusal of a whole request.
    func settle(downTo count: Int = 1) async throws {
        while self.waiting.lineCount >= count {
            let batch = self.takeBatch()
            let request = batch.request(self.products, openedAt: self.openedAt)
            let keyed = try await self.client.send(request, key: .random())
            if case .refused(let refusal) = keyed.outcome {
                throw Failure("receipts", refused: refusal)
            }
            self.take(keyed.outcome, of: batch)
        }
    }

    /// Removes as many of the waiting groups as one request may have.
    private func takeBatch() -> SalesBatch {
        var (batch, rest) = (SalesBatch(), SalesBatch())
        for group in self.waiting.groups {
            if batch.isEmpty || batch.lineCount + group.lines.count <= BatchSender.rowsMax,
                rest.isEmpty
            {
                batch.append(group.lines, of: group, in: self.waiting)
            } else {
                rest.append(group.lines, of: group, in: self.waiting)
            }
        }
        self.waiting = rest
        return batch
    }
}
