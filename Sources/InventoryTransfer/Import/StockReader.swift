internal import InventoryModel

/// Reads and validates the stock of a file row by row, before the products are looked up.
///
/// A row with a column for each location becomes one row a location.
struct StockReader {
    struct Row: Sendable {
        var number: Int
        var sku: String
        /// Whether it is a row of totals, unless a product has that SKU.
        var mayBeTotal: Bool
        var location: LocationID
        /// The stock as written, for messages.
        var written: String
        /// The stock, since its decimals depend on the product's unit.
        var stock: FileQuantity
        /// The cost of ``costBasis`` units.
        var cost: Money?
        /// What the whole stock is worth.
        var value: Money?
        /// How many units, in millionths, the cost is for; `nil` for the product's price basis.
        var costBasis: FileQuantity?
        var reference: String
        /// The reorder point of the location; `nil` to leave it as it is.
        var reorderPoint: FileQuantity?
    }

    private var records: RecordReader
    private let sku, stock, location, cost, stockValue, priceBasis, reference, reorderPoint: Int
    private let shops: [(location: LocationID, name: String, column: Int)]
    private let numbers: NumberColumns
    private let locations: ImportLocations
    private let per: Int64
    private let currencyDecimals: UInt8
    private let mayRepeat: Bool
    private let problems: Problems
    private var seen = NumberedStrings()
    /// The columns of the fields and what was detected, for people.
    let notes: [String]
    private let refusedCount: Int
    private let presetPassedCount: Int

    /// The rows so far, without those that were passed over.
    var rowCount: Int {
        self.records.recordCount - self.records.passedCount + self.refusedCount
    }
    var passedCount: Int { self.records.passedCount + self.presetPassedCount }
    var bytesRead: Int { self.records.bytesRead }
    /// The most rows that a record becomes.
    var rowsPerRecordMax: Int { self.shops.count + 1 }

    /// Opens a file and maps its columns.
    ///
    /// - Parameters:
    ///   - file: The file's bytes.
    ///   - options: The options of the import.
    ///   - currency: The database's currency.
    ///   - locations: The locations that rows and columns can name.
    ///   - mayRepeat: Whether several rows may have the same SKU and location.
    ///   - problems: The list to which rejected rows are added.
    /// - Throws: ``Failure`` if the file is malformed or a required column is missing.
    init(
        _ file: FileBytes,
        options: ImportOptions,
        currency: FileCurrency,
        locations: ImportLocations,
        mayRepeat: Bool,
        problems: Problems
    ) throws {
        let file = try ImportFile(
            file,
            options.reading,
            fields: .ofStock,
            content: .stock,
            locations: locations
        )
        // Rows before a malformed record must not be imported: the mended file would repeat them.
        try file.records.checkRecords()
        func column(_ name: String) -> Int { file.mapping?.column(name) ?? .max }
        self.records = file.records
        (self.sku, self.stock, self.location) = (column("sku"), column("stock"), column("location"))
        (self.cost, self.priceBasis) = (column("cost"), column("priceBasis"))
        self.stockValue = column("stockValue")
        self.reference = column("reference")
        self.reorderPoint = column("ownReorderPoint")
        self.shops = locations.columns(of: file.mapping)
        self.numbers = NumberColumns(
            file.records,
            [self.stock, self.cost, self.stockValue, self.priceBasis, self.reorderPoint]
                + self.shops.map { $0.column },
            style: file.numberStyle,
            currency: currency.code
        )
        self.locations = locations
        self.per = options.reading.per
        self.currencyDecimals = currency.decimals
        self.mayRepeat = mayRepeat
        self.problems = problems
        self.notes = file.notes
        self.refusedCount = file.refused.count
        self.presetPassedCount = file.passedCount
        for refused in file.refused { problems.add(refused.row, refused.reason) }
    }

    /// Returns the valid rows of the next `count` records; `nil` at the end of the file.
    mutating func next(_ count: Int) throws -> [Row]? {
        var rows: [Row] = []
        var read = 0
        while read < count, try self.records.next() {
            read += 1
            do throws(Problem) {
                rows += try self.rows()
            } catch {
                if self.records.isBesideRows(key: self.sku) {
                    self.records.pass()
                } else {
                    self.problems.add(self.records.number, error.text)
                }
            }
        }
        return read == 0 ? nil : rows
    }

    // MARK: - A record

    private typealias Problem = ProductRow.Problem

    /// Returns the rows of the current record, one for each location that it has stock of.
    private mutating func rows() throws(Problem) -> [Row] {
        if let problem = self.records.problem { throw Problem(text: problem) }
        let sku = self.records.text(self.sku)
        guard !sku.isEmpty else { throw Problem(text: "sku: is empty") }
        guard sku.utf8.count <= Limits.skuByteCountMax else {
            throw Problem(text: "sku: \"\(sku)\" is longer than \(Limits.skuByteCountMax) bytes")
        }
        let location = self.records.withBytes(self.location) { self.locations.id($0) }
        guard let location else {
            throw Problem(text: self.locations.problem(self.records.text(self.location)))
        }
        var row = Row(
            number: self.records.number,
            sku: sku,
            mayBeTotal: self.records.isBesideRows(key: self.sku),
            location: location,
            written: "",
            stock: FileQuantity(millionths: 0),
            cost: try self.amount(self.cost, "cost"),
            value: try self.amount(self.stockValue, "stockValue"),
            costBasis: try self.basis(),
            reference: self.records.text(self.reference)
        )
        guard row.reference.utf8.count <= Limits.referenceByteCountMax else {
            throw Problem(text: "reference: is longer than \(Limits.referenceByteCountMax) bytes")
        }
        let own = (location: location, name: "stock", column: self.stock)
        let columns = ([own] + self.shops).filter {
            !self.records.withBytes($0.column) { $0.isEmpty }
        }
        guard !columns.isEmpty else { throw Problem(text: "stock: is empty") }
        var rows: [Row] = []
        for (location, name, column) in columns {
            row.reorderPoint = column == self.stock ? try self.point() : nil
            row.location = location
            row.written = self.records.text(column)
            row.stock = try self.quantity(column, name)
            rows.append(row)
        }
        try self.checkFirst(sku, rows)
        return rows
    }

    /// Rejects a second count of a product at a location.
    private mutating func checkFirst(_ sku: String, _ rows: [Row]) throws(Problem) {
        guard !self.mayRepeat else { return }
        let keys = rows.map { "\(NormalizedText.key(sku))\u{0}\($0.location.value)" }
        for key in keys {
            guard let first = self.seen.number(of: key) else { continue }
            throw Problem(text: "sku: duplicate of row \(first) (\"\(sku)\")")
        }
        for key in keys { self.seen.insert(key, self.records.number) }
    }

    private func quantity(_ column: Int, _ name: String) throws(Problem) -> FileQuantity {
        switch self.numbers.quantity(self.records, column) {
        case .quantity(let quantity): return quantity
        case .problem(let problem): throw Problem(text: "\(name): \(problem)")
        }
    }

    private func point() throws(Problem) -> FileQuantity? {
        if self.records.withBytes(self.reorderPoint, { $0.isEmpty }) { return nil }
        return try self.quantity(self.reorderPoint, "ownReorderPoint")
    }

    private func amount(_ column: Int, _ name: String) throws(Problem) -> Money? {
        let reading = self.numbers.read(
            self.records,
            column,
            decimals: self.currencyDecimals,
            isMoney: true
        )
        switch reading {
        case .empty: return nil
        case .problem(let problem): throw Problem(text: "\(name): \(problem)")
        case .units(let cost):
            guard cost >= 0 else {
                throw Problem(text: "\(name): \(self.records.text(column)) is below 0")
            }
            return Money(cost)
        }
    }

    private func basis() throws(Problem) -> FileQuantity? {
        guard !self.records.withBytes(self.priceBasis, { $0.isEmpty }) else {
            return self.per == 1 ? nil : FileQuantity(units: self.per)
        }
        let basis = try self.quantity(self.priceBasis, "priceBasis")
        guard basis.millionths > 0 else { throw Problem(text: "priceBasis: is not above 0") }
        return basis
    }
}
