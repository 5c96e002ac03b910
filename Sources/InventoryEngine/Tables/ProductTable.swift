internal import Bytes
package import ColumnStore
package import InventoryModel

/// The products: one row each, found by id.
///
/// Archived and deleted products keep their row, because the ledger refers to it and an id is never
/// reused.
///
/// Key indexes for SKU and barcode are in ``CatalogIndexes``, outside the read view.
package struct ProductTable: Sendable {
    package private(set) var skus = TextColumn()
    /// The SKUs in normalized form, for comparisons.
    package private(set) var skuKeys = TextColumn()
    package private(set) var names = TextColumn()
    package private(set) var barcodes = TextColumn()
    package private(set) var barcodeKeys = TextColumn()
    package private(set) var categories = Column<UInt32>()
    /// Codes into ``InventoryTables/strings``.
    package private(set) var unitCodes = Column<UInt32>()
    package private(set) var unitDecimals = Column<UInt8>()
    package private(set) var prices = Column<Int64>()
    package private(set) var priceBases = Column<Int64>()
    /// A ``ProductStatus``, or 0 for a deleted row.
    package private(set) var statuses = Column<UInt8>()
    package private(set) var reorderPoints = Column<Int64>()
    package private(set) var reorderTargets = Column<Int64>()
    package private(set) var packSizes = Column<Int64>()
    package private(set) var leadTimes = Column<UInt16>()
    package private(set) var brands = TextColumn()
    /// Further barcodes, separated by blanks.
    package private(set) var moreBarcodes = TextColumn()
    package private(set) var createdAt = Column<Int64>()
    package private(set) var updatedAt = Column<Int64>()
    package private(set) var revisions = Column<UInt64>()
    /// The number of ledger rows of the product: whether it has history.
    package private(set) var movementCounts = Column<UInt64>()

    /// The facts about a product that selling needs; reads no string.
    struct Facts {
        var status: ProductStatus
        var price: Price
        var reorderPoint: Quantity
        /// The level above which stock is no longer low.
        var clearPoint: Quantity {
            self.reorderPoint + Product.hysteresis(above: self.reorderPoint)
        }

        /// The facts with the reorder point that applies to a level with that own one.
        @inline(__always)
        func atLevel(_ own: Quantity?) -> Facts {
            var facts = self
            facts.reorderPoint = LevelTable.reorderPoint(own: own, product: self.reorderPoint)
            return facts
        }
    }

    /// Without the reserved row, to be filled from a snapshot.
    init(blank: Void) {}

    init() {
        var fields = ProductFields()
        fields.reorderPoint = 0
        let none = Product(id: ProductID(0), fields)
        self.append(none, unitCode: 0)
        self.statuses[0] = 0
    }

    /// One past the largest id assigned; row 0 is reserved.
    package var rowCount: Int { self.statuses.count }
    var nextID: ProductID { ProductID(UInt32(self.rowCount)) }

    /// Whether the product exists; archived ones do, deleted ones do not.
    ///
    /// Inlined, as is the encoding of a row.
    @inline(__always)
    package func contains(_ id: ProductID) -> Bool {
        id.row < self.rowCount && self.statuses[id.row] != 0
    }

    /// Whether the product existed and was deleted: its row keeps its fields.
    func wasDeleted(_ id: ProductID) -> Bool {
        id.value > 0 && id.row < self.rowCount && self.statuses[id.row] == 0
    }

    /// The status of a row; `nil` if it was deleted.
    package func status(_ id: ProductID) -> ProductStatus? {
        ProductStatus(rawValue: self.statuses[id.row])
    }

    /// The facts about the product with that id; `nil` if it does not exist.
    @inline(__always)
    func facts(_ id: ProductID) -> Facts? {
        let row = id.row
        guard row < self.rowCount, let status = ProductStatus(rawValue: self.statuses[row]) else {
            return nil
        }
        return Facts(
            status: status,
            price: Price(self.prices[row], per: self.priceBases[row]),
            reorderPoint: Quantity(self.reorderPoints[row])
        )
    }

    /// Prefetches what a sale reads and changes of a product.
    @inline(__always)
    func prefetchSale(_ id: ProductID) {
        self.statuses.prefetch(id.row)
        self.prices.prefetch(id.row)
        self.reorderPoints.prefetch(id.row)
        self.revisions.prefetch(id.row)
        self.movementCounts.prefetch(id.row)
    }

    /// Prefetches what folding a sale's entry changes of a product.
    @inline(__always)
    func prefetchFold(_ id: ProductID) {
        self.revisions.prefetch(id.row)
        self.movementCounts.prefetch(id.row)
    }

    package mutating func append(_ product: Product, unitCode: UInt32) {
        var appender = ProductAppender()
        self.changeFirstLayout(&appender, to: product.fields, unitCode: unitCode)
        self.changeExtensions(&appender, to: product.fields)
        self.createdAt.append(product.createdAt.microseconds)
        self.updatedAt.append(product.updatedAt.microseconds)
        self.revisions.append(product.revision.value)
        self.movementCounts.append(0)
    }

    /// Appends the strings of a product whose numbers follow with ``append(_:)``.
    mutating func appendStrings(of product: UnsafePointer<PlainProduct>) {
        var appender = PlainStringAppender(product)
        self.changeFirstLayout(&appender, to: Self.standard, unitCode: 0)
        self.changeExtensions(&appender, to: Self.standard)
    }

    /// Appends the numbers of products whose strings are in the table, like ``append(_:unitCode:)`` for each.
    ///
    /// - Complexity: O(products)
    mutating func append(_ gathered: borrowing GatheredProducts) {
        var appender = GatheredNumberAppender(gathered)
        self.changeFirstLayout(&appender, to: Self.standard, unitCode: 0)
        self.changeExtensions(&appender, to: Self.standard)
        let (rows, count) = (gathered.rows, gathered.count)
        self.createdAt.append(count: count) { rows[$0].time.microseconds }
        self.updatedAt.append(count: count) { rows[$0].time.microseconds }
        self.revisions.append(count: count) { rows[$0].lsn.value }
        self.movementCounts.append(count: count) { rows[$0].opened.quantity > 0 ? 1 : 0 }
    }

    /// Writes changed fields to their row.
    ///
    /// The caller interns the code of a new unit.
    mutating func apply(_ difference: ProductDifference, to id: ProductID, unitCode: UInt32) {
        var changer = ProductChanger(row: id.row, given: difference.fields)
        self.changeFirstLayout(&changer, to: difference.after, unitCode: unitCode)
        self.changeExtensions(&changer, to: difference.after)
    }

    mutating func setStatus(_ id: ProductID, _ status: ProductStatus?) {
        self.statuses[id.row] = status?.rawValue ?? 0
    }

    mutating func setUpdated(_ id: ProductID, at time: Instant) {
        self.updatedAt[id.row] = time.microseconds
    }

    @inline(__always)
    mutating func setRevision(_ id: ProductID, _ revision: LSN) {
        self.revisions[id.row] = revision.value
    }

    @inline(__always)
    mutating func countMovement(_ id: ProductID) { self.countMovements(id, 1) }

    @inline(__always)
    mutating func countMovements(_ id: ProductID, _ count: UInt64) {
        self.movementCounts[id.row] += count
    }

    /// Fills the columns that the snapshot of an older program lacks with the fields' defaults.
    mutating func completeLoading() {
        var completer = ProductCompleter(rowCount: self.rowCount)
        self.changeExtensions(&completer, to: Self.standard)
    }

    /// Visits every column with its number; see ``InventoryTables``.
    mutating func visit<Visitor: ImageVisitor>(
        _ visitor: inout Visitor
    ) throws(Visitor.Failure) {
        try withUnsafeMutablePointer(to: &visitor) { (visitor) throws(Visitor.Failure) in
            var images = ProductImages(visitor: visitor)
            try self.changeFirstLayout(&images, to: Self.standard, unitCode: 0)
            try visitor.pointee.visit(320, &self.createdAt)
            try visitor.pointee.visit(321, &self.updatedAt)
            try visitor.pointee.visit(322, &self.revisions)
            try visitor.pointee.visit(323, &self.movementCounts)
            try self.changeExtensions(&images, to: Self.standard)
        }
    }

    /// The defaults, for visitors that take the values from elsewhere, or none.
    private static let standard = ProductFields()
}

// MARK: - The columns of the fields

/// Each field is here twice: with its columns to change, and to read. The order is that of the fields, in which
/// ``PlainFields`` and ``ProductNumbers`` have the strings and numbers too.
extension ProductTable {
    /// Visits the columns of the first layout, with the parts of a snapshot and the values in `fields`.
    @inline(__always)
    private mutating func changeFirstLayout<Visitor: ProductColumnVisitor>(
        _ visitor: inout Visitor,
        to fields: ProductFields,
        unitCode: UInt32
    ) throws(Visitor.Failure) {
        try visitor.text(.sku, &self.skus, part: 300, value: fields.sku)
        try visitor.key(.sku, &self.skuKeys, part: 302, value: NormalizedText.key(fields.sku))
        try visitor.text(.name, &self.names, part: 304, value: fields.name)
        try visitor.text(.barcode, &self.barcodes, part: 306, value: fields.barcode)
        try visitor.key(
            .barcode,
            &self.barcodeKeys,
            part: 308,
            value: NormalizedText.barcodeKey(fields.barcode)
        )
        try visitor.number(.category, &self.categories, part: 310, value: fields.category.value)
        try visitor.number(.unit, &self.unitCodes, part: 311, value: unitCode)
        try visitor.number(.unit, &self.unitDecimals, part: 312, value: fields.unit.decimals)
        try visitor.number(.price, &self.prices, part: 313, value: fields.price.minorUnits)
        try visitor.number(.price, &self.priceBases, part: 314, value: fields.price.basis)
        try visitor.number(.status, &self.statuses, part: 315, value: fields.status.rawValue)
        let (point, target) = (fields.reorderPoint, fields.reorderTarget)
        try visitor.number(.reorderPoint, &self.reorderPoints, part: 316, value: point.baseUnits)
        try visitor.number(.reorderTarget, &self.reorderTargets, part: 317, value: target.baseUnits)
        try visitor.number(.packSize, &self.packSizes, part: 318, value: fields.packSize.baseUnits)
        try visitor.number(.leadTimeDays, &self.leadTimes, part: 319, value: fields.leadTimeDays)
    }

    /// Visits the columns of the extension fields, likewise.
    @inline(__always)
    private mutating func changeExtensions<Visitor: ProductColumnVisitor>(
        _ visitor: inout Visitor,
        to fields: ProductFields
    ) throws(Visitor.Failure) {
        try visitor.text(.brand, &self.brands, part: 324, value: fields.brand)
        try visitor.text(.moreBarcodes, &self.moreBarcodes, part: 326, value: fields.moreBarcodes)
    }

    /// Reads the columns of the first layout.
    @inline(__always)
    func readFirstLayout<Reader: ProductColumnReader & ~Copyable>(
        _ reader: inout Reader,
        strings: TextColumn
    ) {
        reader.text(.sku, self.skus) { $0.sku = $1 }
        reader.text(.name, self.names) { $0.name = $1 }
        reader.text(.barcode, self.barcodes) { $0.barcode = $1 }
        reader.number(.category, self.categories) { $0.category = $1 }
        reader.unit(self.unitCodes, self.unitDecimals, in: strings)
        reader.price(self.prices, self.priceBases)
        reader.number(.status, self.statuses) { $0.status = $1 }
        reader.number(.reorderPoint, self.reorderPoints) { $0.reorderPoint = $1 }
        reader.number(.reorderTarget, self.reorderTargets) { $0.reorderTarget = $1 }
        reader.number(.packSize, self.packSizes) { $0.packSize = $1 }
        reader.number(.leadTimeDays, self.leadTimes) { $0.leadTimeDays = $1 }
    }

    /// Reads the columns of the extension fields.
    @inline(__always)
    func readExtensions<Reader: ProductColumnReader & ~Copyable>(_ reader: inout Reader) {
        reader.text(.brand, self.brands) { $0.brand = $1 }
        reader.text(.moreBarcodes, self.moreBarcodes) { $0.moreBarcodes = $1 }
    }
}
