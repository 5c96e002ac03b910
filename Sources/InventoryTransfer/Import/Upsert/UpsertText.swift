internal import InventoryModel

/// What a row of an upsert changes, in a line for people.
///
///     MUG  price 9.90 → 10.90, brand none → Acme, stock 24 → 20
///     JAR  new: name Jar, category C, price 4.50
struct UpsertText {
    private let currencyDecimals: UInt8
    private let locations: ImportLocations
    private let category: (CategoryID) -> String

    init(
        currencyDecimals: UInt8,
        locations: ImportLocations,
        category: @escaping (CategoryID) -> String
    ) {
        self.currencyDecimals = currencyDecimals
        self.locations = locations
        self.category = category
    }

    /// Returns the product's SKU and what becomes of it.
    func line(of plan: UpsertPlan) -> String {
        guard let existing = plan.existing else {
            return "\(plan.fields.sku)  new: " + self.facts(of: plan).joined(separator: ", ")
        }
        return "\(existing.sku)  " + self.changes(of: plan, existing).joined(separator: ", ")
    }

    // MARK: - A new product

    private func facts(of plan: UpsertPlan) -> [String] {
        var shown = plan.fields.differences(from: ProductFields())
        for field in [ProductField.name, .category, .price] { shown.insert(field) }
        shown.remove(.sku)
        if plan.fields.reorderPoint == plan.fields.unit.defaultReorderPoint {
            shown.remove(.reorderPoint)
        }
        return self.values(plan.fields, shown, category: plan.newCategory).map {
            "\($0.name) \($0.text)"
        }
            + (plan.stock + plan.furtherStock).map { stock in
                let decimals = plan.fields.unit.decimals
                return
                    "\(self.name(of: stock)) \(DecimalText.format(stock.after, decimals: decimals))"
            }
    }

    // MARK: - A change

    private func changes(of plan: UpsertPlan, _ existing: Product) -> [String] {
        if plan.isArchived { return ["status \(existing.status) → archived"] }
        var changed = existing.fields.differences(from: plan.fields)
        if plan.newCategory != nil { changed.insert(.category) }
        let before = self.values(existing.fields, changed, category: nil)
        let after = self.values(plan.fields, changed, category: plan.newCategory)
        let fields = zip(before, after).filter { $0.text != $1.text }.map { old, new in
            "\(old.name) \(old.text) → \(new.text)"
        }
        let stock = (plan.stock + plan.furtherStock).map { stock in
            let before = DecimalText.format(stock.before, decimals: existing.unit.decimals)
            let after = DecimalText.format(stock.after, decimals: plan.fields.unit.decimals)
            return "\(self.name(of: stock)) \(before) → \(after)"
        }
        return fields + stock
    }

    private func name(of stock: UpsertPlan.Stock) -> String {
        guard stock.location != self.locations.standard,
            let place = self.locations.all.first(where: { $0.id == stock.location })
        else { return "stock" }
        return ImportLocations.stockField(place.code)
    }

    private func values(
        _ fields: ProductFields,
        _ shown: FieldSet<ProductField>,
        category newCategory: String?
    ) -> [FieldValue] {
        FieldValues.of(
            fields,
            only: shown,
            naming: { id in newCategory ?? (id as? CategoryID).map { self.category($0) } ?? "" },
            money: self.currencyDecimals,
            decimals: fields.unit.decimals
        )
    }
}
