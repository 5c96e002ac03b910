import Foundation

/// The options of an import.
package struct ImportOptions: Sendable {
    /// `FIELD=COLUMN`, as typed.
    let map: [String]
    /// The prefix of references that are returns; empty for none.
    let returnPrefix: String
    /// The category of products without one.
    let category: String
    /// The code of the stock's location; `nil` for the default location.
    let at: String?
    /// The path of a file that gets all rejected rows.
    let rejects: String?
    /// The most rejected rows that are listed if there is no such file.
    let errorsMax: Int
    /// Whether to report what would be done and write nothing.
    let dryRun: Bool

    /// Creates options.
    ///
    /// - Parameters:
    ///   - map: `FIELD=COLUMN`, as typed.
    ///   - returnPrefix: The prefix of references that are returns; empty for none.
    ///   - category: The category of products without one.
    ///   - at: The code of the stock's location; `nil` for the default location.
    ///   - rejects: The path of a file that gets all rejected rows.
    ///   - errorsMax: The most rejected rows that are listed if there is no such file.
    ///   - dryRun: Whether to report what would be done and write nothing.
    package init(
        map: [String],
        returnPrefix: String,
        category: String,
        at: String?,
        rejects: String?,
        errorsMax: Int,
        dryRun: Bool
    ) {
        self.map = map
        self.returnPrefix = returnPrefix
        self.category = category
        self.at = at
        self.rejects = rejects
        self.errorsMax = errorsMax
        self.dryRun = dryRun
    }

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
