public import Bytes

/// What an import does with the rows of its file.
public enum ImportKind: UInt8, CaseIterable, Sendable {
    /// Creates products.
    case products = 1
    /// Sets the stock of existing products to what was counted.
    case set = 2
    /// Changes the stock of existing products by differences.
    case add = 3
    /// Creates products, or changes those that exist.
    case upsert = 4
    /// Records past sales.
    case sales = 5
}

/// The numbers of rows of a finished import.
public struct ImportCounts: Hashable, Sendable {
    /// Rows that were applied, or were already in the database.
    public var accepted: UInt64 = 0
    /// Rows that were refused, by the client or by the server.
    public var refused: UInt64 = 0
    /// Rows that are none: titles, totals, pictures.
    public var passed: UInt64 = 0

    /// Creates counts.
    public init(accepted: UInt64 = 0, refused: UInt64 = 0, passed: UInt64 = 0) {
        self.accepted = accepted
        self.refused = refused
        self.passed = passed
    }
}

/// One run of an import, retained as long as the ledger.
///
///     recordImportRun ──▶ begun ── its session advances: requests, refusedCommands ──▶ finished
///
/// It belongs to the session of its numbered requests. A session is forgotten sooner or later; the run
/// retains how many of the requests were decided, and a session that is opened again continues behind them.
/// So no request of a run is executed twice, however long it was interrupted.
public struct ImportRun: Hashable, Sendable {
    /// Its number, from 1, in the order of the beginnings.
    public var number: UInt32 = 0
    /// What the user identifies it by, unique: 1 to ``Limits/keyByteCountMax`` bytes.
    public var name = ""
    /// What it does with the rows.
    public var kind = ImportKind.products
    /// A hash of the file's bytes, as the client writes it.
    public var content = ""
    /// A hash of all that decides which rows a request has, as the client writes it.
    public var layout = ""
    /// The session of its requests.
    public var session = SessionID(high: 0, low: 0)
    /// When it was begun.
    public var begunAt = Instant.zero
    /// Whether all of its requests were decided.
    public var isFinished = false
    /// When it was finished; ``begunAt`` before that.
    public var endedAt = Instant.zero
    /// Requests of the session that were decided so far.
    public var requests: UInt64 = 0
    /// Commands of the errors-only batches among them that were refused.
    public var refusedCommands: UInt64 = 0
    /// The numbers of rows; 0 until it is finished.
    public var counts = ImportCounts()
    /// The LSN of its last change by `recordImportRun`.
    public var revision: LSN = 0

    /// Creates a placeholder with number 0, which is not a valid number.
    public init() {}
}

/// What a request of an import's run did, as far as the run's record states it: which steps it made, and how many
/// rows it recorded.
///
///     request ──▶ steps 812 … 1,060 │ the last of them: importPart, lines or commands by what became of them
///
/// A row of a sales import is a line of a receipt; for other imports it is a command.
public struct ImportPart: Hashable, Sendable {
    /// The ``ImportRun/number`` of the run.
    public var number: UInt32 = 0
    /// The name of the file, without its directory, up to ``Limits/importFileByteCountMax`` bytes; empty if it
    /// has none, and in all parts but the one that names it.
    public var file = ""
    /// The first of the steps; the step that has this change is the last.
    public var first: LSN = 0
    /// Rows that were recorded.
    public var booked: UInt64 = 0
    /// Rows that were already in the database, by another run or otherwise.
    public var alreadyThere: UInt64 = 0
    /// Rows that were refused.
    public var refused: UInt64 = 0
    /// Of the rows that were recorded, those of sales without a known cost.
    public var withoutCost: UInt64 = 0

    /// Creates a placeholder with number 0, which is not a valid number.
    public init() {}
}
