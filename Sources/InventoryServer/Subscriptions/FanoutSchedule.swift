/// When the fan-out works, and whom it serves: the ring of connections, the rests between turns and passes, and the
/// timers.
///
///     timer ─▶ [ turn ] throttled? [ turn ] … pass over ─▶ rest, a quarter of the pass ─▶ next pass
///                 └ part of a pass                                                  └ or a window ends
///
/// A plain value; the time is passed in, in nanoseconds.
struct FanoutSchedule {
    /// When the next turn is due.
    enum Next: Equatable {
        case now
        /// Not before that time, unless something happens.
        case at(UInt64)
        /// Not before that time, though there is work.
        case rest(until: UInt64)
    }

    /// What a turn does.
    enum Turn: Equatable {
        /// A pass has just ended.
        case rest(until: UInt64)
        case beginPass, beginPart, continuePart
    }

    private(set) var ring = FanoutRing()
    private var pace = FanoutPace()
    private var timerAt: UInt64 = 0
    /// Nanoseconds that the turns of this pass took.
    private var passNanoseconds: UInt64 = 0
    /// When the next pass may begin.
    private var restsUntil: UInt64 = 0
    /// When the first window with a waiting subscription ends.
    private var nextDue = UInt64.max

    // MARK: - Connections

    /// A connection has work.
    mutating func add(_ number: UInt32) { self.ring.add(number) }

    /// Returns the next connection to serve in this turn; `nil` once the pass is over.
    mutating func take() -> UInt32? { self.ring.take() }

    /// A window ends then, for which a subscription waits.
    mutating func windowEnds(at due: UInt64) { self.nextDue = min(self.nextDue, due) }

    // MARK: - Turns

    /// Whether the timer is due; if so, it is set again.
    mutating func timerFires(at now: UInt64) -> Bool {
        guard now >= self.timerAt else { return false }
        self.timerAt = now + FanoutLimits.timerNanoseconds
        return true
    }

    /// When the rest after a turn for subscribers that are far behind ends; `nil` if there is none.
    func throttled(at now: UInt64) -> Next? {
        now < self.pace.restsUntil ? self.rest(until: self.pace.restsUntil) : nil
    }

    func turn(at now: UInt64) -> Turn {
        guard self.ring.isPassOver else { return self.ring.isPartOver ? .beginPart : .continuePart }
        return now < self.restsUntil ? .rest(until: self.restsUntil) : .beginPass
    }

    /// Whether a pass that begins now looks for connections with work, rather than serving only those that were
    /// added; if so, the windows that end later are to be reported again.
    mutating func looksForWork(at now: UInt64, hasUnpublished: Bool) -> Bool {
        guard hasUnpublished || now >= self.nextDue else { return false }
        self.nextDue = .max
        return true
    }

    mutating func beginPass() { self.ring.beginPass() }

    mutating func beginPart() { self.ring.beginPart() }

    /// What a turn has done.
    struct Served {
        /// The served connections.
        var count = 0
        /// Those of them whose rest may be delayed.
        var lateCount = 0
    }

    /// A turn has ended; `loop` is the CPU time that the engine's loop has used.
    ///
    /// - Returns: The nanoseconds of the pass, if that has ended too.
    mutating func turned(
        _ served: Served,
        from start: UInt64,
        to end: UInt64,
        loop: UInt64
    ) -> UInt64? {
        self.pace.turned(
            from: start,
            to: end,
            servedCount: served.count,
            lateCount: served.lateCount,
            loop: loop
        )
        self.passNanoseconds += end - start
        guard self.ring.isPassOver else { return nil }
        defer { self.passNanoseconds = 0 }
        // Steps that become durable meanwhile are sent in one write each.
        let rest = min(self.passNanoseconds / 4, FanoutLimits.restNanosecondsMax)
        self.restsUntil = self.ring.hasNext ? 0 : end + rest
        return self.passNanoseconds
    }

    /// When the next turn is due.
    func next(hasUnpublished: Bool) -> Next {
        if !self.ring.isIdle {
            let next = max(self.ring.isPassOver ? self.restsUntil : 0, self.pace.restsUntil)
            return next == 0 ? .now : self.rest(until: next)
        }
        if hasUnpublished { return self.rest(until: self.restsUntil) }
        return .at(min(self.timerAt, max(self.nextDue, self.restsUntil)))
    }

    /// The timer also fires during a rest.
    func rest(until time: UInt64) -> Next { .rest(until: min(time, self.timerAt)) }

    func checkInvariants() { self.ring.checkInvariants() }
}
