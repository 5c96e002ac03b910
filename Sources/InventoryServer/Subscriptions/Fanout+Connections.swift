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
}

/// Connections and their subscriptions: how they come, and how they end.
extension Fanout {
    func opened(_ number: UInt32, socket: any FanoutSocket, to peer: FanoutPeer) {
        self.connections[number] = FanoutConnection(number, socket: socket, to: peer)
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
        if !connection.isBlocked, !connection.subscriptions.isEmpty { self.ring.add(number) }
    }

    /// No more comes for the connection: the peer is notified once everything is written.
    func finish(_ number: UInt32) {
        guard let connection = self.connections[number] else { return }
        self.flush(connection)
        connection.isFinishing = true
        if connection.queue.isEmpty { connection.peer.finished() }
    }

    func dropped(_ number: UInt32) {
        guard let connection = self.connections.removeValue(forKey: number) else { return }
        self.removed(connection.subscriptions.count)
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
        self.durable = max(self.durable, durable)
        self.keys = keys
        self.subscriptionCount += 1
        let matcher = SubscriptionMatcher(subscription)
        let period = subscription.updatesPerSecond.map { 1_000_000_000 / UInt64($0) }
        let interest = Interest(matcher: matcher, period: period)
        let machine: SubscriptionMachine =
            switch start {
            case .after(let lsn): SubscriptionMachine(after: lsn, period: period)
            case .snapshot(let view), .historyGone(let view):
                SubscriptionMachine(snapshotAt: view.lsn, period: period)
            }
        let begun = FanoutSubscription(
            requestID,
            subscription: subscription,
            matcher: matcher,
            interest: self.interests.number(of: interest, among: self.subscriptionCount),
            machine: machine,
            at: self.now
        )
        switch start {
        case .after: break
        case .snapshot(let view): begun.rows = SnapshotRows(subscription, of: view)
        case .historyGone(let view):
            begun.rows = SnapshotRows(subscription, of: view)
            self.send(.reset(.historyGone), requestID: requestID, of: connection)
        }
        connection.subscriptions.append(begun)
        self.beginTrack(of: begun)
        self.ring.add(number)
    }

    func unsubscribed(_ requestID: UInt64, of number: UInt32, _ reason: Refusal) {
        guard let connection = self.connections[number],
            let ended = connection.remove(requestID)
        else { return }
        self.removed(1)
        let lsn = min(ended.machine.bookmark, self.durable)
        self.send(.closed(reason, lsn: lsn), requestID: requestID, of: connection)
        self.flush(connection)
    }

    /// Ends all subscriptions of a connection; `reason` is sent to each, if there is one.
    func endAll(of number: UInt32, _ reason: Refusal?) {
        guard let connection = self.connections[number] else { return }
        let ended = connection.subscriptions
        connection.subscriptions = []
        self.removed(ended.count)
        guard let reason else { return }
        for subscription in ended {
            let lsn = subscription.machine.notified
            self.send(.closed(reason, lsn: lsn), requestID: subscription.requestID, of: connection)
        }
        self.flush(connection)
    }

    func removed(_ count: Int) {
        self.subscriptionCount -= count
        guard self.subscriptionCount == 0 else { return }
        self.figures.board.passed(nanoseconds: 0)
        // Blocks written from now on do not come here, so the cached ones would have a gap.
        self.blocks.removeAll()
        self.pieces.removeAll()
        self.logReaders.closeWaiting()
        self.entering.removeAll()
        self.windows = [:]
        self.tracks = [:]
        self.following = [:]
        self.cuts = [:]
    }

    /// Resumes every subscription that waits for something of a kind.
    func resume(from wait: SubscriptionMachine.Wait) {
        for connection in self.connections.values {
            for subscription in connection.subscriptions where subscription.machine.wait == wait {
                subscription.machine.resumed(from: wait)
                self.ring.add(connection.number)
            }
        }
    }
}
