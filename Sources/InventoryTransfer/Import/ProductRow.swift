internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// Encodes a record of a file as the command that creates its product.
///
///     record ─▶ ProductCellReader ─▶ the bytes of createProduct, without the category's id, unknown yet
struct ProductRow: ~Copyable {
    struct Problem: Error {
        var text: String
    }

    private var cells: ProductCellReader
    /// The mask of the extension fields of the record that was encoded last, and these; empty for none.
    private(set) var extensions = ByteWriter()

    /// The extension fields that the file has a column for, and the indices of their columns.
    private let extensionColumns: [(field: ProductField, index: Int)]
    private let sku: Int
    private let name: Int
    private let category: Int

    /// Reads the rows of a file.
    ///
    /// - Parameters:
    ///   - file: The file.
    ///   - currency: The database's currency.
    ///   - per: How many units a price is for, in rows that do not say.
    ///   - locations: The locations that rows and columns can name.
    init(_ file: ImportFile, currency: FileCurrency, per: Int64, locations: ImportLocations) {
        func column(_ name: String) -> Int { file.mapping?.column(name) ?? .max }
        self.cells = ProductCellReader(
            .create,
            file,
            currency: currency,
            per: per,
            locations: locations
        )
        let (columns, barcodes) = (self.cells.columns, self.cells.barcodes)
        let first = ProductCellReader.firstColumns()
        self.extensionColumns = ProductFields.extensionFields.fields
            .map { (field: $0, index: first[Int($0.rawValue) - 1]) }.filter { field, index in
                columns[index] != .max || field == .moreBarcodes && barcodes.hasMore
            }
        (self.sku, self.category) = (column("sku"), column("category"))
        self.name = column("name")
    }

    var records: RecordReader {
        _read { yield self.cells.records }
        _modify { yield &self.cells.records }
    }

    /// The fields of the record that was encoded last, without the category.
    var bytes: ByteWriter { _read { yield self.cells.bytes } }
    /// The offset of the category in ``bytes``.
    var categoryOffset: Int { self.cells.categoryOffset }

    /// Calls `body` with the record's SKU in UTF-8.
    func withSKU<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        self.cells.records.withUTF8(self.sku, body)
    }

    /// Calls `body` with the record's category name in UTF-8.
    func withCategory<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        self.cells.records.withUTF8(self.category, body)
    }

    var skuText: String { self.cells.records.text(self.sku) }

    /// Whether the record that was refused is no row, such as one of totals.
    var isBesideRows: Bool { self.cells.records.isBesideRows(key: self.sku) }

    /// Encodes the record's fields and returns its stock, the opening stock first.
    ///
    /// - Throws: The reason why the record is invalid.
    mutating func encode() throws(Problem) -> StockColumns.Stock {
        if let problem = self.cells.records.problem { throw Problem(text: problem) }
        let skuByteCount = self.withSKU { $0.count }
        guard skuByteCount > 0 else { throw Problem(text: "sku: is empty") }
        guard skuByteCount <= FieldBounds.sku.upperBound else {
            let limit = FieldBounds.sku.upperBound
            throw Problem(text: "sku: \"\(self.skuText)\" is longer than \(limit) bytes")
        }
        // The server would refuse it as well, but could not know that it is a row of totals.
        if self.records.withBytes(self.name, { $0.isEmpty }), self.records.isTotal(self.sku) {
            throw Problem(text: "name: is empty")
        }
        try self.cells.checkLength(self.category, "category", in: FieldBounds.name)
        try self.cells.barcodes.checkFirst(self.cells.records)
        self.cells.bytes.removeAll()
        self.cells.move(to: 0)
        var fields = ProductFields()
        try fields.visitFirstLayout(&self.cells)
        if !self.extensionColumns.isEmpty { try self.encodeExtensions(of: &fields) }
        let own = try self.ownStock()
        let stock = self.cells.stock
        if stock.shops.isEmpty { return StockColumns.Stock(first: own) }
        return try stock.perShop(
            self.cells.records,
            self.cells.numbers,
            decimals: self.cells.decimals,
            own: own
        )
    }

    /// Reads the stock at the record's location.
    @inline(__always)
    private func ownStock() throws(Problem) -> OpeningStock {
        let location = try self.cells.location()
        let cost = try self.cells.number(
            self.cells.stock.cost,
            "cost",
            decimals: self.cells.moneyDecimals,
            isMoney: true
        )
        let quantity = try self.cells.number(
            self.cells.stock.stock,
            "stock",
            decimals: self.cells.decimals
        )
        try ProductCells.check(
            quantity ?? 0,
            in: 0...Limits.quantityMax,
            name: "stock",
            decimals: self.cells.decimals
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
            ? self.cells.barcodes.hasMore(self.cells.records)
            : !self.cells.isEmpty(self.cells.columns[index])
        {
            given.insert(field)
        }
        swap(&self.cells.bytes, &self.extensions)
        defer { swap(&self.cells.bytes, &self.extensions) }
        self.cells.bytes.removeAll()
        if given.isEmpty { return }
        self.cells.bytes.writeVarint(given.rawValue)
        for (field, index) in self.extensionColumns where given.contains(field) {
            self.cells.move(to: index)
            try fields.visit(&self.cells, only: FieldSet(field))
        }
    }
}
