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
        // The subscription may have ended, or restarted at a later LSN, meanwhile.
        guard let connection = self.connections[number],
            let subscription = connection.subscription(requestID), subscription.rows === rows
        else { return }
        subscription.machine.resumed(from: .rows)
        if frame.readableBytes > 0 {
            connection.append(frame, isAnswer: false)
        } else {
            subscription.rows = nil
            self.send(.caughtUp(lsn: rows.lsn), requestID: requestID, of: connection)
            subscription.machine.snapshotEnded()
            subscription.publishedAt = self.now
        }
        self.flush(connection)
        if !connection.isBlocked { self.ring.add(number) }
    }

    /// Restarts a subscription with a snapshot of the current state.
    func restart(
        _ subscription: FanoutSubscription,
        of connection: FanoutConnection,
        because reason: ResetReason
    ) {
        subscription.machine.resumed(from: .log)
        subscription.machine.waits(for: .rows)
        let (number, requestID, host) = (connection.number, subscription.requestID, self.host)
        self.upstream.takeView { view in
            host.post { $0.restarted(requestID, of: number, view: view, because: reason) }
        }
    }

    private func restarted(
        _ requestID: UInt64,
        of number: UInt32,
        view: ReadView,
        because reason: ResetReason
    ) {
        guard let connection = self.connections[number],
            let subscription = connection.subscription(requestID)
        else { return }
        subscription.machine.restarted(at: view.lsn)
        subscription.stateChecksum = nil
        subscription.rows = SnapshotRows(subscription.subscription, of: view)
        self.send(.reset(reason), requestID: requestID, of: connection)
        self.flush(connection)
        self.ring.add(number)
    }
}
