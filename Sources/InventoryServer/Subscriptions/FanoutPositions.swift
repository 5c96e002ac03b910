internal import Bytes

/// How far the fan-out is in the log: what is durable, what is being sent, and what was.
///
///     ──────────▶ seen ─────▶ pass target ──▶ target ──▶ durable
///      sent    when the timer   when the pass   this part     the log
///              last ran         began           of it
///
/// A plain value.
struct FanoutPositions: Equatable {
    /// Everything up to this LSN is durable.
    private(set) var durable: LSN = 0
    /// The LSN up to which steps are sent.
    private(set) var target: LSN = 0
    /// The LSN up to which this pass sends at least: its target when it began.
    private var passTarget: LSN = 0
    /// The durable LSN when the timer last ran.
    private(set) var seen: LSN = 0

    /// Whether steps are durable that the last pass had not.
    var hasUnpublished: Bool { self.durable > self.passTarget }

    /// Blocks and beginnings of subscriptions may report the same LSN, in either order.
    mutating func becameDurable(through lsn: LSN) { self.durable = max(self.durable, lsn) }

    mutating func beginPass() { (self.target, self.passTarget) = (self.durable, self.durable) }

    /// Connections later in the pass get the newest steps without waiting for the next pass.
    mutating func beginPart() { self.target = self.durable }

    mutating func timerRan() { self.seen = self.durable }

    func checkInvariants() {
        precondition(
            self.passTarget <= self.target && self.target <= self.durable,
            "sends from \(self.passTarget) up to \(self.target) of \(self.durable)"
        )
        precondition(self.seen <= self.durable, "seen \(self.seen) of \(self.durable)")
    }
}
