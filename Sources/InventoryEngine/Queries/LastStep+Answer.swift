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
        var reversed = NewerReversals(of: ledger, by: code)
        var found = 0..<0
        var ended: Refusal?
        var end = ledger.rowCount
        ledger.actors.scanSegments(of: 0..<end, mayContain: code...code, descending: true) {
            (segment) in
            do throws(Refusal) {
                try self.checkpoint()
                for row in segment.reversed() {
                    try self.checkpoint(at: row)
                    guard row < end, ledger.actors[row] == code else { continue }
                    let step = ledger.rows(of: LSN(ledger.lsns[row]))
                    end = step.lowerBound
                    try reversed.read(to: step.lowerBound, self)
                    if reversed.isOpen(step) {
                        found = step
                        return false
                    }
                }
                return true
            } catch {
                ended = error
                return false
            }
        }
        if let ended { throw ended }
        return found
    }
}

/// The rows of an actor that were reversed, found while the ledger is read backwards: a reversal is newer than
/// what it reverses.
///
/// A bit for each row of the ledger, once any of the actor's was reversed: far less than the ledger itself,
/// however many reversals there are.
private struct NewerReversals {
    private let ledger: MovementLedger
    private let actor: UInt32
    /// The number of reversals that are older than any row read so far.
    private var rest: Int
    private var reversed: [UInt64] = []

    /// Creates it before any row was read; `actor` is the code of the actor's name.
    init(of ledger: MovementLedger, by actor: UInt32) {
        self.ledger = ledger
        self.actor = actor
        self.rest = ledger.reversals.count
    }

    /// Reads the reversals in `row` and newer ones.
    mutating func read(to row: Int, _ view: ReadView) throws(Refusal) {
        while self.rest > 0, self.ledger.reversals[self.rest - 1] >= UInt64(row) {
            try view.checkpoint(at: self.rest)
            self.rest -= 1
            let origin = self.ledger.origins[Int(self.ledger.reversals[self.rest])]
            self.note(Int(origin) - 1)
        }
    }

    private mutating func note(_ row: Int) {
        guard self.ledger.actors[row] == self.actor else { return }
        if self.reversed.isEmpty {
            self.reversed = Array(repeating: 0, count: (self.ledger.rowCount + 63) / 64)
        }
        self.reversed[row / 64] |= 1 << (row % 64)
    }

    private func isReversed(_ row: Int) -> Bool {
        !self.reversed.isEmpty && self.reversed[row / 64] >> (row % 64) & 1 == 1
    }

    /// Whether a step, of which the reversals were read, made a movement other than by reversing, and none of
    /// its movements was reversed.
    func isOpen(_ step: Range<Int>) -> Bool {
        let isOwn = step.contains { row in
            let kind = self.ledger.kind(row)
            return kind != .reversal && kind != .costVariance
        }
        return isOwn && !step.contains { self.isReversed($0) }
    }
}
