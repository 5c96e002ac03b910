import InventoryClient
internal import InventoryModel
import InventoryWire

/// Imports a file of products that may exist: changes those that do, adds those that do not.
///
///     250 rows ─▶ their new categories ─▶ their products ─▶ further stock
///
/// A product is that of the row's SKU, or without one that of its barcode. Only fields that the file has a column for
/// change, and a row that changes nothing sends nothing. The rows of a request are the same in a retry, so
/// that one with the same id continues where the first attempt stopped.
package struct UpsertImport: ~Copyable {
    private let options: ImportOptions
    private let host: any TransferHost
    private let problems: Problems
    private var reader: UpsertReader
    private let progress: ProgressBar
    /// The rows that add a product, and those that change one, by number; rejected ones too.
    private var added: [Int] = []
    private var changed: [Int] = []
    /// The first changes of a dry run, for people.
    private var shown: [String] = []
    private var shownRest = 0

    /// Opens the file, maps its columns and finds its products.
    ///
    /// - Throws: ``Failure`` if the file is malformed or a required column is missing; else as the client.
    package init(_ options: ImportOptions, host: any TransferHost, file: FileBytes) async throws {
        self.options = options
        self.host = host
        self.problems = options.problems()
        self.problems.remembersNumbers = true
        self.reader = try await UpsertReader(
            file,
            options: options,
            host: host,
            problems: self.problems
        )
        self.progress = ProgressBar(
            host,
            "import",
            total: file.count,
            unit: "rows",
            isQuiet: host.isQuiet
        )
    }

    /// Imports the rows, or reports what would change if it is a dry run, and prints the counts.
    ///
    /// - Throws: ``Exit/partlyDone`` if rows were rejected; otherwise as the client and the reader do.
    package mutating func run() async throws {
        let session = try await ImportSession.begin(
            self.options,
            self.host,
            problems: self.problems,
            notes: self.reader.notes
        )
        let sender = session.sender
        while let chunk = try self.nextChunk() { try await self.send(chunk, by: sender) }
        try await session.end(self.progress) {
            self.counts
        } summarize: { counts in
            self.host.print(self.summary(rejected: counts.rejected))
            self.reportChanges()
        }.checkAccepted()
    }

    private var counts: RowCounts {
        RowCounts(
            rows: self.reader.rowCount,
            rejected: self.problems.count,
            passed: self.reader.passedCount,
            recorded: self.reader.unchangedCount
        )
    }

    private mutating func nextChunk() throws -> UpsertReader.Chunk? {
        let chunk = try self.reader.next(BatchSender.rowsMax)
        self.progress.advance(to: self.reader.bytesRead, rows: self.reader.rowCount)
        return chunk
    }

    // MARK: - Requests

    private mutating func send(
        _ chunk: UpsertReader.Chunk,
        by sender: BatchSender
    ) async throws {
        if chunk.mayNeedCategories { try await self.createCategories(of: chunk, by: sender) }
        let isRetrying = sender.isRetrying
        try await self.sendProducts(of: chunk, by: sender)
        if chunk.mayNeedFurtherStock {
            try await self.sendFurtherStock(of: chunk, isRetrying: isRetrying, by: sender)
        }
        for plan in chunk.plans { self.count(plan) }
        guard self.options.dryRun else { return }
        // Only changes that the server accepts are shown.
        try await sender.finish()
        for plan in chunk.plans where !self.problems.contains(plan.number) { self.show(plan) }
    }

    /// Creates the categories that a chunk needs, in one request, and waits for them.
    private mutating func createCategories(
        of chunk: UpsertReader.Chunk,
        by sender: BatchSender
    ) async throws {
        let names = self.reader.missingCategories(of: chunk)
        let request = Command.batch(names.map { .createCategory(name: $0) }, .independent)
        let (problems, host) = (self.problems, self.host)
        try await sender.send({ request.encoded }, mayBeEmpty: names.isEmpty) { outcome in
            guard case .batch(let outcomes) = outcome else { return }
            for (name, outcome) in zip(names, outcomes) {
                guard case .refused(let refusal) = outcome, outcome.createdID == nil else {
                    continue
                }
                for plan in chunk.plans where plan.newCategory == name {
                    problems.add(plan.number, "category: " + host.sentence(refusal))
                }
            }
        }
        try await sender.finish()
        if !names.isEmpty { try await self.reader.readCategories(self.host.client) }
    }

    private func sendProducts(
        of chunk: UpsertReader.Chunk,
        by sender: BatchSender
    ) async throws {
        let plans = chunk.plans.filter { !self.problems.contains($0.number) }
        let commands = plans.map {
            $0.commands(in: $0.newCategory.flatMap { self.reader.categories.id($0) })
        }
        try await self.send(zip(plans, commands).map { ($0.number, $1) }, by: sender)
    }

    /// Sends the commands of rows as one request; those of one row are all executed, or none.
    private func send(
        _ rows: [(number: Int, commands: [Command])],
        by sender: BatchSender
    ) async throws {
        let rows = rows.filter { !$0.commands.isEmpty }
        func request() -> EncodedCommand {
            var request = BatchEncoder(.errorsOnly)
            for row in rows {
                let group = Command.batch(row.commands, .atomicErrorsOnly)
                request.append(row.commands.count == 1 ? row.commands[0] : group)
            }
            return request.finish()
        }
        // Capturing self would copy the claims for each request in flight.
        let (problems, host) = (self.problems, self.host)
        try await sender.send(request, mayBeEmpty: rows.isEmpty, row: rows.first?.number) {
            outcome in
            guard case .errorsOnly(let errorsOnly) = outcome else { return }
            for refused in errorsOnly.refused where refused.index < rows.count {
                problems.add(rows[refused.index].number, host.sentence(refused.refusal))
            }
        }
    }

    /// Sends the stock of further locations, once the products exist.
    ///
    /// A row whose product was refused has none: a product of the same SKU would get it. In a retry, products that
    /// exist may be those that the interrupted run had created without their further stock.
    private func sendFurtherStock(
        of chunk: UpsertReader.Chunk,
        isRetrying: Bool,
        by sender: BatchSender
    ) async throws {
        try await sender.finish()
        let plans = chunk.plans.filter {
            !$0.furtherStock.isEmpty && !self.problems.contains($0.number)
                && ($0.existing == nil || isRetrying)
        }
        let new = plans.filter { $0.existing == nil }
        let created = try await ProductLookup.find(new.map { $0.fields.sku }, self.host.client)
        var ids: [Int: ProductID] = [:]
        for (plan, product) in zip(new, created) { ids[plan.number] = product?.product.id }
        let rows = plans.compactMap { plan -> (Int, [Command])? in
            guard let id = plan.existing?.id ?? ids[plan.number] else { return nil }
            return (plan.number, UpsertPlan.counts(of: id, plan.furtherStock, cost: plan.cost))
        }
        try await self.send(rows, by: sender)
    }

    // MARK: - Dry run

    private func reportChanges() {
        for line in self.shown { self.host.print(line) }
        guard self.shownRest > 0 else { return }
        let rest = DecimalText.counted(Int64(self.shownRest), "row")
        self.host.print("  … and \(rest) more; --changes all shows every one")
    }

    private mutating func show(_ plan: UpsertPlan) {
        guard self.shown.count < self.options.changesMax else {
            self.shownRest += 1
            return
        }
        let categories = self.reader.categories
        let texts = UpsertText(
            currencyDecimals: self.host.currency.decimals,
            locations: self.reader.locations,
            category: { categories.name($0) ?? "unknown" }
        )
        self.shown.append("  row \(plan.number)  \(texts.line(of: plan))")
    }

    // MARK: - Counts

    private mutating func count(_ plan: UpsertPlan) {
        if plan.existing == nil {
            self.added.append(plan.number)
        } else {
            self.changed.append(plan.number)
        }
    }

    /// The counts, once all outcomes are known.
    private func summary(rejected: Int) -> ImportSummary {
        func accepted(_ rows: [Int]) -> Int { rows.count { !self.problems.contains($0) } }
        let isDry = self.options.dryRun
        let would = isDry ? "would be " : ""
        let passed = self.reader.passedCount
        var summary = ImportSummary(rows: self.reader.rowCount, isDryRun: isDry)
        summary.add("added", accepted(self.added), words: would + "added")
        summary.add("changed", accepted(self.changed), words: would + "changed")
        summary.add("unchanged", self.reader.unchangedCount, words: "unchanged")
        summary.add("rejected", rejected, words: isDry ? "invalid" : "rejected")
        summary.add("passedOver", passed, words: passed == 0 ? nil : "passed over")
        return summary
    }
}
