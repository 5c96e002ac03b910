internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// The runs of imports that were undone: of those that made movements, the ones of which every movement was
/// reversed.
///
///     part    run 7 │ steps 812 … 1,060 ─▶ 480 movements
///     reversals of movements in these steps: 480 ─▶ undone
///
/// Both are counted for all runs at once, since a read view knows what a reversal reversed, but not what reversed a
/// movement.
extension ReadView {
    /// The numbers of the undone runs.
    ///
    /// - Throws: `cancelled` or `deadline_exceeded`.
    /// - Complexity: O(parts · log movements + reversals · log parts); O(1) without reversals
    func undoneImportRuns() throws(Refusal) -> Set<UInt32> {
        let (ledger, parts) = (self.tables.ledger, self.tables.importParts)
        var reversed: [UInt32: Int] = [:]
        for index in 0..<ledger.reversals.count {
            try self.checkpoint(at: index)
            let origin = Int(ledger.origins[Int(ledger.reversals[index])]) - 1
            guard let run = parts.run(of: LSN(ledger.lsns[origin])) else { continue }
            reversed[run, default: 0] += 1
        }
        guard !reversed.isEmpty else { return [] }
        var rest = reversed
        for part in 0..<parts.rowCount {
            try self.checkpoint(at: part)
            guard reversed[parts.runs[part]] != nil else { continue }
            let lsns = parts.steps(part)
            let first = ledger.firstRow(after: lsns.lowerBound.previous)
            rest[parts.runs[part], default: 0] -= ledger.firstRow(after: lsns.upperBound) - first
        }
        return Set(rest.filter { $0.value == 0 }.keys)
    }
}
