/// Decides when subscribers are told of what became durable.
///
///     block  block block  block …
///     [ round ]  rest  [ round ]  rest        rest: half of what the round before it took
///
/// A few subscribers are told at once, block by block. A thousand take milliseconds of the engine's
/// loop a round, whatever there is to tell: so what becomes durable meanwhile goes in one write each, and
/// commands have a third of the loop at the least. A plain value; nanoseconds come in.
struct FanoutPace: Equatable {
    enum Action: Equatable {
        case deliverNow
        /// Ask again after so many nanoseconds.
        case wait(nanoseconds: UInt64)
        /// A round is due already.
        case nothing
    }

    private var restUntil: UInt64 = 0
    private var isWaiting = false

    /// Something became durable.
    mutating func becameDurable(at now: UInt64) -> Action {
        if now >= self.restUntil { return .deliverNow }
        if self.isWaiting { return .nothing }
        self.isWaiting = true
        return .wait(nanoseconds: self.restUntil - now)
    }

    /// The wait is over.
    mutating func waited() { self.isWaiting = false }

    /// A round is over.
    mutating func delivered(from start: UInt64, to end: UInt64) {
        precondition(end >= start, "a round from \(start) to \(end)")
        self.restUntil = end + (end - start) / 2
    }
}
