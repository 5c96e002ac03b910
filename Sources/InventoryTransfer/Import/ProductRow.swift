internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// Encodes a record of a file as the command that creates its product, by the description of the fields.
///
///     record ─▶ ProductRow ─▶ the bytes of createProduct, without the category's id, unknown yet
///
/// A field is read from the column with its name, a unit from `unit` and `decimals`. An empty or missing
/// column means the default. The record's bytes are not converted to strings.
struct ProductRow: FieldVisitor, ~Copyable {
    struct Problem: Error {
        var text: String
    }

    typealias Failure = Problem

    static var isCodec: Bool { true }

    var records: RecordReader
    /// The fields of the record that was encoded last, without the category.
    private(set) var bytes = ByteWriter()
    /// The offset of the category in ``bytes``.
    private(set) var categoryOffset = 0
    /// The mask of the extension fields of the record that was encoded last, and these; empty for none.
    private(set) var extensions = ByteWriter()

    /// The columns of the fields, in the order of the fields; a unit has two.
    private let columns: [Int]
    /// The extension fields that the file has a column for, and the indices in ``columns``.
    private let extensionColumns: [(field: ProductField, index: Int)]
    /// The index in ``columns`` of the next field.
    private var next = 0
    private let sku: Int
    private let category: Int
    private let barcodes: BarcodeCells
    private let stock: StockColumns
    private let priceBasis: Int
    private let numbers: NumberColumns
    /// How many units a price is for, in rows that do not say.
    private let per: Int64
    /// The decimals of the currency.
    private let moneyDecimals: UInt8
    /// The decimals of the record's quantities.
    private var decimals: UInt8 = 0

    /// Reads the rows of a file.
    ///
    /// - Parameters:
    ///   - file: The file.
    ///   - currency: The database's currency.
    ///   - per: How many units a price is for, in rows that do not say.
    ///   - locations: The locations that rows and columns can name.
    init(_ file: ImportFile, currency: FileCurrency, per: Int64, locations: ImportLocations) {
        func column(_ name: String) -> Int { file.mapping?.column(name) ?? .max }
        self.records = file.records
        self.columns = ProductFields.descriptions.flatMap { field in
            field.kind == .unit
                ? [column(field.name), column("decimals")] : [column(field.name)]
        }
        let firstExtension = self.columns.count - ProductFields.extensionFields.fields.count
        let (columns, barcodes) = (self.columns, BarcodeCells(file.mapping))
        self.barcodes = barcodes
        self.extensionColumns = ProductFields.extensionFields.fields.enumerated()
            .map { (field: $1, index: firstExtension + $0) }.filter { field, index in
                columns[index] != .max || field == .moreBarcodes && barcodes.hasMore
            }
        (self.sku, self.category) = (column("sku"), column("category"))
        self.stock = StockColumns(file.mapping, locations)
        self.priceBasis = column("priceBasis")
        self.per = per
        self.moneyDecimals = currency.decimals
        self.numbers = NumberColumns(
            file.records,
            self.columns + [self.priceBasis] + self.stock.numberColumns,
            style: file.numberStyle,
            currency: currency.code
        )
    }

    /// Calls `body` with the record's SKU in UTF-8.
    func withSKU<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        self.records.withUTF8(self.sku, body)
    }

    /// Calls `body` with the record's category name in UTF-8.
    func withCategory<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        self.records.withUTF8(self.category, body)
    }

    var skuText: String { self.records.text(self.sku) }

    /// Encodes the record's fields and returns its stock, the opening stock first.
    ///
    /// - Throws: The reason why the record is invalid.
    mutating func encode() throws(Problem) -> StockColumns.Stock {
        if let problem = self.records.problem { throw Problem(text: problem) }
        let skuByteCount = self.withSKU { $0.count }
        guard skuByteCount > 0 else { throw Problem(text: "sku: is empty") }
        guard skuByteCount <= Limits.skuByteCountMax else {
            let limit = Limits.skuByteCountMax
            throw Problem(text: "sku: \"\(self.skuText)\" is longer than \(limit) bytes")
        }
        try self.checkText(self.category, "category", atMost: Int64(Limits.nameByteCountMax))
        try self.barcodes.checkFirst(self.records)
        self.bytes.removeAll()
        self.next = 0
        var fields = ProductFields()
        try fields.visitFirstLayout(&self)
        if !self.extensionColumns.isEmpty { try self.encodeExtensions(of: &fields) }
        let own = try self.ownStock()
        if self.stock.shops.isEmpty { return StockColumns.Stock(first: own) }
        return try self.stock.perShop(self.records, self.numbers, decimals: self.decimals, own: own)
    }

    /// Reads the stock at the record's location.
    @inline(__always)
    private func ownStock() throws(Problem) -> OpeningStock {
        let stock = self.stock
        let location = self.records.withBytes(stock.location) { stock.locations.id($0) }
        guard let location else {
            let written = self.records.text(stock.location)
            throw Problem(text: stock.locations.problem(written))
        }
        let cost = try self.number(
            stock.cost,
            name: "cost",
            decimals: self.moneyDecimals,
            isMoney: true
        )
        let quantity = try self.number(stock.stock, name: "stock", decimals: self.decimals)
        try ProductCells.check(
            quantity ?? 0,
            in: 0...Limits.quantityMax,
            name: "stock",
            decimals: self.decimals
        )
        return OpeningStock(
            location: location,
            quantity: Quantity(quantity ?? 0),
            unitCost: Money(cost ?? 0)
        )
    }

    /// Encodes the extension fields that the record has.
    private mutating func encodeExtensions(of fields: inout ProductFields) throws(Problem) {
        var given = FieldSet<ProductField>()
        for (field, index) in self.extensionColumns
        where field == .moreBarcodes
            ? self.barcodes.hasMore(self.records)
            : !self.records.withBytes(self.columns[index], { $0.isEmpty })
        {
            given.insert(field)
        }
        swap(&self.bytes, &self.extensions)
        defer { swap(&self.bytes, &self.extensions) }
        self.bytes.removeAll()
        if given.isEmpty { return }
        self.bytes.writeVarint(given.rawValue)
        for (field, index) in self.extensionColumns where given.contains(field) {
            self.next = index
            try fields.visit(&self, only: FieldSet(field))
        }
    }

    /// Whether the record that was refused is no row, such as one of totals.
    var isBesideRows: Bool { self.records.isBesideRows(key: self.sku) }

    // MARK: - Columns

    @inline(__always)
    private mutating func nextColumn() -> Int {
        defer { self.next += 1 }
        return self.columns[self.next]
    }

    /// Returns the number in a column; `nil` if it is empty.
    @inline(__always)
    private func number(
        _ column: Int,
        name: String,
        decimals: UInt8,
        isMoney: Bool = false
    ) throws(Problem) -> Int64? {
        if column == .max { return nil }
        switch self.records.withBytes(column, { self.numbers.plain($0, decimals: decimals) }) {
        case .units(let units): return units
        case .empty: return nil
        case .other: break
        }
        switch self.numbers.read(self.records, column, decimals: decimals, isMoney: isMoney) {
        case .units(let units): return units
        case .empty: return nil
        case .problem(let problem): throw Problem(text: "\(name): \(problem)")
        }
    }

    /// Writes the further barcodes of the record as the text of their field.
    private mutating func writeMoreBarcodes() throws(Problem) {
        let all = self.barcodes.more(self.records)
        for barcode in all { try BarcodeCells.check(barcode, "moreBarcodes") }
        let text = all.joined(separator: " ")
        guard text.utf8.count <= Limits.moreBarcodesByteCountMax else {
            throw Problem(text: "moreBarcodes: there are more than \(Limits.moreBarcodesMax)")
        }
        self.bytes.writeText(text)
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

    /// Rejects a string that is too long, as the server would; it might not even fit a request.
    private func checkText(
        _ column: Int,
        _ name: String,
        atMost byteCountMax: Int64
    ) throws(Problem) {
        guard self.records.withUTF8(column, { $0.count > byteCountMax }) else { return }
        let byteCount = NormalizedText.trimmed(self.records.text(column)).utf8.count
        guard byteCount > byteCountMax else { return }
        throw ProductCells.tooLong(name, byteCount: byteCount, atMost: byteCountMax)
    }

    // MARK: - Fields

    mutating func text(_ field: Field<String>, _ value: inout String) throws(Problem) {
        let column = self.nextColumn()
        if field.isExtension, field.name == "moreBarcodes" { return try self.writeMoreBarcodes() }
        try self.writeText(
            column,
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
        let value = try number.map { (number) throws(Problem) in
            try ProductCells.integer(number, of: field)
        }
        self.bytes.writeVarint(UInt64(value ?? field.standard ?? 0))
    }

    mutating func quantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity) throws(Problem)
    {
        let number = try self.number(self.nextColumn(), name: field.name, decimals: self.decimals)
        if let number {
            try ProductCells.check(
                number,
                in: field.bounds,
                name: field.name,
                decimals: self.decimals
            )
        }
        let standard = field.standard?.quantity(in: self.unit).baseUnits ?? 0
        self.bytes.writeVarint(number ?? standard)
    }

    mutating func money(_ field: Field<Money>, _ value: inout Money) throws(Problem) {
        let number = try self.number(
            self.nextColumn(),
            name: field.name,
            decimals: self.moneyDecimals,
            isMoney: true
        )
        self.bytes.writeVarint(number ?? field.standard?.minorUnits ?? 0)
    }

    mutating func price(_ field: Field<Price>, _ value: inout Price) throws(Problem) {
        let column = self.nextColumn()
        let number = try self.number(
            column,
            name: field.name,
            decimals: self.moneyDecimals,
            isMoney: true
        )
        guard let number else { throw Problem(text: "\(field.name): is empty") }
        var price = Price(number, per: try self.basis())
        self.bytes.price(field, &price)
    }

    /// The base units that the record's price and cost are for.
    private func basis() throws(Problem) -> Int64 {
        let own = try self.number(self.priceBasis, name: "priceBasis", decimals: self.decimals)
        return try ProductCells.basis(own, per: self.per, self.unit)
    }

    mutating func unit(_ field: Field<Unit>, _ value: inout Unit) throws(Problem) {
        try self.writeText(
            self.nextColumn(),
            field.name,
            atMost: Int64(Limits.unitByteCountMax),
            or: field.standard?.code ?? ""
        )
        let decimals = try self.number(self.nextColumn(), name: "decimals", decimals: 0)
        self.decimals = try ProductCells.decimals(decimals ?? 0)
        self.bytes.write(self.decimals)
    }

    /// A unit with the decimals of the record's quantities.
    private var unit: Unit { Unit(code: "", decimals: self.decimals) }

    mutating func choice<Value: FieldChoice>(
        _ field: Field<Value>,
        _ value: inout Value
    ) throws(Problem) {
        let column = self.nextColumn()
        if column == .max || self.records.withBytes(column, { $0.isEmpty }) {
            return self.bytes.write((field.standard ?? value).rawValue)
        }
        // A product cannot be created archived.
        let choices = Value.allCases.filter { $0 as? ProductStatus != .archived }
        let written = self.records.text(column)
        self.bytes.write(try ProductCells.choice(written, field.name, among: choices).rawValue)
    }

    mutating func id<ID: EntityID>(_ field: Field<ID>, _ value: inout ID) {
        self.next += 1
        self.categoryOffset = self.bytes.count
    }

    mutating func instant(_ field: Field<Instant>, _ value: inout Instant) {
        preconditionFailure("a product has no instant \(field.name)")
    }
}
