package import Foundation
import InventoryClient
internal import InventoryModel
import InventoryWire

/// Imports past sales: first the products, then every row in the file's order.
package struct SalesImport {
    private let options: ImportOptions
    private let host: any TransferHost
    private let file: SalesFile
    private let problems: Problems
    /// The number of invalid rows, which are not sent.
    private let invalidCount: Int
    /// The latest time of a row that the server accepts.
    private let latest: Instant

    /// Reads the file and finds its products; times without `Z` are in `zone`.
    ///
    /// - Throws: ``Failure`` if the file is malformed or a required column is missing.
    package init(
        _ options: ImportOptions,
        host: any TransferHost,
        file: FileBytes,
        zone: TimeZone
    ) async throws {
        self.options = options
        self.host = host
        self.problems = options.problems()
        self.latest = host.server.serverTime.advanced(bySeconds: Limits.occurredAtFutureSeconds)
        self.file = try await SalesFile(
            file,
            SalesReader.Options(
                mapping: options.map,
                zone: zone,
                decimals: host.server.currencyDecimals,
                returnPrefix: options.returnPrefix,
                category: options.category,
                latest: self.latest
            ),
            listedMax: self.problems.list.listedMax
        )
        self.problems.add(self.file.problems)
        self.invalidCount = self.problems.count
    }

    /// Imports the rows, or reports what would be imported if it is a dry run, and prints the counts.
    ///
    /// - Throws: ``Failure`` or the client's error if the import stops.
    package func run() async throws {
        if !self.host.isQuiet { self.host.note(self.file.reader.summary) }
        if self.options.dryRun {
            // Without a dry run the server refuses them.
            self.problems.add(self.file.ahead)
            self.summarize(rejected: self.problems.count, "nothing written")
            try self.options.list(self.problems, self.host)
            self.noteMerged()
            return
        }
        let location = try await self.host.location(self.options.at)
        let status = try await self.host.client.openSession()
        let sender = BatchSender(self.host.client, status)
        let ids = try await self.createProducts(sender, location)
        let rejected = try await self.sendRows(sender, ids: ids, location: location)
        let earlier = status.lastSequence == 0 ? "" : "resumed an earlier run"
        self.summarize(rejected: rejected, earlier)
        sender.noteForgotten(self.host)
        try self.options.list(self.problems, self.host)
        self.noteMerged()
    }

    private func summarize(rejected: Int, _ more: String) {
        let parts = [
            "\(self.file.rowCount) rows: \(self.file.rowCount - rejected) accepted, \(rejected) rejected",
            "\(self.file.products.lines.count) products", "\(self.file.saleCount) sales",
            "\(self.file.returnCount) returns", "\(self.file.writeOffCount) write-offs",
        ]
        self.host.print(parts.joined(separator: ", ") + (more.isEmpty ? "" : "; \(more)"))
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

    /// Creates missing categories and products.
    ///
    /// - Returns: The products' ids in the file's order; 0 for a product that could not be created.
    private func createProducts(
        _ sender: BatchSender,
        _ location: LocationID
    ) async throws -> [ProductID] {
        let products = self.file.products.lines
        let categories = ImportedCategories()
        for product in products { categories.note(product.category) }
        try await categories.create(by: sender, self.host.client)
        var ids = [ProductID](repeating: ProductID(0), count: products.count)
        var isForgotten = false
        for start in stride(from: 0, to: products.count, by: BatchSender.answeredRowsMax) {
            let part = start..<min(start + BatchSender.answeredRowsMax, products.count)
            try await sender.send({
                self.creating(part, categories: categories, location: location)
            }) { outcome in
                self.host.progress("products  \(part.upperBound)")
                guard case .batch(let outcomes) = outcome else {
                    isForgotten = true
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
        return ids
    }

    private func creating(
        _ part: Range<Int>,
        categories: ImportedCategories,
        location: LocationID
    ) -> EncodedCommand {
        // One second before the first sale, unless that is the start of the calendar: the opening stock is
        // recorded before the sale anyway. If no row counts the opening stock is 0, at any time.
        let earliest = min(self.file.earliest, self.latest)
        let before = earliest.advanced(bySeconds: -1)
        let openedAt = Instant(microseconds: max(Limits.instantMin, before.microseconds))
        var request = BatchEncoder(.independent)
        for product in self.file.products.lines[part] {
            request.append(
                creating: ProductDraft(
                    sku: product.sku,
                    name: product.name.isEmpty ? product.sku : product.name,
                    category: categories.id(product.category),
                    price: Price(product.price.minorUnits),
                    opening: OpeningStock(
                        location: location,
                        quantity: Quantity(product.opening),
                        occurredAt: openedAt
                    )
                )
            )
        }
        return request.finish()
    }

    /// Queries all products: an earlier run created some, and their outcomes are forgotten.
    private func lookUp(_ ids: inout [ProductID]) async throws {
        var byKey: [String: ProductID] = [:]
        for try await part in self.host.client.rows(of: .products(ProductSearch())) {
            for product in try part.rows(as: ListedProduct.self) {
                byKey[NormalizedText.key(product.sku)] = product.id
            }
        }
        for (index, product) in self.file.products.lines.enumerated() where ids[index].value == 0 {
            ids[index] = byKey[NormalizedText.key(product.sku)] ?? ProductID(0)
        }
    }

    /// - Returns: The number of rejected rows.
    private func sendRows(
        _ sender: BatchSender,
        ids: [ProductID],
        location: LocationID
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
            try await sender.send({ batch.request(ids, location) }) { outcome in
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
        return rejected
    }
}
