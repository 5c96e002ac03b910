internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire
internal import NIOCore

/// Rounds, which recompute the live insights that are behind.
extension LiveInsights {
    /// Begins a round if one is due: after a block, a new subscription, or when time has passed.
    func advance() {
        guard !self.table.all.isEmpty else { return }
        self.publishDurable()
        let now = self.nanoseconds
        guard !self.table.isRunning, now >= self.table.restsUntil else { return }
        guard now >= self.table.pace.nextAt else {
            self.rest(until: self.table.pace.nextAt)
            return
        }
        let moment = self.context.now()
        let behind = self.table.behind(self.state.lsn, at: moment)
        let due = behind.filter { $0.pace.nextAt <= now }
        if due.isEmpty {
            // A time window may move on before the first of them is due.
            if let first = behind.first {
                self.rest(until: min(first.pace.nextAt, now + LiveInsightPace.period))
            }
            return
        }
        self.beginRound(due, at: moment)
    }

    /// Makes calls during the rest cost one comparison.
    private func rest(until nanoseconds: UInt64) {
        self.table.restsUntil = nanoseconds
        guard !self.table.isWaiting else { return }
        self.table.isWaiting = true
        self.context.loop.scheduleTask(deadline: .uptimeNanoseconds(nanoseconds)) {
            self.table.isWaiting = false
            if self.nanoseconds < self.table.restsUntil {
                self.rest(until: self.table.restsUntil)
            } else {
                self.advance()
            }
        }
    }

    private func beginRound(_ due: [LiveInsight], at moment: Instant) {
        let job = QueryJob(.insights, self.runner.scheduler)
        let turns = due.compactMap { live -> InsightRound.Turn? in
            guard let incremental = live.incremental else { return nil }
            // The thread owns it exclusively, so its cached state is never copied.
            live.incremental = nil
            let token = WorkToken(within: job.token)
            live.token = token
            return InsightRound.Turn(live: live, incremental: incremental, token: token)
        }
        self.table.isRunning = true
        self.table.publishingNanoseconds = 0
        // CPU time: neither the time of day, which may be set, nor the wall time of a busy machine.
        let round = InsightRound(
            turns,
            of: self.state.readView(),
            at: moment,
            job,
            now: self.context.clocks.threadNanoseconds
        )
        // A round that was cheap the last time goes before longer queries.
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
        self.table.isRunning = false
        self.context.metrics.insightRounds += 1
        // Steps that became durable meanwhile, and new subscribers.
        self.advance()
    }

    private func ended(_ turn: InsightRound.Turn, of round: InsightRound, from start: UInt64) {
        let live = turn.live
        live.incremental = turn.incremental
        live.token = nil
        live.cost = turn.cost
        live.pace.ran(
            from: start,
            to: self.nanoseconds,
            cost: turn.cost,
            among: self.table.all.count
        )
        self.context.metrics.insightMicroseconds += Int64(turn.cost / 1_000)
        // It may have ended meanwhile.
        guard self.table.isLive(live) else { return }
        switch turn.result {
        case .same:
            live.lsn = round.view.lsn
        case .changed(let answer, let changed):
            live.publish(answer, changed: changed)
            self.table.unpublished.append(live)
        case .refused(let refusal):
            self.end(live, refusal)
        }
    }
}
