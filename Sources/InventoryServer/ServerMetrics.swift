internal import Inventory

/// What the server counts about itself, for `invctl stats`.
struct ServerMetrics {
    var connectionsAccepted: Int64 = 0
    var connections: Int64 = 0
    var requests: Int64 = 0
    var commands: Int64 = 0
    var queries: Int64 = 0
    var refusedFrames: Int64 = 0
    var subscriptions: Int64 = 0
    var eventBytes: Int64 = 0
    var blocks: Int64 = 0
    var blockBytes: Int64 = 0
    var syncMicroseconds: Int64 = 0
    var snapshots: Int64 = 0
    /// Scrubs that read everything.
    var scrubs: Int64 = 0
    var scrubbedPages: Int64 = 0
    /// Damaged pages that are again what was written, since the start and at it.
    var healedPages: Int64 = 0
    /// Damaged pages beyond repair.
    var lostPages: Int64 = 0
    var startedAt: Instant = .zero

    var rows: [(name: String, value: Int64)] {
        [
            ("connections", self.connections),
            ("connectionsAccepted", self.connectionsAccepted),
            ("requests", self.requests),
            ("commands", self.commands),
            ("queries", self.queries),
            ("refusedFrames", self.refusedFrames),
            ("subscriptions", self.subscriptions),
            ("eventBytes", self.eventBytes),
            ("logBlocks", self.blocks),
            ("logBlockBytes", self.blockBytes),
            ("syncMicrosecondsMean", self.blocks == 0 ? 0 : self.syncMicroseconds / self.blocks),
            ("snapshots", self.snapshots),
            ("scrubs", self.scrubs),
            ("scrubbedPages", self.scrubbedPages),
            ("healedPages", self.healedPages),
            ("lostPages", self.lostPages),
        ]
    }
}
