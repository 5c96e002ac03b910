internal import InventoryModel

/// What a row of an upsert shall do.
struct UpsertPlan {
    /// The row in the file.
    var number: Int
    /// The product that it changes; `nil` if it adds one.
    var existing: Product?
    /// The fields of the product afterwards, but for a category that does not exist yet.
    var fields: ProductFields
    /// The category that must be created first, by name.
    var newCategory: String?
    /// Whether the product is archived.
    var isArchived = false
    /// The stock of the file's first column, if it differs from what is on hand: that of a product that exists,
    /// or the opening stock.
    var stock: [Stock] = []
    /// The stock of its other columns, which is sent once the product exists: with the other changes of the row if
    /// it did before.
    var furtherStock: [Stock] = []
    /// The cost of one price basis of the product; `nil` if the row has none.
    var cost: Money?

    struct Stock {
        var location: LocationID
        /// In base units.
        var before: Quantity
        var after: Quantity
    }

    /// The fields that the row changes, without those of a product that it adds.
    var difference: ProductDifference? {
        self.existing.flatMap { ProductDifference(from: $0.fields, to: self.fields) }
    }

    /// Whether the row leaves everything as it is.
    var isUnchanged: Bool {
        self.existing != nil && !self.isArchived && self.stock.isEmpty && self.furtherStock.isEmpty
            && self.newCategory == nil && self.difference == nil
    }

    /// Returns the commands of the row; a category that it creates has the id `category`.
    ///
    /// An update has only the fields that differ: a concurrent change of another field is kept.
    func commands(in category: CategoryID?) -> [Command] {
        var fields = self.fields
        if self.newCategory != nil { fields.category = category ?? CategoryID(0) }
        guard let existing else {
            let opening = self.stock.first.map {
                OpeningStock(
                    location: $0.location,
                    quantity: $0.after,
                    unitCost: self.cost ?? .zero
                )
            }
            return [.createProduct(ProductDraft(fields, opening: opening))]
        }
        if self.isArchived { return [.deleteProduct(existing.id, ifRevision: nil)] }
        let changed = ProductDifference(from: existing.fields, to: fields)
        let update = changed.map { ProductUpdate($0.fields, of: fields) }
        return (update.map { [.updateProduct(existing.id, $0, ifRevision: nil)] } ?? [])
            + Self.counts(of: existing.id, self.stock + self.furtherStock, cost: self.cost)
    }

    /// Returns the counts of a product; what is more than on hand comes in at its cost first.
    static func counts(of product: ProductID, _ stock: [Stock], cost: Money?) -> [Command] {
        stock.flatMap { stock -> [Command] in
            let more = stock.after.subtractingSaturated(stock.before)
            var commands: [Command] = []
            if let cost, more > 0 {
                let line = RestockLine(
                    product: product,
                    location: stock.location,
                    quantity: more,
                    unitCost: cost
                )
                commands.append(.restock(Restock(lines: [line])))
            }
            let count = StockCount(
                product: product,
                location: stock.location,
                counted: stock.after
            )
            return commands + [.count(count)]
        }
    }
}
