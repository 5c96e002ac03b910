/// What all imports do before their first request and after their last one.
///
///     begin: notes of the file, the run begins ─▶ requests ─▶ end: the run is finished, counts, rejected rows
struct ImportSession {
    let sender: BatchSender
    private let options: ImportOptions
    private let host: any TransferHost
    private let problems: Problems

    /// Prints the notes about the file and begins or resumes the run.
    ///
    /// - Parameters:
    ///   - options: The options of the import.
    ///   - host: The program.
    ///   - problems: The rejected rows.
    ///   - notes: What is worth knowing about how the file was read.
    /// - Returns: The session, which sends the requests.
    /// - Throws: As ``BatchSender/begin(_:)`` does.
    static func begin(
        _ options: ImportOptions,
        _ host: any TransferHost,
        problems: Problems,
        notes: [String]
    ) async throws -> ImportSession {
        if !host.isQuiet { for note in notes { host.note(note) } }
        return ImportSession(
            sender: try await BatchSender.begin(host),
            options: options,
            host: host,
            problems: problems
        )
    }

    private init(
        sender: BatchSender,
        options: ImportOptions,
        host: any TransferHost,
        problems: Problems
    ) {
        (self.sender, self.options, self.host) = (sender, options, host)
        self.problems = problems
    }

    /// Waits for all requests, records the run as finished, and prints the counts and the rejected rows.
    ///
    /// - Parameters:
    ///   - progress: The progress that is shown; `nil` if it has ended already.
    ///   - counts: Returns the counts of the rows as far as their outcomes are known; called once they are.
    ///   - summarize: Prints the counts of all rows.
    /// - Returns: The counts of all rows.
    /// - Throws: As ``BatchSender/endRun(_:)`` and ``ImportOptions/list(_:_:)`` do.
    func end(
        _ progress: ProgressBar?,
        counts: () -> RowCounts,
        summarize: (RowCounts) -> Void
    ) async throws -> RowCounts {
        try await self.sender.finish()
        progress?.end()
        let all = try await self.sender.endRun(counts())
        summarize(all)
        self.sender.noteForgotten(self.host)
        try self.options.list(self.problems, self.host)
        return all
    }
}

extension RowCounts {
    /// Reports rejected rows to the caller of the import.
    ///
    /// - Throws: ``Exit/partlyDone`` if there are any.
    func checkAccepted() throws {
        if self.rejected > 0 { throw Exit.partlyDone }
    }
}
