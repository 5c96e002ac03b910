internal import InventoryModel
internal import InventoryWire

/// The scheduling policy of query threads: which work runs next, and the limits of what may wait.
///
///     connection a  ▣ ▣ ▣ ▣ ▣ ▣        ▢ slice: a part of an answer that is being sent
///     connection b  ▢                  ▤ short, medium: a query that takes milliseconds, or some tens
///     connection c  ▤ ▤                ▣ scan:  a query that takes longer
///                   └─────┬─────┘
///     next          the shortest class first, but each class within eight turns;
///                   in a class, the connection that was served least
///
/// So sixty queries of one client delay another's by at most one, and short work does not wait for long work.
/// A scan does not wait for one of a connection that was served more: ``nextScan``. A plain value without
/// threads; the time is passed in, in nanoseconds.
struct QueryQueue {
    /// The owner of work, among which service is shared fairly.
    struct Owner: Hashable, Sendable {
        let number: UInt64

        /// The server itself: snapshots for subscribers, steps from old log files.
        static let server = Owner(number: 0)
        /// All live insights together.
        static let insights = Owner(number: 1)
        /// The first number of a connection.
        static let firstConnection: UInt64 = 16

        var isConnection: Bool { self.number >= Self.firstConnection }
    }

    /// The duration of work until it returns, shortest first.
    enum Class: Int, CaseIterable, Sendable {
        case slice, short, medium, scan
    }

    /// One piece of waiting work.
    struct Ticket: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    private struct Entry {
        var owner: Owner
        var kind: Class
        var place: Line.Place
    }

    /// The waiting work of one class and owner, oldest first.
    private typealias Line = WithdrawableQueue<Ticket>

    /// By class and owner; none is empty.
    private var lines: [[Owner: Line]] = Class.allCases.map { _ in [:] }
    private var entries: [Ticket: Entry] = [:]
    /// The number of waiting requests by connection.
    private var counts: [Owner: Int] = [:]
    /// Nanoseconds of service by owner, counted from when it joined.
    private var served: [Owner: UInt64] = [:]
    /// The least service of the owners that waited when work was last taken; owners that join now start
    /// with it.
    ///
    /// It only increases.
    private var floor: UInt64 = 0
    /// By class: how often in a row a shorter one went first.
    private var passes = Class.allCases.map { _ in 0 }
    private var nextNumber: UInt64 = 1

    private let ownerMax: Int
    private let totalMax: Int

    /// How often in a row a class may be passed over for shorter ones.
    static let passesMax = 8
    /// Nanoseconds that a connection is served beyond another before its scan yields.
    static let quantum: UInt64 = 20_000_000
    /// The most service beyond others with which an owner joins: service that no other owner needed does not
    /// count against it.
    static let arrearsMax: UInt64 = 20_000_000
    /// The maximum nesting of scans; the deepest yields to none.
    static let scanDepthMax = 2

    init(
        ownerMax: Int = WireLimits.waitingQueriesPerConnectionMax,
        totalMax: Int = WireLimits.waitingQueriesMax
    ) {
        self.ownerMax = ownerMax
        self.totalMax = totalMax
    }

    /// The number of waiting pieces of work.
    var count: Int { self.entries.count }
    /// The number of stored tickets, withdrawn ones included.
    var storedTicketCount: Int {
        self.lines.joined().reduce(0) { $0 + $1.value.storedCount }
    }

    // MARK: - Adding

    /// Adds work to the queue.
    ///
    /// `isContinuation` marks a further part of work that was admitted before, or the server's own: those are
    /// always accepted.
    ///
    /// - Throws: `overloaded` with the limit.
    /// - Complexity: O(1)
    mutating func add(
        _ owner: Owner,
        _ kind: Class,
        isContinuation: Bool = false
    ) throws(Refusal) -> Ticket {
        if !isContinuation, owner.isConnection {
            try Self.check("waiting queries", count: self.entries.count + 1, limit: self.totalMax)
            try Self.check(
                "waiting queries of a connection",
                count: (self.counts[owner] ?? 0) + 1,
                limit: self.ownerMax
            )
        }
        let ticket = Ticket(number: self.nextNumber)
        self.nextNumber += 1
        let place = self.lines[kind.rawValue][owner, default: Line()].append(ticket)
        self.entries[ticket] = Entry(owner: owner, kind: kind, place: place)
        self.counts[owner, default: 0] += 1
        let served = max(self.served[owner] ?? 0, self.floor)
        let isIdle = self.counts[owner] == 1
        self.served[owner] = isIdle ? min(served, self.floor + Self.arrearsMax) : served
        return ticket
    }

    static func check(_ what: String, count: Int, limit: Int) throws(Refusal) {
        guard count > limit else { return }
        throw Refusal(
            .overloaded,
            .range(what, value: Int64(count), lowest: 0, highest: Int64(limit))
        )
    }

    // MARK: - Taking

    /// Removes and returns the next work of class `longest` or shorter.
    ///
    /// - Complexity: O(owners that wait)
    mutating func next(upTo longest: Class = .scan) -> (ticket: Ticket, owner: Owner)? {
        let waiting = Class.allCases.filter {
            $0.rawValue <= longest.rawValue && !self.lines[$0.rawValue].isEmpty
        }
        let due = waiting.last { self.passes[$0.rawValue] >= Self.passesMax }
        guard let kind = due ?? waiting.first,
            let owner = self.leastServed(self.lines[kind.rawValue].keys)
        else { return nil }
        let ticket = self.take(kind, of: owner)
        self.passes[kind.rawValue] = 0
        for other in waiting where other.rawValue > kind.rawValue {
            self.passes[other.rawValue] += 1
        }
        return (ticket, owner)
    }

    /// Removes and returns the scan that runs before the rest of a running one, if there is one: of the
    /// connection that was served least, once the running one was served a quantum more.
    ///
    /// - Complexity: O(owners that wait)
    mutating func nextScan(before running: Owner) -> (ticket: Ticket, owner: Owner)? {
        let scan = Class.scan.rawValue
        guard let runningTime = self.served[running],
            let owner = self.leastServed(self.lines[scan].keys.lazy.filter { $0 != running }),
            let time = self.served[owner], time + Self.quantum <= runningTime
        else { return nil }
        let ticket = self.take(.scan, of: owner)
        self.passes[scan] = 0
        return (ticket, owner)
    }

    private func leastServed(_ owners: some Sequence<Owner>) -> Owner? {
        owners.min { a, b in
            (self.served[a] ?? 0, a.number) < (self.served[b] ?? 0, b.number)
        }
    }

    /// Takes the oldest work of a class of an owner that has some.
    private mutating func take(_ kind: Class, of owner: Owner) -> Ticket {
        guard let ticket = self.lines[kind.rawValue][owner]?.popFirst() else {
            preconditionFailure("\(owner) has no work of class \(kind)")
        }
        self.dropIfEmpty(kind, of: owner)
        self.forget(ticket)
        self.raiseFloor(with: owner)
        return ticket
    }

    private mutating func dropIfEmpty(_ kind: Class, of owner: Owner) {
        let isEmpty = self.lines[kind.rawValue][owner]?.isEmpty ?? false
        if isEmpty { self.lines[kind.rawValue][owner] = nil }
    }

    private mutating func raiseFloor(with taken: Owner) {
        var least = self.served[taken] ?? 0
        for line in self.lines {
            for owner in line.keys { least = min(least, self.served[owner] ?? 0) }
        }
        self.floor = max(self.floor, least)
    }

    /// - Returns: Its entry; `nil` if it no longer waited.
    @discardableResult
    private mutating func forget(_ ticket: Ticket) -> Entry? {
        guard let entry = self.entries.removeValue(forKey: ticket) else { return nil }
        let count = self.counts[entry.owner] ?? 1
        self.counts[entry.owner] = count > 1 ? count - 1 : nil
        return entry
    }

    /// Whether an owner has had work in the queue, and is not gone.
    func isTracked(_ owner: Owner) -> Bool { self.served[owner] != nil }

    /// Records nanoseconds of thread time that an owner's work took.
    mutating func ran(_ owner: Owner, for nanoseconds: UInt64) {
        // An owner that is gone meanwhile is not counted.
        self.served[owner]? += nanoseconds
    }

    /// Withdraws work.
    ///
    /// - Returns: Whether it still waited.
    /// - Complexity: O(log n) for n tickets of its owner, plus O(1) amortized
    mutating func withdraw(_ ticket: Ticket) -> Bool {
        guard let entry = self.forget(ticket) else { return false }
        _ = self.lines[entry.kind.rawValue][entry.owner]?.withdraw(entry.place)
        self.dropIfEmpty(entry.kind, of: entry.owner)
        return true
    }

    /// Drops all work of a closed connection.
    ///
    /// - Returns: The work that waited.
    mutating func remove(_ owner: Owner) -> [Ticket] {
        var dropped: [Ticket] = []
        for kind in Class.allCases {
            guard let line = self.lines[kind.rawValue].removeValue(forKey: owner) else { continue }
            for ticket in line.elements {
                self.forget(ticket)
                dropped.append(ticket)
            }
        }
        self.served[owner] = nil
        return dropped
    }

    /// - Complexity: O(waiting work)
    func checkInvariants() {
        let counts = Dictionary(grouping: self.entries.values) { $0.owner }.mapValues { $0.count }
        precondition(self.counts == counts, "\(self.counts) requests wait, of \(counts)")
        precondition(
            counts.keys.allSatisfy { self.served[$0] != nil },
            "an owner waits whose service is not counted"
        )
        for (ticket, entry) in self.entries {
            let line = self.lines[entry.kind.rawValue][entry.owner]
            precondition(
                line?.elements.contains(ticket) ?? false,
                "\(ticket) waits outside of its line"
            )
        }
        let lines = self.lines.joined().map { $0.value }
        precondition(lines.allSatisfy { !$0.isEmpty }, "an owner without work has a line")
        precondition(
            lines.reduce(0) { $0 + $1.count } == self.count,
            "a line has work that does not wait"
        )
        for line in lines { line.checkInvariants() }
    }
}
