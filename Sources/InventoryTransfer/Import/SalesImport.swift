import InventoryClient
internal import InventoryModel
import InventoryWire

/// Imports past sales: first the products, then every row in the file's order.
///
///     first pass ─▶ units of products that exist ─▶ products ─▶ second pass: receipts
///
/// They are history: they never change the stock of today. A receipt that was imported before is recognized
/// by its location, reference and day, and its lines are counted, not recorded again.
///
/// If rows have more decimals than the unit of their product, the first pass is repeated without them.
package struct SalesImport {
    private let options: ImportOptions
    private let host: any TransferHost
    private let file: SalesFile
    private let problems: Problems
    /// The number of invalid rows, which are not sent.
    private let invalidCount: Int
    /// The latest time of a row that the server accepts.
    private let latest: Instant
    /// What products that exist are counted in.
    private let existing: ExistingUnits

    /// Reads the file and finds its products.
    ///
    /// - Throws: ``Failure`` if the file is malformed or a required column is missing.
    package init(
        _ options: ImportOptions,
        host: any TransferHost,
        file: FileBytes
    ) async throws {
        self.options = options
        self.host = host
        self.problems = options.problems()
        self.latest = host.server.serverTime.advanced(bySeconds: Limits.occurredAtFutureSeconds)
        var reading = SalesReader.Options(
            reading: options.reading,
            currency: host.currency,
            returnPrefix: options.returnPrefix,
            negative: options.negative,
            category: options.category,
            locations: try await host.importLocations(at: options.at),
            latest: self.latest
        )
        let listedMax = self.problems.list.listedMax
        var sales = try await SalesFile(file, reading, listedMax: listedMax)
        var existing = try await ExistingUnits(of: sales.products, host.client)
        reading.decimals = Self.tooFewDecimals(sales, existing)
        if !reading.decimals.isEmpty {
            sales = try await SalesFile(file, reading, listedMax: listedMax)
            existing = try await ExistingUnits(of: sales.products, host.client)
        }
        (self.file, self.existing) = (sales, existing)
        self.problems.add(self.file.problems)
        self.invalidCount = self.problems.count
    }

    /// Returns the decimals of products of whose quantities some have more, by the keys of their codes.
    private static func tooFewDecimals(
        _ file: SalesFile,
        _ existing: ExistingUnits
    ) -> [String: UInt8] {
        var decimals: [String: UInt8] = [:]
        for (index, line) in file.products.lines.enumerated() {
            // The unit of a new product does not determine what 1.250 is.
            let unitDecimals = existing[index] ?? (line.hasOpenQuantity ? 0 : nil)
            guard let unitDecimals, line.quantityDecimals > unitDecimals else { continue }
            decimals[NormalizedText.key(line.sku)] = unitDecimals
        }
        return decimals
    }

    /// Imports the rows, or reports what would be imported if it is a dry run, and prints the counts.
    ///
    /// - Throws: ``Exit/partlyDone`` if rows were rejected; otherwise as the client and the reader do.
    package func run() async throws {
        let session = try await ImportSession.begin(
            self.options,
            self.host,
            problems: self.problems,
            notes: self.file.reader.notes
        )
        let sender = session.sender
        let products = try await self.createProducts(sender)
        let (refused, recorded) = try await self.sendRows(sender, products)
        // Only the server knows which lines an earlier process of this run recorded.
        let run = try await self.host.importRun?.current()
        let counts = try await session.end(nil) {
            RowCounts(
                rows: self.file.rowCount,
                rejected: refused,
                passed: self.file.passedCount,
                recorded: recorded
            )
        } summarize: { counts in
            let earlier = sender.done == 0 ? "" : "resumed an earlier run"
            self.summarize(counts, of: run, self.options.dryRun ? "nothing written" : earlier)
        }
        self.noteMerged()
        self.noteClockChanges()
        self.noteWithoutCost(run?.withoutCost ?? 0)
        try counts.checkAccepted()
    }

    /// Prints what was recorded, and in a second line what the file has.
    private func summarize(_ counts: RowCounts, of run: ListedImportRun?, _ more: String) {
        var counts = counts
        if let run {
            counts.recorded = max(0, counts.rows - counts.rejected - Int(clamping: run.booked))
        }
        var summary = ImportSummary(counts, isDryRun: self.options.dryRun, isValidated: false)
        summary.add("withoutCost", Int(clamping: run?.withoutCost ?? 0), words: nil)
        summary.beginLine("in the file: ")
        let discounts = self.file.discountCount
        summary.add("products", self.file.products.lines.count, things: "products")
        summary.add("sales", self.file.saleCount, things: "sales")
        summary.add("returns", self.file.returnCount, things: "returns")
        summary.add("writeOffs", self.file.writeOffCount, things: "write-offs")
        summary.add("discounts", discounts, things: discounts > 0 ? "discounts" : nil)
        summary.remark(more)
        self.host.print(summary)
    }

    /// Says that rows without a reference are not recognized.
    private func noteUnnamed(_ count: Int) {
        guard count > 0, !self.host.isQuiet else { return }
        let rows = count == 1 ? "1 row has" : "\(DecimalText.grouped(String(count))) rows have"
        self.host.note(
            "  note  \(rows) no reference: imported again, such rows are recorded again"
        )
    }

    /// Says that the profit of sales without a known cost is too high, and what helps.
    private func noteWithoutCost(_ count: UInt64) {
        guard count > 0, !self.host.isQuiet else { return }
        let (rows, have) =
            count == 1
            ? ("1 row", "has") : ("\(DecimalText.grouped(String(count))) rows", "have")
        self.host.note(
            "  note  \(rows) \(have) no known cost, so the cost of these sales is 0: a cost column gives it, or a "
                + "catalog with costs that is imported before the sales"
        )
    }

    private func noteClockChanges() {
        guard !self.host.isQuiet else { return }
        for note in self.file.clockChanges.notes(in: self.options.reading.zone) {
            self.host.note("  note  \(note)")
        }
    }

    private func noteMerged() {
        guard !self.host.isQuiet else { return }
        let merged = self.file.products.merged
        guard !merged.isEmpty else { return }
        let shown = merged.prefix(3).map { "\"\($0.code)\" = \"\($0.sku)\"" }
        let more = merged.count > shown.count ? ", …" : ""
        self.host.note(
            "  note  \(merged.count) \(merged.count == 1 ? "code differs" : "codes differ") from another only "
                + "in case or white space: "
                + shown.joined(separator: ", ") + more
        )
    }

    // MARK: - Products

    /// Creates missing categories and products, and changes those known only from imported sales.
    ///
    /// - Returns: The products by the file's numbers; the id is 0 for one that could not be created.
    private func createProducts(_ sender: BatchSender) async throws -> [SoldUnit] {
        let products = self.file.products.lines
        let categories = ImportedCategories()
        for product in products { categories.note(product.category) }
        try await categories.create(by: sender, self.host.client)
        var ids = [ProductID](repeating: ProductID(0), count: products.count)
        var isForgotten = false
        for start in stride(from: 0, to: products.count, by: BatchSender.answeredRowsMax) {
            let end = min(start + BatchSender.answeredRowsMax, products.count)
            let part = (start..<end).filter { self.existing.namedByBarcode[$0] == nil }
            try await sender.send(
                { self.creating(part, categories: categories) },
                mayBeEmpty: part.isEmpty
            ) { outcome in
                self.host.progress("products  \(end)")
                guard case .batch(let outcomes) = outcome else {
                    isForgotten = isForgotten || !part.isEmpty
                    return
                }
                for (index, outcome) in zip(part, outcomes) {
                    ids[index] = ProductID(UInt32(clamping: outcome.createdID ?? 0))
                    guard case .refused(let refusal) = outcome, refusal.code != .skuTaken else {
                        continue
                    }
                    let product = products[index]
                    self.problems.add(
                        product.firstRow,
                        "product \(product.sku)  \(self.host.sentence(refusal))"
                    )
                }
            }
        }
        try await sender.finish()
        if isForgotten { try await self.lookUp(&ids) }
        for (index, product) in self.existing.namedByBarcode { ids[index] = product }
        return products.indices.map { index in
            SoldUnit(
                product: ids[index],
                decimals: self.existing[index] ?? products[index].newDecimals
            )
        }
    }

    /// When the opening balances are dated: one second before the first row, unless that is the start of the
    /// calendar.
    private var openedAt: Instant {
        let earliest = min(self.file.earliest, self.latest)
        let before = earliest.advanced(bySeconds: -1)
        return Instant(microseconds: max(Limits.instantMin, before.microseconds))
    }

    private func creating(
        _ part: [Int],
        categories: ImportedCategories
    ) -> EncodedCommand {
        var request = BatchEncoder(.independent)
        let earliest = Instant(microseconds: Limits.instantMin)
        for index in part {
            let product = self.file.products.lines[index]
            let decimals = self.existing[index] ?? product.newDecimals
            let inferred = InferredProduct(
                sku: product.sku,
                name: product.name,
                namedAt: product.namedAt.time,
                category: categories.id(product.category),
                categorizedAt: product.categorizedAt.time,
                unit: Unit(code: Unit.piece.code, decimals: decimals),
                price: product.newPrice(decimals),
                pricedAt: max(earliest, product.pricedAt)
            )
            request.append(.inferProduct(inferred))
        }
        return request.finish()
    }

    /// Queries all products: an earlier run created some, and their outcomes are forgotten.
    private func lookUp(_ ids: inout [ProductID]) async throws {
        for try await part in self.host.client.rows(of: .products(ProductSearch())) {
            for product in try part.rows(as: ListedProduct.self) {
                guard let index = self.file.products.number(of: product.sku) else { continue }
                if ids[index].value == 0 { ids[index] = product.id }
            }
        }
    }

    // MARK: - Rows

    /// - Returns: The number of rejected rows, and of those that were imported before.
    private func sendRows(
        _ sender: BatchSender,
        _ products: [SoldUnit]
    ) async throws -> (rejected: Int, recorded: Int) {
        var decided = 0
        let progress = ProgressBar(
            self.host,
            "import",
            total: self.file.acceptedCount,
            unit: "rows",
            isQuiet: self.host.isQuiet
        )
        let openedAt = self.openedAt
        let recorded = RecordedLines(
            self.host,
            self.problems,
            products: products,
            openedAt: openedAt
        )
        var batches = SalesBatches(self.file, linesMax: BatchSender.rowsMax)
        while let batch = try batches.batch() {
            let row = batch.lines.first?.row.number
            try await sender.send({ batch.request(products, openedAt: openedAt) }, row: row) {
                outcome in
                decided += batch.lineCount
                progress.advance(to: decided)
                recorded.take(outcome, of: batch)
            }
            try await recorded.settle(downTo: BatchSender.rowsMax)
        }
        try await sender.finish()
        try await recorded.settle()
        progress.end()
        self.noteUnnamed(batches.unnamedCount)
        return (self.invalidCount + recorded.refusedCount, recorded.recordedCount)
    }
}
