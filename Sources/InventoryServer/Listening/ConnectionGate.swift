/// How many connections there are, and whether another may be accepted.
///
///     open ──the last one that may be──▶ full ──one closes──▶ open
///      └────no descriptor for another──▶ exhausted ──one closes, or a while later──▶ open
///
/// Whoever is not accepted waits in the kernel's queue. An episode is reported once, when it begins,
/// and again when it is over: when a good part of the connections has gone, not only the next one.
struct ConnectionGate: Equatable {
    enum Action: Equatable {
        /// Accept no more for now; the first time say why.
        case pause(Report?)
        /// Accept again; say so if an episode is over.
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
    /// No descriptor was left when the last one was to be accepted.
    private var isExhausted = false
    private var isReported = false

    init(connectionsMax: Int) {
        precondition(connectionsMax > 0, "space for \(connectionsMax) connections")
        self.connectionsMax = connectionsMax
    }

    var isOpen: Bool { self.count < self.connectionsMax && !self.isExhausted }

    /// An episode is over below this many.
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

    /// Descriptors that others hold may have become free.
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
}
