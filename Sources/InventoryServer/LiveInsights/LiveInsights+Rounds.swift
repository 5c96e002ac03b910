internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire
internal import NIOCore

/// Rounds, in which insights that are behind are brought up to date.
extension LiveInsights {
    /// Something became durable, somebody subscribed, or time went on: a round, if one is due.
    func advance() {
        guard !self.standing.all.isEmpty else { return }
        self.publishDurable()
        let now = self.nanoseconds
        guard !self.standing.isRunning, now >= self.standing.restsUntil else { return }
        guard now >= self.standing.pace.nextAt else {
            self.rest(until: self.standing.pace.nextAt)
            return
        }
        let moment = self.context.now()
        let behind = self.standing.behind(self.state.lsn, at: moment)
        let due = behind.filter { $0.pace.nextAt <= now }
        if due.isEmpty {
            // A window may move on before the first of those is due.
            if let first = behind.first {
                self.rest(until: min(first.pace.nextAt, now + LiveInsightPace.period))
            }
            return
        }
        self.beginRound(due, at: moment)
    }

    /// So that what becomes durable meanwhile costs one comparison.
    private func rest(until nanoseconds: UInt64) {
        self.standing.restsUntil = nanoseconds
        guard !self.standing.isWaiting else { return }
        self.standing.isWaiting = true
        self.context.loop.scheduleTask(deadline: .uptimeNanoseconds(nanoseconds)) {
            self.standing.isWaiting = false
            if self.nanoseconds < self.standing.restsUntil {
                self.rest(until: self.standing.restsUntil)
            } else {
                self.advance()
            }
        }
    }

    private func beginRound(_ due: [LiveInsight], at moment: Instant) {
        let job = QueryJob(.insights, self.runner.scheduler)
        let turns = due.compactMap { live -> InsightRound.Turn? in
            guard let standing = live.standing else { return nil }
            // The thread has it alone, so that what it keeps is never copied.
            live.standing = nil
            let token = WorkToken(within: job.token)
            live.token = token
            return InsightRound.Turn(live: live, standing: standing, token: token)
        }
        self.standing.isRunning = true
        self.standing.telling = 0
        // CPU time, not the time of day, which may be set, nor that of a busy machine.
        let round = InsightRound(
            turns,
            of: self.state.readView(),
            at: moment,
            job,
            now: self.context.clocks.threadNanoseconds
        )
        // What was cheap the last time goes before longer questions.
        let isShort = due.allSatisfy { Double($0.cost ?? .max) <= QueryCosts.shortMax }
        self.run(round, isShort ? .short : .scan)
    }

    private func run(_ round: InsightRound, _ kind: QueryQueue.Class) {
        let start = self.nanoseconds
        self.runner.scheduler.submit(round.job, as: kind) {
            let isOver = round.work()
            self.context.loop.execute {
                let ended = round.takeEnded()
                for turn in ended { self.ended(turn, of: round, from: start) }
                self.publishDurable()
                if isOver { self.roundEnded() } else { self.run(round, kind) }
            }
        }
    }

    private func roundEnded() {
        self.standing.isRunning = false
        self.standing.pace.told(until: self.nanoseconds, cost: self.standing.telling)
        self.context.metrics.insightRounds += 1
        // What became durable meanwhile, or who subscribed.
        self.advance()
    }

    private func ended(_ turn: InsightRound.Turn, of round: InsightRound, from start: UInt64) {
        let live = turn.live
        live.standing = turn.standing
        live.token = nil
        live.cost = turn.cost
        live.pace.ran(
            from: start,
            to: self.nanoseconds,
            cost: turn.cost,
            among: self.standing.all.count
        )
        self.context.metrics.insightMicroseconds += Int64(turn.cost / 1_000)
        switch turn.result {
        case .same:
            live.lsn = round.view.lsn
        case .changed(let answer, let changed):
            live.publish(answer, changed: changed)
            for subscriber in live.subscribers.values where !subscriber.hasBegun {
                self.begin(subscriber)
            }
            self.standing.unpublished.append(live)
        case .refused(let refusal):
            self.end(live, refusal)
        }
    }
}
