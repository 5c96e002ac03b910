import Foundation

/// How the rows of a file are to be read and taken.
package struct ImportOptions: Sendable {
    /// `FIELD=COLUMN`, as they were typed.
    let map: [String]
    /// References that begin so are returns; empty for none.
    let returnPrefix: String
    /// The category of products that have none of their own.
    let category: String
    /// The code of the location where the stock is; `nil` for the default one.
    let at: String?
    /// A file for all rows that cannot be taken.
    let rejects: String?
    /// As many of them are listed where no file is named for them.
    let errorsMax: Int
    /// Whether to say what would be done, and write nothing.
    let dryRun: Bool

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

    /// An empty list of rows that cannot be taken.
    func problems() -> Problems {
        Problems(listedMax: self.listedMax)
    }

    /// Lists the rows that cannot be taken.
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
