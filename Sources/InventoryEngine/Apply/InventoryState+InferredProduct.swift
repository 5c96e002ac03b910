internal import InventoryModel

/// The rule of products known only from imported sales: values, each of which the last sale determines.
///
///     name, category, price  ──▶ later than the product's own, or as late and larger ──▶ replaces it
///     spelling of the SKU    ──▶ likewise, by the time of the price
///
/// So the result does not depend on the order of imports. See ``InferredProduct``.
extension InventoryState {
    func inferProduct(
        _ inferred: InferredProduct,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        guard let id = self.product(skuKey: NormalizedText.key(inferred.sku), draft) else {
            return try self.createProduct(from: inferred, in: &draft)
        }
        guard var times = self.inferredTimes(of: id, draft), let product = self.stored(id, draft)
        else { return self.done(UInt64(id.value), in: draft) }
        var update = ProductUpdate()
        var fields = ProductFields()
        (fields.sku, fields.name, fields.price) = (inferred.sku, inferred.name, inferred.price)
        fields.trim()
        if (times.pricedAt, product.sku) < (inferred.pricedAt, fields.sku) {
            update.sku = fields.sku
            // Without a name in any sale the SKU is the name.
            if times.namedAt == .none { update.name = fields.sku }
        }
        if !fields.name.isEmpty,
            (times.namedAt, product.name) < (inferred.namedAt, fields.name)
        {
            update.name = fields.name
            times.namedAt = inferred.namedAt
        }
        let (old, new) = (product.category, inferred.category)
        if (times.categorizedAt, self.name(of: old, draft))
            < (inferred.categorizedAt, self.name(of: new, draft))
        {
            update.category = new
            times.categorizedAt = inferred.categorizedAt
        }
        if (times.pricedAt, product.price.minorUnits, product.price.basis)
            < (inferred.pricedAt, fields.price.minorUnits, fields.price.basis)
        {
            update.price = fields.price
            times.pricedAt = inferred.pricedAt
        }
        guard times != self.inferredTimes(of: id, draft) || !update.isEmpty else {
            return self.done(UInt64(id.value), in: draft)
        }
        let done = try self.updateProduct(id, update, ifRevision: nil, in: &draft)
        self.put(times, in: &draft)
        return done
    }

    private func createProduct(
        from inferred: InferredProduct,
        in draft: inout Draft
    ) throws(Refusal) -> Outcome.Done {
        let product = ProductDraft(
            sku: inferred.sku,
            name: inferred.name.isEmpty ? inferred.sku : inferred.name,
            category: inferred.category,
            unit: inferred.unit,
            price: inferred.price
        )
        let done = try self.createProduct(product, in: &draft)
        let times = InferredTimes(
            product: ProductID(UInt32(done.id)),
            namedAt: inferred.name.isEmpty ? .none : inferred.namedAt,
            categorizedAt: inferred.categorizedAt,
            pricedAt: inferred.pricedAt
        )
        self.put(times, in: &draft)
        return done
    }

    private func put(_ times: InferredTimes, in draft: inout Draft) {
        draft.inferred[times.product] = times
        draft.append(.productInferred(times))
    }

    /// The times of a product that is known from imported sales only; `nil` for any other.
    private func inferredTimes(of id: ProductID, _ draft: Draft) -> InferredTimes? {
        if let drafted = draft.inferred[id] { return drafted }
        return self.inferredProducts[id].flatMap { self.tables.inferredProducts.times($0) }
    }

    /// The name of a category, by which two of them are ordered; empty for one that is not there.
    private func name(of id: CategoryID, _ draft: Draft) -> String {
        if let drafted = draft.categories[id] { return drafted.name }
        guard self.tables.categories.contains(id) else { return "" }
        return self.tables.categories.category(id).name
    }

    // MARK: - Steps

    /// Applies the change of a product that is known from imported sales only.
    mutating func put(_ times: InferredTimes) {
        guard let row = self.inferredProducts[times.product] else {
            self.inferredProducts[times.product] = self.tables.inferredProducts.rowCount
            self.tables.inferredProducts.append(times)
            return
        }
        self.tables.inferredProducts.put(times, in: row)
    }

    /// Ends the inference of a product, which a person has changed; ``put(_:)`` in the same step begins it again.
    mutating func endInference(of id: ProductID) {
        guard let row = self.inferredProducts.removeValue(forKey: id) else { return }
        self.tables.inferredProducts.clear(row)
    }
}

extension Instant {
    /// What stands for no sale among the times of a product.
    fileprivate static let none = Instant(microseconds: Limits.instantMin)
}
