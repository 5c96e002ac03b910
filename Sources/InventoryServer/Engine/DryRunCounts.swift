internal import InventoryModel
internal import InventoryWire

/// The dry runs of all connections whose copies, or the making of them, take memory and work.
///
///     none ──begin──▶ open ──close──▶ ending ──free──▶ none
///
/// One whose connection is closed counts until its copy has been freed: else clients that begin dry runs and
/// leave could have any number of copies made. A plain value.
struct DryRunCounts {
    /// Those whose connections are open.
    private(set) var open = 0
    /// Those that have ended, and whose copies are not freed yet.
    private(set) var ending = 0
    private let max: Int

    init(max: Int = WireLimits.dryRunsMax) { self.max = max }

    var count: Int { self.open + self.ending }

    /// - Throws: `overloaded` if there are too many.
    mutating func begin() throws(Refusal) {
        try QueryQueue.check("dry runs", count: self.count + 1, limit: self.max)
        self.open += 1
    }

    /// A dry run has ended; its copy exists still.
    mutating func close() {
        precondition(self.open > 0, "a dry run ended that never began")
        self.open -= 1
        self.ending += 1
    }

    /// The copy of a dry run that has ended was freed, or never made.
    mutating func free() {
        precondition(self.ending > 0, "a copy was freed whose dry run has not ended")
        self.ending -= 1
    }

    /// Traps unless `open` dry runs have an open connection, and there are not too many.
    func checkInvariants(open: Int) {
        precondition(self.open == open, "\(self.open) open dry runs, \(open) of connections")
        precondition(self.count <= self.max, "\(self.count) of \(self.max) dry runs")
    }
}
