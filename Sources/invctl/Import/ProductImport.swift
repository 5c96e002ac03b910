import ArgumentParser
import Foundation
import Inventory
import InventoryClient
import InventoryWire
import TerminalKit

/// Brings in a catalog: a product a row, with its category and its opening stock.
///
/// Rows are sent while the file is still being read, a part of it at a time: nothing is kept of them but
/// their SKUs, for a second row of the same.
///
///     read a part ─▶ its new categories ─▶ its products, 1,000 a request ─▶ read on
struct ProductImport: ~Copyable {
    private let options: ImportCommand
    private let shell: Shell
    private let problems: Problems
    private var reader: ProductReader
    private let progress: ProgressBar

    /// Rows of a part.
    private static let partRows = 8 * BatchSender.rowsMax

    init(_ options: ImportCommand, _ shell: Shell, _ file: FileBytes) throws {
        let problems = options.problems()
        let reader = try ProductReader(
            file,
            options,
            currencyDecimals: shell.server.currencyDecimals,
            problems
        )
        self.options = options
        self.shell = shell
        self.problems = problems
        self.reader = reader
        self.progress = ProgressBar(
            "import",
            total: file.count,
            unit: "rows",
            isQuiet: shell.options.quiet || options.dryRun
        )
    }

    mutating func run() async throws {
        if !self.shell.options.quiet, !self.reader.columns.isEmpty {
            Terminal.note(self.reader.columns)
        }
        if self.options.dryRun {
            try await self.look()
            return
        }
        self.reader.location = try await self.shell.location(self.options.at)
        let standing = try await self.shell.client.openSession()
        let sender = BatchSender(self.shell.client, standing)
        let categories = ImportedCategories()
        while let part = try self.nextPart() {
            for category in part.newCategories {
                categories.note(category.name, as: category.number)
            }
            try await categories.create(by: sender, self.shell.client)
            for start in stride(from: 0, to: part.rows.count, by: BatchSender.rowsMax) {
                let rows = start..<min(start + BatchSender.rowsMax, part.rows.count)
                try await self.send(rows, of: part, by: sender, categories)
            }
        }
        try await sender.finish()
        self.progress.end()
        let (count, rejected) = (self.reader.rowCount, self.problems.count)
        Terminal.print("\(count) rows: \(count - rejected) taken, \(rejected) not")
        sender.noteForgotten()
        try self.options.list(self.problems)
        if rejected > 0 { throw Exit.partlyDone }
    }

    /// The rows of the next part that can be sent; nothing at the file's end.
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
            var request = BatchEncoder(.brief)
            for row in part.rows[rows] {
                let category = categories.id(numbered: row.category)
                request.append(creating: part.products, row.product, in: category)
            }
            return request.finish()
        }
        // Not self: a copy of what was seen would be made for each request on its way.
        let (problems, shell) = (self.problems, self.shell)
        let numbers = part.rows[rows].map { $0.number }
        try await sender.send(request) { outcome in
            guard case .brief(let brief) = outcome else { return }
            for refused in brief.refused where refused.index < numbers.count {
                problems.add(numbers[refused.index], shell.sentence(refused.refusal))
            }
        }
    }

    /// Says what would be taken, and writes nothing: what the file alone shows, and which SKUs the
    /// server has already.
    private mutating func look() async throws {
        while let part = try self.nextPart() {
            let skus = part.rows.map { part.products.sku($0.product) }
            let found = try await ProductLookup.find(skus, self.shell.client)
            for (index, product) in found.enumerated() {
                guard let product else { continue }
                self.problems.add(
                    part.rows[index].number,
                    "sku: \"\(skus[index])\" is there already, as product \(product.product.id.value)"
                )
            }
        }
        self.progress.end()
        let (count, invalid) = (self.reader.rowCount, self.problems.count)
        Terminal.print(
            "\(count) rows: \(count - invalid) valid, \(invalid) invalid, nothing written"
        )
        try self.options.list(self.problems)
    }
}
