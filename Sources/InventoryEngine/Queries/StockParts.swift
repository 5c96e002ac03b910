internal import ColumnStore
package import InventoryModel

/// The stock of one product in one place: a level, or what is in transit to a location.
///
///     levels, transfers ──▶ StockPart ──▶ query categoryRollup
///                                     ──▶ insights categories, valuation, and any over levels or products
///
/// All sums of stock add the same parts, so that an amount is rounded in one place.
package struct StockPart {
    /// What is there; in transit it has a value, but no quantities.
    package let level: Level
    package let stage: StockStage
    /// On hand, or in transit.
    private let quantity: Quantity

    fileprivate init(_ level: Level) {
        self.level = level
        self.stage = .onHand
        self.quantity = level.onHand
    }

    fileprivate init(_ goods: GoodsInTransit.Line) {
        var level = Level(product: goods.product, location: goods.destination)
        level.value = goods.value
        self.level = level
        self.stage = .inTransit
        self.quantity = goods.quantity
    }

    /// The units in transit, 0 of what is on hand.
    var inTransit: Quantity { self.stage == .inTransit ? self.quantity : 0 }

    /// The retail value in minor units, at the product's current price: rounded once for each part, halves
    /// away from zero, as the amount of a line is.
    package func retailValue(in products: ProductTable) -> Int128 {
        products.price(self.level.product).wideAmount(of: self.quantity)
    }
}

/// Which products the stock is of.
package enum StockScope: Sendable {
    /// Every product with a level; an archived one only where it had stock at that point.
    case levels
    /// Products that are not archived; one without a level has an empty part, at location 0.
    case listed
}

extension ReadView {
    /// Visits the stock as it is now, or was at a point of the past: first what is on hand, then what is in
    /// transit, of products that existed.
    ///
    /// - Parameters:
    ///   - scope: Which products to include.
    ///   - asOf: The point of the past; `nil` for now.
    ///   - takes: Whether to include the stock of a product at a location.
    ///   - visit: Receives each part.
    /// - Throws: `cancelled` or `deadline_exceeded`, and the errors of `visit`.
    /// - Complexity: O(products + levels), and what ``PastBalances`` and ``GoodsInTransit`` take.
    package func forEachStock(
        _ scope: StockScope,
        asOf: AsOf?,
        where takes: (ProductID, LocationID) -> Bool = { _, _ in true },
        _ visit: (StockPart) throws(Refusal) -> Void
    ) throws(Refusal) {
        let past = try PastBalances(self, asOf)
        let (products, levels) = (self.tables.products, self.tables.levels)
        func isIncluded(_ id: ProductID) -> Bool {
            guard let status = products.status(id), past.contains(id) else { return false }
            return scope == .levels || status != .archived
        }
        if scope == .listed {
            for row in 1..<max(products.rowCount, 1) {
                try self.checkpoint(at: row)
                let level = Level(product: ProductID(UInt32(row)), location: LocationID(0))
                guard isIncluded(level.product), takes(level.product, level.location) else {
                    continue
                }
                try visit(StockPart(level))
            }
        }
        for row in 0..<levels.rowCount {
            try self.checkpoint(at: row)
            let product = ProductID(levels.products[row])
            guard isIncluded(product), takes(product, LocationID(levels.locations[row])) else {
                continue
            }
            let level = past.level(levels.level(row))
            guard products.status(product) != .archived || !level.isEmpty else { continue }
            try visit(StockPart(level))
        }
        for goods in try GoodsInTransit(self, asOf).lines
        where isIncluded(goods.product) && takes(goods.product, goods.destination) {
            try visit(StockPart(goods))
        }
    }
}

extension ProductTable {
    /// The current price of a product.
    package func price(_ id: ProductID) -> Price {
        Price(self.prices[id.row], per: self.priceBases[id.row])
    }
}

extension ResultKind {
    /// A sum of this kind as a cell; none if it is out of range, so that one sum does not prevent the others
    /// from being shown.
    package func cell(ofSum sum: Int128) -> ResultCell {
        self.fitting(sum).map { .integer($0) } ?? .none
    }

    /// A sum of this kind; `nil` if it is out of range: that of ``Money``, or 64 bits for others.
    package func fitting(_ sum: Int128) -> Int64? {
        let limit = self == .money ? UInt128(Limits.moneyMax) : UInt128(Int64.max)
        return sum.magnitude <= limit ? Int64(sum) : nil
    }
}
