internal import InventoryWire

/// The open queries of a connection: those being answered and those waiting.
///
///     queries  1 2 3 … 16 │ 17 18 19 …
///                └ begun ───┘ └ wait, in order
///
/// A query that has begun holds a view of the state, and so everything that changes meanwhile; one that waits
/// holds only its request. So a client that sends a thousand queries between sales and reads nothing makes
/// the server retain sixteen states instead of a thousand. A plain value.
struct OpenAnswers<Answer, Query> {
    typealias WaitingQueries = WithdrawableQueue<(requestID: UInt64, query: Query)>

    /// By the request IDs that they answer.
    private(set) var begun: [UInt64: Answer] = [:]
    /// The queries that wait, in order.
    private var waiting = WaitingQueries()
    /// Their places, by request ID.
    private var places: [UInt64: WaitingQueries.Place] = [:]
    private let begunMax: Int

    init(begunMax: Int = WireLimits.begunQueriesPerConnectionMax) {
        precondition(begunMax > 0, "space for \(begunMax) answers")
        self.begunMax = begunMax
    }

    var isEmpty: Bool { self.begun.isEmpty && self.waiting.isEmpty }
    /// The number of queries that wait to begin.
    var waitingCount: Int { self.waiting.count }
    /// The number of places stored for them, those of withdrawn ones included.
    var storedCount: Int { self.waiting.storedCount }
    /// Whether another query may begin at once.
    var hasSpace: Bool { self.begun.count < self.begunMax && self.waiting.isEmpty }

    func contains(_ requestID: UInt64) -> Bool {
        self.begun[requestID] != nil || self.places[requestID] != nil
    }

    mutating func begin(_ requestID: UInt64, _ answer: Answer) {
        precondition(!self.contains(requestID), "request \(requestID) is being answered")
        precondition(self.begun.count < self.begunMax, "\(self.begun.count) answers have begun")
        self.begun[requestID] = answer
    }

    mutating func wait(_ requestID: UInt64, _ query: Query) {
        precondition(!self.contains(requestID), "request \(requestID) is being answered")
        self.places[requestID] = self.waiting.append((requestID, query))
    }

    /// Removes and returns the next query that may begin; `nil` if none waits or the limit is reached.
    ///
    /// - Complexity: O(1) amortized
    mutating func next() -> (requestID: UInt64, query: Query)? {
        guard self.begun.count < self.begunMax else { return nil }
        guard let next = self.waiting.popFirst() else { return nil }
        self.places[next.requestID] = nil
        return next
    }

    /// Removes an answer that has begun.
    mutating func end(_ requestID: UInt64) -> Answer? { self.begun.removeValue(forKey: requestID) }

    /// Removes a query that has not begun.
    ///
    /// - Complexity: O(log n) for n waiting queries, plus O(1) amortized
    mutating func withdraw(_ requestID: UInt64) -> Query? {
        guard let place = self.places.removeValue(forKey: requestID) else { return nil }
        return self.waiting.withdraw(place)?.query
    }

    /// Removes everything.
    ///
    /// - Returns: The removed values, since freeing a thousand queries takes milliseconds.
    mutating func removeAll() -> (begun: [UInt64: Answer], waiting: WaitingQueries) {
        defer { self.empty() }
        return (self.begun, self.waiting)
    }

    private mutating func empty() {
        self.begun = [:]
        self.waiting = WaitingQueries()
        self.places = [:]
    }

    func checkInvariants() {
        precondition(self.begun.count <= self.begunMax, "\(self.begun.count) answers have begun")
        precondition(
            self.begun.keys.allSatisfy { self.places[$0] == nil },
            "a query has begun and waits"
        )
        precondition(
            self.waiting.isEmpty || self.begun.count == self.begunMax,
            "\(self.waiting.count) queries wait while there is space"
        )
        precondition(
            Set(self.waiting.elements.map { $0.requestID }) == Set(self.places.keys),
            "\(self.places.count) places of \(self.waiting.count) waiting queries"
        )
        self.waiting.checkInvariants()
    }
}
