internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryTransfer

/// The status of a subscription's connection, as text for people: live or offline, LSN, lag, reconnects.
///
/// A plain value: it takes events and the time, and returns text. Times are in microseconds since 1970.
struct LiveStatus: Sendable {
    enum Connection: Equatable, Sendable {
        case connecting
        case live
        case lost(since: Int64, reason: String)
    }

    private(set) var connection = Connection.connecting
    private(set) var lsn: LSN = 0
    /// The age of the last step when it arrived, in microseconds.
    private(set) var lag: Int64 = 0
    /// The number of reconnects.
    private(set) var reconnectCount = 0
    /// The last event of the connection.
    private var notice = ""
    private var noticedAt: Int64 = 0
    /// Notices that are not printed yet.
    private var pending: [String] = []

    /// The most pending notices; more are dropped.
    private static let pendingMax = 16
    /// How long a notice is shown beside the state, in microseconds.
    private static let noticeMicroseconds: Int64 = 60_000_000

    var isLost: Bool {
        if case .lost = self.connection { true } else { false }
    }

    mutating func take(_ event: SubscriptionEvent, now: Int64) {
        switch event {
        case .began(let lsn, _):
            if case .lost(let since, _) = self.connection {
                self.reconnectCount += 1
                self.note(
                    "reconnected after \(Self.seconds(since, now)); no changes were missed",
                    now
                )
            }
            self.connection = .live
            self.lsn = max(self.lsn, lsn)
        case .entry(let entry):
            self.lsn = entry.lsn
            self.lag = max(0, now.subtractingSaturated(entry.time.microseconds))
        case .progress(let lsn), .caughtUp(let lsn), .verified(let lsn):
            self.connection = .live
            self.lsn = lsn
        case .mismatched(let lsn):
            self.note("this replica differs from the server at LSN \(lsn); reloading", now)
        case .disconnected(let error):
            self.lose(error, now: now)
        case .snapshot, .reset:
            break
        }
    }

    /// Notes that the connection is lost; further calls do nothing.
    mutating func lose(_ error: ClientError, now: Int64) {
        if self.isLost { return }
        self.connection = .lost(since: now, reason: error.reason)
        self.note("\(error.interruption); reconnecting", now)
    }

    private mutating func note(_ text: String, _ now: Int64) {
        self.notice = text
        self.noticedAt = now
        if self.pending.count < Self.pendingMax { self.pending.append(text) }
    }

    /// Returns the pending notices and clears them.
    mutating func takePending() -> [String] {
        defer { self.pending = [] }
        return self.pending
    }

    /// Returns the state, the LSN and the lag, and for a minute after a reconnect the notice of it.
    func words(now: Int64) -> [String] {
        var words: [String]
        switch self.connection {
        case .connecting:
            words = ["connecting"]
        case .live:
            words = ["live"]
        case .lost(let since, let reason):
            words = [
                "OFFLINE for \(Self.seconds(since, now)) (\(reason)), reconnecting; rows may be stale"
            ]
        }
        if self.reconnectCount > 0, !self.isLost, now - self.noticedAt < Self.noticeMicroseconds {
            words.append(self.notice)
        }
        words.append("LSN \(self.lsn)")
        words.append("lag \(DecimalText.format(self.lag / 10, decimals: 2)) ms")
        return words
    }

    /// Traps if it has more notices than it may, or a time that cannot be.
    func checkInvariants() {
        precondition(self.pending.count <= Self.pendingMax, "\(self.pending.count) notices")
        precondition(self.lag >= 0, "a lag of \(self.lag) µs")
        precondition(
            self.reconnectCount == 0 || !self.notice.isEmpty,
            "\(self.reconnectCount) reconnects without a notice"
        )
    }

    private static func seconds(_ since: Int64, _ now: Int64) -> String {
        "\(max(0, now - since) / 1_000_000) s"
    }
}
