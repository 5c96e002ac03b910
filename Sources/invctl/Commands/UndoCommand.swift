import ArgumentParser
internal import Bytes
import InventoryClient
internal import InventoryModel
import InventoryTransfer
import TerminalKit

struct UndoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undo",
        abstract: "Takes back your last step: reverses it by opposite movements.",
        discussion: """
            Your last step is the newest one with movements of stock that your actor made and that is \
            not reversed yet; so undo twice takes back two steps. A reversal is no step to undo: what \
            was taken back has to be entered again. If the last step cannot be reversed, such as a \
            reservation, or if you changed a product, category, location, level or the time of a \
            reservation after it, nothing is undone, and the message says what to do instead.

            --run takes back what a whole import recorded, of anyone: step by step, each that can be \
            reversed. How many cannot, because the stock was sold meanwhile, is said with the reason. \
            Steps that were undone or returned before are counted; so the same command continues what \
            was interrupted. Products that the import created stay. An import that was interrupted is not \
            resumed any more: the same command imports the file from its beginning.

            On a terminal the step is shown, and you are asked first. What happened at another date is \
            undone at that date.

            Examples:
              invctl undo
              invctl undo --dry-run
              invctl undo --yes --note 'wrong till'
              invctl undo --run monday --dry-run
            """
    )
    @OptionGroup var global: GlobalOptions
    @OptionGroup var write: WriteOptions
    @OptionGroup var confirmation: ConfirmOptions
    @Option(help: "The reason; default: \(Reason.correction).") var reason: Reason?
    @Option(
        name: .customLong("run"),
        help: ArgumentHelp("The id of an import, of those in ledger imports.", valueName: "id")
    )
    var importID: String?

    func validate() throws {
        guard self.importID != nil, self.write.retry.id != nil else { return }
        throw ValidationError(
            "--run needs no --id: each step is undone once, however often it is sent"
        )
    }

    func run() async throws {
        if let importID { return try await self.undo(import: importID) }
        try await Shell.run(self.global, write: self.write) { shell in
            // The step that a retry would find is an earlier one than the first try took back.
            if self.write.retry.id != nil, !self.write.dryRun, try await shell.answerAgain() {
                return
            }
            try await self.undo(shell, attempts: Self.attemptsMax)
        }
    }

    private func undo(import id: String) async throws {
        var request = self.write.request
        request.isDryRunOfMany = self.write.dryRun
        try await Shell.run(self.global, write: request) { shell in
            var undo = try await ImportUndo(of: id, shell)
            try await undo.run(
                self.reason ?? .correction,
                note: self.write.note,
                self.confirmation
            )
        }
    }

    /// How often another client of the same actor may undo a step first, before this one gives up.
    private static let attemptsMax = 8

    private func undo(_ shell: Shell, attempts: Int) async throws {
        let step = try await LastStep(shell)
        try await step.checkNothingFollows(shell)
        try shell.confirm(
            "Undo \(step.text(shell))?",
            self.confirmation,
            otherwise: "nothing was undone"
        )
        let reversal = Reversal(
            lsn: step.lsn,
            reason: self.reason ?? .correction,
            note: self.write.note
        )
        let done: Outcome.Done
        do {
            done = try await shell.send(.reverse(reversal))
        } catch let failure as Failure
            where failure.number == RefusalCode.alreadyReversed.rawValue && attempts > 1
            && self.write.retry.id == nil && !Question.canBeAsked
        {
            guard try await LastStep(shell).lsn != step.lsn else { throw failure }
            return try await self.undo(shell.withNewKey(), attempts: attempts - 1)
        }
        step.say(done, shell)
    }
}

/// The step that the actor would undo next.
private struct LastStep {
    /// Its movements, at least one.
    private let movements: [ListedMovement]
    /// The LSN whose state the answer reflects.
    private let asOf: LSN
    let lsn: LSN

    /// Queries the step.
    ///
    /// - Throws: ``Failure`` if there is none, or an error of the client.
    init(_ shell: Shell) async throws {
        let answer = try await shell.client.query(.lastStep(actor: ""), as: ListedMovement.self)
        guard let first = answer.rows.first else {
            throw Failure(
                "nothing_to_undo",
                "\(shell.settings[.actor]) has made no step that is not undone already",
                hint: "invctl ledger list shows the steps of everyone; --actor acts as another.",
                exit: Exit.notFound
            )
        }
        self.movements = answer.rows
        self.asOf = answer.lsn
        self.lsn = first.id.lsn
    }

    private var actor: String { self.movements[0].actor }

    /// The kind that names the step: a commit is a sale, and late cost comes with a delivery.
    private var kind: MovementKind {
        let kinds = self.movements.lazy.map { $0.kind }
        return kinds.first { $0 != .commit && $0 != .costVariance } ?? self.movements[0].kind
    }

    /// The lines that a text lists.
    private static let linesMax = 3

    /// Returns the step for people: `LSN 57, sale at 2026-03-01 12:30:05Z: LAP-01 -2, MOU-09 -1`.
    func text(_ shell: Shell) -> String {
        let shown = self.movements.filter { $0.kind != .commit && $0.kind != .costVariance }
        var lines = shown.prefix(Self.linesMax).map { movement in
            "\(movement.sku) \(movement.undoneDelta)"
        }
        if shown.count > lines.count { lines.append("and \(shown.count - lines.count) more") }
        let time = shell.clock.format(self.movements[0].recordedAt.microseconds)
        return "LSN \(self.lsn), \(self.kind) at \(time): \(lines.joined(separator: ", "))"
    }

    func say(_ done: Outcome.Done, _ shell: Shell) {
        var products: [ProductID: ProductInfo] = [:]
        for movement in self.movements { products[movement.product] = ProductInfo(movement) }
        guard !shell.format.isJSON else {
            var object = shell.object(done, Array(products.values))
            object.add("undoneLsn", raw: String(self.lsn.value))
            object.add("undoneKind", "\(self.kind)")
            return shell.print(object)
        }
        let verb = shell.isDryRun ? "would undo" : "undid"
        shell.say(done, verb: "\(verb) \(self.text(shell)):", products: Array(products.values))
    }
}

// MARK: - Steps without movements

extension LastStep {
    /// The most later steps of everyone that are examined.
    private static let examinedMax = 10_000

    /// Checks in the log that the actor has made no step since that changed something other than stock.
    ///
    /// A log that no longer goes back so far, or that has too many later steps, is not examined to its end.
    ///
    /// - Throws: ``Failure`` that names the step which cannot be undone.
    func checkNothingFollows(_ shell: Shell) async throws {
        guard self.asOf > self.lsn else { return }
        // All topics: the entry of the last step ends the search, which else waits for a sign of progress.
        let subscription = Subscription(topics: .all, start: .after(self.lsn))
        var examined = 0
        var last: (what: String, lsn: LSN)?
        events: for try await event in shell.client.subscribe(subscription) {
            switch event {
            case .entry(let entry):
                examined += 1
                if entry.lsn > self.asOf { break events }
                if entry.actor == self.actor, let what = entry.changes.catalogSubject {
                    last = (what, entry.lsn)
                }
                if entry.lsn == self.asOf || examined == Self.examinedMax { break events }
            case .progress(let lsn):
                if lsn >= self.asOf { break events }
            case .reset, .disconnected:
                break events
            case .began, .snapshot, .caughtUp, .verified, .mismatched:
                continue
            }
        }
        if let last { throw self.failure(because: last.what, last.lsn) }
    }

    private func failure(because what: String, _ lsn: LSN) -> Failure {
        Failure(
            "not_undoable",
            "your last step, LSN \(lsn), changed \(what); only movements of stock can be undone",
            hint: "Nothing was undone. Set it back by hand, or take back the step before it: "
                + "invctl ledger reverse \(self.lsn)",
            exit: Exit.conflict
        )
    }
}

extension [Change] {
    /// What a step without movements changed, for people; `nil` if it moved stock or changed nothing of this
    /// kind.
    fileprivate var catalogSubject: String? {
        var subject: String?
        var floor: String?
        for change in self {
            switch change.undoing {
            case .movement: return nil
            case .subject(let found): subject = subject ?? found
            case .level: floor = "the floor of a location"
            case .nothing: continue
            }
        }
        // A level comes with what it is the level of, and alone only with its floor.
        return subject ?? floor
    }
}

/// What a change means to `undo`.
private enum Undoing {
    /// It is taken back by the opposite movement.
    case movement
    /// It cannot be taken back: a step with it, and without movements, stands in the way of the ones before it.
    case subject(String)
    /// Like ``subject(_:)``, if the step has no other change that says of what the level is.
    case level
    /// It is none of what people enter: it comes with other changes, or is the server's own.
    case nothing
}

extension Change {
    /// All kinds are listed, so that a new one is not passed over.
    fileprivate var undoing: Undoing {
        switch self {
        case .moved: .movement
        case .category(let category): .subject("the category \(category.name)")
        case .location(let location): .subject("the location \(location.code)")
        case .productCreated(let product): .subject("the product \(product.sku)")
        case .productUpdated, .productArchived, .productDeleted: .subject("a product")
        case .reorderPoint: .subject("the reorder point of a location")
        case .level: .level
        case .reservation(let reservation): .subject("the reservation \(reservation.id.value)")
        case .transfer(let transfer): .subject("the transfer \(transfer.id.value)")
        case .databaseCreated, .productLeft, .demandRefused, .alert, .importRun, .importPart,
            .productInferred, .sessionOpened,
            .sessionAdvanced, .sessionsExpired, .keyRemembered, .keysForgotten, .receiptRecorded:
            .nothing
        }
    }
}

extension ListedMovement {
    /// The change that the movement made, with its sign and the decimals of the unit.
    fileprivate var undoneDelta: String {
        let deltas = [
            self.onHandDelta, self.unavailableDelta, self.reservedDelta, self.incomingDelta,
        ]
        let delta = deltas.first { $0 != 0 } ?? 0
        let text = DecimalText.format(delta, decimals: self.unit.decimals)
        return delta > 0 ? "+\(text)" : text
    }
}
