import Foundation

/// The options of an import.
package struct ImportOptions: Sendable {
    /// How the text of the file becomes rows.
    package var reading = ReadOptions()
    /// The prefix of references that are returns; empty for none.
    package var returnPrefix = ""
    /// What a sale of a negative quantity is that is no return by its reference.
    package var negative: NegativeSale?
    /// The category of products without one.
    package var category = "Imported"
    /// The code of the location of rows that name none; `nil` for the default location.
    package var at: String?
    /// The path of a file that gets all rejected rows.
    package var rejects: String?
    /// The most rejected rows that are listed if there is no such file.
    package var errorsMax = 100
    /// Whether to report what would be done and write nothing.
    package var dryRun = false

    /// Creates the options of an import without flags.
    package init() {}

    private var listedMax: Int { self.rejects == nil ? self.errorsMax : .max }

    /// Returns an empty list of rejected rows.
    func problems() -> Problems {
        Problems(listedMax: self.listedMax)
    }

    /// Prints the rejected rows, or writes them to the file for them.
    ///
    /// - Throws: ``Exit/failed`` if the file cannot be written.
    func list(_ problems: Problems, _ messages: any TransferMessages) throws {
        let lines = problems.list.lines
        guard !lines.isEmpty else { return }
        let text = lines.map { "  " + $0 + "\n" }.joined()
        guard let rejects else {
            messages.note(String(text.dropLast()))
            return
        }
        do {
            try text.write(toFile: rejects, atomically: true, encoding: .utf8)
        } catch {
            messages.note("error: cannot write \(rejects): \(error.localizedDescription)")
            throw Exit.failed
        }
    }
}

/// What a sale of a negative quantity is.
package enum NegativeSale: String, CaseIterable, Sendable {
    /// Sold goods that came back.
    case `return`
    /// Goods that were removed without a sale.
    case writeOff = "write-off"
}

/// The counts of an import, for its last line.
struct RowCounts {
    /// All rows, without those that were passed over.
    var rows: Int
    var rejected: Int
    /// Rows that are none: totals, repeated headers, pictures.
    var passed: Int
    /// Rows of receipts that were imported before.
    var recorded = 0

    /// `7 rows: 5 accepted, 2 rejected`.
    var done: String { self.text("accepted", "rejected") }
    /// `7 rows: 5 valid, 2 invalid`.
    var dry: String { self.text("valid", "invalid") }

    private func text(_ good: String, _ bad: String) -> String {
        let passed = self.passed == 0 ? "" : ", \(self.passed) passed over"
        let recorded = self.recorded == 0 ? "" : ", \(self.recorded) already there"
        let fine = self.rows - self.rejected - self.recorded
        return "\(self.rows) rows: \(fine) \(good), \(self.rejected) \(bad)\(recorded)\(passed)"
    }
}
