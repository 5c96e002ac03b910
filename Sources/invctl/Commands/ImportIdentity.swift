import Foundation
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire
import TerminalKit

/// Which run an import is, decided before it connects.
///
///     --id                  the user's name for it
///     sales                 a hash of the file and the options: the same sales are not imported twice;
///                           once that run is undone, the hash and -2, then -3 and so on
///     FILE.invd-run         the run of this file and these options that was interrupted, and not undone since
///     otherwise             a new run with a random name
struct ImportIdentity: Sendable {
    let kind: ImportKind
    /// The hash of the file's bytes.
    let content: String
    /// The hash of all options that decide which rows a request has.
    let layout: String
    /// The name of the run.
    private(set) var name: String
    /// The run of this name without its number, or with the one before, which was undone; `nil` for none.
    private var undone: ListedImportRun?
    /// The name of the file without its directory and control characters; empty for standard input.
    private let fileName: String
    /// The user's `--id`.
    private let id: String?
    /// Whether no earlier process can have begun the run.
    private var isNew: Bool
    /// The path of the file by which the same command resumes the run; `nil` if it needs none or has none.
    private let resumePath: String?
    private var resumed: ResumeFile?
    /// The file of a run that was interrupted, of another version of the imported file or with other options.
    private let leftover: ResumeFile?
    private let canResume: Bool

    init(kind: ImportKind, content: String, layout: String, id: String?, file: String) {
        self.kind = kind
        self.content = content
        self.layout = layout
        self.id = id
        self.fileName = Self.fileName(of: file)
        let needsFile = id == nil && kind != .sales
        let path = needsFile && file != "-" ? ResumeFile.path(of: file) : nil
        let left = path.flatMap { ResumeFile(at: $0) }
        let found = left.flatMap {
            $0.content == content && $0.layout == layout && IdempotencyKey($0.run) != nil ? $0 : nil
        }
        self.leftover = found == nil ? left : nil
        self.resumePath = path
        self.resumed = found
        self.isNew = needsFile && found == nil
        self.canResume = !needsFile || path != nil
        self.name =
            id ?? (kind == .sales ? SessionID(hashing: content + layout).text : nil)
            ?? found?.run ?? IdempotencyKey.random().text
    }

    /// The last part of a path as it is recorded: without control characters, and not longer than permitted.
    private static func fileName(of path: String) -> String {
        if path == "-" { return "" }
        let last = path.split(separator: "/").last.map { String($0) } ?? ""
        var byteCount = 0
        let shown = last.unicodeScalars.filter { $0.properties.generalCategory != .control }
        let name = String(String.UnicodeScalarView(shown))
        return String(
            name.prefix {
                byteCount += $0.utf8.count
                return byteCount <= Limits.importFileByteCountMax
            }
        )
    }

    /// Whether the name is that of an earlier run, by the file or its content, which may have been undone.
    var mayBeUndone: Bool { self.id == nil && (self.kind == .sales || self.resumed != nil) }

    /// Gives the run a name that no undone run has: of sales, the first one by number.
    ///
    /// - Parameter runs: All runs of this content.
    mutating func pass(undone runs: [ListedImportRun]) {
        let undone = Dictionary(
            runs.lazy.filter { $0.isUndone }.map { ($0.name, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        guard self.kind == .sales else {
            guard undone[self.name] != nil else { return }
            (self.resumed, self.isNew) = (nil, true)
            self.name = IdempotencyKey.random().text
            return
        }
        let base = self.name
        var number = 1
        while let run = undone[self.name] {
            number += 1
            self.undone = run
            self.name = "\(base)-\(number)"
        }
    }

    /// What distinguishes the import from other requests with the same `--id`.
    private var claim: String { "import \(self.content) \(self.layout)" }

    /// Creates the handle of the run.
    ///
    /// - Parameters:
    ///   - shell: The connection.
    ///   - confirmation: Whether the user wants the same file imported again without a question.
    /// - Returns: The run, which is not begun yet.
    func handle(for shell: Shell, _ confirmation: ConfirmOptions) -> ImportRunHandle {
        let database = SessionID(high: shell.server.databaseHigh, low: shell.server.databaseLow)
        return ImportRunHandle(
            RecordImportRun(
                run: self.name,
                kind: self.kind,
                content: self.content,
                layout: self.layout,
                session: shell.session.hexadecimal
            ),
            file: self.fileName,
            by: shell.client,
            mayBeRepeated: self.isNew,
            delegate: Dialog(
                identity: self,
                shell: shell,
                confirmation: confirmation,
                database: database.hexadecimal
            )
        )
    }

    /// Reports the run to the user, asks whether to repeat one, and keeps the resume file.
    private struct Dialog: ImportRunHandle.Delegate {
        let identity: ImportIdentity
        let shell: Shell
        let confirmation: ConfirmOptions
        let database: String

        private func date(_ run: ListedImportRun) -> String {
            self.shell.clock.format((run.endedAt ?? run.begunAt).microseconds)
        }

        private func noteUndone(_ earlier: ListedImportRun) {
            self.shell.note(
                "  note  this file was imported on \(self.date(earlier)) and undone since; this is another run"
            )
        }

        func willRepeat(_ earlier: ListedImportRun) throws {
            if earlier.isUndone { return self.noteUndone(earlier) }
            let said =
                "this file was imported before, on \(self.date(earlier)): \(earlier.countsText)"
            let isAsked = try self.shell.confirm(
                "\(said). Import it again?",
                self.confirmation,
                otherwise: "nothing was imported"
            )
            if !isAsked { self.shell.note("  note  \(said); this is another run") }
        }

        func wasFinished(_ earlier: ListedImportRun) {
            self.didFinish()
            guard !self.shell.report.isJSON else {
                var object = JSONObject()
                object.add("run", earlier.name)
                object.add("importedAt", TimeText.format((earlier.endedAt ?? .zero).microseconds))
                object.add("accepted", raw: String(earlier.counts.accepted))
                object.add("refused", raw: String(earlier.counts.refused))
                object.add("passed", raw: String(earlier.counts.passed))
                object.add("undone", raw: String(earlier.isUndone))
                object.add("replayed", raw: "true")
                return self.shell.print(object)
            }
            let undone = earlier.isUndone ? ", and undone since" : ""
            self.shell.print(
                "imported before, on \(self.date(earlier))\(undone): \(earlier.countsText); "
                    + "nothing was imported now"
            )
            guard !self.shell.isQuiet else { return }
            self.shell.note("  note  a new --id imports it again")
        }

        func willBegin(isNew: Bool) async throws {
            if isNew, let id = self.identity.id {
                try await self.shell.claim(id, for: self.identity.claim)
            }
            if isNew, let undone = self.identity.undone { self.noteUndone(undone) }
            if let resumed = self.identity.resumed, resumed.database != self.database {
                let path = self.identity.resumePath ?? ""
                throw Failure(
                    "other_database",
                    "\(path) is that of an interrupted import into another database",
                    hint: "Remove it, or give this import an --id.",
                    exit: Exit.conflict
                )
            }
            if self.shell.isDryRun { return }
            try await self.checkLeftover()
            let isKept = self.keepResumeFile()
            Interruption.setMessage(
                self.identity.canResume && isKept
                    ? "imported rows stay; the same command resumes the import"
                    : "imported rows stay; only an import with --id can be resumed"
            )
        }

        /// Refuses to begin another run while rows of an interrupted one of an earlier version of the file are in
        /// the database: they would be imported twice.
        private func checkLeftover() async throws {
            guard let leftover = self.identity.leftover, leftover.database == self.database else {
                return
            }
            let runs = try await self.shell.client.importRuns(ImportRunQuery(run: leftover.run))
            guard let run = runs.rows.first, run.endedAt == nil else { return }
            let path = self.identity.resumePath ?? ""
            throw Failure(
                "interrupted_import",
                "\(path) is that of an import, begun \(self.shell.clock.format(run.begunAt.microseconds)), of "
                    + "another version of this file or with other options: it was interrupted, and some of its "
                    + "rows are imported",
                hint: """
                    Import that version to finish it. Or remove \(path) to begin another import: rows that were \
                    imported are imported again.
                    """,
                exit: Exit.conflict
            )
        }

        /// Writes the resume file.
        ///
        /// - Returns: Whether the run can be resumed, as far as that depends on the file.
        private func keepResumeFile() -> Bool {
            guard let path = self.identity.resumePath else { return true }
            let file = ResumeFile(
                run: self.identity.name,
                content: self.identity.content,
                layout: self.identity.layout,
                database: self.database
            )
            do {
                try file.write(to: path)
                return true
            } catch {
                self.shell.note(
                    "  note  cannot write \(path), so this import cannot be resumed; with --id it could"
                )
                return false
            }
        }

        func didFinish() {
            if self.shell.isDryRun { return }
            if let path = self.identity.resumePath { ResumeFile.remove(at: path) }
        }
    }
}
