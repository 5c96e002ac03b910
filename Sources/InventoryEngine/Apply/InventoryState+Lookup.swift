internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// Lookups of the rules: first in the draft of the step, then in the tables.
extension InventoryState {
    // MARK: - Products

    /// The facts about a product that selling needs.
    func facts(_ id: ProductID, _ draft: Draft) -> ProductTable.Facts? {
        if !draft.products.isEmpty || !draft.deletedProducts.isEmpty {
            if draft.deletedProducts.contains(id) { return nil }
            if let product = draft.products[id] {
                return ProductTable.Facts(
                    status: product.status,
                    price: product.price,
                    reorderPoint: product.reorderPoint
                )
            }
        }
        return self.tables.products.facts(id)
    }

    /// The whole product; `nil` if it does not exist.
    func stored(_ id: ProductID, _ draft: Draft) -> Product? {
        if draft.deletedProducts.contains(id) { return nil }
        if let product = draft.products[id] { return product }
        return self.tables.products.contains(id) ? self.tables.product(id) : nil
    }

    /// Whether any movement is of the product.
    func hasHistory(_ id: ProductID, _ draft: Draft) -> Bool {
        if draft.movedProducts.contains(id) { return true }
        return id.row < self.tables.products.rowCount
            && self.tables.products.movementCounts[id.row] > 0
    }

    func product(skuKey: String, _ draft: Draft) -> ProductID? {
        if let holder = draft.skus[skuKey] { return holder }
        return self.indexes.product(skuKey: skuKey, in: self.tables.products)
    }

    func product(barcodeKey: String, _ draft: Draft) -> ProductID? {
        if let holder = draft.barcodes[barcodeKey] { return holder }
        return self.indexes.product(barcodeKey: barcodeKey, in: self.tables.products)
    }

    /// The facts about the product of a level, with the reorder point that applies to the level.
    func facts(of level: Level, _ draft: Draft) -> ProductTable.Facts? {
        self.facts(level.product, draft)?.atLevel(self.ownReorderPoint(of: level, draft))
    }

    // MARK: - Categories and locations

    func category(_ id: CategoryID, _ draft: Draft) throws(Refusal) -> Category {
        if let category = draft.categories[id] { return category }
        guard self.tables.categories.contains(id) else {
            throw Refusal(.categoryNotFound, .id(UInt64(id.value)))
        }
        return self.tables.categories.category(id)
    }

    /// Whether a category is archived; `nil` if it does not exist.
    func isArchived(_ id: CategoryID, _ draft: Draft) -> Bool? {
        if let category = draft.categories[id] { return category.isArchived }
        return self.tables.categories.archivedState(id)
    }

    func category(nameKey: String, _ draft: Draft) -> CategoryID? {
        if let holder = draft.categoryNames[nameKey] { return holder }
        return self.indexes.category(nameKey: nameKey)
    }

    func location(_ id: LocationID, _ draft: Draft) throws(Refusal) -> Location {
        if let location = draft.locations[id] { return location }
        guard self.tables.locations.contains(id) else {
            throw Refusal(.locationNotFound, .id(UInt64(id.value)))
        }
        return self.tables.locations.location(id)
    }

    func location(codeKey: String, _ draft: Draft) -> LocationID? {
        if let holder = draft.locationCodes[codeKey] { return holder }
        return self.indexes.location(codeKey: codeKey)
    }

    /// Whether a location is archived; `nil` if it does not exist.
    ///
    /// Reads no string.
    func isArchived(_ id: LocationID, _ draft: Draft) -> Bool? {
        if !draft.locations.isEmpty, let location = draft.locations[id] {
            return location.isArchived
        }
        return self.tables.locations.archivedState(id)
    }

    // MARK: - Levels

    /// The level as the step has left it so far; an empty one if it does not exist.
    func level(_ product: ProductID, location: LocationID, draft: Draft) -> Level {
        draft.level(product, location) ?? self.tables.levels.level(product, location)
    }

    // MARK: - Reservations and transfers

    /// The reservation as the step has left it so far; `nil` if it does not exist.
    func reservation(_ id: ReservationID, _ draft: Draft) -> Reservation? {
        if let reservation = draft.reservations.items[id.value] { return reservation }
        return self.tables.reservations.contains(id) ? self.tables.reservation(id) : nil
    }

    /// The transfer as the step has left it so far; `nil` if it does not exist.
    func transfer(_ id: TransferID, _ draft: Draft) -> Transfer? {
        if let transfer = draft.transfers.items[id.value] { return transfer }
        return self.tables.transfers.contains(id) ? self.tables.transfer(id) : nil
    }

    /// The number of transfers in transit that `matches` accepts, as the step has left them so far; `before`
    /// is their number before the step.
    func openTransfers(
        _ before: Int,
        _ draft: Draft,
        where matches: (Transfer) -> Bool
    ) -> Int {
        draft.transfers.items.values.reduce(before) { count, transfer in
            guard matches(transfer) else { return count }
            let isStored = self.tables.transfers.contains(transfer.id)
            let was = isStored && self.tables.transfers.isOpen(transfer.id.row)
            return count + (transfer.state == .inTransit ? 1 : 0) - (was ? 1 : 0)
        }
    }

    /// Whether the product has stock that is on hand, reserved, expected or in transit.
    ///
    /// - Complexity: O(locations)
    func holdsStock(_ product: ProductID, _ draft: Draft) -> Bool {
        for location in self.locationIDs(draft)
        where !self.level(product, location: location, draft: draft).isEmpty {
            return true
        }
        let before = self.openTransfers.count(of: product)
        return self.openTransfers(before, draft) { $0.product == product } > 0
    }

    /// All locations, including those of the step.
    private func locationIDs(_ draft: Draft) -> some Sequence<LocationID> {
        let count = self.tables.locations.rowCount + Int(draft.createdLocations)
        return (1..<count).lazy.map { LocationID(UInt16($0)) }
    }

    /// The part of a level's incoming stock that is expected from outside, not from transfers.
    func expected(_ level: Level, _ draft: Draft) -> Quantity {
        let arriving =
            self.openTransfers.arriving(level.product, level.location)
            + draft.arriving(level.product, level.location)
        return max(0, level.incoming - arriving)
    }

    /// The part of a level's incoming stock that is expected under a reference; 0 without one.
    func expected(under reference: String, at level: Level, _ draft: Draft) -> Quantity {
        guard !reference.isEmpty else { return 0 }
        let (product, location) = (level.product, level.location)
        let change = draft.expected(under: reference, product, location)
        let code = self.indexes.code(of: reference, in: self.tables.strings)
        let before = code.map { self.expectedGoods.sum(under: $0, product, location) } ?? 0
        return min(max(0, before + change), self.expected(level, draft))
    }

    // MARK: - Reorder points

    /// The level's own reorder point as the step has left it so far; `nil` if that of the product applies.
    func ownReorderPoint(of level: Level, _ draft: Draft) -> Quantity? {
        if let changed = draft.reorderPoint(level.product, level.location) { return changed }
        return self.tables.levels.ownReorderPoint(level.product, level.location)
    }

    // MARK: - Costs

    /// The unit cost of the level, as far as it is known.
    ///
    /// The average of what is on hand. For an empty level, the last unit cost there; for one that was
    /// never stocked, the unit cost at the location where the product's stock changed last. It is a
    /// price, minor units per a number of base units, so nothing is rounded yet.
    ///
    /// - Complexity: O(1), or O(locations) if the product was never at the location.
    func unitCost(of level: Level, _ draft: Draft) -> Price? {
        if let cost = self.ownCost(of: level, draft) { return cost }
        return Self.latestCost(among: self.locationIDs(draft)) {
            self.level(level.product, location: $0, draft: draft)
        } cost: {
            self.ownCost(of: $0, draft)
        }
    }

    /// ``unitCost(of:_:)`` of the level in `row`, as the last step left it.
    @inline(__always)
    func unitCost(of level: Level, _ row: Int) -> Price? {
        if level.onHand > 0 { return Price(level.value, for: level.onHand) }
        return self.tables.levels.lastCost(row) ?? self.unitCostElsewhere(level.product)
    }

    private func unitCostElsewhere(_ product: ProductID) -> Price? {
        Self.latestCost(
            among: (1..<self.tables.locations.rowCount).lazy.map { LocationID(UInt16($0)) }
        ) {
            self.tables.levels.row(product, $0).map { self.tables.levels.level($0) }
        } cost: {
            self.ownCost(of: $0)
        }
    }

    /// The cost at the location whose level changed last among those where one is known.
    ///
    /// Neither closure escapes: one that does retains every column of the state.
    @inline(__always)
    private static func latestCost(
        among locations: some Sequence<LocationID>,
        level: (LocationID) -> Level?,
        cost: (Level) -> Price?
    ) -> Price? {
        var latest: (revision: LSN, cost: Price)?
        for location in locations {
            guard let other = level(location), other.revision > latest?.revision ?? 0,
                let cost = cost(other)
            else { continue }
            latest = (other.revision, cost)
        }
        return latest?.cost
    }

    private func ownCost(of level: Level) -> Price? {
        if level.onHand > 0 { return Price(level.value, for: level.onHand) }
        return self.tables.levels.lastCost(level.product, level.location)
    }

    private func ownCost(of level: Level, _ draft: Draft) -> Price? {
        if level.onHand > 0 { return Price(level.value, for: level.onHand) }
        return draft.lastCost(level.product, level.location)
            ?? self.tables.levels.lastCost(level.product, level.location)
    }
}

extension Refusal {
    static func notFound(_ id: ProductID) -> Refusal {
        Refusal(.productNotFound, .id(UInt64(id.value)))
    }
}
