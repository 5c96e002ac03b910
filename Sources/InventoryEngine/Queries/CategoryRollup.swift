internal import ColumnStore
internal import InventoryModel

extension ReadView {
    /// Grouping sets over the stock of listed products: category and product, category, total.
    ///
    /// A row without a product is the total of its category; one without a category is the total. Quantities of
    /// different units are not summed. What is on hand and what is in transit have their own columns.
    func categoryRollup(_ asOf: AsOf?) throws(Refusal) -> Answer {
        var sums: [ProductID: RollupSum] = [:]
        let products = self.tables.products
        try self.forEachStock(.listed, asOf: asOf) { part in
            let product = part.level.product
            let unit = self.tables.unit(of: product)
            sums[product, default: RollupSum(of: unit)].add(part, in: products)
        }
        let listed = sums.keys.sorted {
            ($0.category(in: products), $0) < ($1.category(in: products), $1)
        }
        var cells: [[ResultCell]] = []
        var (total, inCategory) = (RollupSum(), RollupSum())
        for (index, id) in listed.enumerated() {
            try self.checkpoint(at: index)
            guard let sum = sums[id] else { continue }
            let category = id.category(in: products)
            cells.append(self.rollupKey(category, id) + sum.cells)
            inCategory.add(sum)
            if index + 1 < listed.count, listed[index + 1].category(in: products) == category {
                continue
            }
            cells.append(self.rollupKey(category, nil) + inCategory.cells)
            total.add(inCategory)
            inCategory = RollupSum()
        }
        cells.append(self.rollupKey(nil, nil) + total.cells)
        return Answer(Self.rollupSchema, token: self.token, over: cells) { $0 }
    }

    private static let rollupSchema =
        [
            ResultField("categoryId", .integer), ResultField("category", .text),
            ResultField("productId", .integer), ResultField("sku", .text),
            ResultField("name", .text), ResultField("products", .integer),
        ] + RollupColumn.allCases.map { ResultField($0.rawValue, $0.kind) }
        + [ResultField("unit", .text), ResultField("unitDecimals", .integer)]

    private func rollupKey(_ category: CategoryID?, _ product: ProductID?) -> [ResultCell] {
        let (categories, products) = (self.tables.categories, self.tables.products)
        return [
            category.map { .number($0.value) } ?? .none,
            category.map { .text(categories.names[$0.row]) } ?? .none,
            product.map { .number($0.value) } ?? .none,
            product.map { .text(products.skus[$0.row]) } ?? .none,
            product.map { .text(products.names[$0.row]) } ?? .none,
        ]
    }
}

extension ProductID {
    fileprivate func category(in products: ProductTable) -> CategoryID {
        CategoryID(products.categories[self.row])
    }
}

/// A column of sums of a rollup.
///
/// Stock in transit has its cost, but no retail value.
private enum RollupColumn: String, CaseIterable {
    case onHand, available, value, retailValue, inTransit, inTransitValue

    var kind: ResultKind {
        switch self {
        case .onHand, .available, .inTransit: .quantity
        case .value, .retailValue, .inTransitValue: .money
        }
    }

    func value(of part: StockPart, in products: ProductTable) -> Int128 {
        switch (self, part.stage) {
        case (.onHand, .onHand): Int128(part.level.onHand.baseUnits)
        case (.available, .onHand): Int128(part.level.available.baseUnits)
        case (.retailValue, .onHand): part.retailValue(in: products)
        case (.inTransit, .inTransit): Int128(part.inTransit.baseUnits)
        case (.value, .onHand), (.inTransitValue, .inTransit):
            Int128(part.level.value.minorUnits)
        case (.onHand, .inTransit), (.available, .inTransit), (.value, .inTransit),
            (.retailValue, .inTransit), (.inTransit, .onHand), (.inTransitValue, .onHand):
            0
        }
    }
}

/// The sums of one group of a rollup, in 128 bits; their range is checked when they are shown.
private struct RollupSum {
    private var products: Int64 = 0
    private var sums = [Int128](repeating: 0, count: RollupColumn.allCases.count)
    /// The unit of its products; `nil` if there are none, or they have several.
    private var unit: Unit?

    /// A group without products.
    init() {}

    /// A group of one product.
    init(of unit: Unit) {
        self.products = 1
        self.unit = unit
    }

    mutating func add(_ part: StockPart, in products: ProductTable) {
        for (index, column) in RollupColumn.allCases.enumerated() {
            self.sums[index] += column.value(of: part, in: products)
        }
    }

    mutating func add(_ other: RollupSum) {
        self.unit = self.products == 0 || self.unit == other.unit ? other.unit : nil
        self.products += other.products
        for index in self.sums.indices { self.sums[index] += other.sums[index] }
    }

    var cells: [ResultCell] {
        let isMixed = self.unit == nil && self.products > 0
        let sums = zip(RollupColumn.allCases, self.sums).map { column, sum -> ResultCell in
            column.kind == .quantity && isMixed ? .none : column.kind.cell(ofSum: sum)
        }
        return [.integer(self.products)] + sums + [
            self.unit.map { .text($0.code) } ?? .none,
            self.unit.map { .number($0.decimals) } ?? .none,
        ]
    }
}
