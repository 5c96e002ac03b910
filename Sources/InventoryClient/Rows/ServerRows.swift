/// The rows of the queries about the server itself.

/// One server statistic.
public struct Statistic: AnswerRow, Hashable {
    /// The name in camel case, as in `invctl stats`; it ends with the unit if there is one.
    public var name: String
    /// The value in the unit of the name; a count if the name has none.
    public var value: Int64

    /// Reads the row from the columns of its query.
    ///
    /// - Throws: ``ClientError``: `protocol violation` if a column is missing or has values of another kind.
    public init(from row: inout RowReader) throws(ClientError) {
        self.name = try row.text("name")
        self.value = try row.integer("value")
    }
}

/// The statistics of a server at one moment.
public struct Statistics: Sendable, Hashable {
    /// All statistics, in the order of the server.
    public let all: [Statistic]
    private let values: [String: Int64]

    init(_ all: [Statistic]) {
        self.all = all
        self.values = Dictionary(all.map { ($0.name, $0.value) }) { first, _ in first }
    }

    /// The statistic with a name; `nil` if this server has none.
    public subscript(name: String) -> Int64? { self.values[name] }
}

/// The result of one check of the database.
public struct Finding: AnswerRow, Hashable {
    /// What was checked; `state checksum` for the last finding, the checksum of the whole state.
    public var check: String
    /// How many items were checked; for the state checksum, its LSN.
    public var checked: Int64
    /// Whether the check passed.
    public var isOK: Bool
    /// What is wrong, if the check failed; for the state checksum, its 16 hexadecimal digits.
    public var detail: String

    /// Reads the row from the columns of its query.
    ///
    /// - Throws: ``ClientError``: `protocol violation` if a column is missing or has values of another kind.
    public init(from row: inout RowReader) throws(ClientError) {
        self.check = try row.text("check")
        self.checked = try row.integer("checked")
        self.isOK = try row.text("status") == "ok"
        self.detail = try row.text("detail")
    }
}
