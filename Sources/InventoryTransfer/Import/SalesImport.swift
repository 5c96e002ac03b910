import InventoryClient
internal import InventoryModel
import InventoryWire

/// Imports past sales: first the products, then every row in the file's order.
///
///     first pass ─▶ units of products that exist ─▶ products, opening stock ─▶ second pass: sales
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
            // The unit of a new product does not tell what 1.250 is.
            let unitDecimals = existing[index]?.decimals ?? (line.hasOpenQuantity ? 0 : nil)
            guard let unitDecimals, line.quantityDecimals > unitDecimals else { continue }
            decimals[NormalizedText.key(line.sku)] = unitDecimals
        }
        return decimals
    }

    /// Imports the rows, or reports what would be imported if it is a dry run, and prints the counts.
    ///
    /// - Throws: ``Exit/partlyDone`` if rows were rejected; otherwise as the client and the reader do.
    package func run() async throws {
        if !self.host.isQuiet { for note in self.file.reader.notes { self.host.note(note) } }
        let rejected: Int
        if self.options.dryRun {
            // Without a dry run the server refuses them.
            self.problems.add(self.file.ahead)
            try self.addDiscounts()
            rejected = self.problems.count
            self.summarize(rejected: rejected, "nothing written")
        } else {
            let status = try await self.host.client.openSession()
            let sender = BatchSender(self.host.client, status)
            let products = try await self.createProducts(sender)
            rejected = try await self.sendRows(sender, products)
            let earlier = status.lastSequence == 0 ? "" : "resumed an earlier run"
            self.summarize(rejected: rejected, earlier)
            sender.noteForgotten(self.host)
        }
        try self.options.list(self.problems, self.host)
        self.noteMerged()
        self.noteCosts()
        if rejected > 0 { throw Exit.partlyDone }
    }

    /// Adds the discounts that no sale can bear.
    private func addDiscounts() throws {
        guard self.file.discountCount > 0 else { return }
        var batches = SalesBatches(self.file, linesMax: BatchSender.rowsMax)
        while try batches.batch() != nil {}
        for problem in batches.problems { self.problems.add(problem.row, problem.reason) }
    }

    private func summarize(rejected: Int, _ more: String) {
        var summary = ImportSummary(
            rows: self.file.rowCount,
            rejected: rejected,
            passed: self.file.passedCount,
            isDryRun: self.options.dryRun,
            isValidated: false
        )
        let discounts = self.file.discountCount
        summary.add("products", self.file.products.lines.count, "products")
        summary.add("sales", self.file.saleCount, "sales")
        summary.add("returns", self.file.returnCount, "returns")
        summary.add("writeOffs", self.file.writeOffCount, "write-offs")
        summary.add("discounts", discounts, discounts > 0 ? "discounts" : nil)
        summary.remark(more)
        self.host.print(summary)
    }

    /// Says of which products the file's costs are not used.
    private func noteCosts() {
        guard !self.host.isQuiet else { return }
        let costed = self.file.products.lines.enumerated().count {
            $0.element.costedQuantity > 0 && self.existing[$0.offset] != nil
        }
        guard costed > 0 else { return }
        self.host.note(
            "  note  sales of \(costed) products that exist have the cost of their stock, not the file's"
        )
    }

    private func noteMerged() {
        guard !self.host.isQuiet else { return }
        let merged = self.file.products.merged
        guard !merged.isEmpty else { return }
        let shown = merged.prefix(3).map { "\"\($0.code)\" = \"\($0.sku)\"" }
        let more = merged.count > shown.count ? ", …" : ""
        self.host.note(
            "  note  \(merged.count) codes differ from another only in case or white space: "
                + shown.joined(separator: ", ") + more
        )
    }

    // MARK: - Products

    /// Creates missing categories and products, and the opening stock at further locations.
    ///
    /// - Returns: The products by the file's numbers; the id is 0 for one that could not be created.
    private func createProducts(_ sender: BatchSender) async throws -> [SoldUnit] {
        let products = self.file.products.lines
        let categories = ImportedCategories()
        for product in products { categories.note(product.category) }
        try await categories.create(by: sender, self.host.client)
        var ids = [ProductID](repeating: ProductID(0), count: products.count)
        var new = Set<Int>()
        var isForgotten = false
        for start in stride(from: 0, to: products.count, by: BatchSender.answeredRowsMax) {
            let part = start..<min(start + BatchSender.answeredRowsMax, products.count)
            try await sender.send({
                self.creating(part, categories: categories)
            }) { outcome in
                self.host.progress("products  \(part.upperBound)")
                guard case .batch(let outcomes) = outcome else {
                    isForgotten = true
                    return
                }
                for (index, outcome) in zip(part, outcomes) {
                    ids[index] = ProductID(UInt32(clamping: outcome.createdID ?? 0))
                    if case .done = outcome { new.insert(index) }
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
        try await self.openElsewhere(sender, ids: ids, new: new)
        return products.indices.map { index in
            SoldUnit(
                product: ids[index],
                decimals: self.existing[index]?.decimals ?? products[index].newDecimals,
                basis: self.existing[index]?.basis ?? products[index].newPrice.basis
            )
        }
    }

    /// When opening stock is recorded.
    ///
    /// One second before the first sale, unless that is the start of the calendar: the opening stock is
    /// recorded before the sale anyway. If no row counts the opening stock is 0, at any time.
    private var openedAt: Instant {
        let earliest = min(self.file.earliest, self.latest)
        let before = earliest.advanced(bySeconds: -1)
        return Instant(microseconds: max(Limits.instantMin, before.microseconds))
    }

    private func creating(
        _ part: Range<Int>,
        categories: ImportedCategories
    ) -> EncodedCommand {
        var request = BatchEncoder(.independent)
        let standard = self.file.reader.options.locations.standard
        for product in self.file.products.lines[part] {
            request.append(
                creating: ProductDraft(
                    sku: product.sku,
                    name: product.name.isEmpty ? product.sku : product.name,
                    category: categories.id(product.category),
                    unit: Unit(code: Unit.piece.code, decimals: product.newDecimals),
                    price: product.newPrice,
                    opening: OpeningStock(
                        location: product.balance.location ?? standard,
                        quantity: product.newOpening(product.balance),
                        unitCost: product.newCost,
                        occurredAt: self.openedAt
                    )
                )
            )
        }
        return request.finish()
    }

    /// Sends the opening stock of new products at locations other than their first.
    private func openElsewhere(
        _ sender: BatchSender,
        ids: [ProductID],
        new: Set<Int>
    ) async throws {
        let products = self.file.products.lines
        let all = products.indices.filter { !products[$0].others.isEmpty }
        let occurred = Occurrence(at: self.openedAt, isImported: true)
        for start in stride(from: 0, to: all.count, by: BatchSender.rowsMax) {
            let indexes = all[start..<min(start + BatchSender.rowsMax, all.count)].filter {
                new.contains($0)
            }
            let commands = indexes.compactMap { index -> Command? in
                let product = products[index]
                let lines = product.others.compactMap { balance -> RestockLine? in
                    guard let location = balance.location, balance.opening > 0 else { return nil }
                    return RestockLine(
                        product: ids[index],
                        location: location,
                        quantity: product.newOpening(balance),
                        unitCost: product.newCost
                    )
                }
                return lines.isEmpty ? nil : .restock(Restock(lines: lines, occurred: occurred))
            }
            func request() -> EncodedCommand {
                var request = BatchEncoder(.errorsOnly)
                for command in commands { request.append(command) }
                return request.finish()
            }
            // Sales of what could not be stocked are refused by the server.
            try await sender.send(request, mayBeEmpty: commands.isEmpty) { _ in }
        }
        try await sender.finish()
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

    /// - Returns: The number of rejected rows.
    private func sendRows(
        _ sender: BatchSender,
        _ products: [SoldUnit]
    ) async throws -> Int {
        var rejected = self.invalidCount
        var decided = 0
        let progress = ProgressBar(
            self.host,
            "import",
            total: self.file.acceptedCount,
            unit: "rows",
            isQuiet: self.host.isQuiet
        )
        var batches = SalesBatches(self.file, linesMax: BatchSender.rowsMax)
        while let batch = try batches.batch() {
            try await sender.send({ batch.request(products) }) { outcome in
                decided += batch.lineCount
                progress.advance(to: decided)
                guard case .errorsOnly(let errorsOnly) = outcome, !errorsOnly.refused.isEmpty else {
                    return
                }
                for refused in errorsOnly.refused where refused.index < batch.groupCount {
                    let rows = batch.rows(ofGroup: refused.index)
                    rejected += rows.count
                    for row in rows {
                        self.problems.add(row, self.host.sentence(refused.refusal))
                    }
                }
            }
        }
        try await sender.finish()
        progress.end()
        for problem in batches.problems { self.problems.add(problem.row, problem.reason) }
        return rejected + batches.problems.count
    }
}
