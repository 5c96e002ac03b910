/// Decides when standing insights have their turn.
///
///     turn of one insight  ▓▓        rest         ▓▓        rest         ▓▓
///                          └ cost ┘└─ cost · insights · 4 − cost, at least up to the period ─┘
///
/// All turns together take a quarter of a core, however many insights stand and however much each costs:
/// each has an equal part of that, so one that costs little is brought up to date at every period and an
/// expensive one less often, but never rests for more than a second. Cost is CPU time: on a busy machine a
/// turn takes longer, and that is no reason to rest. Publishing takes the engine's loop, so a round rests
/// for nine times what it took there. A plain value; nanoseconds come in.
struct LiveInsightPace: Equatable {
    /// Nanoseconds between two turns at the least: what is sold meanwhile is told of in one.
    static let period: UInt64 = 60_000_000
    /// All insights together take one of so many parts of a core.
    static let coreParts: UInt64 = 4
    /// Telling takes one of so many parts of the engine's loop.
    static let loopParts: UInt64 = 10
    /// The longest rest, in nanoseconds: no result is older than that for the sake of pace.
    static let restMax: UInt64 = 1_000_000_000

    /// When the next turn may begin.
    private(set) var nextAt: UInt64 = 0

    /// A turn that began at `start` and ended at `end` took `cost` of a processor, while `count` insights
    /// stood.
    mutating func ran(from start: UInt64, to end: UInt64, cost: UInt64, among count: Int) {
        let share = cost.multipliedReportingOverflow(by: UInt64(max(count, 1)) * Self.coreParts)
        let rest = share.overflow ? UInt64.max / 2 : share.partialValue
        self.nextAt = max(start + Self.period, min(start + rest, end + Self.restMax))
    }

    /// Publishing to subscribers, which ended at `end`, took `cost` of the engine's loop.
    mutating func told(until end: UInt64, cost: UInt64) {
        let rest = min(cost * (Self.loopParts - 1), Self.restMax)
        self.nextAt = max(self.nextAt, end + rest)
    }
}
