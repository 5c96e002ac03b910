internal import ColumnStore
internal import InventoryModel

/// Reads a record of a file as the fields that a product shall have, by the description of the fields.
///
///     a missing column, an empty cell     the field stays; a new product has its default
///     \N                                  the field is cleared, if its default is empty or 0
///     anything else                       the field's new value
///
/// Quantities have the decimals of the product's unit: so the product is found first.
struct UpsertRow: FieldVisitor, ~Copyable {
    typealias Problem = ProductRow.Problem
    typealias Failure = Problem

    /// What a record says.
    struct Content {
        /// The product's fields afterwards, but for the category, which may not exist yet.
        var fields: ProductFields
        /// The name of the category; `nil` if it stays.
        var category: String?
        /// Whether the product shall be archived.
        var isArchived = false
        /// What shall be on hand, at most once a location.
        var stock: [Stock] = []
        /// The cost of one price basis of the product; `nil` if the record has none.
        var cost: Money?
    }

    struct Stock {
        var location: LocationID
        /// In base units.
        var quantity: Quantity
    }

    /// The columns of a field; a unit and a price have two.
    private struct Columns {
        var field: ProductField
        var name: String
        var isRequired: Bool
        var first: Int
        var second = Int.max
    }

    var records: RecordReader
    private let columns: [Columns]
    let barcodes: BarcodeCells
    private let stock: StockColumns
    private let statusColumn, categoryColumn, decimalsColumn, priceBasisColumn: Int
    /// The price and the decimals of new products without one, which a preset knows.
    private let newPrice, newDecimals: Int
    private let numbers: NumberColumns
    private let per: Int64
    private let moneyDecimals: UInt8
    /// The columns of the field that is being read.
    private var current: Columns
    private var isNew = false
    /// The keys of the product's barcodes before.
    private var oldBarcodeKeys: [String] = []
    /// The first barcode of the product that is being read.
    private var firstBarcode = ""
    private var unit = Unit.piece

    let skuColumn: Int
    let barcodeColumn: Int
    /// Whether the file has stock.
    var hasStock: Bool { self.stock.stock != .max || !self.stock.shops.isEmpty }

    /// Reads the rows of a file.
    ///
    /// - Parameters:
    ///   - file: The file.
    ///   - currency: The database's currency.
    ///   - per: How many units a price is for, in rows that do not say.
    ///   - locations: The locations that rows and columns can name.
    init(_ file: ImportFile, currency: FileCurrency, per: Int64, locations: ImportLocations) {
        func column(_ name: String) -> Int { file.mapping?.column(name) ?? .max }
        let columns = zip(ProductField.allCases, ProductFields.descriptions).map {
            field,
            described in
            var columns = Columns(
                field: field,
                name: described.name,
                isRequired: described.isRequired,
                first: column(described.name)
            )
            switch described.kind {
            case .unit: columns.second = column("decimals")
            case .price: columns.second = column("priceBasis")
            default: break
            }
            return columns
        }
        self.records = file.records
        self.columns = columns
        self.current = columns[0]
        (self.skuColumn, self.barcodeColumn) = (column("sku"), column("barcode"))
        (self.statusColumn, self.categoryColumn) = (column("status"), column("category"))
        (self.decimalsColumn, self.priceBasisColumn) = (column("decimals"), column("priceBasis"))
        self.newPrice = column(UpsertColumns.newPrice)
        self.newDecimals = column(UpsertColumns.newDecimals)
        self.barcodes = BarcodeCells(file.mapping)
        self.stock = StockColumns(file.mapping, locations)
        self.per = per
        self.moneyDecimals = currency.decimals
        self.numbers = NumberColumns(
            file.records,
            columns.flatMap { [$0.first, $0.second] } + [self.newPrice, self.newDecimals]
                + self.stock.numberColumns,
            style: file.numberStyle,
            currency: currency.code
        )
    }

    // MARK: - Cells

    /// `\N`, as databases write a missing value.
    private static let cleared = Array("\\N".utf8)

    private func isEmpty(_ column: Int) -> Bool { self.records.withBytes(column) { $0.isEmpty } }

    private func isCleared(_ column: Int) -> Bool {
        self.records.withBytes(column) { $0.elementsEqual(Self.cleared) }
    }

    /// Returns the text of a key; empty if it is missing.
    ///
    /// - Throws: The problem that the key of a product cannot be cleared.
    func sku() throws(Problem) -> String {
        if self.isCleared(self.skuColumn) { throw Self.notClearable("sku") }
        return self.records.text(self.skuColumn)
    }

    /// The barcodes of the record, the first one first; without those that are cleared.
    ///
    /// - Throws: Why one is invalid.
    func allBarcodes() throws(Problem) -> [String] {
        var all: [String] = []
        if !self.isEmpty(self.barcodeColumn), !self.isCleared(self.barcodeColumn) {
            try self.barcodes.checkFirst(self.records)
            all.append(self.records.text(self.barcodeColumn))
        }
        return all + (try self.moreBarcodes())
    }

    private func moreBarcodes() throws(Problem) -> [String] {
        if self.isCleared(self.barcodes.more) { return [] }
        let more = self.barcodes.more(self.records)
        for barcode in more { try BarcodeCells.check(barcode, "moreBarcodes") }
        return more
    }

    /// The name of the category that the record gives a new product; `nil` if it has none.
    var categoryName: String? {
        self.isEmpty(self.categoryColumn) ? nil : self.records.text(self.categoryColumn)
    }

    /// The number of cells with stock, whatever they contain.
    var stockCellCount: Int {
        ([self.stock.stock] + self.stock.shops.map { $0.column }).count { !self.isEmpty($0) }
    }

    private var keyColumn: Int {
        self.skuColumn == .max ? self.barcodeColumn : self.skuColumn
    }

    /// Whether the record is no row, such as one of totals.
    var isBesideRows: Bool {
        self.records.isBesideRows(key: self.keyColumn)
    }

    private static func notClearable(_ name: String) -> Problem {
        Problem(text: "\(name): cannot be cleared")
    }

    // MARK: - A record

    /// Reads the record.
    ///
    /// - Parameter existing: The fields of the product that it changes; `nil` for a new product.
    /// - Returns: What it says.
    /// - Throws: The reason why the record is invalid.
    mutating func read(_ existing: ProductFields?) throws(Problem) -> Content {
        self.isNew = existing == nil
        var content = Content(fields: existing ?? ProductFields())
        self.unit = content.fields.unit
        self.oldBarcodeKeys = existing?.barcodeKeys ?? []
        self.firstBarcode = content.fields.barcode
        let given = self.columns.filter { self.isGiven($0) }
        if self.records.withBytes(self.statusColumn, { $0.elementsEqual("archived".utf8) }) {
            content.isArchived = true
            return content
        }
        if self.isNew { try self.checkRequired() }
        if let unit = given.first(where: { $0.field == .unit }) {
            try self.read(unit, into: &content.fields)
        }
        try self.settleUnit(of: &content.fields, before: existing)
        for columns in given where columns.field != .unit {
            try self.read(columns, into: &content.fields)
            if columns.field == .barcode { self.firstBarcode = content.fields.barcode }
        }
        content.category = self.categoryName
        if content.category == Self.clearedText { throw Self.notClearable("category") }
        let nameMax = Int64(Limits.nameByteCountMax)
        try Self.checkLength(content.category ?? "", "category", atMost: nameMax)
        if self.hasStock { content.stock = try self.stockOnHand() }
        content.cost = try self.cost(of: content.fields.price.basis)
        return content
    }

    private func isGiven(_ columns: Columns) -> Bool {
        if columns.field == .moreBarcodes { return self.barcodes.hasMore(self.records) }
        return !self.isEmpty(columns.first) || !self.isEmpty(columns.second)
    }

    private static let clearedText = "\\N"

    private mutating func read(
        _ columns: Columns,
        into fields: inout ProductFields
    ) throws(Problem) {
        self.current = columns
        try fields.visit(&self, only: FieldSet(columns.field))
    }

    /// Rejects a new product without a field that it needs.
    private func checkRequired() throws(Problem) {
        for columns in self.columns where columns.isRequired && columns.field != .category {
            let isMissing = self.isEmpty(columns.first)
            if isMissing, columns.field != .price || self.isEmpty(self.newPrice) {
                let key = self.records.text(self.keyColumn)
                throw Problem(
                    text:
                        "\(columns.name): is empty; there is no product \"\(key)\", and a new one "
                        + "needs it"
                )
            }
        }
    }

    /// Sets what depends on the unit: the defaults of a new product, or the scale of an existing one.
    private mutating func settleUnit(
        of fields: inout ProductFields,
        before: ProductFields?
    ) throws(Problem) {
        if let before {
            guard before.unit.decimals != fields.unit.decimals else { return }
            var scale = QuantityScale(from: before.unit, to: fields.unit)
            return try fields.visit(&scale, only: .all)
        }
        if let decimals = try self.number(self.newDecimals, "decimals", decimals: 0),
            self.isEmpty(self.decimalsColumn)
        {
            let decimals = try ProductCells.decimals(decimals)
            fields.unit = Unit(code: fields.unit.code, decimals: decimals)
            self.unit = fields.unit
        }
        let price = try self.number(
            self.newPrice,
            "price",
            decimals: self.moneyDecimals,
            isMoney: true
        )
        fields.price = Price(price ?? 0, per: try self.basis() ?? self.unit.baseUnits)
        fields.reorderPoint = fields.unit.defaultReorderPoint
    }

    /// Returns the number in a column; `nil` if it is empty.
    private func number(
        _ column: Int,
        _ name: String,
        decimals: UInt8,
        isMoney: Bool = false
    ) throws(Problem) -> Int64? {
        switch self.numbers.read(self.records, column, decimals: decimals, isMoney: isMoney) {
        case .units(let units): return units
        case .empty: return nil
        case .problem(let problem):
            throw self.isCleared(column)
                ? Self.notClearable(name) : Problem(text: "\(name): \(problem)")
        }
    }

    /// The base units that the record's price and cost are for; `nil` if it does not say.
    private func basis() throws(Problem) -> Int64? {
        let own = try self.number(
            self.priceBasisColumn,
            "priceBasis",
            decimals: self.unit.decimals
        )
        if own == nil, self.per == 1 { return nil }
        return try ProductCells.basis(own, per: self.per, self.unit)
    }

    // MARK: - Stock

    /// Reads what is on hand in each column that has a value.
    private func stockOnHand() throws(Problem) -> [Stock] {
        var stock: [Stock] = []
        if !self.isEmpty(self.stock.stock) {
            let location = self.records.withBytes(self.stock.location) {
                self.stock.locations.id($0)
            }
            guard let location else {
                let written = self.records.text(self.stock.location)
                throw Problem(text: self.stock.locations.problem(written))
            }
            stock.append(
                Stock(location: location, quantity: try self.counted(self.stock.stock, "stock"))
            )
        }
        for shop in self.stock.shops where !self.isEmpty(shop.column) {
            let quantity = try self.counted(shop.column, shop.name)
            guard !stock.contains(where: { $0.location == shop.location }) else {
                throw Problem(text: "\(shop.name): is of the same location as stock")
            }
            stock.append(Stock(location: shop.location, quantity: quantity))
        }
        return stock
    }

    private func counted(_ column: Int, _ name: String) throws(Problem) -> Quantity {
        let units = try self.number(column, name, decimals: self.unit.decimals) ?? 0
        guard units >= 0 else {
            throw Problem(text: "\(name): \(self.records.text(column)) is below 0")
        }
        return Quantity(units)
    }

    /// The cost of `basis` base units; `nil` if the record has none.
    private func cost(of basis: Int64) throws(Problem) -> Money? {
        let column = self.stock.cost
        let cost = try self.number(column, "cost", decimals: self.moneyDecimals, isMoney: true)
        guard let cost else { return nil }
        guard cost >= 0 else {
            throw Problem(text: "cost: \(self.records.text(column)) is below 0")
        }
        guard let own = try self.basis(), own != basis else { return Money(cost) }
        return try ProductCells.cost(Money(cost), for: Int128(own), to: Int128(basis))
    }

    // MARK: - Fields

    mutating func text(_ field: Field<String>, _ value: inout String) throws(Problem) {
        if self.current.field == .moreBarcodes { return try self.setMoreBarcodes(&value) }
        if self.isCleared(self.current.first) {
            guard field.standard == "" else { throw Self.notClearable(field.name) }
            value = ""
            return
        }
        let text = NormalizedText.trimmed(self.records.text(self.current.first))
        try Self.checkLength(text, field.name, atMost: field.bounds.upperBound)
        if !self.isKey(text, equalTo: value) { value = text }
    }

    /// Rejects a text that is too long, as the server would; it might not even fit a request.
    private static func checkLength(
        _ text: String,
        _ name: String,
        atMost byteCountMax: Int64
    ) throws(Problem) {
        guard text.utf8.count > byteCountMax else { return }
        throw ProductCells.tooLong(name, byteCount: text.utf8.count, atMost: byteCountMax)
    }

    /// Sets the further barcodes, without that of the first column.
    private func setMoreBarcodes(_ value: inout String) throws(Problem) {
        func keys(_ barcodes: [String]) -> [String] {
            barcodes.map { NormalizedText.barcodeKey($0) }
        }
        let first = NormalizedText.barcodeKey(self.firstBarcode)
        let more = try self.moreBarcodes().filter { NormalizedText.barcodeKey($0) != first }
        let old = ProductFields.split(value)
        if keys(more) != keys(old) { value = more.joined(separator: " ") }
    }

    /// Whether a key is the same however it is written: such a key stays as it is.
    private func isKey(_ text: String, equalTo value: String) -> Bool {
        switch self.current.field {
        case .sku: NormalizedText.key(text) == NormalizedText.key(value)
        case .barcode:
            // Any of its barcodes identifies a product; it need not be the first one.
            self.oldBarcodeKeys.contains(NormalizedText.barcodeKey(text))
        default: false
        }
    }

    mutating func flag(_ field: Field<Bool>, _ value: inout Bool) throws(Problem) {
        preconditionFailure("a product has no flag \(field.name)")
    }

    mutating func integer<Value: FixedWidthInteger>(
        _ field: Field<Value>,
        _ value: inout Value
    ) throws(Problem) {
        if field.standard == 0, self.isCleared(self.current.first) {
            value = 0
        } else if let number = try self.number(self.current.first, field.name, decimals: 0) {
            value = try ProductCells.integer(number, of: field)
        }
    }

    mutating func quantity(
        _ field: Field<DefaultQuantity>,
        _ value: inout Quantity
    ) throws(Problem) {
        let column = self.current.first
        if field.standard == .base(0), self.isCleared(column) {
            value = 0
        } else if let units = try self.number(column, field.name, decimals: self.unit.decimals) {
            try ProductCells.check(
                units,
                in: field.bounds,
                name: field.name,
                decimals: self.unit.decimals
            )
            value = Quantity(units)
        }
    }

    mutating func money(_ field: Field<Money>, _ value: inout Money) throws(Problem) {
        preconditionFailure("a product has no amount \(field.name)")
    }

    mutating func price(_ field: Field<Price>, _ value: inout Price) throws(Problem) {
        let number = try self.number(
            self.current.first,
            field.name,
            decimals: self.moneyDecimals,
            isMoney: true
        )
        value = Price(number ?? value.minorUnits, per: try self.basis() ?? value.basis)
    }

    mutating func unit(_ field: Field<Unit>, _ value: inout Unit) throws(Problem) {
        for (column, name) in [(self.current.first, field.name), (self.current.second, "decimals")]
        where self.isCleared(column) {
            throw Self.notClearable(name)
        }
        let code = self.records.text(self.current.first)
        let number = try self.number(self.current.second, "decimals", decimals: 0)
        let decimals = try number.map { (number) throws(Problem) in
            try ProductCells.decimals(number)
        }
        guard code.utf8.count <= Limits.unitByteCountMax else {
            throw Problem(text: "unit: is longer than \(Limits.unitByteCountMax) bytes")
        }
        value = Unit(
            code: code.isEmpty ? value.code : NormalizedText.trimmed(code),
            decimals: decimals ?? value.decimals
        )
        self.unit = value
    }

    mutating func choice<Value: FieldChoice>(
        _ field: Field<Value>,
        _ value: inout Value
    ) throws(Problem) {
        if self.isCleared(self.current.first) { throw Self.notClearable(field.name) }
        let written = self.records.text(self.current.first)
        value = try ProductCells.choice(written, field.name, among: Array(Value.allCases))
    }

    /// The category is read by name; see ``categoryName``.
    mutating func id<ID: EntityID>(_ field: Field<ID>, _ value: inout ID) {}

    mutating func instant(_ field: Field<Instant>, _ value: inout Instant) {
        preconditionFailure("a product has no instant \(field.name)")
    }
}

/// Columns that only a preset writes: of new products, for whom its files have no column.
enum UpsertColumns {
    static let newPrice = "newPrice"
    static let newDecimals = "newDecimals"
}
