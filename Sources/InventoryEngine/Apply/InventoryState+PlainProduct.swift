public import Bytes
internal import ColumnStore
public import InventoryModel

/// Plain products through the rules: see ``PlainProduct``.
extension InventoryState {
    /// Products whose keys' places are asked for ahead of the one that is decided.
    private static let lookahead = 16

    /// Makes ready for the products of a batch, which are decided next.
    ///
    /// - Complexity: O(products of the batch), and O(all products) where the index of SKUs grows, which is
    ///   amortised.
    public mutating func prepare(for batch: borrowing PlainProduct.Batch) {
        self.indexes.reserveSKUs(batch.count)
        for index in 0..<min(batch.count, Self.lookahead) {
            self.indexes.prefetchSKU(hash: batch.skuHash(index))
        }
    }

    /// Decides the creation of a batch's product, as ``decide(_:at:)`` would.
    ///
    /// Pure: it fills in `step` and changes nothing else. `gathered`: The products that this state has
    /// but for their rows in the tables.
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
        let numbers = product.pointee.numbers
        let (category, location) = (CategoryID(numbers.category), product.pointee.opening.location)
        let status = ProductStatus(rawValue: numbers.status)
        var checks = Soundness()
        ProductRule.check(first: status, &checks)
        let isArchived = self.tables.categories.archivedState(category)
        ProductRule.check(category, isArchived: isArchived, &checks)
        let opened = ProductRule.open(
            product.pointee.opening,
            per: numbers.priceBasis,
            isArchived: self.tables.locations.archivedState(location),
            at: time,
            &checks
        )
        guard checks.isSound, let status else { return .slowPath }
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
        step.numbers = numbers
        let price = Price(numbers.price, per: numbers.priceBasis)
        let facts = ProductTable.Facts(
            status: status,
            price: price,
            reorderPoint: numbers.reorderPoint
        )
        step.alerts = Self.alerts(of: step.level, facts)
        return .created
    }

    /// Appends what the log has of the step that a batch's product came to.
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

    /// Puts the creation of a batch's product into the state, as `evolve(_:)` does its entry, but for its rows
    /// in the tables: they wait in `gathered` until `settle(_:)`.
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
        if !gathered.takes(step.opened.location) { self.settle(&gathered) }
        guard let product = batch.product(index) else {
            preconditionFailure("product \(index) of the batch was not decided")
        }
        let expected = self.tables.products.rowCount + gathered.count
        precondition(Int(step.id) == expected, "product \(step.id) leaves a gap")
        self.begin(step.lsn, at: step.time)
        self.tables.catalogLSN = step.lsn
        step.unit = self.indexes.internUnit(product.pointee.unit, in: &self.tables.texts)
        if step.opened.quantity > 0 {
            let actor = self.indexes.internActor(actor, in: &self.tables.texts)
            gathered.movements.append(
                GatheredMovements.Row(
                    step.movement,
                    lsn: step.lsn,
                    time: step.time,
                    texts: MovementLedger.TextCodes(reference: 0, note: 0, actor: actor),
                    // Nothing was sold of a new product.
                    backordered: 0
                )
            )
        }
        self.tables.products.appendStrings(of: product)
        self.indexes.insert(product, row: step.id, in: self.tables.products)
        gathered.append(step)
        if let outcome { self.remember(outcome) }
        assert(self.lsn == step.lsn, "a step of LSN \(step.lsn) ended at \(self.lsn)")
    }

    /// Puts what was gathered into the tables: before any step that is no plain product, and before anybody
    /// looks at them.
    ///
    /// - Complexity: O(products)
    public mutating func settle(_ gathered: inout GatheredProducts) {
        if gathered.isEmpty { return }
        let (rows, count) = (gathered.rows, gathered.count)
        for row in 0..<count {
            self.tables.categories.addProduct(CategoryID(rows[row].numbers.category))
        }
        self.tables.ledger.append(gathered.movements)
        self.tables.levels.append(gathered)
        self.tables.products.append(gathered)
        assert(self.hasBalances(ofLast: gathered), "LSN \(self.lsn) did not leave its level")
        gathered.removeAll()
    }

    /// Whether the last of gathered products is there, with its level.
    private func hasBalances(ofLast gathered: borrowing GatheredProducts) -> Bool {
        let step = gathered.rows[gathered.count - 1]
        var level = step.level
        level.alerts = step.alerts
        return self.tables.levels.level(level.product, level.location) == level
            && self.tables.products.nextID.value == step.id + 1
    }
}
