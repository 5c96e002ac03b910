internal import ColumnStore
internal import InventoryModel

extension ReadView {
    /// A product's fields, with its stock after the status.
    static let productSchema =
        [ResultField("id", .integer)]
        + FieldColumns.columns(of: ProductFields.self, only: .beforeStock)
        + [
            ResultField("onHand", .quantity), ResultField("available", .quantity),
            ResultField("value", .money),
        ]
        + FieldColumns.columns(of: ProductFields.self, only: .afterStock)
        + [
            ResultField("createdAt", .instant), ResultField("updatedAt", .instant),
            ResultField("revision", .integer),
        ]

    func product(_ key: ProductKey, _ asOf: AsOf?) throws(Refusal) -> Answer {
        guard case .id(let id) = key else {
            preconditionFailure("\(key) was not resolved before the query")
        }
        let isDeleted = asOf != nil && self.tables.products.wasDeleted(id)
        guard isDeleted || self.tables.products.contains(id) else { throw .notFound(id) }
        let past = try PastBalances(self, asOf)
        guard isDeleted ? past.contained(deleted: id) : past.contains(id) else {
            throw .notFound(id)
        }
        let rows = ProductRows(view: self, past: past)
        return Answer(Self.productSchema, over: [id]) { rows.row($0) }
    }

    func products(_ search: ProductSearch) throws(Refusal) -> Answer {
        try self.check(search.category)
        try self.check(limit: search.limit)
        let past = try PastBalances(self, search.asOf)
        let rows = ProductRows(view: self, past: past)
        let filter = ProductFilter(search, self.tables)
        let last = max(self.tables.products.rowCount, 1)
        if search.sort == .id, !search.isDescending {
            // In row order nothing has to be collected or sorted first.
            let first = search.after.map { $0.id.row + 1 } ?? 1
            return Answer(
                Self.productSchema,
                limit: search.limit,
                token: self.token,
                over: min(first, last)..<last
            ) { row in
                let id = ProductID(UInt32(row))
                return filter.accepts(id) && past.contains(id) ? rows.row(id) : nil
            }
        }
        let order = ProductOrder(search, rows)
        var ids: [ProductID] = []
        for row in 1..<last {
            try self.checkpoint(at: row << 4)
            let id = ProductID(UInt32(row))
            if filter.accepts(id), past.contains(id), order.isAfterPage(id) { ids.append(id) }
        }
        let sorted = try order.sorted(ids)
        return Answer(
            Self.productSchema,
            limit: search.limit,
            token: self.token,
            over: sorted
        ) { rows.row($0) }
    }
}

/// The filter of a product search.
struct ProductFilter {
    private let tables: InventoryTables
    private let search: ProductSearch
    private let skuPrefix: String
    private let nameContains: String
    private let text: String
    private let brand: String

    init(_ search: ProductSearch, _ tables: InventoryTables) {
        self.search = search
        self.tables = tables
        self.skuPrefix = NormalizedText.key(search.skuPrefix)
        self.nameContains = NormalizedText.key(search.nameContains)
        self.text = NormalizedText.key(search.text)
        self.brand = NormalizedText.key(search.brand)
    }

    func accepts(_ id: ProductID) -> Bool {
        let products = self.tables.products
        guard let status = products.status(id),
            self.search.statuses.contains(ProductStatusSet(status))
        else { return false }
        if let category = self.search.category,
            products.categories[id.row] != category.value
        {
            return false
        }
        if !self.skuPrefix.isEmpty, !products.skuKeys[id.row].hasPrefix(self.skuPrefix) {
            return false
        }
        if !self.brand.isEmpty, NormalizedText.key(products.brands[id.row]) != self.brand {
            return false
        }
        let needsName = !self.nameContains.isEmpty || !self.text.isEmpty
        let name = needsName ? NormalizedText.key(products.names[id.row]) : ""
        if !self.nameContains.isEmpty, !name.contains(self.nameContains) { return false }
        guard !self.text.isEmpty else { return true }
        return name.contains(self.text) || products.skuKeys[id.row].contains(self.text)
            || products.barcodeKeys[id.row].contains(self.text)
            || NormalizedText.key(products.moreBarcodes[id.row]).contains(self.text)
    }
}

/// Makes the rows of products, with their stock over all locations.
struct ProductRows {
    let view: ReadView
    let past: PastBalances
    private let names: EntityNames

    init(view: ReadView, past: PastBalances) {
        self.view = view
        self.past = past
        self.names = EntityNames(view.tables)
    }

    /// On hand, available and value, summed over all locations.
    func stock(_ id: ProductID) -> (onHand: Quantity, available: Quantity, value: Money) {
        var sum: (onHand: Quantity, available: Quantity, value: Money) = (0, 0, 0)
        let tables = self.view.tables
        for location in 1..<max(tables.locations.rowCount, 1) {
            guard let row = tables.levels.row(id, LocationID(UInt16(location))) else { continue }
            let level = self.past.level(tables.levels.level(row))
            sum.onHand += level.onHand
            sum.available += level.available
            sum.value += level.value
        }
        return sum
    }

    func row(_ id: ProductID) -> [ResultCell] {
        let tables = self.view.tables
        let product =
            tables.products.contains(id)
            ? tables.product(id) : tables.products.deletedProduct(id, strings: tables.strings)
        let stock = self.stock(id)
        let schema = ReadView.productSchema
        var row = FieldColumns(self.names, columnCount: schema.count)
        var fields = product.fields
        row.cells.append(.number(id.value))
        fields.visit(&row, only: .beforeStock)
        row.cells += [.number(stock.onHand), .number(stock.available), .number(stock.value)]
        fields.visit(&row, only: .afterStock)
        row.cells += [
            .instant(product.createdAt),
            self.past.changedAt(product.updatedAt).map { .instant($0) } ?? .none,
            self.past.revision(product.revision).map { .number($0) } ?? .none,
        ]
        assert(row.cells.count == schema.count, "\(row.cells.count) of \(schema.count) cells")
        return row.cells
    }
}

extension FieldSet<ProductField> {
    /// The fields of an answer before a product's stock, and those after it.
    fileprivate static let beforeStock = Self(
        rawValue: 1 << UInt64(ProductField.status.rawValue) - 1
    )
    fileprivate static let afterStock = Self(rawValue: ~Self.beforeStock.rawValue)
}

/// The order of a search: by one column, ties by id, and where its page starts.
///
/// Quantities are compared in their unit, not in base units: 52 pieces are more than half a kilogram.
struct ProductOrder {
    private let search: ProductSearch
    private let rows: ProductRows

    private enum Key {
        case integer(Int128)
        case text(String)
    }

    init(_ search: ProductSearch, _ rows: ProductRows) {
        self.search = search
        self.rows = rows
    }

    private func key(_ id: ProductID) -> Key {
        let products = self.rows.view.tables.products
        switch self.search.sort {
        case .id: return .integer(Int128(id.value))
        case .sku: return .text(products.skuKeys[id.row])
        case .name: return .text(NormalizedText.key(products.names[id.row]))
        case .price: return .integer(Int128(products.prices[id.row]))
        case .available: return .integer(self.counted(self.rows.stock(id).available, of: id))
        case .updatedAt: return .integer(Int128(products.updatedAt[id.row]))
        }
    }

    /// Base units of a product as millionths of its unit.
    private func counted(_ quantity: Quantity, of id: ProductID) -> Int128 {
        let products = self.rows.view.tables.products
        let decimals = id.row < products.rowCount ? products.unitDecimals[id.row] : 0
        let missing = decimals..<max(decimals, Limits.unitDecimalsMax)
        return missing.reduce(Int128(quantity.baseUnits)) { sum, _ in sum * 10 }
    }

    private static func isLess(_ a: Key, _ b: Key) -> Bool? {
        switch (a, b) {
        case (.integer(let a), .integer(let b)): a == b ? nil : a < b
        case (.text(let a), .text(let b)): a == b ? nil : a < b
        case (.integer, .text), (.text, .integer): nil
        }
    }

    private func isBefore(_ a: (key: Key, id: ProductID), _ b: (key: Key, id: ProductID)) -> Bool {
        let isLess = Self.isLess(a.key, b.key) ?? (a.id < b.id)
        return self.search.isDescending ? !isLess && (a.id != b.id) : isLess
    }

    /// Whether the product comes after the last row of the previous page.
    func isAfterPage(_ id: ProductID) -> Bool {
        guard let after = self.search.after else { return true }
        let key: Key =
            switch self.search.sort {
            case .sku, .name: .text(NormalizedText.key(after.text))
            case .id: .integer(Int128(after.id.value))
            case .available: .integer(self.counted(Quantity(after.integer), of: after.id))
            case .price, .updatedAt: .integer(Int128(after.integer))
            }
        return self.isBefore((key, after.id), (self.key(id), id))
    }

    func sorted(_ ids: [ProductID]) throws(Refusal) -> [ProductID] {
        var keyed: [(key: Key, id: ProductID)] = []
        keyed.reserveCapacity(ids.count)
        for (index, id) in ids.enumerated() {
            try self.rows.view.checkpoint(at: index << 4)
            keyed.append((self.key(id), id))
        }
        try self.rows.view.sort(&keyed, by: self.isBefore)
        return keyed.map { $0.id }
    }
}
