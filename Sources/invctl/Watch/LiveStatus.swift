internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryTransfer

/// What a subscription tells of its connection, in the words people are shown: live, offline, how far,
/// how late, and that it came back.
///
/// A value: events and the time go in, words come out. Times are in microseconds since 1970.
struct LiveStatus: Sendable {
    enum Connection: Equatable, Sendable {
        case connecting
        case live
        case lost(since: Int64, reason: String)
    }

    private(set) var connection = Connection.connecting
    private(set) var lsn: LSN = 0
    /// How old the last step was when it came, in microseconds.
    private(set) var lag: Int64 = 0
    /// How often the connection came back.
    private(set) var returnCount = 0
    /// The last thing that befell the connection.
    private var notice = ""
    private var noticedAt: Int64 = 0
    /// What befell it and has not been told yet.
    private var unpublished: [String] = []

    /// Notices that wait for somebody to be told; more are dropped.
    private static let pendingMax = 16
    /// How long a notice stands beside the state, in microseconds.
    private static let noticeMicroseconds: Int64 = 60_000_000

    var isLost: Bool {
        if case .lost = self.connection { true } else { false }
    }

    mutating func take(_ event: SubscriptionEvent, now: Int64) {
        switch event {
        case .began(let lsn, _):
            if case .lost(let since, _) = self.connection {
                self.returnCount += 1
                self.note(
                    "the server is back after \(Self.seconds(since, now)); nothing was missed",
                    now
                )
            }
            self.connection = .live
            self.lsn = max(self.lsn, lsn)
        case .entry(let entry):
            self.lsn = entry.lsn
            self.lag = max(0, now.subtractingSaturated(entry.time.microseconds))
        case .progress(let lsn), .caughtUp(let lsn), .proven(let lsn):
            self.connection = .live
            self.lsn = lsn
        case .differs(let lsn):
            self.note("this copy was not the server's at LSN \(lsn); beginning anew", now)
        case .disconnected(let error):
            self.lose(error, now: now)
        case .snapshot, .reset:
            break
        }
    }

    /// Notes that the connection is gone; again changes nothing.
    mutating func lose(_ error: ClientError, now: Int64) {
        if self.isLost { return }
        self.connection = .lost(since: now, reason: error.reason)
        self.note("\(error.interruption); trying again", now)
    }

    private mutating func note(_ text: String, _ now: Int64) {
        self.notice = text
        self.noticedAt = now
        if self.unpublished.count < Self.pendingMax { self.unpublished.append(text) }
    }

    /// What has not been told yet; it is then.
    mutating func takePending() -> [String] {
        defer { self.unpublished = [] }
        return self.unpublished
    }

    /// State, place and lag, and what befell the connection for a minute afterwards.
    func words(now: Int64) -> [String] {
        var words: [String]
        switch self.connection {
        case .connecting:
            words = ["connecting"]
        case .live:
            words = ["live"]
        case .lost(let since, let reason):
            words = [
                "OFFLINE for \(Self.seconds(since, now)) (\(reason)), trying again; rows are as they were"
            ]
        }
        if self.returnCount > 0, !self.isLost, now - self.noticedAt < Self.noticeMicroseconds {
            words.append(self.notice)
        }
        words.append("LSN \(self.lsn)")
        words.append("lag \(DecimalText.format(self.lag / 10, decimals: 2)) ms")
        return words
    }

    private static func seconds(_ since: Int64, _ now: Int64) -> String {
        "\(max(0, now - since) / 1_000_000) s"
    }
}
