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
        var hysteresis: Quantity {
            Quantity(max(1, self.reorderPoint.baseUnits / 10))
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

    // Reads of single products are inlined into their callers: a call would copy all these columns'
    // headers to the stack.

    /// Whether the product exists; archived ones do, deleted ones do not.
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

    /// The product with that id, which must exist.
    func product(_ id: ProductID, strings: TextColumn) -> Product {
        guard let status = ProductStatus(rawValue: self.statuses[id.row]) else {
            preconditionFailure("product \(id.row) was deleted")
        }
        return self.product(id, status, strings: strings)
    }

    /// The product with that id, which was deleted, as archived.
    func deletedProduct(_ id: ProductID, strings: TextColumn) -> Product {
        precondition(self.wasDeleted(id), "product \(id.row) was not deleted")
        return self.product(id, .archived, strings: strings)
    }

    private func product(
        _ id: ProductID,
        _ status: ProductStatus,
        strings: TextColumn
    ) -> Product {
        let row = id.row
        var fields = ProductFields()
        fields.sku = self.skus[row]
        fields.name = self.names[row]
        fields.barcode = self.barcodes[row]
        fields.category = CategoryID(self.categories[row])
        fields.unit = Unit(
            code: strings[Int(self.unitCodes[row])],
            decimals: self.unitDecimals[row]
        )
        fields.price = Price(self.prices[row], per: self.priceBases[row])
        fields.status = status
        fields.reorderPoint = Quantity(self.reorderPoints[row])
        fields.reorderTarget = Quantity(self.reorderTargets[row])
        fields.packSize = Quantity(self.packSizes[row])
        fields.leadTimeDays = self.leadTimes[row]
        fields.brand = self.brands[row]
        fields.moreBarcodes = self.moreBarcodes[row]
        return Product(
            id: id,
            fields,
            createdAt: Instant(microseconds: self.createdAt[row]),
            updatedAt: Instant(microseconds: self.updatedAt[row]),
            revision: LSN(self.revisions[row])
        )
    }

    /// Appends the product with that id, which must exist, encoded as ``Product`` is.
    @inline(__always)
    func encode(_ id: ProductID, strings: TextColumn, into writer: inout ByteWriter) {
        let row = id.row
        let unit = Int(self.unitCodes[row])
        let stringByteCount =
            self.skus.byteCount(row) + self.names.byteCount(row) + self.barcodes.byteCount(row)
            + strings.byteCount(unit)
        // Fifteen integers and times, and four strings with their counts.
        writer.append(atMost: 20 * VarintCoding.byteCountMax + stringByteCount) { cursor in
            cursor.writeVarint(UInt64(id.value))
            self.skus.encode(row, into: &cursor)
            self.names.encode(row, into: &cursor)
            self.barcodes.encode(row, into: &cursor)
            cursor.writeVarint(UInt64(self.categories[row]))
            strings.encode(unit, into: &cursor)
            cursor.write(self.unitDecimals[row])
            cursor.writeVarint(UInt64(bitPattern: self.prices[row]))
            cursor.writeVarint(UInt64(bitPattern: self.priceBases[row]))
            cursor.write(self.statuses[row])
            cursor.writeVarint(self.reorderPoints[row])
            cursor.writeVarint(self.reorderTargets[row])
            cursor.writeVarint(self.packSizes[row])
            cursor.writeVarint(UInt64(self.leadTimes[row]))
            cursor.write(self.createdAt[row])
            cursor.write(self.updatedAt[row])
            cursor.writeVarint(self.revisions[row])
        }
    }

    /// Appends the extension fields of the product with that id as ``Described/encodeExtensions(into:)`` does.
    @inline(__always)
    func encodeExtensions(_ id: ProductID, into writer: inout ByteWriter) {
        let row = id.row
        let byteCount = self.brands.byteCount(row) + self.moreBarcodes.byteCount(row)
        if byteCount == 0 { return }
        var given = FieldSet<ProductField>()
        if !self.brands.isEmpty(row) { given.insert(.brand) }
        if !self.moreBarcodes.isEmpty(row) { given.insert(.moreBarcodes) }
        writer.append(atMost: 3 * VarintCoding.byteCountMax + byteCount) { cursor in
            cursor.writeVarint(given.rawValue)
            if given.contains(.brand) { self.brands.encode(row, into: &cursor) }
            if given.contains(.moreBarcodes) { self.moreBarcodes.encode(row, into: &cursor) }
        }
    }

    package mutating func append(_ product: Product, unitCode: UInt32) {
        self.skus.append(product.sku)
        self.skuKeys.append(NormalizedText.key(product.sku))
        self.names.append(product.name)
        self.barcodes.append(product.barcode)
        self.barcodeKeys.append(NormalizedText.barcodeKey(product.barcode))
        self.categories.append(product.category.value)
        self.unitCodes.append(unitCode)
        self.unitDecimals.append(product.unit.decimals)
        self.prices.append(product.price.minorUnits)
        self.priceBases.append(product.price.basis)
        self.statuses.append(product.status.rawValue)
        self.reorderPoints.append(product.reorderPoint.baseUnits)
        self.reorderTargets.append(product.reorderTarget.baseUnits)
        self.packSizes.append(product.packSize.baseUnits)
        self.leadTimes.append(product.leadTimeDays)
        self.brands.append(product.brand)
        self.moreBarcodes.append(product.moreBarcodes)
        self.createdAt.append(product.createdAt.microseconds)
        self.updatedAt.append(product.updatedAt.microseconds)
        self.revisions.append(product.revision.value)
        self.movementCounts.append(0)
    }

    /// Appends the strings of a product whose numbers follow with ``append(_:)``.
    mutating func appendStrings(of product: UnsafePointer<PlainProduct>) {
        self.skus.append(utf8: product.pointee.sku)
        self.skuKeys.append(utf8: product.pointee.skuKey)
        self.names.append(utf8: product.pointee.name)
        self.barcodes.append(utf8: product.pointee.barcode)
        self.barcodeKeys.append(utf8: product.pointee.barcodeKey)
        self.brands.append(utf8: product.pointee.brand)
        // The fast path accepts no further barcodes.
        self.moreBarcodes.append("")
    }

    /// Appends the numbers of products whose strings are in the table, like ``append(_:unitCode:)`` for each.
    ///
    /// - Complexity: O(products)
    mutating func append(_ gathered: borrowing GatheredProducts) {
        let (rows, count) = (gathered.rows, gathered.count)
        self.categories.append(count: count) { rows[$0].numbers.category }
        self.unitCodes.append(count: count) { rows[$0].unit }
        self.unitDecimals.append(count: count) { rows[$0].numbers.decimals }
        self.prices.append(count: count) { rows[$0].numbers.price }
        self.priceBases.append(count: count) { rows[$0].numbers.priceBasis }
        self.statuses.append(count: count) { rows[$0].numbers.status }
        self.reorderPoints.append(count: count) { rows[$0].numbers.reorderPoint.baseUnits }
        self.reorderTargets.append(count: count) { rows[$0].numbers.reorderTarget.baseUnits }
        self.packSizes.append(count: count) { rows[$0].numbers.packSize.baseUnits }
        self.leadTimes.append(count: count) { rows[$0].numbers.leadTimeDays }
        self.createdAt.append(count: count) { rows[$0].time.microseconds }
        self.updatedAt.append(count: count) { rows[$0].time.microseconds }
        self.revisions.append(count: count) { rows[$0].lsn.value }
        self.movementCounts.append(count: count) { rows[$0].opened.quantity > 0 ? 1 : 0 }
    }

    /// Writes changed fields to their row.
    ///
    /// The caller interns the code of a new unit.
    mutating func apply(_ difference: ProductDifference, to id: ProductID, unitCode: UInt32) {
        let row = id.row
        let new = difference.after
        for field in difference.fields.fields {
            switch field {
            case .sku:
                self.skus[row] = new.sku
                self.skuKeys[row] = NormalizedText.key(new.sku)
            case .name: self.names[row] = new.name
            case .barcode:
                self.barcodes[row] = new.barcode
                self.barcodeKeys[row] = NormalizedText.barcodeKey(new.barcode)
            case .category: self.categories[row] = new.category.value
            case .unit:
                self.unitCodes[row] = unitCode
                self.unitDecimals[row] = new.unit.decimals
            case .price:
                self.prices[row] = new.price.minorUnits
                self.priceBases[row] = new.price.basis
            case .status: self.statuses[row] = new.status.rawValue
            case .reorderPoint: self.reorderPoints[row] = new.reorderPoint.baseUnits
            case .reorderTarget: self.reorderTargets[row] = new.reorderTarget.baseUnits
            case .packSize: self.packSizes[row] = new.packSize.baseUnits
            case .leadTimeDays: self.leadTimes[row] = new.leadTimeDays
            case .brand: self.brands[row] = new.brand
            case .moreBarcodes: self.moreBarcodes[row] = new.moreBarcodes
            }
        }
    }

    /// Returns the keys of the product's barcodes beside the first one.
    func moreBarcodeKeys(_ id: ProductID) -> [String] {
        if self.moreBarcodes.isEmpty(id.row) { return [] }
        return ProductFields.split(self.moreBarcodes[id.row]).map { NormalizedText.barcodeKey($0) }
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
        while self.brands.count < self.rowCount { self.brands.append("") }
        while self.moreBarcodes.count < self.rowCount { self.moreBarcodes.append("") }
    }

    /// Visits every column with its number; see ``InventoryTables``.
    mutating func visit<Visitor: ImageVisitor>(
        _ visitor: inout Visitor
    ) throws(Visitor.Failure) {
        try self.skus.visitParts(300, &visitor)
        try self.skuKeys.visitParts(302, &visitor)
        try self.names.visitParts(304, &visitor)
        try self.barcodes.visitParts(306, &visitor)
        try self.barcodeKeys.visitParts(308, &visitor)
        try visitor.visit(310, &self.categories)
        try visitor.visit(311, &self.unitCodes)
        try visitor.visit(312, &self.unitDecimals)
        try visitor.visit(313, &self.prices)
        try visitor.visit(314, &self.priceBases)
        try visitor.visit(315, &self.statuses)
        try visitor.visit(316, &self.reorderPoints)
        try visitor.visit(317, &self.reorderTargets)
        try visitor.visit(318, &self.packSizes)
        try visitor.visit(319, &self.leadTimes)
        try visitor.visit(320, &self.createdAt)
        try visitor.visit(321, &self.updatedAt)
        try visitor.visit(322, &self.revisions)
        try visitor.visit(323, &self.movementCounts)
        try self.brands.visitParts(324, &visitor)
        try self.moreBarcodes.visitParts(326, &visitor)
    }
}
