internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// The step that an actor would undo next: the newest one with movements that is neither a reversal nor reversed.
///
///     41 sale      ann
///     42 restock   bob
///     43 adjust    ann    ◀─┐ reversed
///     44 reversal  cho    ──┘
///                                ann's is 41, bob's 42; cho has none
///
/// Whether it can be reversed is the rule's to say: a newer step that cannot be is returned all the same, so that
/// an older one is not undone in its place.
extension ReadView {
    /// The rows of that step, as those of the ledger; empty if there is none.
    ///
    /// - Throws: `invalid_field` for an empty actor, `cancelled` or `deadline_exceeded`.
    /// - Complexity: O(strings + rows of the segments with the actor's movements that are newer)
    func lastStep(of actor: String) throws(Refusal) -> Answer {
        guard !actor.isEmpty else {
            throw Refusal(.invalidField, .field("actor", problem: "is empty"))
        }
        let rows = try self.lookUp(actor).map { (code) throws(Refusal) in
            try self.lastStep(ofActor: code)
        }
        let names = EntityNames(self.tables)
        return Answer(Self.ledgerLayout.schema, token: self.token, over: rows ?? 0..<0) {
            self.ledgerRow($0, names)
        }
    }

    private func lastStep(ofActor code: UInt32) throws(Refusal) -> Range<Int> {
        let ledger = self.tables.ledger
        var reversed = NewerReversals(of: ledger)
        var found = 0..<0
        var ended: Refusal?
        var end = ledger.rowCount
        ledger.actors.scanSegments(of: 0..<end, mayContain: code...code, descending: true) {
            (segment) in
            do throws(Refusal) {
                try self.checkpoint()
            } catch {
                ended = error
                return false
            }
            for row in segment.reversed() where row < end && ledger.actors[row] == code {
                let step = ledger.rows(of: LSN(ledger.lsns[row]))
                end = step.lowerBound
                if reversed.isOpen(step) {
                    found = step
                    return false
                }
            }
            return true
        }
        if let ended { throw ended }
        return found
    }
}

/// The rows that were reversed, found while the ledger is read backwards: a reversal is newer than what it
/// reverses.
private struct NewerReversals {
    private let ledger: MovementLedger
    /// The number of reversals that are older than any row read so far.
    private var rest: Int
    private var reversed: Set<Int> = []

    init(of ledger: MovementLedger) {
        self.ledger = ledger
        self.rest = ledger.reversals.count
    }

    /// Whether a step made a movement other than by reversing, and none of its movements was reversed.
    mutating func isOpen(_ step: Range<Int>) -> Bool {
        while self.rest > 0, self.ledger.reversals[self.rest - 1] >= UInt64(step.lowerBound) {
            self.rest -= 1
            let origin = self.ledger.origins[Int(self.ledger.reversals[self.rest])]
            self.reversed.insert(Int(origin) - 1)
        }
        let isOwn = step.contains { row in
            let kind = self.ledger.kind(row)
            return kind != .reversal && kind != .costVariance
        }
        return isOwn && !step.contains { self.reversed.contains($0) }
    }
}
