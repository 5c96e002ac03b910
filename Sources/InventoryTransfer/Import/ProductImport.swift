import Foundation
import InventoryClient
internal import InventoryModel
import InventoryWire

/// Imports a catalog: one product for each row, with its category and its opening stock.
///
/// Rows are sent part by part while the file is being read. Only their SKUs stay in memory, to detect
/// duplicates.
///
///     read a part ─▶ its new categories ─▶ its products, 250 per request ─▶ the next part
package struct ProductImport: ~Copyable {
    private let options: ImportOptions
    private let host: any TransferHost
    private let problems: Problems
    private var reader: ProductReader
    private let progress: ProgressBar
    private let file: FileBytes
    private let taken = TakenRows()

    /// The rows of a part.
    private static let partRows = 32 * BatchSender.rowsMax

    /// Opens the file and maps its columns.
    ///
    /// - Throws: ``Failure`` if the file is malformed or a required column is missing.
    package init(_ options: ImportOptions, host: any TransferHost, file: FileBytes) async throws {
        let problems = options.problems()
        let locations = try await host.importLocations(at: options.at)
        let reader = try ProductReader(
            file,
            options: options,
            currency: host.currency,
            locations: locations,
            problems: problems
        )
        self.options = options
        self.host = host
        self.problems = problems
        self.file = file
        self.reader = reader
        problems.remembersNumbers = locations.all.count > 1
        self.progress = ProgressBar(
            host,
            "import",
            total: file.count,
            unit: "rows",
            isQuiet: host.isQuiet
        )
    }

    /// Imports the rows, or reports what would be imported if it is a dry run, and prints the counts.
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
        let categories = ImportedCategories()
        while let part = try self.nextPart() {
            for category in part.newCategories {
                categories.note(category.name, as: category.number)
            }
            try await categories.create(by: sender, self.host.client)
            for start in stride(from: 0, to: part.rows.count, by: BatchSender.rowsMax) {
                let rows = start..<min(start + BatchSender.rowsMax, part.rows.count)
                try await self.send(rows, of: part, by: sender, categories)
            }
            try await self.sendFurtherStock(of: part, by: sender)
        }
        try await sender.finish()
        try await self.taken.compare(
            self.file,
            self.options,
            host: self.host,
            problems: self.problems
        )
        try await session.end(self.progress) {
            self.counts
        } summarize: { counts in
            self.host.print(ImportSummary(counts, isDryRun: self.options.dryRun))
        }.checkAccepted()
    }

    private var counts: RowCounts {
        RowCounts(
            rows: self.reader.rowCount,
            rejected: self.problems.count,
            passed: self.reader.passedCount,
            recorded: self.taken.sameCount
        )
    }

    /// Returns the valid rows of the next part; `nil` at the end of the file.
    private mutating func nextPart() throws -> ProductPart? {
        let part = try self.reader.next(Self.partRows)
        self.progress.advance(to: self.reader.bytesRead, rows: self.reader.rowCount)
        return part
    }

    private func send(
        _ rows: Range<Int>,
        of part: ProductPart,
        by sender: BatchSender,
        _ categories: ImportedCategories
    ) async throws {
        func request() -> EncodedCommand {
            var request = BatchEncoder(.errorsOnly)
            for row in part.rows[rows] {
                let category = categories.id(numbered: row.category)
                request.append(creating: part.products, row.product, in: category)
            }
            return request.finish()
        }
        // Capturing self would copy the set of SKUs for each request in flight.
        let (problems, host, taken) = (self.problems, self.host, self.taken)
        let numbers = part.rows[rows].map { $0.number }
        try await sender.send(request, row: numbers.first) { outcome in
            guard case .errorsOnly(let errorsOnly) = outcome else { return }
            for refused in errorsOnly.refused where refused.index < numbers.count {
                let number = numbers[refused.index]
                if taken.note(number, refused.refusal) { continue }
                problems.add(number, host.sentence(refused.refusal))
            }
        }
    }

    /// Whether a product can be one of this run: of rows that an earlier process sent, the outcome may be
    /// forgotten.
    private func isNew(_ product: StockedProduct?) -> Bool {
        guard let product else { return false }
        let begun = self.host.importRun?.earlier?.begunAt
        return begun.map { product.product.createdAt >= $0 } ?? true
    }

    /// Sends what products have at locations other than that of their opening stock, once they exist.
    ///
    /// The rows whose product was refused have none: a product of the same SKU would get it.
    private func sendFurtherStock(of part: ProductPart, by sender: BatchSender) async throws {
        let all = part.furtherStock
        guard !all.isEmpty else { return }
        try await sender.finish()
        let products = try await ProductLookup.find(all.map { $0.sku }, self.host.client)
        for start in stride(from: 0, to: all.count, by: BatchSender.rowsMax) {
            let indexes = (start..<min(start + BatchSender.rowsMax, all.count)).filter {
                self.isNew(products[$0]) && !self.problems.contains(all[$0].number)
                    && !self.taken.contains(all[$0].number)
            }
            func request() -> EncodedCommand {
                var request = BatchEncoder(.errorsOnly)
                for index in indexes {
                    guard let id = products[index]?.product.id else { continue }
                    request.append(.restock(all[index].stock.restock(of: id)))
                }
                return request.finish()
            }
            let (problems, host) = (self.problems, self.host)
            let numbers = indexes.map { all[$0].number }
            try await sender.send(request, mayBeEmpty: indexes.isEmpty) { outcome in
                guard case .errorsOnly(let errorsOnly) = outcome else { return }
                for refused in errorsOnly.refused where refused.index < numbers.count {
                    problems.add(numbers[refused.index], host.sentence(refused.refusal))
                }
            }
        }
    }
}

extension OpeningStock {
    /// The stock as a delivery, for a product that exists.
    fileprivate func restock(of product: ProductID) -> Restock {
        let line = RestockLine(
            product: product,
            location: self.location,
            quantity: self.quantity,
            unitCost: self.unitCost
        )
        return Restock(lines: [line])
    }
}
