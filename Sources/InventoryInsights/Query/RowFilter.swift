internal import ColumnStore
internal import InventoryEngine
internal import InventoryModel

/// A query's filter in resolved form: masks by id and codes instead of lists and strings.
///
/// References to objects created later (a product whose SKU has the prefix, a new reference) are resolved
/// again for a later view; see ``refresh(for:)``.
struct RowFilter: Sendable {
    /// The time in which rows may have happened, in microseconds: `[from, to)`.
    let span: TimeSpan
    /// By product id: 1 if its rows match; `nil` if all do.
    private(set) var products: [UInt8]?
    /// By category id: 1 if the rows of its products match; `nil` if products are selected otherwise, or
    /// not at all.
    let categories: [UInt8]?
    /// By location id: 1 if its rows match; `nil` if all do.
    let locations: [UInt8]?
    /// One bit for each matching kind.
    let kinds: UInt32
    /// One bit for each matching reason, bit 0 for rows without one.
    let reasons: UInt32
    private(set) var reference: TextFilter
    private(set) var actor: TextFilter

    private let wantedProducts: Set<UInt32>
    private let wantedCategories: Set<UInt32>
    private let skuPrefix: [UInt8]

    /// - Throws: `product_not_found`, `category_not_found`, `location_not_found` by id, and `archived` for an
    ///   archived category.
    init(_ query: InsightQuery, span: TimeSpan, of view: ReadView) throws(Refusal) {
        let filter = query.filter
        try Self.checkNames(filter, view)
        self.span = span
        self.wantedProducts = Set(filter.products.map(\.value))
        self.wantedCategories = Set(filter.categories.map(\.value))
        self.skuPrefix = Array(NormalizedText.key(filter.skuPrefix).utf8)
        let isByCategory =
            !filter.categories.isEmpty && filter.products.isEmpty && self.skuPrefix.isEmpty
        self.categories = isByCategory ? Self.marks(filter.categories.map(\.row)) : nil
        if filter.locations.isEmpty {
            self.locations = nil
        } else {
            var mask = [UInt8](repeating: 0, count: Int(UInt16.max) + 1)
            for location in filter.locations { mask[location.row] = 1 }
            self.locations = mask
        }
        self.kinds = Self.bits(MovementKind.allCases) {
            filter.kinds.isEmpty || filter.kinds.contains(MovementKindSet($0))
        }
        self.reasons =
            filter.reasons.isEmpty
            ? .max : filter.reasons.reduce(0) { $0 | 1 << UInt32($1.rawValue) }
        self.reference = TextFilter(filter.reference)
        self.actor = TextFilter(filter.actor)
        self.refresh(for: view)
    }

    /// Resolves objects created since the last view.
    mutating func refresh(for view: ReadView) {
        self.reference.refresh(for: view)
        self.actor.refresh(for: view)
        let restricts =
            !self.wantedProducts.isEmpty || !self.wantedCategories.isEmpty
            || !self.skuPrefix.isEmpty
        guard restricts else { return }
        let table = view.tables.products
        if let categories = self.categories, self.products == nil {
            self.products = view.categoryMap.marks(categories)
            return
        }
        var mask = self.products ?? []
        self.products = nil
        mask.reserveCapacity(table.rowCount)
        for row in mask.count..<max(mask.count, table.rowCount) {
            mask.append(self.takes(row, table) ? 1 : 0)
        }
        self.products = mask
    }

    /// Returns a byte for each row up to the last of these: 1 for these.
    private static func marks(_ rows: [Int]) -> [UInt8] {
        var marks = [UInt8](repeating: 0, count: (rows.max() ?? 0) + 1)
        for row in rows { marks[row] = 1 }
        return marks
    }

    private func takes(_ product: Int, _ table: ProductTable) -> Bool {
        if !self.wantedProducts.isEmpty, !self.wantedProducts.contains(UInt32(product)) {
            return false
        }
        if !self.wantedCategories.isEmpty,
            !self.wantedCategories.contains(table.categories[product])
        {
            return false
        }
        guard !self.skuPrefix.isEmpty else { return true }
        return table.skuKeys.withUTF8(product) { $0.starts(with: self.skuPrefix) }
    }

    /// Whether no row can match, because a string of the filter was never used.
    var matchesNone: Bool { self.reference.matchesNone || self.actor.matchesNone }

    func takes(product: UInt32, location: UInt16) -> Bool {
        if let products, products[Int(product)] == 0 { return false }
        if let locations, locations[Int(location)] == 0 { return false }
        return true
    }

    func takes(kind: UInt8, reason: UInt8) -> Bool {
        self.kinds >> UInt32(kind) & 1 == 1 && self.reasons >> UInt32(reason) & 1 == 1
    }

    private static func bits(
        _ kinds: [MovementKind],
        _ isTaken: (MovementKind) -> Bool
    ) -> UInt32 {
        kinds.filter(isTaken).reduce(0) { $0 | 1 << UInt32($1.rawValue) }
    }

    private static func checkNames(_ filter: InsightFilter, _ view: ReadView) throws(Refusal) {
        let tables = view.tables
        for product in filter.products where !tables.products.contains(product) {
            throw Refusal(.productNotFound, .id(UInt64(product.value)))
        }
        for category in filter.categories {
            guard tables.categories.contains(category) else {
                throw Refusal(.categoryNotFound, .id(UInt64(category.value)))
            }
            guard tables.categories.archived[category.row] == 0 else {
                let name = tables.categories.names[category.row]
                throw Refusal(
                    .archived,
                    .field(
                        "filter.categories",
                        problem: "'\(name)' (\(category.value)) is archived"
                    )
                )
            }
        }
        for location in filter.locations where !tables.locations.contains(location) {
            throw Refusal(.locationNotFound, .id(UInt64(location.value)))
        }
    }
}

/// A required string of rows, by its code.
struct TextFilter: Sendable {
    private let text: String
    /// `nil` if the string was never used, or if any string matches.
    private(set) var code: UInt32?
    private var seen = 0

    init(_ text: String) { self.text = text }

    var matchesNone: Bool { !self.text.isEmpty && self.code == nil }

    var takesAll: Bool { self.text.isEmpty }

    func takes(_ code: UInt32) -> Bool { self.text.isEmpty || self.code == code }

    /// The matching codes; ``matchesNone`` must be false.
    var range: ClosedRange<Int64> {
        guard let code = self.code else { return .min ... .max }
        return Int64(code)...Int64(code)
    }

    /// - Complexity: O(strings since the last call), if the string was not found before.
    mutating func refresh(for view: ReadView) {
        guard self.matchesNone else { return }
        self.code = view.code(of: self.text, from: self.seen)
        self.seen = view.tables.strings.count
    }
}

extension ReadView {
    /// The category of each product, by product id.
    ///
    /// - Complexity: O(products)
    var categoryMap: CodeMap {
        CodeMap(self.tables.products.categories, below: max(1, self.tables.categories.rowCount))
    }
}
