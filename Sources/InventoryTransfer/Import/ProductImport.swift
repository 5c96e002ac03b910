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

    /// The rows of a part.
    private static let partRows = 32 * BatchSender.rowsMax

    /// Opens the file and maps its columns.
    ///
    /// - Throws: ``Failure`` if the file is malformed or a required column is missing.
    package init(_ options: ImportOptions, host: any TransferHost, file: FileBytes) throws {
        let problems = options.problems()
        let reader = try ProductReader(
            file,
            options: options,
            currencyDecimals: host.server.currencyDecimals,
            problems: problems
        )
        self.options = options
        self.host = host
        self.problems = problems
        self.reader = reader
        self.progress = ProgressBar(
            host,
            "import",
            total: file.count,
            unit: "rows",
            isQuiet: host.isQuiet || options.dryRun
        )
    }

    /// Imports the rows, or reports what would be imported if it is a dry run, and prints the counts.
    ///
    /// - Throws: ``Exit/partlyDone`` if rows were rejected; otherwise as the client and the reader do.
    package mutating func run() async throws {
        if !self.host.isQuiet, !self.reader.columns.isEmpty {
            self.host.note(self.reader.columns)
        }
        if self.options.dryRun {
            try await self.runDry()
            return
        }
        self.reader.location = try await self.host.location(self.options.at)
        let status = try await self.host.client.openSession()
        let sender = BatchSender(self.host.client, status)
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
        }
        try await sender.finish()
        self.progress.end()
        let (count, rejected) = (self.reader.rowCount, self.problems.count)
        self.host.print("\(count) rows: \(count - rejected) accepted, \(rejected) rejected")
        sender.noteForgotten(self.host)
        try self.options.list(self.problems, self.host)
        if rejected > 0 { throw Exit.partlyDone }
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
        let (problems, host) = (self.problems, self.host)
        let numbers = part.rows[rows].map { $0.number }
        try await sender.send(request) { outcome in
            guard case .errorsOnly(let errorsOnly) = outcome else { return }
            for refused in errorsOnly.refused where refused.index < numbers.count {
                problems.add(numbers[refused.index], host.sentence(refused.refusal))
            }
        }
    }

    /// Dry run: validates the file and checks which SKUs the server already has, and writes nothing.
    private mutating func runDry() async throws {
        while let part = try self.nextPart() {
            let skus = part.rows.map { part.products.sku($0.product) }
            let found = try await ProductLookup.find(skus, self.host.client)
            for (index, product) in found.enumerated() {
                guard let product else { continue }
                self.problems.add(
                    part.rows[index].number,
                    "sku: \"\(skus[index])\" already exists, as product \(product.product.id.value)"
                )
            }
        }
        self.progress.end()
        let (count, invalid) = (self.reader.rowCount, self.problems.count)
        self.host.print(
            "\(count) rows: \(count - invalid) valid, \(invalid) invalid, nothing written"
        )
        try self.options.list(self.problems, self.host)
    }
}
