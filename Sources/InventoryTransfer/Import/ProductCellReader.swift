internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// Reads the cells of a record as the fields of a product, by the description of the fields.
///
///     mode       an empty or missing cell   \N                                   anything else
///     create     the default                as anything else                     the field, written to ``bytes``
///     upsert     the field stays            cleared, if the default is empty or 0    the field's new value
///
/// A field is read from the column with its name, a unit from `unit` and `decimals`; what a price is for, from
/// `priceBasis`. Quantities have the decimals of the unit that was read before. When it creates, it does not
/// convert the record's bytes to strings.
struct ProductCellReader: FieldVisitor, ~Copyable {
    typealias Problem = ProductRow.Problem
    typealias Failure = Problem

    /// What the fields are for.
    enum Mode {
        /// A new product: they are written as `createProduct` has them.
        case create
        /// A product that may exist: they are assigned to the visited value.
        case upsert
    }

    static var isCodec: Bool { true }

    let mode: Mode
    var records: RecordReader
    let barcodes: BarcodeCells
    let stock: StockColumns
    let numbers: NumberColumns
    /// The decimals of the currency.
    let moneyDecimals: UInt8
    /// The decimals of the product's quantities.
    var decimals: UInt8 = 0

    /// The fields that were written last, without the category.
    var bytes = ByteWriter()
    /// The offset of the category in ``bytes``.
    private(set) var categoryOffset = 0

    /// The keys of the product's barcodes before an upsert, and its first barcode.
    var oldBarcodeKeys: [String] = []
    var firstBarcode = ""

    /// The columns of the fields, in the order of the fields; a unit has two.
    let columns: [Int]
    private let priceBasis: Int
    /// How many units a price is for, in rows that do not say.
    private let per: Int64
    /// The index in ``columns`` of the next field.
    private var next = 0

    /// Reads the rows of a file.
    ///
    /// - Parameters:
    ///   - mode: What the fields are for.
    ///   - file: The file.
    ///   - currency: The database's currency.
    ///   - per: How many units a price is for, in rows that do not say.
    ///   - locations: The locations that rows and columns can name.
    ///   - further: Further columns of numbers.
    init(
        _ mode: Mode,
        _ file: ImportFile,
        currency: FileCurrency,
        per: Int64,
        locations: ImportLocations,
        further: [Int] = []
    ) {
        func column(_ name: String) -> Int { file.mapping?.column(name) ?? .max }
        self.mode = mode
        self.records = file.records
        self.columns = ProductFields.descriptions.flatMap { field in
            field.kind == .unit
                ? [column(field.name), column("decimals")] : [column(field.name)]
        }
        self.barcodes = BarcodeCells(file.mapping)
        self.stock = StockColumns(file.mapping, locations)
        self.priceBasis = column("priceBasis")
        self.per = per
        self.moneyDecimals = currency.decimals
        self.numbers = NumberColumns(
            file.records,
            self.columns + [self.priceBasis] + self.stock.numberColumns + further,
            style: file.numberStyle,
            currency: currency.code
        )
    }

    /// The index in ``columns`` of each field, in the order of the fields.
    static func firstColumns() -> [Int] {
        var next = 0
        return ProductFields.descriptions.map { field in
            defer { next += field.kind == .unit ? 2 : 1 }
            return next
        }
    }

    // MARK: - Cells

    /// Continues with the field whose columns begin at an index of ``columns``.
    mutating func move(to index: Int) { self.next = index }

    @inline(__always)
    private mutating func nextColumn() -> Int {
        defer { self.next += 1 }
        return self.columns[self.next]
    }

    func isEmpty(_ column: Int) -> Bool { self.records.withBytes(column) { $0.isEmpty } }

    /// `\N`, as databases write a missing value.
    private static let cleared = Array("\\N".utf8)

    /// Whether an upsert clears the field of a cell.
    @inline(__always)
    func isCleared(_ column: Int) -> Bool {
        if self.mode == .create { return false }
        return self.records.withBytes(column) { $0.elementsEqual(Self.cleared) }
    }

    static func notClearable(_ name: String) -> Problem {
        Problem(text: "\(name): cannot be cleared")
    }

    /// Returns the number in a column; `nil` if it is empty or missing.
    @inline(__always)
    func number(
        _ column: Int,
        _ name: String,
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
        case .problem(let problem):
            throw self.isCleared(column)
                ? Self.notClearable(name) : Problem(text: "\(name): \(problem)")
        }
    }

    /// A unit with the decimals of the product's quantities.
    var unit: Unit { Unit(code: "", decimals: self.decimals) }

    /// The base units that the record's price and cost are for; `nil` for one unit, if it does not say.
    @inline(__always)
    func basis() throws(Problem) -> Int64? {
        let own = try self.number(self.priceBasis, "priceBasis", decimals: self.decimals)
        if own == nil, self.per == 1 { return nil }
        return try ProductCells.basis(own, per: self.per, self.unit)
    }

    /// The location of the stock that the record has in a column of its own.
    ///
    /// - Throws: The problem that there is no such location.
    @inline(__always)
    func location() throws(Problem) -> LocationID {
        let column = self.stock.location
        let location = self.records.withBytes(column) { self.stock.locations.id($0) }
        guard let location else {
            throw Problem(text: self.stock.locations.problem(self.records.text(column)))
        }
        return location
    }

    // MARK: - Fields

    mutating func text(_ field: Field<String>, _ value: inout String) throws(Problem) {
        let column = self.nextColumn()
        switch self.mode {
        case .create: try self.write(column, field)
        case .upsert: try self.assign(column, field, to: &value)
        }
    }

    mutating func flag(_ field: Field<Bool>, _ value: inout Bool) throws(Problem) {
        preconditionFailure("a product has no flag \(field.name)")
    }

    mutating func integer<Value: FixedWidthInteger & UnsignedInteger>(
        _ field: Field<Value>,
        _ value: inout Value
    ) throws(Problem) {
        let column = self.nextColumn()
        if field.standard == 0, self.isCleared(column) {
            value = 0
        } else if let number = try self.number(column, field.name, decimals: 0) {
            value = try ProductCells.integer(number, of: field)
        }
        if self.mode == .create { self.bytes.integer(field, &value) }
    }

    mutating func quantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity) throws(Problem)
    {
        let column = self.nextColumn()
        if field.standard == .base(0), self.isCleared(column) {
            value = 0
        } else if let units = try self.number(column, field.name, decimals: self.decimals) {
            try ProductCells.check(
                units,
                in: field.bounds,
                name: field.name,
                decimals: self.decimals
            )
            value = Quantity(units)
        } else if self.mode == .create {
            value = field.standard?.quantity(in: self.unit) ?? 0
        }
        if self.mode == .create { self.bytes.quantity(field, &value) }
    }

    mutating func money(_ field: Field<Money>, _ value: inout Money) throws(Problem) {
        preconditionFailure("a product has no amount \(field.name)")
    }

    mutating func price(_ field: Field<Price>, _ value: inout Price) throws(Problem) {
        let column = self.nextColumn()
        let decimals = self.moneyDecimals
        let number = try self.number(column, field.name, decimals: decimals, isMoney: true)
        switch self.mode {
        case .create:
            guard let number else { throw Problem(text: "\(field.name): is empty") }
            value = Price(number, per: try self.basis() ?? self.unit.baseUnits)
            self.bytes.price(field, &value)
        case .upsert:
            value = Price(number ?? value.minorUnits, per: try self.basis() ?? value.basis)
        }
    }

    mutating func unit(_ field: Field<Unit>, _ value: inout Unit) throws(Problem) {
        let (code, decimals) = (self.nextColumn(), self.nextColumn())
        for (column, name) in [(code, field.name), (decimals, "decimals")]
        where self.isCleared(column) {
            throw Self.notClearable(name)
        }
        let bounds = Field<String>.named(
            field.name,
            in: FieldBounds.unitCode,
            default: value.code
        )
        var text = value.code
        switch self.mode {
        case .create: try self.write(code, bounds)
        case .upsert where self.isEmpty(code): break
        case .upsert: try self.assign(code, bounds, to: &text)
        }
        let number = try self.number(decimals, "decimals", decimals: 0)
        self.decimals =
            try number.map { (number) throws(Problem) in
                try ProductCells.decimals(number)
            } ?? value.decimals
        switch self.mode {
        case .create: self.bytes.write(self.decimals)
        case .upsert: value = Unit(code: text, decimals: self.decimals)
        }
    }

    mutating func choice<Value: FieldChoice>(
        _ field: Field<Value>,
        _ value: inout Value
    ) throws(Problem) {
        let column = self.nextColumn()
        if self.isCleared(column) { throw Self.notClearable(field.name) }
        if column != .max, !self.isEmpty(column) {
            // A product cannot be created archived.
            let choices = Value.allCases.filter {
                self.mode == .upsert || $0 as? ProductStatus != .archived
            }
            let written = self.records.text(column)
            value = try ProductCells.choice(written, field.name, among: choices)
        }
        if self.mode == .create { self.bytes.choice(field, &value) }
    }

    /// The category, which the file names and which may not exist yet.
    mutating func id<ID: EntityID>(_ field: Field<ID>, _ value: inout ID) {
        self.next += 1
        self.categoryOffset = self.bytes.count
    }

    mutating func instant(_ field: Field<Instant>, _ value: inout Instant) {
        preconditionFailure("a product has no instant \(field.name)")
    }
}
