import Inventory

/// The products of a file, read and checked row by row.
///
/// Nothing here knows a server: the file alone decides what is sent.
struct ProductReader {
    struct Row: Sendable {
        var number: Int
        /// Without its category and its location, which the file only names.
        var draft: ProductDraft
        var category: String
    }

    private var records: RecordReader
    private let fields: Fields
    private let category: String
    private let currencyDecimals: UInt8
    private let problems: Problems
    /// SKUs by their keys, with the row each is first in.
    private var seen = NumberedTexts()
    /// What is taken from which column.
    let columns: String

    var rowCount: Int { self.records.recordCount }
    var bytesRead: Int { self.records.bytesRead }

    /// `problems`: Gets the rows that cannot be taken.
    init(
        _ file: FileBytes,
        _ options: ImportCommand,
        currencyDecimals: UInt8,
        _ problems: Problems
    ) throws {
        self.records = try RecordReader(file)
        self.category = options.category
        self.currencyDecimals = currencyDecimals
        self.problems = problems
        guard !self.records.header.isEmpty else {
            self.fields = Fields()
            self.columns = ""
            return
        }
        let mapping = try ColumnMapping(self.records.header, options.map, fields: .ofProducts)
        self.fields = Fields(mapping)
        self.columns = mapping.summary
    }

    /// Where in a record each field is.
    private struct Fields {
        var sku = Int.max, name = Int.max, price = Int.max, category = Int.max
        var barcode = Int.max, unit = Int.max, decimals = Int.max, stock = Int.max
        var cost = Int.max, reorderPoint = Int.max, reorderTarget = Int.max
        var packSize = Int.max, leadTimeDays = Int.max, status = Int.max

        init() {}

        init(_ mapping: ColumnMapping) {
            self.sku = mapping.column("sku")
            self.name = mapping.column("name")
            self.price = mapping.column("price")
            self.category = mapping.column("category")
            self.barcode = mapping.column("barcode")
            self.unit = mapping.column("unit")
            self.decimals = mapping.column("decimals")
            self.stock = mapping.column("stock")
            self.cost = mapping.column("cost")
            self.reorderPoint = mapping.column("reorderPoint")
            self.reorderTarget = mapping.column("reorderTarget")
            self.packSize = mapping.column("packSize")
            self.leadTimeDays = mapping.column("leadTimeDays")
            self.status = mapping.column("status")
        }
    }

    private struct Problem: Error {
        var text: String
    }

    /// The rows that can be sent among the next `count` of the file; nothing at its end.
    mutating func next(_ count: Int) throws -> [Row]? {
        var rows: [Row] = []
        var read = 0
        while read < count, try self.records.next() {
            read += 1
            do throws(Problem) {
                rows.append(try self.row())
            } catch {
                self.problems.add(self.records.number, error.text)
            }
        }
        return read == 0 ? nil : rows
    }

    private func number(
        _ column: Int,
        _ field: StaticString,
        _ decimals: UInt8,
        or standard: Int64
    ) throws(Problem) -> Int64 {
        if let value = self.records.number(column, decimals: decimals) { return value }
        let written = self.records.text(column)
        if written.isEmpty { return standard }
        let kind = decimals == 0 ? "a whole number" : "a number with at most \(decimals) decimals"
        throw Problem(text: "\(field): \"\(written)\" is not \(kind)")
    }

    private mutating func row() throws(Problem) -> Row {
        let sku = self.records.text(self.fields.sku)
        let key = NormalizedText.key(sku)
        if let first = self.seen.number(of: key) {
            throw Problem(text: "sku: duplicate of row \(first) (\"\(sku)\")")
        }
        guard sku.utf8.count <= Limits.skuByteCountMax else {
            throw Problem(
                text: "sku: \"\(sku)\" is longer than \(Limits.skuByteCountMax) bytes"
            )
        }
        let draft = try self.draft(sku)
        let number = self.records.number
        self.seen.insert(key, number)
        let category = self.records.text(self.fields.category)
        return Row(
            number: number,
            draft: draft,
            category: category.isEmpty ? self.category : category
        )
    }

    private func draft(_ sku: String) throws(Problem) -> ProductDraft {
        let fields = self.fields
        let decimals = UInt8(clamping: try self.number(fields.decimals, "decimals", 0, or: 0))
        var one: Int64 = 1
        for _ in 0..<min(decimals, Limits.unitDecimalsMax) { one *= 10 }
        guard self.records.withBytes(fields.price, { !$0.isEmpty }) else {
            throw Problem(text: "price: is empty")
        }
        let money = self.currencyDecimals
        let unit = self.records.text(fields.unit)
        var draft = ProductDraft(
            sku: sku,
            name: self.records.text(fields.name),
            barcode: self.records.text(fields.barcode),
            category: CategoryID(0),
            unit: Unit(code: unit.isEmpty ? "pcs" : unit, decimals: decimals),
            price: Price(try self.number(fields.price, "price", money, or: 0), per: one),
            reorderPoint: try self.number(
                fields.reorderPoint,
                "reorderPoint",
                decimals,
                or: 10 * one
            ),
            reorderTarget: try self.number(
                fields.reorderTarget,
                "reorderTarget",
                decimals,
                or: 0
            ),
            packSize: try self.number(fields.packSize, "packSize", decimals, or: 1),
            leadTimeDays: UInt16(
                clamping: try self.number(fields.leadTimeDays, "leadTimeDays", 0, or: 0)
            )
        )
        switch self.records.text(fields.status) {
        case "", "active": break
        case "inactive": draft.status = .inactive
        case let other: throw Problem(text: "status: \"\(other)\" is not active or inactive")
        }
        draft.opening = OpeningStock(
            quantity: try self.number(fields.stock, "stock", decimals, or: 0),
            unitCost: Money(try self.number(fields.cost, "cost", money, or: 0))
        )
        return draft
    }
}
