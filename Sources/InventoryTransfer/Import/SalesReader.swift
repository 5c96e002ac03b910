import Foundation
internal import InventoryModel

/// Reads and validates the sales of a file row by row.
///
///     record ─▶ row       kind, quantity, price, time; the bytes of its code and reference
///            └▶ problem   why the row is rejected
///
/// It rejects every row whose values the server would refuse, so that a refused row cannot affect what is
/// derived from the others. It depends neither on the server nor on other rows. The same range of the file
/// always has the same rows; only whether they are ahead of the server's clock depends on the day.
struct SalesReader {
    /// The command that a row becomes.
    enum Kind: Sendable {
        case sale
        /// A negative quantity whose reference has the return prefix.
        case `return`
        /// A negative quantity that is not a return.
        case writeOff
    }

    struct Row: Sendable {
        /// The row in the file; a header is row 1.
        var number: Int
        var kind: Kind
        /// Above 0.
        var quantity: Int64
        var price: Money
        /// The total price of a sale or a return; zero for a write-off.
        var amount: Money
        var occurredAt: Instant
        /// Whether the row is so far ahead of the server's clock that the server refuses it today.
        var isAhead: Bool
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
        /// The latest time of a row that the server accepts.
        var latest: Instant
    }

    private(set) var records: RecordReader
    let options: Options
    private let columns: Columns
    /// The mapping of columns to fields, for people.
    let summary: String

    /// The column of each field.
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

    /// Returns a reader of the records that begin within `range`, whose start must be that of a record.
    ///
    /// Rows are numbered as if the range were the whole file.
    func reader(of range: Range<Int>) -> SalesReader {
        var reader = self
        reader.records = self.records.reader(of: range)
        return reader
    }

    /// Reads the next record, with times in the options' zone.
    ///
    /// The result is `nil` at the end.
    ///
    /// - Throws: ``Failure`` if the file is malformed.
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
            return .problem("quantity: \(quantity) exceeds \(Limits.quantityMax)")
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
        let kind = self.kind(quantity)
        guard let amount = Self.amount(of: quantity, at: price, kind) else {
            let most = DecimalText.format(Limits.moneyMax, decimals: decimals)
            let text = self.records.text(self.columns.price)
            return .problem("price: \(quantity.magnitude) at \(text) exceed \(most)")
        }
        let occurredAt = self.records.withBytes(self.columns.occurredAt) { times.instant($0) }
        guard let occurredAt else {
            let text = self.records.text(self.columns.occurredAt)
            return .problem("occurredAt: \"\(text)\" is not a time such as 2026-03-01 12:30:00")
        }
        guard occurredAt >= Self.earliest, occurredAt <= Self.latest else {
            let text = self.records.text(self.columns.occurredAt)
            return .problem("occurredAt: \"\(text)\" is outside of the years 1 to 9999 in UTC")
        }
        if let problem = self.textProblem() { return .problem(problem) }
        return .row(
            Row(
                number: self.records.number,
                kind: kind,
                quantity: abs(quantity),
                price: Money(price),
                amount: amount,
                occurredAt: occurredAt,
                isAhead: occurredAt > self.options.latest
            )
        )
    }

    private static let earliest = Instant(microseconds: Limits.instantMin)
    private static let latest = Instant(microseconds: Limits.instantMax)

    /// Returns the total price of a row; `nil` if it is beyond the range of money.
    private static func amount(of quantity: Int64, at price: Int64, _ kind: Kind) -> Money? {
        if kind == .writeOff { return .zero }
        guard Money(price).isInRange else { return nil }
        return Price(price).amount(of: Quantity(abs(quantity)))
    }

    /// Returns why the reference or the category is invalid; `nil` if both are valid.
    private func textProblem() -> String? {
        self.withReference {
            Self.problem("reference", $0, byteCountMax: Limits.referenceByteCountMax)
        }
            ?? self.records.withUTF8(self.columns.category) {
                Self.problem("category", $0, byteCountMax: Limits.nameByteCountMax)
            }
    }

    @inline(__always)
    private static func problem(
        _ field: StaticString,
        _ bytes: UnsafeRawBufferPointer,
        byteCountMax: Int
    ) -> String? {
        guard bytes.count <= byteCountMax else {
            return "\(field): is longer than \(byteCountMax) bytes"
        }
        if bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        return NormalizedText.hasControlCharacter(text) ? "\(field): has a control character" : nil
    }

    private func kind(_ quantity: Int64) -> Kind {
        if quantity > 0 { return .sale }
        let prefix = self.options.returnPrefix.utf8
        let isReturn = !prefix.isEmpty && self.withReference { $0.starts(with: prefix) }
        return isReturn ? .return : .writeOff
    }

    // MARK: - Strings of the record that was read last

    /// Calls `body` with the bytes of the code as typed.
    @inline(__always)
    func withCode<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        self.records.withBytes(self.columns.sku, body)
    }

    /// Calls `body` with the reference in UTF-8.
    @inline(__always)
    func withReference<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        self.records.withUTF8(self.columns.reference, body)
    }

    /// The code as typed.
    var code: String { self.records.text(self.columns.sku) }
    var hasName: Bool { self.records.withBytes(self.columns.name) { !$0.isEmpty } }

    /// The name, truncated to the limit of a product's name; empty if it has control characters.
    var name: String {
        let name = NormalizedText.trimmed(self.records.text(self.columns.name))
        if NormalizedText.hasControlCharacter(name) { return "" }
        guard name.utf8.count > Limits.nameByteCountMax else { return name }
        var byteCount = 0
        return String(
            name.prefix {
                byteCount += $0.utf8.count
                return byteCount <= Limits.nameByteCountMax
            }
        )
    }

    /// The row's category, or that of rows without one.
    var category: String {
        let category = self.records.text(self.columns.category)
        return category.isEmpty ? self.options.category : category
    }
}
