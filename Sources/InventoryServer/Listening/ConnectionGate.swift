/// Limits the number of connections.
///
///     open ──the limit is reached──▶ full ──one closes──▶ open
///      └────no free descriptor──▶ exhausted ──one closes, or a while later──▶ open
///
/// Connections that are not accepted wait in the kernel's queue. An episode is reported once when it begins,
/// and once when it is over: when an eighth of the connections has closed, not only the next one.
struct ConnectionGate: Equatable {
    enum Action: Equatable {
        /// Accept no more for now; the report is logged if there is one.
        case pause(Report?)
        /// Accept again; the report is logged if an episode is over.
        case resume(Report?)
        case none
    }

    enum Report: Equatable {
        case full(connectionsMax: Int)
        case exhausted(connections: Int)
        case over(connections: Int)
    }

    let connectionsMax: Int
    private(set) var count = 0
    /// No descriptor was free when the last connection was to be accepted.
    private var isExhausted = false
    private var isReported = false

    init(connectionsMax: Int) {
        precondition(connectionsMax > 0, "at most \(connectionsMax) connections")
        self.connectionsMax = connectionsMax
    }

    var isOpen: Bool { self.count < self.connectionsMax && !self.isExhausted }

    /// An episode is over below this number of connections.
    private var calmCount: Int { self.connectionsMax - max(1, self.connectionsMax / 8) }

    mutating func accepted() -> Action {
        self.count += 1
        guard self.count >= self.connectionsMax else { return .none }
        return .pause(self.report(.full(connectionsMax: self.connectionsMax)))
    }

    /// The kernel had no descriptor for another connection.
    mutating func acceptFailed() -> Action {
        self.isExhausted = true
        return .pause(self.report(.exhausted(connections: self.count)))
    }

    mutating func closed() -> Action {
        precondition(self.count > 0, "a connection closed that was not accepted")
        self.count -= 1
        self.isExhausted = false
        return self.resume()
    }

    /// Retries, since descriptors held by others may have become free.
    mutating func retry() -> Action {
        guard self.isExhausted else { return .none }
        self.isExhausted = false
        return self.resume()
    }

    private mutating func resume() -> Action {
        guard self.isOpen else { return .none }
        guard self.isReported, self.count <= self.calmCount else { return .resume(nil) }
        self.isReported = false
        return .resume(.over(connections: self.count))
    }

    private mutating func report(_ report: Report) -> Report? {
        if self.isReported { return nil }
        self.isReported = true
        return report
    }

    /// Traps if an episode is not reported while it lasts, or still is when it is over.
    func checkInvariants() {
        precondition(self.count >= 0, "\(self.count) connections")
        precondition(self.isOpen || self.isReported, "no more are accepted, which is not reported")
        precondition(
            !self.isOpen || !self.isReported || self.count > self.calmCount,
            "an episode is not over with \(self.count) connections"
        )
    }
}
