/// What a server says of itself.

/// A figure of the server.
public struct Statistic: AnswerRow, Hashable {
    /// In camel case, as `invctl stats` has it; a name with a unit ends with it.
    public var name: String
    /// In the unit of its name; a count if that has none.
    public var value: Int64

    public init(from row: inout RowReader) throws(ClientError) {
        self.name = try row.text("name")
        self.value = try row.integer("value")
    }
}

/// The figures of a server at one moment.
public struct Statistics: Sendable, Hashable {
    /// In the order in which the server has them.
    public let all: [Statistic]
    private let values: [String: Int64]

    init(_ all: [Statistic]) {
        self.all = all
        self.values = Dictionary(all.map { ($0.name, $0.value) }) { first, _ in first }
    }

    /// The figure of that name; `nil` if this server has none.
    public subscript(name: String) -> Int64? { self.values[name] }
}

/// What one check of the whole came to.
public struct Finding: AnswerRow, Hashable {
    /// What was checked; `digest` for the last, which sums up the whole.
    public var check: String
    /// How many of them were; of the digest, the LSN that it is of.
    public var checked: Int64
    /// Whether nothing is wrong.
    public var isOK: Bool
    /// What is wrong, if something is; of the digest, 16 hexadecimal digits.
    public var detail: String

    public init(from row: inout RowReader) throws(ClientError) {
        self.check = try row.text("check")
        self.checked = try row.integer("checked")
        self.isOK = try row.text("status") == "ok"
        self.detail = try row.text("detail")
    }
}
