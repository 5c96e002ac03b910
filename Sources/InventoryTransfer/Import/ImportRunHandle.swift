package import InventoryClient
package import InventoryModel

/// The run of an import that is in progress: its record in the database.
///
///     begin ──▶ new, or one that an earlier process began ──▶ requests of its session ──▶ finish
///           └─▶ finished before, or refused: nothing is imported
///
/// The record has how many requests were decided, so a run is resumed exactly even if its session was forgotten.
///
/// `@unchecked Sendable`: used only by the one task that runs the import.
package final class ImportRunHandle: @unchecked Sendable {
    /// What the program decides about a run.
    package protocol Delegate: Sendable {
        /// A file that was imported before, and perhaps undone since, is about to be imported as another run.
        ///
        /// - Throws: ``Failure`` if it must not be.
        func willRepeat(_ earlier: ListedImportRun) throws
        /// Reports that the run was finished before, so that nothing is imported.
        func wasFinished(_ earlier: ListedImportRun)
        /// The run is about to be recorded if it is new, or to be resumed.
        ///
        /// - Throws: ``Failure`` if it must not be.
        func willBegin(isNew: Bool) async throws
        /// The run is recorded as finished.
        func didFinish()
    }

    private let client: InventoryClient
    private let record: RecordImportRun
    private let file: String
    private let mayBeRepeated: Bool
    private let delegate: any Delegate
    /// The record as it was when this process found it; `nil` if this process began the run.
    private(set) var earlier: ListedImportRun?

    /// Creates the handle of a run, which is not begun yet.
    ///
    /// - Parameters:
    ///   - record: What identifies the run.
    ///   - file: The name of the file without its directory; empty for none.
    ///   - client: The client, whose session is that of the record.
    ///   - mayBeRepeated: Whether the name is new, so that the same file may have been imported under another.
    ///   - delegate: The program.
    package init(
        _ record: RecordImportRun,
        file: String = "",
        by client: InventoryClient,
        mayBeRepeated: Bool,
        delegate: any Delegate
    ) {
        self.record = record
        self.file = file
        self.client = client
        self.mayBeRepeated = mayBeRepeated
        self.delegate = delegate
    }

    /// Begins the run, or finds the one of that name.
    ///
    /// - Throws: ``Failure`` if the name belongs to another import, another client imports it now or the program
    ///   refuses the run, success as the exit status if it was finished before, or the client's error.
    func begin() async throws {
        let found = try await self.atRest()
        if let found {
            guard self.record.isAbout(found.kind, content: found.content, layout: found.layout)
            else { throw Self.conflict(found, self.record) }
            guard found.endedAt == nil else {
                self.delegate.wasFinished(found)
                throw ExitStatus.success
            }
        } else if self.mayBeRepeated, let before = try await self.repeated() {
            try self.delegate.willRepeat(before)
        }
        try await self.delegate.willBegin(isNew: found == nil)
        if found == nil {
            try await self.send(
                self.record,
                DescribeImportRun(run: self.record.run, file: self.file)
            )
        }
        self.earlier = found
    }

    /// Returns the record once no other client imports rows of the run; `nil` if it is not on record.
    ///
    /// A client that has just been killed may have left requests, which the server still decides.
    ///
    /// - Throws: ``Failure`` if another client goes on importing, or the client's error.
    private func atRest() async throws -> ListedImportRun? {
        var found = try await self.current()
        for _ in 0..<Self.looksMax {
            guard let before = found, before.endedAt == nil,
                self.record.isAbout(before.kind, content: before.content, layout: before.layout)
            else { return found }
            try await Task.sleep(for: Self.timeBetweenLooks)
            found = try await self.current()
            if found == before { return found }
        }
        throw Self.isInProgress
    }

    /// How often a run that advances is looked at before it counts as that of another client, and how long it is
    /// waited in between.
    private static let looksMax = 10
    private static let timeBetweenLooks = Duration.milliseconds(300)

    /// The failure of an import that another client is in the middle of.
    static let isInProgress = Failure(
        "import_in_progress",
        "another client is importing this file",
        hint: "Wait until it has finished: invctl ledger imports shows the state of the import.",
        exit: Exit.conflict
    )

    /// The latest finished run of the same kind with the same file.
    private func repeated() async throws -> ListedImportRun? {
        let query = ImportRunQuery(content: self.record.content, isNewestFirst: true)
        return try await self.client.importRuns(query).rows.first {
            $0.kind == self.record.kind && $0.endedAt != nil
        }
    }

    /// Returns the record as it is now, with what the server has counted; `nil` if it is not on record.
    func current() async throws -> ListedImportRun? {
        try await self.client.importRuns(ImportRunQuery(run: self.record.run)).rows.first
    }

    /// Records that all requests of the run were decided.
    ///
    /// - Parameters:
    ///   - counts: The numbers of rows.
    ///   - alreadyThere: Of the accepted rows, those that needed no command. Lines of receipts are none of them:
    ///     the server finds those that are on record.
    /// - Throws: ``Failure`` if that is refused, or the client's error.
    package func finish(_ counts: ImportCounts, alreadyThere: Int = 0) async throws {
        var record = self.record
        record.isFinished = true
        record.counts = counts
        let found = record.kind == .sales ? 0 : UInt64(alreadyThere)
        try await self.send(record, DescribeImportRun(run: record.run, alreadyThere: found))
        self.delegate.didFinish()
    }

    /// Sends a record and what it does not have, in one step.
    private func send(_ record: RecordImportRun, _ more: DescribeImportRun) async throws {
        let begins = !record.isFinished
        let commands: [Command] =
            begins
            ? [.recordImportRun(record), .describeImportRun(more)]
            : [.describeImportRun(more), .recordImportRun(record)]
        let result = try await self.client.send(.batch(commands, .atomic), key: .random())
        guard case .refused(let rolledBack) = result.outcome else { return }
        let refusal: Refusal
        if case .batch(_, let cause) = rolledBack.detail {
            refusal = cause
        } else {
            refusal = rolledBack
        }
        throw Failure(
            refusal.code.name,
            "the import \"\(record.run)\" could not be recorded: "
                + refusal.facts(decimals: 0, currency: "", sku: nil),
            hint: refusal.code.hint,
            number: refusal.code.rawValue,
            exit: Exit.code(for: refusal)
        )
    }

    /// The failure of a name that another import has.
    private static func conflict(_ run: ListedImportRun, _ record: RecordImportRun) -> Failure {
        let what =
            run.kind != record.kind
            ? "of \(run.kind)"
            : run.content != record.content ? "of another file" : "with other options"
        return Failure(
            RefusalCode.keyReused.name,
            "the --id \"\(run.name)\" belongs to an import \(what), begun "
                + TimeText.format(run.begunAt.microseconds),
            hint: RefusalCode.keyReused.hint,
            number: RefusalCode.keyReused.rawValue,
            exit: Exit.conflict
        )
    }
}

extension ListedImportRun {
    /// `7 rows: 5 accepted, 2 rejected`.
    package var countsText: String {
        ImportSummary(
            RowCounts(
                rows: Int(clamping: self.counts.accepted &+ self.counts.refused),
                rejected: Int(clamping: self.counts.refused),
                passed: Int(clamping: self.counts.passed),
                recorded: Int(clamping: self.alreadyThere)
            )
        ).text
    }
}

extension ImportCounts {
    init(_ counts: RowCounts) {
        self.init(
            accepted: UInt64(max(0, counts.rows - counts.rejected)),
            refused: UInt64(counts.rejected),
            passed: UInt64(counts.passed)
        )
    }
}
