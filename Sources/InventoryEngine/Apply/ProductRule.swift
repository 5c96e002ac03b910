internal import Bytes
internal import InventoryModel

/// The opening stock of a product, as its rule leaves it.
struct OpenedStock: Sendable {
    var location = LocationID.main
    /// Base units; 0 for a product without opening stock.
    var quantity: Quantity = 0
    /// The cost of one basis of the product's price, and of the whole stock, in minor units.
    var unitCost: Money = 0
    var basis: Int64 = 1
    var value: Money = 0
    var occurredAt = Instant.zero
    var isImported = false

    /// The restock that brings it into the level.
    @inline(__always)
    func movement(of product: ProductID) -> Movement {
        Movement(
            kind: .restock,
            product: product,
            location: self.location,
            onHandDelta: self.quantity,
            price: Price(self.unitCost.minorUnits, per: self.basis),
            cost: self.value,
            occurredAt: self.occurredAt,
            isImported: self.isImported
        )
    }

    /// The level it leaves, without its alerts.
    @inline(__always)
    func level(of product: ProductID, revision: LSN = 0) -> Level {
        Level(
            product: product,
            location: self.location,
            onHand: self.quantity,
            value: self.value,
            revision: revision
        )
    }
}

/// The rules of a product's fields and of its opening stock.
///
/// `createProduct` and `updateProduct` apply them to a whole product, the fast path to one in the bytes
/// of its request. They work on values: the caller looks up category and location.
enum ProductRule {
    /// Checks the initial status of a new product.
    @inline(__always)
    static func check(first status: ProductStatus?, _ checks: inout some Checks) {
        if status == .archived || status == nil { checks.addInvalid("status", "begins archived") }
    }

    /// Checks that a category accepts products.
    ///
    /// `isArchived` is `nil` if the category does not exist.
    @inline(__always)
    static func check(
        _ category: CategoryID,
        isArchived: Bool?,
        _ checks: inout some Checks
    ) {
        guard let isArchived else {
            checks.add(Refusal(.categoryNotFound, .id(UInt64(category.value))))
            return
        }
        if isArchived { checks.add(.archived(UInt64(category.value))) }
    }

    /// The opening stock of a product; empty if a finding was added.
    ///
    /// `basis` is that of the product's price; `isArchived` is `nil` if the location does not exist.
    @inline(__always)
    static func open(
        _ opening: OpeningStock,
        per basis: Int64,
        isArchived: Bool?,
        at time: Instant,
        _ checks: inout some Checks
    ) -> OpenedStock {
        let unitCost = opening.unitCost
        checks.check("opening.quantity", opening.quantity.baseUnits, in: FieldBounds.counts)
        checks.check("opening.unitCost", unitCost.minorUnits, in: FieldBounds.amounts)
        InventoryState.check(opening.location, isArchived: isArchived, &checks)
        let occurred = opening.occurredAt.map { Occurrence(at: $0, isImported: true) }
        var opened = OpenedStock(
            location: opening.location,
            unitCost: unitCost,
            basis: basis,
            occurredAt: InventoryState.occurrence(occurred, at: time, &checks),
            isImported: occurred != nil
        )
        guard opening.quantity > 0, basis > 0 else { return opened }
        guard let value = Price(unitCost.minorUnits, per: basis).amount(of: opening.quantity) else {
            checks.add(.overflow("opening"))
            return opened
        }
        opened.quantity = opening.quantity
        opened.value = value
        return opened
    }
}

extension Refusal {
    /// The refusal of a product whose SKU another one has.
    static func skuTaken(_ sku: String, by holder: ProductID) -> Refusal {
        Refusal(.skuTaken, .taken(sku, by: UInt64(holder.value)))
    }
}
