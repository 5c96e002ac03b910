internal import DequeModule
internal import InventoryWire

/// Which of a connection's questions are being answered, and which wait for that.
///
///     questions  1 2 3 … 16 │ 17 18 19 …
///                └ begun ───┘ └ wait, in order
///
/// A question that has begun holds a view of the state, and so all that changes meanwhile; one that waits
/// holds only what it asks. So a client that asks a thousand times between sales, and reads nothing, makes
/// the server keep sixteen states and not a thousand. A plain value.
struct OpenAnswers<Answer, Question> {
    /// By the requests that they answer.
    private(set) var begun: [UInt64: Answer] = [:]
    private var waiting: [UInt64: Question] = [:]
    /// The requests that wait, in order; some may have been withdrawn.
    private var line: Deque<UInt64> = []
    private let begunMax: Int

    init(begunMax: Int = WireLimits.begunQueriesPerConnectionMax) {
        precondition(begunMax > 0, "room for \(begunMax) answers")
        self.begunMax = begunMax
    }

    var isEmpty: Bool { self.begun.isEmpty && self.waiting.isEmpty }
    /// How many wait to begin.
    var waitingCount: Int { self.waiting.count }
    /// Whether another may begin at once.
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

    /// Takes the question that may begin now; nothing if none waits, or there is no room.
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

    /// Lets go of an answer that has begun.
    mutating func end(_ requestID: UInt64) -> Answer? { self.begun.removeValue(forKey: requestID) }

    /// Takes back a question that has not begun.
    mutating func withdraw(_ requestID: UInt64) -> Question? {
        self.waiting.removeValue(forKey: requestID)
    }

    /// Takes all out.
    ///
    /// - Returns: What it was: letting go of a thousand questions takes milliseconds.
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
            "\(self.waiting.count) questions wait while there is room"
        )
        precondition(
            Set(self.line).isSuperset(of: self.waiting.keys),
            "a question waits outside of the line"
        )
    }
}
