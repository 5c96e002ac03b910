internal import Bytes
internal import ColumnStore
internal import InventoryModel

/// The rules of products: create, update any fields in one step, delete.
extension InventoryState {
    func createProduct(
        _ requested: ProductDraft,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        let (product, opened) = try self.newProduct(requested, draft)
        draft.createdProducts += 1
        draft.products[product.id] = product
        if draft.isBatch {
            self.takeKeys(of: product, in: &draft)
            draft.categoryProducts[product.category, default: 0] += 1
        }
        draft.append(.productCreated(product))
        let level = opened.level(of: product.id)
        if opened.quantity > 0 {
            draft.move(opened.movement(of: product.id), leaving: level)
        } else {
            draft.set(level)
        }
        return self.done(UInt64(product.id.value), in: draft)
    }

    /// Checks a draft; returns the product it creates and its opening stock.
    func newProduct(
        _ requested: ProductDraft,
        _ draft: Draft
    ) throws(Refusal) -> (Product, OpenedStock) {
        let next = UInt64(self.tables.products.nextID.value) + UInt64(draft.createdProducts)
        let hasID = next <= UInt64(Limits.productsMax)
        var fields = requested.fields
        fields.trim()
        fields.normalizeBarcodes()
        let product = Product(
            id: ProductID(hasID ? UInt32(next) : 0),
            fields,
            createdAt: draft.time,
            updatedAt: draft.time,
            revision: draft.lsn
        )
        var findings = self.check(product, given: .all, draft)
        if !hasID { findings.add(.tableFull("products", Int64(Limits.productsMax))) }
        ProductRule.check(first: product.status, &findings)
        let opening = requested.opening ?? OpeningStock(quantity: 0)
        let opened = ProductRule.open(
            opening,
            per: product.price.basis,
            isArchived: self.isArchived(opening.location, draft),
            at: draft.time,
            &findings
        )
        try findings.settle()
        return (product, opened)
    }

    func updateProduct(
        _ id: ProductID,
        _ update: ProductUpdate,
        ifRevision: LSN?,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        // If the product does not exist, the fields are checked all the same.
        let stored = self.stored(id, draft)
        let old = stored ?? Product.placeholder(id)
        let new = old.applying(update)
        var findings = Findings()
        if stored == nil { findings.add(.notFound(id)) }
        if stored?.status == .archived { findings.add(.archived(UInt64(id.value))) }
        self.check(
            new,
            from: stored?.fields,
            given: GivenKeys(update),
            draft: draft,
            findings: &findings
        )
        // The code is a word for people, but quantities of the past have the decimals of their day.
        if update.unit != nil, new.unit.decimals != old.unit.decimals, self.hasHistory(id, draft) {
            findings.add(
                Refusal(
                    .invalidField,
                    .field("unit", problem: "cannot change its decimals once stock has moved")
                )
            )
        }
        if update.status == .archived {
            findings.add(
                Refusal(.invalidField, .field("status", problem: "is archived by deleting"))
            )
        }
        if stored != nil { Self.check(revision: self.revision(of: id), is: ifRevision, &findings) }
        try findings.settle()

        guard let difference = ProductDifference(from: old.fields, to: new.fields) else {
            return self.done(UInt64(id.value), in: draft)
        }
        self.giveUpKeys(of: old, in: &draft)
        self.takeKeys(of: new, in: &draft)
        draft.categoryProducts[old.category, default: 0] -= 1
        draft.categoryProducts[new.category, default: 0] += 1
        var updated = new
        updated.revision = draft.lsn
        updated.updatedAt = draft.time
        draft.products[id] = updated
        if draft.isBatch { draft.inferred[id] = .some(nil) }
        draft.append(.productUpdated(id, difference))
        if new.reorderPoint != old.reorderPoint { self.touchLevels(of: id, in: &draft) }
        return self.done(UInt64(id.value), in: draft)
    }

    func deleteProduct(
        _ id: ProductID,
        ifRevision: LSN?,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        guard let old = self.stored(id, draft) else { throw .notFound(id) }
        var findings = Findings()
        Self.check(revision: self.revision(of: id), is: ifRevision, &findings)
        // Stock on hand must be written off, and reserved or in-transit stock settled first; otherwise its
        // value would belong to no product.
        if self.holdsStock(id, draft) { findings.add(Refusal(.inUse, .id(UInt64(id.value)))) }
        if old.status == .archived { findings.add(.archived(UInt64(id.value))) }
        try findings.settle()

        self.giveUpKeys(of: old, in: &draft)
        draft.categoryProducts[old.category, default: 0] -= 1
        self.touchLevels(of: id, in: &draft)
        if self.hasHistory(id, draft) {
            var archived = old
            archived.status = .archived
            archived.revision = draft.lsn
            draft.products[id] = archived
            draft.append(.productArchived(id))
        } else {
            draft.products[id] = nil
            draft.deletedProducts.insert(id)
            draft.append(.productDeleted(id))
        }
        return self.done(UInt64(id.value), in: draft)
    }

    /// The product's revision before the step, which its stock advances too; 0 if the step created it.
    private func revision(of id: ProductID) -> LSN {
        self.tables.products.contains(id) ? LSN(self.tables.products.revisions[id.row]) : 0
    }

    // MARK: - Checks

    /// The fields set by a request that refer to something else or must be unique.
    ///
    /// Values that a product has already are not checked again: the SKU of an archived product may
    /// belong to another one now.
    private struct GivenKeys {
        var sku: Bool
        var barcode: Bool
        var category: Bool

        static let all = GivenKeys(sku: true, barcode: true, category: true)

        init(sku: Bool, barcode: Bool, category: Bool) {
            self.sku = sku
            self.barcode = barcode
            self.category = category
        }

        init(_ update: ProductUpdate) {
            self.init(
                sku: update.sku != nil,
                barcode: update.barcode != nil || update.moreBarcodes != nil,
                category: update.category != nil
            )
        }
    }

    /// Checks all fields of a new product.
    private func check(_ product: Product, given: GivenKeys, _ draft: Draft) -> Findings {
        var findings = Findings()
        self.check(product, from: nil, given: given, draft: draft, findings: &findings)
        return findings
    }

    /// Checks all fields of a product, new or changed from `old`.
    private func check(
        _ product: Product,
        from old: ProductFields?,
        given: GivenKeys,
        draft: Draft,
        findings: inout Findings
    ) {
        product.fields.check(&findings)
        self.checkReferences(of: product, given: given, draft, &findings)
        guard given.barcode else { return }
        product.fields.checkBarcodes(from: old, &findings)
        self.checkBarcodesAreFree(of: product, draft, &findings)
    }

    private func checkReferences(
        of product: Product,
        given: GivenKeys,
        _ draft: Draft,
        _ findings: inout Findings
    ) {
        if given.category {
            let isArchived = self.isArchived(product.category, draft)
            ProductRule.check(product.category, isArchived: isArchived, &findings)
        }
        if given.sku, let holder = self.product(skuKey: NormalizedText.key(product.sku), draft),
            holder != product.id
        {
            findings.add(.skuTaken(product.sku, by: holder))
        }
    }

    private func checkBarcodesAreFree(
        of product: Product,
        _ draft: Draft,
        _ findings: inout Findings
    ) {
        for barcode in product.fields.barcodes {
            let key = NormalizedText.barcodeKey(barcode)
            if let holder = self.product(barcodeKey: key, draft), holder != product.id {
                findings.add(Refusal(.barcodeTaken, .taken(barcode, by: UInt64(holder.value))))
            }
        }
    }

    // MARK: - Keys

    private func takeKeys(of product: Product, in draft: inout Draft) {
        draft.skus[NormalizedText.key(product.sku)] = product.id
        for key in product.fields.barcodeKeys { draft.barcodes[key] = product.id }
    }

    private func giveUpKeys(of product: Product, in draft: inout Draft) {
        draft.skus[NormalizedText.key(product.sku)] = .some(nil)
        for key in product.fields.barcodeKeys { draft.barcodes[key] = .some(nil) }
    }

    /// Marks all levels of a product for a check of their alerts.
    private func touchLevels(of id: ProductID, in draft: inout Draft) {
        for row in 1..<self.tables.locations.rowCount {
            let location = LocationID(UInt16(row))
            if draft.level(id, location) == nil,
                let levelRow = self.tables.levels.row(id, location)
            {
                draft.touch(self.tables.levels.level(levelRow))
            }
        }
    }
}

extension Product {
    /// A placeholder for a product that does not exist, so that the errors of an update are found.
    fileprivate static func placeholder(_ id: ProductID) -> Product {
        var fields = ProductFields()
        (fields.sku, fields.name) = ("-", "-")
        return Product(id: id, fields)
    }

    /// The product with the fields that `update` sets, trimmed.
    func applying(_ update: ProductUpdate) -> Product {
        var product = self
        product.fields = update.applied(to: self.fields)
        product.fields.normalizeBarcodes()
        return product
    }
}
