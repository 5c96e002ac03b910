import ArgumentParser
import Foundation
import Inventory
import InventoryClient
import InventoryWire

/// Brings in a catalog: a product a row, with its category and its opening stock.
struct ProductImport {
    private struct Row {
        var number: Int
        var draft: ProductDraft
        var category: String
    }

    private let options: ImportCommand
    private let shell: Shell
    private var rows: [Row] = []
    private var rejected: [String] = []
    private var rowCount = 0
    private var seen: [String: Int] = [:]

    init(_ options: ImportCommand, _ shell: Shell, _ bytes: [UInt8]) throws {
        self.options = options
        self.shell = shell
        var reader = try RecordReader(bytes)
        guard !reader.header.isEmpty else { return }
        let mapping = try ColumnMapping(reader.header, options.map, fields: .ofProducts)
        if !shell.options.quiet { Terminal.note(mapping.summary) }
        while try reader.next() {
            self.rowCount += 1
            do {
                try self.take(Cells(record: reader, mapping: mapping))
            } catch let error as Problem {
                self.rejected.append("row \(reader.number)  \(error.text)")
            }
        }
    }

    private struct Problem: Error {
        var text: String
    }

    /// One record, read by the names of its fields.
    private struct Cells {
        let record: RecordReader
        let mapping: ColumnMapping

        func text(_ field: String) -> String { self.record.text(self.mapping.column(field)) }

        func number(_ field: String, _ decimals: UInt8, or standard: Int64) throws -> Int64 {
            let written = self.text(field)
            if written.isEmpty { return standard }
            guard let value = DecimalText.parse(written, decimals: decimals) else {
                let kind =
                    decimals == 0 ? "a whole number" : "a number with at most \(decimals) decimals"
                throw Problem(text: "\(field): \"\(written)\" is not \(kind)")
            }
            return value
        }
    }

    private mutating func take(_ cells: Cells) throws {
        let number = cells.record.number
        let sku = cells.text("sku")
        let key = NormalizedText.key(sku)
        if let first = self.seen[key] {
            throw Problem(text: "sku: duplicate of row \(first) (\"\(sku)\")")
        }
        let decimals = UInt8(clamping: try cells.number("decimals", 0, or: 0))
        var one: Int64 = 1
        for _ in 0..<min(decimals, Limits.unitDecimalsMax) { one *= 10 }
        guard !cells.text("price").isEmpty else { throw Problem(text: "price: is empty") }
        let money = self.shell.server.currencyDecimals
        let category = cells.text("category")
        var draft = ProductDraft(
            sku: sku,
            name: cells.text("name"),
            barcode: cells.text("barcode"),
            category: CategoryID(0),
            unit: Unit(
                code: cells.text("unit").isEmpty ? "pcs" : cells.text("unit"),
                decimals: decimals
            ),
            price: Price(try cells.number("price", money, or: 0), per: one),
            reorderPoint: try cells.number("reorderPoint", decimals, or: 10 * one),
            reorderTarget: try cells.number("reorderTarget", decimals, or: 0),
            packSize: try cells.number("packSize", decimals, or: 1),
            leadTimeDays: UInt16(clamping: try cells.number("leadTimeDays", 0, or: 0))
        )
        switch cells.text("status") {
        case "", "active": break
        case "inactive": draft.status = .inactive
        case let other: throw Problem(text: "status: \"\(other)\" is not active or inactive")
        }
        draft.opening = OpeningStock(
            quantity: try cells.number("stock", decimals, or: 0),
            unitCost: Money(try cells.number("cost", money, or: 0))
        )
        self.seen[key] = number
        self.rows.append(
            Row(
                number: number,
                draft: draft,
                category: category.isEmpty ? self.options.category : category
            )
        )
    }

    func run() async throws {
        if self.options.dryRun {
            Terminal.print(
                """
                \(self.rowCount) rows: \(self.rows.count) valid, \(self.rejected.count) invalid, \
                nothing written
                """
            )
            try self.options.reject(self.rejected)
            return
        }
        let location = try await self.shell.location(self.options.at)
        let standing = try await self.shell.client.openSession()
        let sender = BatchSender(self.shell.client, done: standing.lastSequence)
        let categories = try await self.createCategories(sender)
        let starts = Array(stride(from: 0, to: self.rows.count, by: 500))
        let batches = starts.map { start in
            {
                self.rows[start..<min(start + 500, self.rows.count)].map { row -> Command in
                    var draft = row.draft
                    draft.category =
                        categories[NormalizedText.key(row.category)] ?? CategoryID(0)
                    draft.opening?.location = location
                    return .createProduct(draft)
                }
            }
        }
        let tally = Tally(problems: self.rejected)
        try await sender.send(batches) { index, outcomes in
            let rows = self.rows[starts[index]..<min(starts[index] + 500, self.rows.count)]
            for (offset, row) in rows.enumerated() {
                guard let outcomes, offset < outcomes.count,
                    case .refused(let refusal) = outcomes[offset]
                else {
                    tally.taken += 1
                    continue
                }
                tally.problems.append("row \(row.number)  \(self.shell.sentence(refusal))")
            }
            Terminal.progress("\(tally.taken) of \(self.rows.count) products")
        }
        let taken = tally.taken
        let problems = tally.problems
        Terminal.endProgress()
        Terminal.print("\(self.rowCount) rows: \(taken) taken, \(self.rowCount - taken) not")
        try self.options.reject(problems)
        if taken < self.rowCount { throw Exit.partlyDone }
    }

    private func createCategories(_ sender: BatchSender) async throws -> [String: CategoryID] {
        var keys: Set<String> = []
        let names = self.rows.map { $0.category }.filter {
            keys.insert(NormalizedText.key($0)).inserted
        }
        let commands = names.map { Command.createCategory(name: $0) }
        if !commands.isEmpty { try await sender.send([{ commands }]) { _, _ in } }
        let table = try await self.shell.client.query(.categories(includingArchived: false)).table
        var ids: [String: CategoryID] = [:]
        for row in 0..<table.rowCount {
            ids[NormalizedText.key(table.text(row, "name"))] = CategoryID(
                UInt32(clamping: table.integer(row, "id") ?? 0)
            )
        }
        return ids
    }
}
