internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// The runs of imports, one row each in the order of their numbers; row 0 is run 1.
///
/// Rows are never removed. See ``ImportRun``.
struct ImportRunTable: Sendable {
    private(set) var names = TextColumn()
    private(set) var contents = TextColumn()
    private(set) var layouts = TextColumn()
    private(set) var kinds = Column<UInt8>()
    private(set) var sessionHighs = Column<UInt64>()
    private(set) var sessionLows = Column<UInt64>()
    private(set) var begunAt = Column<Int64>()
    private(set) var finished = Column<UInt8>()
    private(set) var endedAt = Column<Int64>()
    private(set) var requests = Column<UInt64>()
    private(set) var refusedCommands = Column<UInt64>()
    private(set) var accepted = Column<UInt64>()
    private(set) var refused = Column<UInt64>()
    private(set) var passed = Column<UInt64>()
    private(set) var revisions = Column<UInt64>()
    /// Who began it; codes into ``InventoryTables/strings``.
    private(set) var actors = Column<UInt32>()

    /// The first number of its parts in a snapshot.
    ///
    /// A database without runs has the state checksum of a version that had no such table.
    static let firstPart: UInt32 = 1_100

    var rowCount: Int { self.kinds.count }

    func session(_ row: Int) -> SessionID {
        SessionID(high: self.sessionHighs[row], low: self.sessionLows[row])
    }

    func isFinished(_ row: Int) -> Bool { self.finished[row] == 1 }

    func run(_ row: Int) -> ImportRun {
        guard let kind = ImportKind(rawValue: self.kinds[row]) else {
            preconditionFailure("import run \(row + 1) is of kind \(self.kinds[row])")
        }
        var run = ImportRun()
        run.number = UInt32(row + 1)
        run.name = self.names[row]
        run.kind = kind
        run.content = self.contents[row]
        run.layout = self.layouts[row]
        run.session = self.session(row)
        run.begunAt = Instant(microseconds: self.begunAt[row])
        run.isFinished = self.isFinished(row)
        run.endedAt = Instant(microseconds: self.endedAt[row])
        run.requests = self.requests[row]
        run.refusedCommands = self.refusedCommands[row]
        run.counts = ImportCounts(
            accepted: self.accepted[row],
            refused: self.refused[row],
            passed: self.passed[row]
        )
        run.revision = LSN(self.revisions[row])
        return run
    }

    /// Appends a run that was begun by the actor with that code.
    mutating func append(_ run: ImportRun, actor: UInt32) {
        precondition(Int(run.number) == self.rowCount + 1, "import run \(run.number) leaves a gap")
        self.names.append(run.name)
        self.contents.append(run.content)
        self.layouts.append(run.layout)
        self.kinds.append(run.kind.rawValue)
        self.sessionHighs.append(run.session.high)
        self.sessionLows.append(run.session.low)
        self.begunAt.append(run.begunAt.microseconds)
        self.finished.append(run.isFinished ? 1 : 0)
        self.endedAt.append(run.endedAt.microseconds)
        self.requests.append(run.requests)
        self.refusedCommands.append(run.refusedCommands)
        self.accepted.append(run.counts.accepted)
        self.refused.append(run.counts.refused)
        self.passed.append(run.counts.passed)
        self.revisions.append(run.revision.value)
        self.actors.append(actor)
    }

    /// Writes what finishing a run changes.
    mutating func finish(_ run: ImportRun) {
        let row = Int(run.number) - 1
        precondition(!self.isFinished(row), "import run \(run.number) is finished twice")
        self.finished[row] = run.isFinished ? 1 : 0
        self.endedAt[row] = run.endedAt.microseconds
        self.accepted[row] = run.counts.accepted
        self.refused[row] = run.counts.refused
        self.passed[row] = run.counts.passed
        self.revisions[row] = run.revision.value
    }

    /// Records that a request of the run's session was decided, and how many of its commands were refused.
    mutating func advance(_ row: Int, to sequence: UInt64, refusing count: Int) {
        self.requests[row] = sequence
        if count > 0 { self.refusedCommands[row] += UInt64(count) }
    }

    /// Visits every column with its number; see ``InventoryTables``.
    mutating func visit<Visitor: ImageVisitor>(
        _ visitor: inout Visitor
    ) throws(Visitor.Failure) {
        try self.names.visitParts(1_100, &visitor)
        try self.contents.visitParts(1_102, &visitor)
        try self.layouts.visitParts(1_104, &visitor)
        try visitor.visit(1_106, &self.kinds)
        try visitor.visit(1_107, &self.sessionHighs)
        try visitor.visit(1_108, &self.sessionLows)
        try visitor.visit(1_109, &self.begunAt)
        try visitor.visit(1_110, &self.finished)
        try visitor.visit(1_111, &self.endedAt)
        try visitor.visit(1_112, &self.requests)
        try visitor.visit(1_113, &self.refusedCommands)
        try visitor.visit(1_114, &self.accepted)
        try visitor.visit(1_115, &self.refused)
        try visitor.visit(1_116, &self.passed)
        try visitor.visit(1_117, &self.revisions)
        try visitor.visit(1_118, &self.actors)
    }
}

extension ImportRunTable: StoredTable {}

/// The rows of the runs by name, and by the session of their requests.
///
/// Both are keyed by a hash and hold the run's number; a look-up compares the row in the table.
///
/// Derived from the table and rebuilt with it; not part of a read view.
struct ImportRunIndex: Sendable {
    private var names = ProbedShards()
    private var sessions = ProbedShards()

    init() {}

    /// The most entries that beginning a run can move.
    ///
    /// - Complexity: O(shards)
    var largestShardCount: Int {
        max(self.names.largestSlotCount, self.sessions.largestSlotCount)
    }

    /// The row of the run with that name; `nil` if there is none.
    func row(named name: String, in table: ImportRunTable) -> Int? {
        self.names.find(Self.hash(name)) { table.names[Int($0) - 1] == name }.map { Int($0) - 1 }
    }

    /// The row of the run whose requests have that session; `nil` if there is none.
    func row(of session: SessionID, in table: ImportRunTable) -> Int? {
        self.sessions.find(Self.hash(session)) { table.session(Int($0) - 1) == session }
            .map { Int($0) - 1 }
    }

    mutating func insert(_ row: Int, in table: ImportRunTable) {
        self.names.insert(UInt32(row + 1), hash: Self.hash(table.names[row]))
        self.sessions.insert(UInt32(row + 1), hash: Self.hash(table.session(row)))
    }

    private static func hash(_ name: String) -> UInt64 {
        var name = name
        return name.withUTF8 { Hash64.hash(UnsafeRawBufferPointer($0)) }
    }

    private static func hash(_ session: SessionID) -> UInt64 {
        withUnsafeBytes(of: (session.high, session.low)) { Hash64.hash($0) }
    }

    /// Stops the process unless every run is found by its name and by its session.
    ///
    /// - Complexity: O(runs)
    func checkInvariants(for table: ImportRunTable) {
        self.names.checkInvariants()
        self.sessions.checkInvariants()
        precondition(self.names.count == table.rowCount, "\(self.names.count) names of runs")
        for row in 0..<table.rowCount {
            let named = self.row(named: table.names[row], in: table)
            precondition(named == row, "run \(row + 1) is not found")
            let opened = self.row(of: table.session(row), in: table)
            precondition(opened == row, "the session of run \(row + 1)")
        }
        precondition(
            self.sessions.count == table.rowCount,
            "\(self.sessions.count) sessions of runs"
        )
    }
}
