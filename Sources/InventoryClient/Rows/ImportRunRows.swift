public import InventoryModel

/// A run of an import.
public struct ListedImportRun: AnswerRow, Hashable {
    /// What the user identifies it by.
    public var name: String
    /// The name of the file; empty if it has none.
    public var file: String
    /// What it does with the rows.
    public var kind: ImportKind
    /// Whether it is finished and all that it recorded was taken back.
    public var isUndone: Bool
    /// When it was begun.
    public var begunAt: Instant
    /// When it was finished; `nil` if it is not.
    public var endedAt: Instant?
    /// The numbers of rows; before the run is finished, those that the server has seen.
    public var counts: ImportCounts
    /// Of ``counts``' accepted rows, those that the run recorded.
    public var booked: UInt64
    /// The other accepted rows, which were already in the database.
    public var alreadyThere: UInt64
    /// Of the rows that the run recorded, those of sales without a known cost.
    public var withoutCost: UInt64
    /// The actor that began it.
    public var actor: String
    /// A hash of the file's bytes.
    public var content: String
    /// A hash of all that decides which rows a request has.
    public var layout: String
    /// The id of the session of its requests, in hexadecimal digits.
    public var session: String
    /// Requests that were decided so far.
    public var requests: UInt64
    /// Commands of the errors-only batches among them that were refused.
    public var refusedCommands: UInt64

    /// Reads the row from the columns of its query.
    ///
    /// - Throws: ``ClientError``: `protocol violation` if a column is missing or has values of another kind.
    public init(from row: inout RowReader) throws(ClientError) {
        self.name = try row.text("run")
        self.file = try row.text("file")
        self.kind = try row.choice("kind")
        self.isUndone = try row.text("state") == "undone"
        self.begunAt = try row.instant("begunAt")
        self.endedAt = try row.optionalInstant("endedAt")
        self.counts = ImportCounts(
            accepted: try row.integer("accepted"),
            refused: try row.integer("refused"),
            passed: try row.integer("passed")
        )
        self.booked = try row.integer("booked")
        self.alreadyThere = try row.integer("alreadyThere")
        self.withoutCost = try row.integer("withoutCost")
        self.actor = try row.text("actor")
        self.content = try row.text("content")
        self.layout = try row.text("layout")
        self.session = try row.text("session")
        self.requests = try row.integer("requests")
        self.refusedCommands = try row.integer("refusedCommands")
    }
}

extension InventoryClient {
    /// Returns runs of imports in the order of the query.
    public func importRuns(
        _ query: ImportRunQuery = ImportRunQuery()
    ) async throws(ClientError) -> TypedAnswer<ListedImportRun> {
        try await self.query(.importRuns(query), as: ListedImportRun.self)
    }
}
