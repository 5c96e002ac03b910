internal import InventoryModel

/// Reads and validates the stock of a file row by row, before the products are looked up.
struct StockReader {
    struct Row: Sendable {
        var number: Int
        var sku: String
        /// The stock as written, since its decimals depend on the product's unit.
        var stock: String
        /// The cost of one basis of the product's price.
        var cost: Money?
        var reference: String

        /// Returns the stock in base units; `nil` if it is not a number of at most `decimals` decimals.
        func quantity(_ decimals: UInt8) -> Int64? {
            DecimalText.parse(self.stock, decimals: decimals)
        }
    }

    private var records: RecordReader
    private let sku, stock, cost, reference: Int
    private let currencyDecimals: UInt8
    private let mayRepeat: Bool
    private let problems: Problems
    private var seen = NumberedStrings()
    /// The mapping of columns to fields, for people.
    let columns: String

    var rowCount: Int { self.records.recordCount }
    var bytesRead: Int { self.records.bytesRead }

    /// Opens a file and maps its columns.
    ///
    /// - Parameters:
    ///   - file: The file's bytes.
    ///   - options: The options of the import.
    ///   - currencyDecimals: The decimals of costs.
    ///   - mayRepeat: Whether several rows may have the same SKU.
    ///   - problems: The list to which rejected rows are added.
    /// - Throws: ``Failure`` if the file is malformed or a required column is missing.
    init(
        _ file: FileBytes,
        options: ImportOptions,
        currencyDecimals: UInt8,
        mayRepeat: Bool,
        problems: Problems
    ) throws {
        self.records = try RecordReader(file)
        self.currencyDecimals = currencyDecimals
        self.mayRepeat = mayRepeat
        self.problems = problems
        guard !self.records.header.isEmpty else {
            (self.sku, self.stock, self.cost, self.reference) = (.max, .max, .max, .max)
            self.columns = ""
            return
        }
        let mapping = try ColumnMapping(self.records.header, options.map, fields: .ofStock)
        self.sku = mapping.column("sku")
        self.stock = mapping.column("stock")
        self.cost = mapping.column("cost")
        self.reference = mapping.column("reference")
        self.columns = mapping.summary
    }

    /// Returns the valid rows among the next `count` rows; `nil` at the end of the file.
    mutating func next(_ count: Int) throws -> [Row]? {
        var rows: [Row] = []
        var read = 0
        while read < count, try self.records.next() {
            read += 1
            if let problem = self.readRow(into: &rows) {
                self.problems.add(self.records.number, problem)
            }
        }
        return read == 0 ? nil : rows
    }

    /// Appends the current record to the rows.
    ///
    /// - Returns: Why the record is rejected; `nil` if it is valid.
    private mutating func readRow(into rows: inout [Row]) -> String? {
        let number = self.records.number
        let sku = self.records.text(self.sku)
        guard !sku.isEmpty else { return "sku: is empty" }
        guard sku.utf8.count <= Limits.skuByteCountMax else {
            return "sku: \"\(sku)\" is longer than \(Limits.skuByteCountMax) bytes"
        }
        let key = NormalizedText.key(sku)
        if !self.mayRepeat, let first = self.seen.number(of: key) {
            return "sku: duplicate of row \(first) (\"\(sku)\")"
        }
        let stock = self.records.text(self.stock)
        guard !stock.isEmpty else { return "stock: is empty" }
        var cost: Money?
        if self.records.withBytes(self.cost, { !$0.isEmpty }) {
            guard let value = self.records.number(self.cost, decimals: self.currencyDecimals),
                value >= 0
            else {
                return """
                    cost: "\(self.records.text(self.cost))" is not an amount with at most \
                    \(self.currencyDecimals) decimals
                    """
            }
            cost = Money(value)
        }
        let reference = self.records.text(self.reference)
        guard reference.utf8.count <= Limits.referenceByteCountMax else {
            return "reference: is longer than \(Limits.referenceByteCountMax) bytes"
        }
        if !self.mayRepeat { self.seen.insert(key, number) }
        rows.append(
            Row(
                number: number,
                sku: sku,
                stock: stock,
                cost: cost,
                reference: reference
            )
        )
        return nil
    }
}
