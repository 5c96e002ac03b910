internal import ColumnStore
internal import InventoryModel

/// The products that are known from imported sales only, and the times of the sales that their fields come from.
///
///     product │ named at, categorized at, priced at
///
/// The product of a row is 0 once a person has changed it; a row is not used again. See ``InferredProduct``.
struct InferredProductTable: Sendable {
    private(set) var products = Column<UInt32>()
    private(set) var namedAt = Column<Int64>()
    private(set) var categorizedAt = Column<Int64>()
    private(set) var pricedAt = Column<Int64>()

    var rowCount: Int { self.products.count }

    /// The times of a row; `nil` if its product is no longer inferred.
    func times(_ row: Int) -> InferredTimes? {
        guard self.products[row] != 0 else { return nil }
        return InferredTimes(
            product: ProductID(self.products[row]),
            namedAt: Instant(microseconds: self.namedAt[row]),
            categorizedAt: Instant(microseconds: self.categorizedAt[row]),
            pricedAt: Instant(microseconds: self.pricedAt[row])
        )
    }

    mutating func append(_ times: InferredTimes) {
        precondition(times.product.value > 0, "inferred times of no product")
        self.products.append(times.product.value)
        self.namedAt.append(times.namedAt.microseconds)
        self.categorizedAt.append(times.categorizedAt.microseconds)
        self.pricedAt.append(times.pricedAt.microseconds)
    }

    /// Replaces the times of a row, which stays that of its product.
    mutating func put(_ times: InferredTimes, in row: Int) {
        precondition(self.products[row] == times.product.value, "row \(row) of another product")
        self.namedAt[row] = times.namedAt.microseconds
        self.categorizedAt[row] = times.categorizedAt.microseconds
        self.pricedAt[row] = times.pricedAt.microseconds
    }

    /// Ends the inference of the product in a row.
    mutating func clear(_ row: Int) { self.products[row] = 0 }

    /// Visits every column with its number; see ``InventoryTables``.
    mutating func visit<Visitor: ImageVisitor>(
        _ visitor: inout Visitor
    ) throws(Visitor.Failure) {
        try visitor.visit(1_300, &self.products)
        try visitor.visit(1_301, &self.namedAt)
        try visitor.visit(1_302, &self.categorizedAt)
        try visitor.visit(1_303, &self.pricedAt)
    }
}

extension InferredProductTable: StoredTable {}
