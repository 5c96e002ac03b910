/// Throttles the recomputation of live insights.
///
///     one insight          ▓▓        rest         ▓▓        rest         ▓▓
///                          └ cost ┘└─ cost · insights · 4 − cost, at least up to the period ─┘
///
/// All recomputations together take a quarter of a core, however many insights there are and however much
/// each costs: each has an equal share, so a cheap one is recomputed every period and an expensive one less
/// often, but none rests for more than a second. Cost is CPU time: on a busy machine a recomputation takes
/// longer, which is no reason to rest. Publishing takes the engine's loop, so a round rests for nine times
/// its publishing cost. A plain value; the time is passed in, in nanoseconds.
struct LiveInsightPace: Equatable {
    /// The minimum of nanoseconds between two recomputations; the changes in between are published together.
    static let period: UInt64 = 60_000_000
    /// All insights together take one of this many parts of a core.
    static let coreParts: UInt64 = 4
    /// Publishing takes one of this many parts of the engine's loop.
    static let loopParts: UInt64 = 10
    /// The longest rest in nanoseconds: throttling delays no result by more.
    static let restMax: UInt64 = 1_000_000_000

    /// When the next recomputation may begin.
    private(set) var nextAt: UInt64 = 0

    /// Records a recomputation from `start` to `end` that took `cost` of a processor, with `count` live
    /// insights.
    mutating func ran(from start: UInt64, to end: UInt64, cost: UInt64, among count: Int) {
        let share = cost.multipliedReportingOverflow(by: UInt64(max(count, 1)) * Self.coreParts)
        let rest = share.overflow ? UInt64.max / 2 : share.partialValue
        self.nextAt = max(start + Self.period, min(start + rest, end + Self.restMax))
    }

    /// Records that publishing, which ended at `end`, took `cost` of the engine's loop.
    mutating func published(until end: UInt64, cost: UInt64) {
        let rest = min(cost * (Self.loopParts - 1), Self.restMax)
        self.nextAt = max(self.nextAt, end + rest)
    }
}
