internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import InventoryWire

/// Takes back what a run of an import recorded, by the opposite movements.
///
///     steps of the run, newest first ─▶ reverse, 250 a request ─▶ undone, undone before, or why not
///
/// Each step is reversed on its own and at most once, so that a step which cannot be reversed keeps no other one,
/// and the same command again continues behind an interruption. A run that was interrupted is ended first: to
/// resume it would import its rest without the rows that were undone.
struct ImportUndo {
    private let shell: Shell
    private let run: ListedImportRun
    private var steps: [Step] = []
    private var movementCount = 0
    private var undoneCount = 0
    private var earlierCount = 0
    private var refused: [(step: Step, refusal: Refusal)] = []

    private struct Step {
        var lsn: LSN
        var sku: String
        var reference: String

        func reversed(_ reason: Reason, note: String) -> Command {
            .reverse(Reversal(lsn: self.lsn, reason: reason, note: note))
        }
    }

    /// Finds the run, and the steps that it made.
    ///
    /// - Throws: ``Failure`` if there is no such run, or an error of the client.
    init(of name: String, _ shell: Shell) async throws {
        let query = ImportRunQuery(run: name)
        guard let run = try await shell.client.importRuns(query).rows.first else {
            throw Failure(
                "import_not_found",
                "there is no import with the id '\(name)'",
                hint: "invctl ledger imports lists them.",
                exit: Exit.notFound
            )
        }
        self.shell = shell
        self.run = run
        for try await part in shell.client.rows(of: .importSteps(ImportStepQuery(run: name))) {
            for step in try part.rows(as: ListedImportStep.self) {
                self.movementCount += step.movements
                self.steps.append(
                    Step(lsn: step.lsn, sku: step.sku, reference: step.reference)
                )
            }
        }
    }

    /// Returns the import for people: `the import of sales.csv of 2026-03-01 12:30:05Z`.
    private var subject: String {
        let time = self.shell.clock.format(self.run.begunAt.microseconds)
        let file = self.run.file.isEmpty ? "" : " of \(self.run.file)"
        return "the import\(file), begun \(time)"
    }

    /// Asks on a terminal, reverses the steps and reports what became of them.
    ///
    /// - Throws: ``Exit/partlyDone`` if some steps could not be reversed, ``Failure`` after a no, or an error of
    ///   the client.
    mutating func run(
        _ reason: Reason,
        note: String,
        _ confirmation: ConfirmOptions
    ) async throws {
        let movements = Self.count(self.movementCount, "movement")
        try self.shell.confirm(
            "Undo \(self.subject): \(movements)?",
            confirmation,
            otherwise: "nothing was undone"
        )
        try await self.endRun()
        for start in stride(from: 0, to: self.steps.count, by: Self.stepsPerRequest) {
            let end = min(start + Self.stepsPerRequest, self.steps.count)
            try await self.reverse(Array(self.steps[start..<end]), reason, note: note)
        }
        await self.report()
        if !self.refused.isEmpty { throw Exit.partlyDone }
    }

    /// Whether the run was interrupted and recorded something, so that it must not be resumed.
    private var isInterrupted: Bool { self.run.endedAt == nil && !self.steps.isEmpty }

    /// Records an interrupted run as finished, with the rows that were imported.
    private func endRun() async throws {
        guard self.isInterrupted else { return }
        let record = RecordImportRun(
            run: self.run.name,
            kind: self.run.kind,
            content: self.run.content,
            layout: self.run.layout,
            session: self.run.session,
            isFinished: true,
            counts: self.run.counts
        )
        let keyed = try await self.shell.client.send(.recordImportRun(record), key: .random())
        guard case .refused(let refusal) = keyed.outcome else { return }
        throw await self.shell.failure(refusal)
    }

    /// The most steps of one request, which the server decides in one piece.
    private static let stepsPerRequest = 250

    private mutating func reverse(
        _ steps: [Step],
        _ reason: Reason,
        note: String
    ) async throws {
        let commands = steps.map { $0.reversed(reason, note: note) }
        let keyed = try await self.shell.client.send(
            .batch(commands, .errorsOnly),
            key: .random()
        )
        guard case .errorsOnly(let outcome) = keyed.outcome else {
            guard case .refused(let refusal) = keyed.outcome else { return }
            throw await self.shell.failure(refusal)
        }
        self.undoneCount += steps.count - outcome.refused.count
        for item in outcome.refused {
            if item.refusal.code == .alreadyReversed {
                self.earlierCount += 1
            } else {
                self.refused.append((steps[item.index], item.refusal))
            }
        }
    }

    // MARK: - The report

    /// The most steps that are listed with their reasons.
    private static let listedMax = 20
    private static let listedInJSONMax = 1_000

    private func report() async {
        guard !self.shell.format.isJSON else { return self.shell.print(await self.object()) }
        let verb = self.shell.isDryRun ? "would undo" : "undid"
        var text = "\(verb) \(Self.count(self.undoneCount, "step")) of \(self.subject)"
        if self.earlierCount > 0 {
            text += "; \(Self.count(self.earlierCount, "step")) undone or returned before"
        }
        if !self.refused.isEmpty {
            text += "; \(Self.count(self.refused.count, "step")) cannot be undone"
        }
        self.shell.print(text)
        for (step, refusal) in self.refused.prefix(Self.listedMax) {
            let reason = await self.reason(refusal, of: step)
            self.shell.note("  LSN \(step.lsn)  \(step.sku)  \(reason)")
        }
        if self.refused.count > Self.listedMax {
            self.shell.note("  … and \(self.refused.count - Self.listedMax) more")
        }
        guard !self.shell.isQuiet, !self.shell.isDryRun else { return }
        if self.isInterrupted {
            let next =
                self.refused.isEmpty
                ? "the same command imports the file from its beginning, under a new --id if it had one"
                : "import the file again under a new --id"
            self.shell.note(
                "  note  this import was interrupted, and it is not resumed any more: \(next)"
            )
        }
        switch self.run.kind {
        case .products, .upsert, .sales:
            self.shell.note("  note  products that it created or changed stay as they are")
        case .set, .add: break
        }
    }

    /// Why a step was not reversed, for people.
    private func reason(_ refusal: Refusal, of step: Step) async -> String {
        let command = step.reversed(.correction, note: "")
        let failure = await self.shell.failure(refusal, of: command)
        return "\(failure.name)  \(failure.message)"
    }

    private func object() async -> JSONObject {
        var object = JSONObject()
        object.add("run", self.run.name)
        object.add("file", self.run.file)
        object.add("steps", raw: String(self.steps.count))
        object.add("undone", raw: String(self.undoneCount))
        object.add("undoneBefore", raw: String(self.earlierCount))
        object.add("refused", raw: String(self.refused.count))
        var listed: [String] = []
        for (step, refusal) in self.refused.prefix(Self.listedInJSONMax) {
            var object = JSONObject()
            object.add("lsn", raw: String(step.lsn.value))
            object.add("sku", step.sku)
            object.add("reference", step.reference)
            object.add("reason", await self.reason(refusal, of: step))
            listed.append(object.text)
        }
        object.add("refusedSteps", raw: "[" + listed.joined(separator: ",") + "]")
        return object
    }

    private static func count(_ count: Int, _ noun: String) -> String {
        "\(DecimalText.grouped(String(count))) \(noun)\(count == 1 ? "" : "s")"
    }
}
