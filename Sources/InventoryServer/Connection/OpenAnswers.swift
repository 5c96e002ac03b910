internal import DequeModule
internal import InventoryWire

/// The open queries of a connection: those being answered and those waiting.
///
///     questions  1 2 3 … 16 │ 17 18 19 …
///                └ begun ───┘ └ wait, in order
///
/// A query that has begun holds a view of the state, and so everything that changes meanwhile; one that waits
/// holds only its request. So a client that sends a thousand queries between sales and reads nothing makes
/// the server retain sixteen states instead of a thousand. A plain value.
struct OpenAnswers<Answer, Question> {
    /// By the request IDs that they answer.
    private(set) var begun: [UInt64: Answer] = [:]
    private var waiting: [UInt64: Question] = [:]
    /// Request IDs that wait, in order; some may have been withdrawn.
    private var line: Deque<UInt64> = []
    private let begunMax: Int

    init(begunMax: Int = WireLimits.begunQueriesPerConnectionMax) {
        precondition(begunMax > 0, "space for \(begunMax) answers")
        self.begunMax = begunMax
    }

    var isEmpty: Bool { self.begun.isEmpty && self.waiting.isEmpty }
    /// The number of queries that wait to begin.
    var waitingCount: Int { self.waiting.count }
    /// Whether another query may begin at once.
    var hasSpace: Bool { self.begun.count < self.begunMax && self.waiting.isEmpty }

    func contains(_ requestID: UInt64) -> Bool {
        self.begun[requestID] != nil || self.waiting[requestID] != nil
    }

    mutating func begin(_ requestID: UInt64, _ answer: Answer) {
        precondition(!self.contains(requestID), "request \(requestID) is being answered")
        precondition(self.begun.count < self.begunMax, "\(self.begun.count) answers have begun")
        self.begun[requestID] = answer
    }

    mutating func wait(_ requestID: UInt64, _ question: Question) {
        precondition(!self.contains(requestID), "request \(requestID) is being answered")
        self.waiting[requestID] = question
        self.line.append(requestID)
    }

    /// Removes and returns the next query that may begin; `nil` if none waits or the limit is reached.
    ///
    /// - Complexity: O(1) amortized
    mutating func next() -> (requestID: UInt64, question: Question)? {
        guard self.begun.count < self.begunMax else { return nil }
        while let requestID = self.line.popFirst() {
            guard let question = self.waiting.removeValue(forKey: requestID) else { continue }
            return (requestID, question)
        }
        return nil
    }

    /// Removes an answer that has begun.
    mutating func end(_ requestID: UInt64) -> Answer? { self.begun.removeValue(forKey: requestID) }

    /// Removes a query that has not begun.
    mutating func withdraw(_ requestID: UInt64) -> Question? {
        self.waiting.removeValue(forKey: requestID)
    }

    /// Removes everything.
    ///
    /// - Returns: The removed values, since freeing a thousand queries takes milliseconds.
    mutating func removeAll() -> (begun: [UInt64: Answer], waiting: [UInt64: Question]) {
        defer { self.empty() }
        return (self.begun, self.waiting)
    }

    private mutating func empty() {
        self.begun = [:]
        self.waiting = [:]
        self.line = []
    }

    func checkInvariants() {
        precondition(self.begun.count <= self.begunMax, "\(self.begun.count) answers have begun")
        precondition(
            self.begun.keys.allSatisfy { self.waiting[$0] == nil },
            "a question has begun and waits"
        )
        precondition(
            self.waiting.isEmpty || self.begun.count == self.begunMax,
            "\(self.waiting.count) questions wait while there is space"
        )
        precondition(
            Set(self.line).isSuperset(of: self.waiting.keys),
            "a question waits outside of the line"
        )
    }
}
