/// The numbers of rows of an import.
struct RowCounts {
    /// All rows, without those that were passed over.
    var rows: Int
    var rejected: Int
    /// Rows that are none: totals, repeated headers, pictures.
    var passed: Int
    /// Rows already in the database: of receipts that were imported before, and of products that say the same.
    var recorded = 0
}

/// The counts of an import by name, for people and for programs.
///
///     7 rows: 5 accepted, 2 rejected         {"rows":7,"accepted":5,"rejected":2,…}
///
/// A count of zero beyond the first three is not mentioned to people.
package struct ImportSummary: Sendable {
    /// A count, and how people read it.
    package struct Count: Sendable {
        /// The name of the member in JSON.
        package var name: String
        /// The number.
        package var value: Int
        /// The words behind the number, such as `passed over`; `nil` for a count for programs alone.
        var words: String?
        /// Whether the words are a noun in the plural, whose last letter is dropped behind 1.
        var isNoun = false

        /// The number and its words; `nil` for a count for programs alone.
        fileprivate var text: String? {
            self.words.map { words in
                "\(self.value) \(self.isNoun && self.value == 1 ? String(words.dropLast()) : words)"
            }
        }
    }

    /// Whether nothing was written.
    package let isDryRun: Bool
    private let isValidated: Bool
    /// The counts, in order.
    package private(set) var counts: [Count]
    /// The number of counts in the first line.
    private var firstLineCount: Int?
    /// The words before the counts of the second line.
    private var secondTitle = ""
    /// What more is to be said, such as that an earlier run was resumed.
    private var remark = ""

    /// Creates the summary of an import.
    ///
    /// - Parameters:
    ///   - counts: The numbers of rows.
    ///   - isDryRun: Whether nothing was written.
    ///   - isValidated: Whether people read `valid` instead of `accepted`; by default in a dry run.
    init(_ counts: RowCounts, isDryRun: Bool = false, isValidated: Bool? = nil) {
        let isValidated = isValidated ?? isDryRun
        self.isDryRun = isDryRun
        self.isValidated = isValidated
        self.counts = [
            Count(name: "rows", value: counts.rows),
            Count(
                name: "accepted",
                value: counts.rows - counts.rejected - counts.recorded,
                words: isValidated ? "valid" : "accepted"
            ),
            Count(
                name: "rejected",
                value: counts.rejected,
                words: isValidated ? "invalid" : "rejected"
            ),
            Count(
                name: "alreadyThere",
                value: counts.recorded,
                words: counts.recorded == 0 ? nil : "already there"
            ),
            Count(
                name: "passedOver",
                value: counts.passed,
                words: counts.passed == 0 ? nil : "passed over"
            ),
        ]
    }

    /// Creates a summary of other counts, to be added.
    ///
    /// - Parameters:
    ///   - rows: All rows, without those that were passed over.
    ///   - isDryRun: Whether nothing was written.
    init(rows: Int, isDryRun: Bool) {
        self.isDryRun = isDryRun
        self.isValidated = isDryRun
        self.counts = [Count(name: "rows", value: rows)]
    }

    /// Adds a count.
    ///
    /// - Parameters:
    ///   - name: The name of the member in JSON.
    ///   - value: The number.
    ///   - words: How people read it: `would change`; `nil` to leave it out.
    mutating func add(_ name: String, _ value: Int, words: String?) {
        self.counts.append(Count(name: name, value: value, words: words))
    }

    /// Adds a count of things.
    ///
    /// - Parameters:
    ///   - name: The name of the member in JSON.
    ///   - value: The number.
    ///   - things: The noun in its plural with s: `3 sales`, `1 sale`; `nil` to leave it out.
    mutating func add(_ name: String, _ value: Int, things: String?) {
        self.counts.append(Count(name: name, value: value, words: things, isNoun: true))
    }

    /// Puts the counts added from now on in a line of their own, behind a title.
    mutating func beginLine(_ title: String = "") {
        guard self.firstLineCount == nil else { return }
        self.firstLineCount = self.counts.count
        self.secondTitle = title
    }

    /// Adds words for people at the end of the first line.
    mutating func remark(_ words: String) {
        guard !words.isEmpty else { return }
        self.remark += "; " + words
    }

    /// The lines for people: one, or two if some counts have a line of their own.
    package var text: String {
        let firstCount = self.firstLineCount ?? self.counts.count
        let rows = self.counts.first?.value ?? 0
        let first =
            "\(rows) \(rows == 1 ? "row" : "rows"): \(Self.text(self.counts.prefix(firstCount)))"
            + (self.isValidated ? ", nothing written" : "") + self.remark
        let second = Self.text(self.counts.dropFirst(firstCount))
        return second.isEmpty ? first : first + "\n" + self.secondTitle + second
    }

    private static func text(_ counts: ArraySlice<Count>) -> String {
        counts.compactMap { $0.text }.joined(separator: ", ")
    }
}

extension TransferMessages {
    /// Prints a summary as a line.
    package func print(_ summary: ImportSummary) { self.print(summary.text) }

    /// Lists rejected rows on standard error.
    package func list(rejected rows: RejectedRows) {
        guard !rows.lines.isEmpty else { return }
        self.note(rows.lines.map { "  " + $0 }.joined(separator: "\n"))
    }
}

/// The first rejected rows of a file, and how many more there are.
package struct RejectedRows: Sendable {
    /// The number of each row in the file, and why it was rejected.
    package var rows: [(number: Int, reason: String)]
    /// The rejected rows that are not among them.
    package var restCount: Int

    /// One line for each row, and one with the count of the others.
    var lines: [String] {
        self.rows.map { "row \($0.number)  \($0.reason)" }
            + (self.restCount > 0
                ? ["… and \(self.restCount) more; --errors all lists every one"] : [])
    }
}
