internal import Bytes
internal import InventoryEngine
internal import InventoryWire
internal import NIOCore

/// The rows that a subscription begins with, made on a query thread, a few at a time, as fast as the
/// subscriber reads (back-pressure).
extension Fanout {
    func makeRows(_ subscription: FanoutSubscription, _ connection: FanoutConnection) {
        guard let rows = subscription.rows else {
            preconditionFailure("a snapshot without rows")
        }
        subscription.machine.waits(for: .rows)
        let (number, requestID, host) = (connection.number, subscription.requestID, self.host)
        self.upstream.work.submit {
            var writer = ByteWriter()
            if let changes = rows.next(FanoutLimits.snapshotRowsMax) {
                ServerMessage.snapshotRows(changes)
                    .encodeFrame(requestID: requestID, into: &writer)
            }
            let frame = writer.withBytes { ByteBuffer(bytes: $0) }
            host.post { $0.made(frame, of: rows, requestID: requestID, number: number) }
        }
    }

    /// Sends the next rows; an empty frame means that there are no more.
    private func made(
        _ frame: ByteBuffer,
        of rows: SnapshotRows,
        requestID: UInt64,
        number: UInt32
    ) {
        // The subscription may have ended meanwhile, and another may have begun under its request ID.
        guard let connection = self.connections[number],
            let subscription = connection.subscription(requestID), subscription.rows === rows
        else { return }
        subscription.machine.resumed(from: .rows)
        if frame.readableBytes > 0 {
            connection.append(frame, isAnswer: false)
        } else {
            self.send(.caughtUp(lsn: rows.lsn), requestID: requestID, of: connection)
            subscription.rowsEnded(at: self.now)
        }
        self.flush(connection)
        if !connection.isBlocked { self.schedule.add(number) }
    }

    /// Restarts a subscription with a snapshot of the current state.
    func restart(
        _ subscription: FanoutSubscription,
        of connection: FanoutConnection,
        because reason: ResetReason
    ) {
        subscription.machine.historyGone()
        let (number, requestID, host) = (connection.number, subscription.requestID, self.host)
        let waiting = subscription.number
        self.upstream.takeView { view in
            host.post { fanout in
                // The subscription may have ended meanwhile, and another may have begun under its request ID.
                guard let connection = fanout.connections[number],
                    let subscription = connection.subscription(requestID),
                    subscription.number == waiting
                else { return }
                fanout.restarted(subscription, of: connection, view: view, because: reason)
            }
        }
    }

    private func restarted(
        _ subscription: FanoutSubscription,
        of connection: FanoutConnection,
        view: ReadView,
        because reason: ResetReason
    ) {
        subscription.machine.restarted(at: view.lsn)
        subscription.beginRows(of: view)
        self.send(.reset(reason), requestID: subscription.requestID, of: connection)
        self.flush(connection)
        self.schedule.add(connection.number)
    }
}
