import Foundation
internal import InventoryModel

/// The sales of a file, one row after another, read and checked.
///
///     record ─▶ row       kind, quantity, price, time; its code and reference are asked for by bytes
///            └▶ problem   why the row cannot be taken
///
/// Nothing here knows a server, nor another row. The same range of the file gives the same rows again.
struct SalesReader {
    /// What a row becomes.
    enum Kind: Sendable {
        case sale
        /// The reference begins as returns do.
        case `return`
        /// A negative quantity that is no return.
        case writeOff
    }

    struct Row: Sendable {
        /// As an editor counts: the head is row 1.
        var number: Int
        var kind: Kind
        /// Above 0.
        var quantity: Int64
        var price: Money
        var occurredAt: Instant
    }

    enum Reading {
        case row(Row)
        case problem(String)
    }

    struct Options: Sendable {
        var mapping: [String] = []
        var zone: TimeZone
        var decimals: UInt8
        var returnPrefix: String
        var category: String
    }

    private(set) var records: RecordReader
    let options: Options
    private let columns: Columns
    /// What is taken from which column.
    let summary: String

    /// Where in a record each field is.
    private struct Columns {
        var sku = Int.max, quantity = Int.max, price = Int.max, occurredAt = Int.max
        var name = Int.max, reference = Int.max, category = Int.max

        init() {}

        init(_ mapping: ColumnMapping) {
            self.sku = mapping.column("sku")
            self.quantity = mapping.column("quantity")
            self.price = mapping.column("price")
            self.occurredAt = mapping.column("occurredAt")
            self.name = mapping.column("name")
            self.reference = mapping.column("reference")
            self.category = mapping.column("category")
        }
    }

    /// Reads a file from its beginning.
    init(_ file: FileBytes, _ options: Options) throws {
        self.options = options
        self.records = try RecordReader(file)
        guard !self.records.header.isEmpty else {
            self.columns = Columns()
            self.summary = ""
            return
        }
        let mapping = try ColumnMapping(self.records.header, options.mapping, fields: .ofSales)
        self.columns = Columns(mapping)
        self.summary = mapping.summary
    }

    /// The same file's records that begin within `range`, which begins where a record does.
    ///
    /// Rows are numbered as if the range were all of the file.
    func reader(of range: Range<Int>) -> SalesReader {
        var reader = self
        reader.records = self.records.reader(of: range)
        return reader
    }

    /// Reads the next record.
    ///
    /// `times`: Those of the options' zone.
    ///
    /// - Returns: Nothing at the end.
    mutating func next(_ times: inout FileTimes) throws -> Reading? {
        guard try self.records.next() else { return nil }
        return self.reading(&times)
    }

    private func reading(_ times: inout FileTimes) -> Reading {
        let codeByteCount = self.withCode { $0.count }
        guard codeByteCount > 0 else { return .problem("sku: is empty") }
        guard codeByteCount <= Limits.skuByteCountMax else {
            let longest = Limits.skuByteCountMax
            return .problem("sku: \"\(self.code)\" is longer than \(longest) bytes")
        }
        guard let quantity = self.records.number(self.columns.quantity, decimals: 0) else {
            let text = self.records.text(self.columns.quantity)
            return .problem("quantity: \"\(text)\" is not a whole number")
        }
        guard quantity != 0 else { return .problem("quantity: is 0") }
        guard quantity.magnitude <= UInt64(Limits.quantityMax) else {
            return .problem("quantity: \(quantity) is beyond \(Limits.quantityMax)")
        }
        let decimals = self.options.decimals
        guard let price = self.records.number(self.columns.price, decimals: decimals) else {
            let text = self.records.text(self.columns.price)
            return .problem(
                "price: \"\(text)\" is not an amount with at most \(decimals) decimals"
            )
        }
        guard price >= 0 else {
            return .problem("price: \(self.records.text(self.columns.price)) is below 0")
        }
        let occurredAt = self.records.withBytes(self.columns.occurredAt) { times.instant($0) }
        guard let occurredAt else {
            let text = self.records.text(self.columns.occurredAt)
            return .problem("occurredAt: \"\(text)\" is not a time such as 2026-03-01 12:30:00")
        }
        let longest = Limits.referenceByteCountMax
        guard self.withReference({ $0.count <= longest }) else {
            return .problem("reference: is longer than \(longest) bytes")
        }
        return .row(
            Row(
                number: self.records.number,
                kind: self.kind(quantity),
                quantity: abs(quantity),
                price: Money(price),
                occurredAt: occurredAt
            )
        )
    }

    private func kind(_ quantity: Int64) -> Kind {
        if quantity > 0 { return .sale }
        let prefix = self.options.returnPrefix.utf8
        let isReturn = !prefix.isEmpty && self.withReference { $0.starts(with: prefix) }
        return isReturn ? .return : .writeOff
    }

    // MARK: - Texts of the record that was read last

    /// The bytes of the code as it is typed.
    @inline(__always)
    func withCode<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        self.records.withBytes(self.columns.sku, body)
    }

    /// The bytes of the reference, in UTF-8.
    @inline(__always)
    func withReference<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        self.records.withUTF8(self.columns.reference, body)
    }

    /// The code as it is typed.
    var code: String { self.records.text(self.columns.sku) }
    var hasName: Bool { self.records.withBytes(self.columns.name) { !$0.isEmpty } }
    var name: String { self.records.text(self.columns.name) }

    /// The row's own, or the one for rows that have none.
    var category: String {
        let category = self.records.text(self.columns.category)
        return category.isEmpty ? self.options.category : category
    }
}
