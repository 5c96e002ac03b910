internal import InventoryModel

/// Server statistics, for `invctl stats`; used on the engine's loop.
final class ServerMetrics {
    var connectionsAccepted: Int64 = 0
    var connections: Int64 = 0
    /// Bytes received from clients.
    var receivedBytes: Int64 = 0
    var requests: Int64 = 0
    var commands: Int64 = 0
    var queries: Int64 = 0
    var refusedFrames: Int64 = 0
    /// Bytes of events sent to subscribers of insights.
    var eventBytes: Int64 = 0
    /// Bytes of answers to queries.
    var answerBytes: Int64 = 0
    /// Rounds that recomputed live insights, and their microseconds on the query threads.
    var insightRounds: Int64 = 0
    var insightMicroseconds: Int64 = 0
    var blocks: Int64 = 0
    var blockBytes: Int64 = 0
    var syncMicroseconds: Int64 = 0
    /// Durations of the last writes to the log, each with its sync.
    var syncs = RecentDurations()
    var snapshots: Int64 = 0
    /// The longest pause of the engine to take one, in microseconds.
    var snapshotStall: Int64 = 0
    /// Completed backups, and the bytes of all.
    var backups: Int64 = 0
    var backupBytes: Int64 = 0
    /// Completed scrubs.
    var scrubs: Int64 = 0
    var scrubbedPages: Int64 = 0
    /// Damaged pages that were healed, during and since the start.
    var healedPages: Int64 = 0
    /// Damaged pages beyond repair.
    var lostPages: Int64 = 0
    var startedAt: Instant = .zero

    /// Counts requests that the engine ran.
    func count(_ counts: Engine.RunCounts) {
        self.requests += counts.commands + counts.reads
        self.queries += counts.reads
        self.commands += counts.commands
        self.refusedFrames += counts.malformed
    }

    /// The work counted by ``QuietPeriod``: bytes received, written and sent, and connections opened or
    /// closed, since much may be freed then.
    var worked: Int64 {
        self.receivedBytes + self.blockBytes + self.eventBytes + self.answerBytes
            + 2 * self.connectionsAccepted - self.connections
    }

    /// `subscriptions` is their number, to events and to insights.
    func rows(subscriptions: Int) -> [(name: String, value: Int64)] {
        [
            ("connections", self.connections),
            ("connectionsAccepted", self.connectionsAccepted),
            ("receivedBytes", self.receivedBytes),
            ("requests", self.requests),
            ("commands", self.commands),
            ("queries", self.queries),
            ("refusedFrames", self.refusedFrames),
            ("subscriptions", Int64(subscriptions)),
            ("answerBytes", self.answerBytes),
            ("insightEventBytes", self.eventBytes),
            ("insightRounds", self.insightRounds),
            ("insightMicroseconds", self.insightMicroseconds),
            ("logBlocks", self.blocks),
            ("logBlockBytes", self.blockBytes),
            ("syncMicrosecondsMean", self.blocks == 0 ? 0 : self.syncMicroseconds / self.blocks),
            ("syncMicrosecondsP50", self.syncs.value(at: 0.5)),
            ("syncMicrosecondsP99", self.syncs.value(at: 0.99)),
            ("snapshots", self.snapshots),
            ("snapshotStallMicrosecondsMax", self.snapshotStall),
            ("backups", self.backups),
            ("backupBytes", self.backupBytes),
            ("scrubs", self.scrubs),
            ("scrubbedPages", self.scrubbedPages),
            ("healedPages", self.healedPages),
            ("lostPages", self.lostPages),
        ]
    }
}
