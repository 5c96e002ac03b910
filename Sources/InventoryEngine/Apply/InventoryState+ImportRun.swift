internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// The runs of imports: their rule, and how their sessions advance them.
///
///     recordImportRun ──▶ importRun           begun: the row, and its session's next request is 1
///     a request       ──▶ sessionAdvanced     the row's requests and refusals, in the same step
///     its batches     ──▶ importPart          which steps they made, and how many rows they recorded
///     a session opens ──▶ sessionOpened       behind the requests of the row
///     recordImportRun ──▶ importRun           finished: the counts
///
/// A session of a run is the first to expire if there are too many, since the row has all that it takes to
/// open it again.
extension InventoryState {
    func recordImportRun(
        _ record: RecordImportRun,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        findings.check("run", record.run, byteCount: FieldBounds.key)
        findings.check("content", record.content, byteCount: FieldBounds.importHash)
        findings.check("layout", record.layout, byteCount: FieldBounds.importHash)
        let counts = record.counts
        for (name, count) in [
            ("accepted", counts.accepted), ("refused", counts.refused), ("passed", counts.passed),
        ] {
            findings.check(name, Int64(clamping: count), in: FieldBounds.importRows)
        }
        let session = SessionID(hexadecimal: record.session)
        if session == nil {
            let problem = "is not \(SessionID.hexadecimalCount) hexadecimal digits"
            findings.add(Refusal(.invalidField, .field("session", problem: problem)))
        }
        let known = self.importRun(named: record.run, draft)
        if let known, !record.isAbout(known.kind, content: known.content, layout: known.layout) {
            findings.add(Refusal(.nameTaken, .taken(record.run, by: UInt64(known.number))))
        }
        if known == nil {
            let count = self.tables.importRuns.rowCount + draft.importRuns.createdCount
            if count >= Limits.importRunsMax {
                findings.add(.tableFull("import runs", Int64(Limits.importRunsMax)))
            }
            if let session, self.isOfImportRun(session, draft) {
                let problem = "belongs to another run"
                findings.add(Refusal(.invalidField, .field("session", problem: problem)))
            }
        }
        try findings.settle()
        guard let session else { preconditionFailure("no session and no finding") }
        var run = known ?? self.newImportRun(record, session: session, in: &draft)
        let isFinishing = record.isFinished && !run.isFinished
        if isFinishing {
            run.isFinished = true
            run.endedAt = draft.time
            run.counts = record.counts
        }
        guard known == nil || isFinishing else {
            return self.done(UInt64(run.number), in: draft)
        }
        run.revision = draft.lsn
        draft.importRuns.put(run)
        draft.append(.importRun(run))
        return self.done(UInt64(run.number), in: draft)
    }

    /// Adds a part to a run that has only the name of its file, or rows that needed no command.
    func describeImportRun(
        _ description: DescribeImportRun,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        var findings = Findings()
        findings.check("run", description.run, byteCount: FieldBounds.key)
        findings.check("file", description.file, byteCount: FieldBounds.importFile)
        let rows = Int64(clamping: description.alreadyThere)
        findings.check("alreadyThere", rows, in: FieldBounds.importRows)
        let run = self.importRun(named: description.run, draft)
        if run == nil {
            findings.add(Refusal(.invalidField, .field("run", problem: "is no import on record")))
        }
        try findings.settle()
        guard let run else { preconditionFailure("no run and no finding") }
        let says = !description.file.isEmpty || description.alreadyThere > 0
        guard says, !run.isFinished else { return self.done(UInt64(run.number), in: draft) }
        var part = ImportPart()
        part.number = run.number
        part.file = description.file
        part.first = draft.lsn
        part.alreadyThere = description.alreadyThere
        draft.append(.importPart(part))
        return self.done(UInt64(run.number), in: draft)
    }

    private func newImportRun(
        _ record: RecordImportRun,
        session: SessionID,
        in draft: inout Draft
    ) -> ImportRun {
        draft.importRuns.createdCount += 1
        var run = ImportRun()
        run.number = UInt32(self.tables.importRuns.rowCount + draft.importRuns.createdCount)
        run.name = record.run
        run.kind = record.kind
        run.content = record.content
        run.layout = record.layout
        run.session = session
        run.begunAt = draft.time
        run.endedAt = draft.time
        run.requests =
            self.sessions.number(of: session).flatMap {
                self.sessions.session($0)?.sequence
            } ?? 0
        return run
    }

    private func importRun(named name: String, _ draft: Draft) -> ImportRun? {
        draft.importRuns[name]
            ?? self.importRuns.row(named: name, in: self.tables.importRuns)
            .map { self.tables.importRuns.run($0) }
    }

    /// Whether a run has the session.
    private func isOfImportRun(_ session: SessionID, _ draft: Draft) -> Bool {
        self.importRuns.row(of: session, in: self.tables.importRuns) != nil
            || draft.importRuns.contains(session)
    }

    // MARK: - Steps

    /// Applies the change of a run.
    mutating func put(_ run: ImportRun, by actor: String) {
        let row = Int(run.number) - 1
        if row < self.tables.importRuns.rowCount {
            self.tables.importRuns.finish(run)
        } else {
            self.tables.importRuns.append(run, actor: self.intern(actor))
            self.importRuns.insert(row, in: self.tables.importRuns)
            self.sessions.bind(run.session, toRun: row)
        }
    }

    /// Applies the change of a part of a run.
    mutating func put(_ part: ImportPart) {
        precondition(
            part.number > 0 && Int(part.number) <= self.tables.importRuns.rowCount,
            "a part of import run \(part.number), which is not there"
        )
        self.tables.importParts.add(part, last: self.lsn)
    }

    /// The row of the run that a session opened now continues, and the last of its requests.
    func resumed(by session: SessionID) -> (row: Int, sequence: UInt64)? {
        self.importRuns.row(of: session, in: self.tables.importRuns).map {
            ($0, self.tables.importRuns.requests[$0])
        }
    }

    /// Binds the sessions of a snapshot to their runs.
    mutating func bindImportRuns() {
        for row in 0..<self.tables.importRuns.rowCount {
            self.sessions.bind(self.tables.importRuns.session(row), toRun: row)
        }
    }
}

/// The runs of imports that a step has begun or finished.
struct DraftImportRuns {
    private var runs = DraftTable<String, ImportRun>()
    /// The names of the runs by their sessions, so that a new one is not compared with each of them.
    private var names = DraftTable<SessionID, String>()
    /// The number of runs that the step has begun.
    var createdCount = 0

    subscript(name: String) -> ImportRun? { self.runs[name] }

    /// Whether one of the runs has the session.
    func contains(_ session: SessionID) -> Bool { self.names[session] != nil }

    mutating func put(_ run: ImportRun) {
        self.runs[run.name] = run
        self.names[run.session] = run.name
    }

    /// Stops the process unless each run is found by its name and by its session.
    ///
    /// - Complexity: O(runs)
    func checkInvariants() {
        var count = 0
        self.runs.forEach { name, run in
            precondition(run.name == name, "run \(run.name) under \(name)")
            precondition(self.names[run.session] == name, "run \(name) is not found by session")
            count += 1
        }
        precondition(self.createdCount <= count, "\(self.createdCount) of \(count) runs are new")
    }
}
