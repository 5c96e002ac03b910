internal import ColumnStore
internal import InventoryModel

/// Reads a record of a file as the fields that a product shall have.
///
///     record ─▶ ProductCellReader ─▶ the fields that it gives, of a product that exists or a new one
///
/// Quantities have the decimals of the product's unit: so the product is found first.
struct UpsertRow: ~Copyable {
    typealias Problem = ProductRow.Problem

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
        /// The index of the first in ``ProductCellReader/columns``.
        var index: Int
    }

    private var cells: ProductCellReader
    private let columns: [Columns]
    private let statusColumn, categoryColumn, decimalsColumn: Int
    /// The price and the decimals of new products without one, which a preset knows.
    private let newPrice, newDecimals: Int

    let skuColumn: Int
    let barcodeColumn: Int
    var barcodes: BarcodeCells { self.cells.barcodes }
    /// Whether the file has stock.
    var hasStock: Bool { self.cells.stock.stock != .max || !self.cells.stock.shops.isEmpty }

    var records: RecordReader {
        _read { yield self.cells.records }
        _modify { yield &self.cells.records }
    }

    /// Reads the rows of a file.
    ///
    /// - Parameters:
    ///   - file: The file.
    ///   - currency: The database's currency.
    ///   - per: How many units a price is for, in rows that do not say.
    ///   - locations: The locations that rows and columns can name.
    init(_ file: ImportFile, currency: FileCurrency, per: Int64, locations: ImportLocations) {
        func column(_ name: String) -> Int { file.mapping?.column(name) ?? .max }
        let first = ProductCellReader.firstColumns()
        self.columns = zip(ProductField.allCases, ProductFields.descriptions).map {
            field,
            described in
            var columns = Columns(
                field: field,
                name: described.name,
                isRequired: described.isRequired,
                first: column(described.name),
                index: first[Int(field.rawValue) - 1]
            )
            switch described.kind {
            case .unit: columns.second = column("decimals")
            case .price: columns.second = column("priceBasis")
            default: break
            }
            return columns
        }
        (self.skuColumn, self.barcodeColumn) = (column("sku"), column("barcode"))
        (self.statusColumn, self.categoryColumn) = (column("status"), column("category"))
        self.decimalsColumn = column("decimals")
        self.newPrice = column(UpsertColumns.newPrice)
        self.newDecimals = column(UpsertColumns.newDecimals)
        self.cells = ProductCellReader(
            .upsert,
            file,
            currency: currency,
            per: per,
            locations: locations,
            further: [self.newPrice, self.newDecimals]
        )
    }

    // MARK: - Keys

    /// Returns the text of a key; empty if it is missing.
    ///
    /// - Throws: The problem that the key of a product cannot be cleared.
    func sku() throws(Problem) -> String {
        if self.cells.isCleared(self.skuColumn) { throw ProductCellReader.notClearable("sku") }
        return self.cells.records.text(self.skuColumn)
    }

    /// The barcodes of the record, the first one first; without those that are cleared.
    ///
    /// - Throws: Why one is invalid.
    func allBarcodes() throws(Problem) -> [String] {
        var all: [String] = []
        let column = self.barcodeColumn
        if !self.cells.isEmpty(column), !self.cells.isCleared(column) {
            try self.barcodes.checkFirst(self.cells.records)
            all.append(self.cells.records.text(column))
        }
        return all + (try self.cells.moreBarcodes())
    }

    /// The name of the category that the record gives a new product; `nil` if it has none.
    var categoryName: String? {
        let column = self.categoryColumn
        return self.cells.isEmpty(column) ? nil : self.cells.records.text(column)
    }

    /// The number of cells with stock, whatever they contain.
    var stockCellCount: Int {
        let stock = self.cells.stock
        var count = self.cells.isEmpty(stock.stock) ? 0 : 1
        for shop in stock.shops where !self.cells.isEmpty(shop.column) { count += 1 }
        return count
    }

    private var keyColumn: Int {
        self.skuColumn == .max ? self.barcodeColumn : self.skuColumn
    }

    /// Whether the record is no row, such as one of totals.
    var isBesideRows: Bool {
        self.cells.records.isBesideRows(key: self.keyColumn)
    }

    // MARK: - A record

    /// Reads the record.
    ///
    /// - Parameter existing: The fields of the product that it changes; `nil` for a new product.
    /// - Returns: What it says.
    /// - Throws: The reason why the record is invalid.
    mutating func read(_ existing: ProductFields?) throws(Problem) -> Content {
        var content = Content(fields: existing ?? ProductFields())
        self.cells.decimals = content.fields.unit.decimals
        self.cells.oldBarcodeKeys = existing?.barcodeKeys ?? []
        self.cells.firstBarcode = content.fields.barcode
        let isArchived = self.cells.records.withBytes(self.statusColumn) {
            $0.elementsEqual("archived".utf8)
        }
        if isArchived {
            content.isArchived = true
            return content
        }
        if existing == nil { try self.checkRequired() }
        for columns in self.columns where columns.field == .unit && self.isGiven(columns) {
            try self.read(columns, into: &content.fields)
        }
        try self.settleUnit(of: &content.fields, before: existing)
        for columns in self.columns where columns.field != .unit && self.isGiven(columns) {
            try self.read(columns, into: &content.fields)
            if columns.field == .barcode { self.cells.firstBarcode = content.fields.barcode }
        }
        if self.cells.isCleared(self.categoryColumn) {
            throw ProductCellReader.notClearable("category")
        }
        content.category = self.categoryName
        try self.cells.checkLength(self.categoryColumn, "category", in: FieldBounds.name)
        if self.hasStock { content.stock = try self.stockOnHand() }
        content.cost = try self.cost(of: content.fields.price.basis)
        try self.checkWorth(of: content)
        return content
    }

    /// Rejects stock that is worth more than an amount can be, before anything of its row is sent.
    private func checkWorth(of content: Content) throws(Problem) {
        guard let cost = content.cost else { return }
        let price = Price(cost.minorUnits, per: content.fields.price.basis)
        for stock in content.stock where price.amount(of: stock.quantity) == nil {
            throw Problem(text: "stock: at this cost it is worth more than an amount can be")
        }
    }

    private func isGiven(_ columns: Columns) -> Bool {
        if columns.field == .moreBarcodes { return self.barcodes.hasMore(self.cells.records) }
        return !self.cells.isEmpty(columns.first) || !self.cells.isEmpty(columns.second)
    }

    private mutating func read(
        _ columns: Columns,
        into fields: inout ProductFields
    ) throws(Problem) {
        self.cells.move(to: columns.index)
        try fields.visit(&self.cells, only: FieldSet(columns.field))
    }

    /// Rejects a new product without a field that it needs.
    private func checkRequired() throws(Problem) {
        for columns in self.columns where columns.isRequired && columns.field != .category {
            let isMissing = self.cells.isEmpty(columns.first)
            if isMissing, columns.field != .price || self.cells.isEmpty(self.newPrice) {
                let key = self.cells.records.text(self.keyColumn)
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
        if let decimals = try self.cells.number(self.newDecimals, "decimals", decimals: 0),
            self.cells.isEmpty(self.decimalsColumn)
        {
            self.cells.decimals = try ProductCells.decimals(decimals)
            fields.unit = Unit(code: fields.unit.code, decimals: self.cells.decimals)
        }
        let price = try self.cells.number(
            self.newPrice,
            "price",
            decimals: self.cells.moneyDecimals,
            isMoney: true
        )
        fields.price = Price(price ?? 0, per: try self.cells.basis() ?? fields.unit.baseUnits)
        fields.reorderPoint = fields.unit.defaultReorderPoint
    }

    // MARK: - Stock

    /// Reads what is on hand in each column that has a value.
    private func stockOnHand() throws(Problem) -> [Stock] {
        var stock: [Stock] = []
        let columns = self.cells.stock
        if !self.cells.isEmpty(columns.stock) {
            let location = try self.cells.location()
            let quantity = try self.counted(columns.stock, "stock")
            stock.append(Stock(location: location, quantity: quantity))
        }
        for shop in columns.shops where !self.cells.isEmpty(shop.column) {
            let quantity = try self.counted(shop.column, shop.name)
            guard !stock.contains(where: { $0.location == shop.location }) else {
                throw Problem(text: "\(shop.name): is of the same location as stock")
            }
            stock.append(Stock(location: shop.location, quantity: quantity))
        }
        return stock
    }

    private func counted(_ column: Int, _ name: String) throws(Problem) -> Quantity {
        let decimals = self.cells.decimals
        let units = try self.cells.number(column, name, decimals: decimals) ?? 0
        guard units >= 0 else {
            throw Problem(text: "\(name): \(self.cells.records.text(column)) is below 0")
        }
        // The stock of further locations is sent once the product exists, so it must not be what is refused.
        try ProductCells.check(units, in: 0...Limits.quantityMax, name: name, decimals: decimals)
        return Quantity(units)
    }

    /// The cost of `basis` base units; `nil` if the record has none.
    private func cost(of basis: Int64) throws(Problem) -> Money? {
        let (column, decimals) = (self.cells.stock.cost, self.cells.moneyDecimals)
        let cost = try self.cells.number(column, "cost", decimals: decimals, isMoney: true)
        guard let cost else { return nil }
        guard cost >= 0 else {
            throw Problem(text: "cost: \(self.cells.records.text(column)) is below 0")
        }
        guard let own = try self.cells.basis(), own != basis else { return Money(cost) }
        return try ProductCells.cost(Money(cost), for: Int128(own), to: Int128(basis))
    }
}

/// Columns that only a preset writes: of new products, for whom its files have no column.
enum UpsertColumns {
    static let newPrice = "newPrice"
    static let newDecimals = "newDecimals"
}
