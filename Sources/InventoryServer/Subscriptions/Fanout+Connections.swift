internal import Bytes
internal import InventoryEngine
internal import InventoryModel
internal import InventoryWire
internal import NIOCore

/// The start of a subscription.
enum FanoutStart: Sendable {
    case after(LSN)
    case snapshot(ReadView)
    /// The requested steps are no longer retained.
    case historyGone(ReadView)

    /// The LSN that the subscriber has, or gets the state of.
    var lsn: LSN {
        switch self {
        case .after(let lsn): lsn
        case .snapshot(let view), .historyGone(let view): view.lsn
        }
    }

    var hasSnapshot: Bool {
        switch self {
        case .after: false
        case .snapshot, .historyGone: true
        }
    }
}

/// Connections and their subscriptions: how they come, and how they end.
extension Fanout {
    func opened(_ number: UInt32, socket: any FanoutSocket, to peer: FanoutPeer) {
        self.connections.add(FanoutConnection(number, socket: socket, to: peer))
    }

    /// Appends an answer, or a part of one whose other parts come in the same call, behind everything that
    /// was passed on before.
    func answer(_ number: UInt32, _ buffer: ByteBuffer) {
        guard let connection = self.connections[number], !connection.isGone else { return }
        connection.append(buffer, isAnswer: true)
        self.flush(connection)
    }

    /// The socket is writable again.
    func becameWritable(_ number: UInt32) {
        guard let connection = self.connections[number] else { return }
        connection.isBlocked = false
        self.flush(connection)
        if !connection.isBlocked, !connection.subscriptions.isEmpty { self.schedule.add(number) }
    }

    /// No more comes for the connection: the peer is notified once everything is written.
    func finish(_ number: UInt32) {
        guard let connection = self.connections[number] else { return }
        self.flush(connection)
        connection.isFinishing = true
        if connection.queue.isEmpty { connection.peer.finished() }
    }

    func dropped(_ number: UInt32) {
        guard let connection = self.connections.remove(number) else { return }
        self.forgetIfUnused()
        connection.socket.close()
    }

    func began(
        _ subscription: Subscription,
        requestID: UInt64,
        of number: UInt32,
        start: FanoutStart,
        durable: LSN,
        keys: SelectionKeys
    ) {
        guard let connection = self.connections[number] else { return }
        self.positions.becameDurable(through: durable)
        self.steps.keys = keys
        let begun = self.subscription(subscription, requestID: requestID, start: start)
        switch start {
        case .after: break
        case .snapshot(let view): begun.beginRows(of: view)
        case .historyGone(let view):
            begun.beginRows(of: view)
            self.send(.reset(.historyGone), requestID: requestID, of: connection)
        }
        self.connections.begin(begun, of: connection)
        if let period = begun.machine.period {
            let durable = self.positions.durable
            self.conflation.begin(begun.interest, period: period, durable: durable)
        }
        self.schedule.add(number)
    }

    private func subscription(
        _ subscription: Subscription,
        requestID: UInt64,
        start: FanoutStart
    ) -> FanoutSubscription {
        let matcher = SubscriptionMatcher(subscription)
        let period = subscription.updatesPerSecond.map { 1_000_000_000 / UInt64($0) }
        let interest = Interest(matcher: matcher, period: period)
        let count = self.connections.subscriptionCount + 1
        let shared = SharedInterest(
            number: self.interests.number(of: interest, among: count),
            matcher: matcher,
            requestID: requestID
        )
        let isVerified = subscription.topics.contains(.proof)
        let (lsn, now) = (start.lsn, self.now)
        let machine =
            start.hasSnapshot
            ? SubscriptionMachine(
                snapshotAt: lsn,
                period: period,
                isVerified: isVerified,
                at: now
            )
            : SubscriptionMachine(after: lsn, period: period, isVerified: isVerified, at: now)
        return FanoutSubscription(
            self.connections.nextSubscription(),
            subscription,
            interest: shared,
            machine: machine
        )
    }

    func unsubscribed(_ requestID: UInt64, of number: UInt32, _ reason: Refusal) {
        guard let connection = self.connections[number],
            let ended = self.connections.end(requestID, of: connection)
        else { return }
        self.forgetIfUnused()
        let lsn = min(ended.machine.bookmark, self.positions.durable)
        self.send(.closed(reason, lsn: lsn), requestID: requestID, of: connection)
        self.flush(connection)
    }

    /// Ends all subscriptions of a connection; `reason` is sent to each, if there is one.
    func endAll(of number: UInt32, _ reason: Refusal?) {
        guard let connection = self.connections[number] else { return }
        let ended = self.connections.endAll(of: connection)
        self.forgetIfUnused()
        guard let reason else { return }
        for subscription in ended {
            let lsn = subscription.machine.notified
            self.send(.closed(reason, lsn: lsn), requestID: subscription.requestID, of: connection)
        }
        self.flush(connection)
    }

    /// Frees what is cached for subscriptions once there are none.
    func forgetIfUnused() {
        guard self.connections.subscriptionCount == 0 else { return }
        self.figures.board.passed(nanoseconds: 0)
        self.steps.removeAll()
        self.pieces.removeAll()
        self.conflation.removeAll()
    }

    /// Resumes every subscription that waits for something of a kind.
    func resume(from wait: SubscriptionMachine.Wait) {
        for connection in self.connections.all {
            for subscription in connection.subscriptions where subscription.machine.wait == wait {
                subscription.machine.resumed(from: wait)
                self.schedule.add(connection.number)
            }
        }
    }
}
