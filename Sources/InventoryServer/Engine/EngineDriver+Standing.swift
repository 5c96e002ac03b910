internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire
internal import Logging
internal import NIOCore

/// Keeps the insights that are subscribed to up to date, and tells of what changed.
///
///     durable ─▶ round: a view, and each insight that is behind and has rested
///                   │ query thread: bring it up to date, difference, encode
///                   ▼
///                publish ──durable──▶ tell: one encoding, one write a socket
///
/// A round is for all that are due, so they share one view; while it runs there is no other. Who
/// cannot take bytes is told later what makes the newest result of the one that he has: nothing
/// queues up. ``StandingPace`` says when a round is due.
extension EngineDriver {
    private var nanoseconds: UInt64 { self.loop.now.uptimeNanoseconds }

    // MARK: - Rounds

    /// Something became durable, somebody subscribed, or time went on: a round, if one is due.
    func advanceInsights() {
        guard !self.standing.all.isEmpty else { return }
        self.tellWhatIsDurable()
        let now = self.nanoseconds
        guard !self.standing.isRunning, now >= self.standing.restsUntil else { return }
        guard now >= self.standing.pace.nextAt else {
            self.rest(until: self.standing.pace.nextAt)
            return
        }
        let moment = self.now()
        let behind = self.standing.behind(self.engine.lsn, at: moment)
        let due = behind.filter { $0.pace.nextAt <= now }
        if due.isEmpty {
            // A window may move on before the first of those is due.
            if let first = behind.first {
                self.rest(until: min(first.pace.nextAt, now + StandingPace.period))
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
        self.loop.scheduleTask(deadline: .uptimeNanoseconds(nanoseconds)) {
            self.standing.isWaiting = false
            if self.nanoseconds < self.standing.restsUntil {
                self.rest(until: self.standing.restsUntil)
            } else {
                self.advanceInsights()
            }
        }
    }

    private func beginRound(_ due: [LiveInsight], at moment: Instant) {
        let job = QueryJob(.insights, self.queries)
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
            of: self.engine.state.readView(),
            at: moment,
            job,
            now: self.threadClock
        )
        // What was cheap the last time goes before longer questions.
        let isBrief = due.allSatisfy { Double($0.cost ?? .max) <= QueryCosts.briefMax }
        self.run(round, isBrief ? .brief : .scan)
    }

    private func run(_ round: InsightRound, _ kind: QueryQueue.Class) {
        let start = self.nanoseconds
        self.queries.submit(round.job, kind) {
            let isOver = round.work()
            self.loop.execute {
                let ended = round.takeEnded()
                for turn in ended { self.ended(turn, of: round, from: start) }
                self.tellWhatIsDurable()
                if isOver { self.roundEnded() } else { self.run(round, kind) }
            }
        }
    }

    private func roundEnded() {
        self.standing.isRunning = false
        self.standing.pace.told(until: self.nanoseconds, cost: self.standing.telling)
        self.metrics.insightRounds += 1
        // What became durable meanwhile, or who subscribed.
        self.advanceInsights()
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
        self.metrics.insightMicroseconds += Int64(turn.cost / 1_000)
        switch turn.result {
        case .same:
            live.lsn = round.view.lsn
        case .changed(let answer, let changed):
            live.publish(answer, changed: changed)
            for subscriber in live.subscribers.values where !subscriber.hasBegun {
                self.begin(subscriber)
            }
            self.standing.untold.append(live)
        case .refused(let refusal):
            self.end(live, refusal)
        }
    }

    /// The question can't be answered, or no longer is: everyone is told why.
    func end(_ live: LiveInsight, _ refusal: Refusal) {
        for subscriber in live.subscribers.values {
            guard let connection = subscriber.connection else { continue }
            self.unsubscribeInsight(subscriber.requestID, of: connection, refusal)
            connection.releaseSoon()
        }
    }

    // MARK: - Telling

    /// Tells of the results whose LSN has become durable.
    private func tellWhatIsDurable() {
        guard !self.standing.untold.isEmpty else { return }
        let durable = self.engine.durable
        let ready = self.standing.untold.filter { ($0.newest?.answer.lsn ?? 0) <= durable }
        guard !ready.isEmpty else { return }
        self.standing.untold.removeAll { ($0.newest?.answer.lsn ?? 0) <= durable }
        let start = self.nanoseconds
        for live in ready {
            for subscriber in live.subscribers.values { self.tell(subscriber) }
        }
        self.standing.telling += self.nanoseconds - start
    }

    /// Tells a subscriber what makes the newest result of the one that it has, if it can take it.
    func tell(_ subscriber: InsightSubscriber) {
        let live = subscriber.live
        guard let newest = live.newest, subscriber.hasBegun, subscriber.told < newest.number,
            newest.answer.lsn <= self.engine.durable,
            let connection = subscriber.connection, connection.takesAnswers
        else { return }
        let old = live.earlier.first { $0.number == subscriber.told }
        // Who has none of the results that are kept is told the whole.
        let before = old?.number ?? 0
        guard let telling = newest.tellings[before] else {
            self.make(live, newest, before, old?.answer)
            return
        }
        switch telling {
        case .changed(let batch):
            connection.sendEvents(batch, subscriber.requestID)
            connection.flushEvents()
            self.metrics.eventBytes += Int64(batch.bodyByteCount)
        case .whole(let frames):
            let lsn = newest.answer.lsn
            if subscriber.told > 0 {
                connection.send(.reset(.resultReplaced), to: subscriber.requestID, at: lsn)
            }
            for frame in frames { connection.send(frame, to: subscriber.requestID, at: lsn) }
            connection.releaseSoon()
        }
        subscriber.told = newest.number
        subscriber.lsn = newest.answer.lsn
        subscriber.toldAt = self.milliseconds
    }

    /// Has made, on a query thread, what makes the newest result of an earlier one, or of none.
    private func make(
        _ live: LiveInsight,
        _ newest: LiveInsight.Version,
        _ before: UInt64,
        _ old: InsightAnswer?
    ) {
        guard !newest.making.contains(before) else { return }
        live.beginMaking(before)
        let bound = NIOLoopBound(live, eventLoop: self.loop)
        let (number, answer) = (newest.number, newest.answer)
        self.queries.submit {
            let telling = LiveInsight.Telling.changed(from: old, to: answer) ?? .whole(answer)
            self.loop.execute {
                let live = bound.value
                live.made(telling, of: number, after: before)
                for subscriber in live.subscribers.values { self.tell(subscriber) }
            }
        }
    }

    // MARK: - Progress

    /// Tells those who have the newest result, at least each second, up to where it is that.
    func deliverInsightProgress(_ now: Int64) {
        self.advanceInsights()
        guard !self.standing.all.isEmpty else { return }
        let time = self.now()
        for live in self.standing.all.values {
            for subscriber in live.subscribers.values {
                // What could not be taken before may be taken now.
                self.tell(subscriber)
                guard subscriber.told == live.newest?.number,
                    now - subscriber.toldAt >= Int64(WireLimits.progressMilliseconds) - 50,
                    let connection = subscriber.connection, connection.isWritable
                else { continue }
                connection.send(
                    .progress(lsn: live.lsn, time: time),
                    to: subscriber.requestID,
                    at: live.lsn
                )
                subscriber.lsn = live.lsn
                subscriber.toldAt = now
                connection.releaseSoon()
            }
        }
    }
}
