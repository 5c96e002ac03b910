/// Records that a run of an import begins, or has finished.
///
/// The first record of a name begins a run. A later one changes nothing, unless it finishes the run; so both
/// may be sent again. It is refused with `name_taken` if the run has another kind, content or layout.
public struct RecordImportRun: Hashable, Sendable {
    /// The name of the run: 1 to ``Limits/keyByteCountMax`` bytes.
    public var run: String
    /// What the import does with the rows.
    public var kind: ImportKind
    /// A hash of the file's bytes, of at most ``Limits/importHashByteCountMax`` bytes.
    public var content: String
    /// A hash of all that decides which rows a request has, of at most ``Limits/importHashByteCountMax``
    /// bytes.
    public var layout: String
    /// The id of the session of the run's requests: 32 hexadecimal digits.
    ///
    /// Only the first record determines it.
    public var session: String
    /// Whether all of the run's requests were decided.
    public var isFinished: Bool
    /// The numbers of rows of a finished run.
    public var counts: ImportCounts

    /// Creates a record; it is validated by ``Command/recordImportRun(_:)``.
    public init(
        run: String,
        kind: ImportKind = .products,
        content: String = "",
        layout: String = "",
        session: String,
        isFinished: Bool = false,
        counts: ImportCounts = ImportCounts()
    ) {
        self.run = run
        self.kind = kind
        self.content = content
        self.layout = layout
        self.session = session
        self.isFinished = isFinished
        self.counts = counts
    }

    /// Compares the record with a run of its name.
    ///
    /// - Parameters:
    ///   - kind: The run's kind.
    ///   - content: The hash of its file's bytes.
    ///   - layout: The hash of its options.
    /// - Returns: Whether the record is about that run.
    package func isAbout(_ kind: ImportKind, content: String, layout: String) -> Bool {
        self.kind == kind && self.content == content && self.layout == layout
    }
}

/// Adds to a run of an import what its record does not have: the name of its file, and rows that needed no
/// command.
public struct DescribeImportRun: Hashable, Sendable {
    /// The name of the run: 1 to ``Limits/keyByteCountMax`` bytes.
    public var run: String
    /// The name of the file without its directory: up to ``Limits/importFileByteCountMax`` bytes without control
    /// characters; empty for none.
    public var file: String
    /// Rows that were already in the database, beside those that the server found.
    public var alreadyThere: UInt64

    /// Creates a description; it is validated by ``Command/describeImportRun(_:)``.
    public init(run: String, file: String = "", alreadyThere: UInt64 = 0) {
        self.run = run
        self.file = file
        self.alreadyThere = alreadyThere
    }
}
