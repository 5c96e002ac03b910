public import Bytes
internal import ColumnStore
public import InventoryModel

/// The fast path of plain products through the rules: see ``PlainProduct``.
extension InventoryState {
    /// The number of products whose key slots are prefetched ahead of the one that is being decided.
    private static let lookahead = 16

    /// Prefetches for the first products of a batch, which are decided next.
    ///
    /// - Complexity: O(1)
    public func prefetch(_ batch: borrowing PlainProduct.Batch) {
        for index in 0..<min(batch.count, Self.lookahead) {
            self.indexes.prefetchSKU(hash: batch.skuHash(index))
        }
    }

    /// Decides the creation of a batch's product, as ``decide(_:at:)`` would.
    ///
    /// Pure: it fills in `step` and changes nothing else. `gathered` has the products whose rows are not in
    /// the tables yet.
    ///
    /// - Complexity: O(1)
    public func decide(
        _ batch: borrowing PlainProduct.Batch,
        _ index: Int,
        at time: Instant,
        behind gathered: borrowing GatheredProducts,
        into step: inout PlainProduct.Step
    ) -> PlainProduct.Decision {
        if index + Self.lookahead < batch.count {
            self.indexes.prefetchSKU(hash: batch.skuHash(index + Self.lookahead))
        }
        let next = self.tables.products.rowCount + gathered.count
        guard next <= Int(Limits.productsMax), let product = batch.product(index) else {
            return .slowPath
        }
        let facts = product.pointee.facts
        let (category, location) = (product.pointee.category, product.pointee.opening.location)
        var checks = Soundness()
        ProductRule.check(first: facts.status, &checks)
        let isArchived = self.tables.categories.archivedState(category)
        ProductRule.check(category, isArchived: isArchived, &checks)
        let opened = ProductRule.open(
            product.pointee.opening,
            per: facts.price.basis,
            isArchived: self.tables.locations.archivedState(location),
            at: time,
            &checks
        )
        guard checks.isSound else { return .slowPath }
        if let holder = self.indexes.holder(ofSKUOf: product, in: self.tables.products) {
            return .refused(batch.skuTaken(index, by: holder))
        }
        guard self.indexes.hasFreeBarcode(product, in: self.tables.products) else {
            return .slowPath
        }
        step.lsn = self.lsn + 1
        step.time = time
        step.id = UInt32(next)
        step.opened = opened
        step.category = category
        step.reorderPoint = facts.reorderPoint
        step.numbers = product.pointee.numbers
        step.alerts = Self.alerts(of: step.level, facts)
        return .created
    }

    /// Appends the log entry of the step that creates a batch's product.
    public func encodeEntry(
        _ batch: borrowing PlainProduct.Batch,
        at index: Int,
        step: PlainProduct.Step,
        by actor: String,
        remembering outcome: RememberedOutcome?,
        into writer: inout ByteWriter
    ) {
        guard let product = batch.product(index) else {
            preconditionFailure("product \(index) of the batch was not decided")
        }
        product.pointee.encodeEntry(step, by: actor, remembering: outcome, into: &writer)
    }

    /// Applies the creation of a batch's product to the state, as `evolve(_:)` applies its entry, except for
    /// its rows in the tables: they are buffered in `gathered` until `settle(_:)`.
    ///
    /// - Complexity: O(1) amortised
    public mutating func evolve(
        _ batch: borrowing PlainProduct.Batch,
        at index: Int,
        step: inout PlainProduct.Step,
        by actor: String,
        remembering outcome: RememberedOutcome?,
        gathering gathered: inout GatheredProducts
    ) {
        if !gathered.accepts(step.opened.location) { self.settle(&gathered) }
        guard let product = batch.product(index) else {
            preconditionFailure("product \(index) of the batch was not decided")
        }
        let expected = self.tables.products.rowCount + gathered.count
        precondition(Int(step.id) == expected, "product \(step.id) leaves a gap")
        self.begin(step.lsn, at: step.time)
        self.tables.catalogLSN = step.lsn
        step.numbers.setUnit(
            code: self.indexes.internUnit(product.pointee.unit, in: &self.tables.strings)
        )
        if step.opened.quantity > 0 {
            let actor = self.indexes.internActor(actor, in: &self.tables.strings)
            gathered.movements.append(
                // A new product has no sales in backorder.
                LedgerRow(
                    step.movement,
                    lsn: step.lsn,
                    recordedAt: step.time,
                    strings: MovementLedger.StringCodes(reference: 0, note: 0, actor: actor)
                )
            )
        }
        self.tables.products.appendStrings(of: product)
        self.indexes.insert(product, row: step.id, in: self.tables.products)
        gathered.append(step)
        if let outcome { self.remember(outcome) }
        assert(self.lsn == step.lsn, "a step of LSN \(step.lsn) ended at \(self.lsn)")
    }

    /// Moves the buffered products into the tables.
    ///
    /// Call it before any step that is not a plain product, and before the tables are read.
    ///
    /// - Complexity: O(products)
    public mutating func settle(_ gathered: inout GatheredProducts) {
        if gathered.isEmpty { return }
        let (rows, count) = (gathered.rows, gathered.count)
        for row in 0..<count {
            self.tables.categories.addProduct(rows[row].category)
        }
        self.tables.ledger.append(gathered.movements)
        self.tables.levels.append(gathered)
        self.tables.products.append(gathered)
        assert(self.hasBalances(ofLast: gathered), "LSN \(self.lsn) did not leave its level")
        gathered.removeAll()
    }

    /// Whether the last of the buffered products is in the tables, with its level.
    private func hasBalances(ofLast gathered: borrowing GatheredProducts) -> Bool {
        let step = gathered.rows[gathered.count - 1]
        var level = step.level
        level.alerts = step.alerts
        return self.tables.levels.level(level.product, level.location) == level
            && self.tables.products.nextID.value == step.id + 1
    }
}
