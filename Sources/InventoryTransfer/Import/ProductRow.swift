internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// Encodes the creation of the product that a record of a file has, by the description of its fields.
///
///     record ─▶ ProductRow ─▶ the bytes of createProduct, without the category, which has no number yet
///
/// A field is the column of its name, a unit those of `unit` and `decimals`; what is empty, or has no
/// column, is its default. No text is made of the record's bytes.
struct ProductRow: FieldVisitor, ~Copyable {
    struct Problem: Error {
        var text: String
    }

    typealias Failure = Problem

    var records: RecordReader
    /// The fields of the record that was encoded last, but for the category.
    private(set) var bytes = ByteWriter()
    /// Where in ``bytes`` the category goes.
    private(set) var categoryOffset = 0

    /// The columns of the fields, in their order; a unit has two.
    private let columns: [Int]
    /// Which of them the field has that is visited next.
    private var next = 0
    private let sku: Int
    private let category: Int
    private let stock: Int
    private let cost: Int
    /// Of the currency, and of the quantities of the record.
    private let moneyDecimals: UInt8
    private var decimals: UInt8 = 0

    init(_ records: RecordReader, _ mapping: ColumnMapping?, currencyDecimals: UInt8) {
        func column(_ name: String) -> Int { mapping?.column(name) ?? .max }
        self.records = records
        self.columns = ProductFields.descriptions.flatMap { field in
            field.kind == .unit
                ? [column(field.name), column("decimals")] : [column(field.name)]
        }
        (self.sku, self.category) = (column("sku"), column("category"))
        (self.stock, self.cost) = (column("stock"), column("cost"))
        self.moneyDecimals = currencyDecimals
    }

    /// The SKU, and the name of the category, as the record has them.
    func withSKU<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        self.records.withUTF8(self.sku, body)
    }

    func withCategory<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        self.records.withUTF8(self.category, body)
    }

    var skuText: String { self.records.text(self.sku) }

    /// Encodes the record's fields, or says what is wrong with them.
    ///
    /// - Returns: The stock that the record says there is.
    mutating func encode(stockAt location: LocationID) throws(Problem) -> OpeningStock {
        guard self.withSKU({ $0.count <= Limits.skuByteCountMax }) else {
            let limit = Limits.skuByteCountMax
            throw Problem(text: "sku: \"\(self.skuText)\" is longer than \(limit) bytes")
        }
        try self.checkText(self.category, "category", atMost: Int64(Limits.nameByteCountMax))
        self.bytes.removeAll()
        self.next = 0
        var fields = ProductFields()
        try fields.visit(&self)
        let quantity = try self.number(self.stock, name: "stock", decimals: self.decimals) ?? 0
        let cost = Money(
            try self.number(self.cost, name: "cost", decimals: self.moneyDecimals) ?? 0
        )
        return OpeningStock(location: location, quantity: quantity, unitCost: cost)
    }

    // MARK: - Columns

    @inline(__always)
    private mutating func nextColumn() -> Int {
        defer { self.next += 1 }
        return self.columns[self.next]
    }

    /// The number in a column; `nil` where it is empty.
    @inline(__always)
    private func number(
        _ column: Int,
        name: String,
        decimals: UInt8
    ) throws(Problem) -> Int64? {
        if column == .max { return nil }
        if let value = self.records.number(column, decimals: decimals) { return value }
        let written = self.records.text(column)
        if written.isEmpty { return nil }
        let kind = decimals == 0 ? "a whole number" : "a number with at most \(decimals) decimals"
        throw Problem(text: "\(name): \"\(written)\" is not \(kind)")
    }

    private mutating func writeText(
        _ column: Int,
        _ name: String,
        atMost byteCountMax: Int64,
        or standard: String
    ) throws(Problem) {
        try self.checkText(column, name, atMost: byteCountMax)
        let isWritten = self.records.withUTF8(column) { utf8 in
            if utf8.isEmpty { return false }
            self.bytes.writeVarint(UInt64(utf8.count))
            self.bytes.write(bytes: utf8)
            return true
        }
        if !isWritten { self.bytes.writeText(standard) }
    }

    /// What is too long is refused here, as the server would: it could be too long for any request.
    private func checkText(
        _ column: Int,
        _ name: String,
        atMost byteCountMax: Int64
    ) throws(Problem) {
        guard self.records.withUTF8(column, { $0.count > byteCountMax }) else { return }
        let byteCount = NormalizedText.trimmed(self.records.text(column)).utf8.count
        guard byteCount > byteCountMax else { return }
        let allowed = "at most \(byteCountMax) are allowed"
        throw Problem(text: "invalid_field  \(name) has \(byteCount) bytes; \(allowed)")
    }

    // MARK: - Fields

    mutating func text(_ field: Field<String>, _ value: inout String) throws(Problem) {
        try self.writeText(
            self.nextColumn(),
            field.name,
            atMost: field.bounds.upperBound,
            or: field.standard ?? ""
        )
    }

    mutating func flag(_ field: Field<Bool>, _ value: inout Bool) throws(Problem) {
        let number = try self.number(self.nextColumn(), name: field.name, decimals: 0)
        self.bytes.write(number.map { $0 != 0 } ?? field.standard ?? false)
    }

    mutating func integer<Value: FixedWidthInteger>(
        _ field: Field<Value>,
        _ value: inout Value
    ) throws(Problem) {
        let number = try self.number(self.nextColumn(), name: field.name, decimals: 0)
        self.bytes.writeVarint(UInt64(number.map { Value(clamping: $0) } ?? field.standard ?? 0))
    }

    mutating func quantity(_ field: Field<Quantity>, _ value: inout Int64) throws(Problem) {
        let number = try self.number(self.nextColumn(), name: field.name, decimals: self.decimals)
        let standard = field.standard?.baseUnits(of: self.unit) ?? 0
        self.bytes.writeVarint(number ?? standard)
    }

    mutating func money(_ field: Field<Money>, _ value: inout Money) throws(Problem) {
        let number = try self.number(
            self.nextColumn(),
            name: field.name,
            decimals: self.moneyDecimals
        )
        self.bytes.writeVarint(number ?? field.standard?.minorUnits ?? 0)
    }

    mutating func price(_ field: Field<Price>, _ value: inout Price) throws(Problem) {
        let column = self.nextColumn()
        guard let number = try self.number(column, name: field.name, decimals: self.moneyDecimals)
        else {
            throw Problem(text: "\(field.name): is empty")
        }
        var price = Price(number, per: self.unit.baseUnits)
        self.bytes.price(field, &price)
    }

    mutating func unit(_ field: Field<Unit>, _ value: inout Unit) throws(Problem) {
        try self.writeText(
            self.nextColumn(),
            field.name,
            atMost: Int64(Limits.unitByteCountMax),
            or: field.standard?.code ?? ""
        )
        let decimals = try self.number(self.nextColumn(), name: "decimals", decimals: 0)
        self.decimals = UInt8(clamping: decimals ?? 0)
        self.bytes.write(self.decimals)
    }

    /// What one of the record's product counts, in base units.
    private var unit: Unit {
        Unit(code: "", decimals: min(self.decimals, Limits.unitDecimalsMax))
    }

    mutating func choice<Value: FieldChoice>(
        _ field: Field<Value>,
        _ value: inout Value
    ) throws(Problem) {
        let column = self.nextColumn()
        if column == .max || self.records.withBytes(column, { $0.isEmpty }) {
            return self.bytes.write((field.standard ?? value).rawValue)
        }
        let written = self.records.text(column)
        // Nothing is archived from the start.
        let choices = Value.allCases.filter { $0 as? ProductStatus != .archived }
        guard let choice = choices.first(where: { "\($0)" == written }) else {
            let words = choices.map { "\($0)" }.joined(separator: " or ")
            throw Problem(text: "\(field.name): \"\(written)\" is not \(words)")
        }
        self.bytes.write(choice.rawValue)
    }

    mutating func id<ID: EntityID>(_ field: Field<ID>, _ value: inout ID) {
        self.next += 1
        self.categoryOffset = self.bytes.count
    }

    mutating func instant(_ field: Field<Instant>, _ value: inout Instant) {
        preconditionFailure("no column has the \(field.name) of a product")
    }
}
