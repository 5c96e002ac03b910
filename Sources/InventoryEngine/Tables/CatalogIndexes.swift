internal import ColumnStore
internal import InventoryModel

/// The indexes of SKUs, barcodes, names and codes: unique among what is not archived.
///
/// Derived from the tables and rebuilt with them; not part of a read view.
struct CatalogIndexes: Sendable {
    private var skus = KeyIndex()
    /// The first barcodes of products.
    private var barcodes = KeyIndex()
    /// The further barcodes, which few products have, by their keys.
    private var moreBarcodes = ShardedMap<String, ProductID>()
    /// Interned strings: from a string to its code.
    private var strings = KeyIndex()
    /// The last actor and reference looked up: those of one client, or of one receipt, are often consecutive.
    private var recentActor = RecentString()
    private var recentReference = RecentString()
    /// The code of the last unit looked up.
    private var recentUnit: UInt32 = 0
    private var categoryNames = ShardedMap<String, CategoryID>()
    private var locationCodes = ShardedMap<String, LocationID>()

    /// The product, not archived, that has this normalized SKU.
    func product(skuKey: String, in products: ProductTable) -> ProductID? {
        self.skus.find(skuKey, in: products.skuKeys).map { ProductID($0) }
    }

    /// The product, not archived, that has this normalized barcode.
    func product(barcodeKey: String, in products: ProductTable) -> ProductID? {
        if let row = self.barcodes.find(barcodeKey, in: products.barcodeKeys) {
            return ProductID(row)
        }
        return self.moreBarcodes[barcodeKey]
    }

    /// The product whose SKU's key is a short string with its case folded; `nil` if there is none, or if
    /// making the string a key takes more than that.
    func find(plain sku: UnsafeRawBufferPointer, in skuKeys: TextColumn) -> ProductID? {
        guard sku.count > 0, sku.count <= Limits.skuByteCountMax else { return nil }
        return withUnsafeTemporaryAllocation(byteCount: sku.count, alignment: 1) { folded in
            for index in 0..<sku.count {
                let byte = sku[index]
                guard byte > 0x20, byte < 0x7F else { return nil }
                folded[index] = (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
            }
            return self.skus.find(UnsafeRawBufferPointer(folded), in: skuKeys)
                .map { ProductID($0) }
        }
    }

    func category(nameKey: String) -> CategoryID? { self.categoryNames[nameKey] }
    func location(codeKey: String) -> LocationID? { self.locationCodes[codeKey] }

    /// The code of a string, which is its row in `column`; appends the string if it is new.
    mutating func intern(_ text: String, in column: inout TextColumn) -> UInt32 {
        if text.isEmpty { return 0 }
        var text = text
        let next = UInt32(column.count)
        let code = text.withUTF8 {
            self.strings.findOrInsert(UnsafeRawBufferPointer($0), row: next, in: column)
        }
        if let code { return code }
        column.append(text)
        return next
    }

    /// ``intern(_:in:)`` of an actor, which is likely that of the previous call.
    mutating func internActor(_ name: String, in column: inout TextColumn) -> UInt32 {
        if self.recentActor.isSame(name) { return self.recentActor.code }
        let code = self.intern(name, in: &column)
        self.recentActor.note(name, code)
        return code
    }

    /// ``intern(_:in:)`` of a sale's reference, which is likely that of the previous call.
    mutating func internReference(_ text: String, in column: inout TextColumn) -> UInt32 {
        if self.recentReference.isSame(text) { return self.recentReference.code }
        let code = self.intern(text, in: &column)
        self.recentReference.note(text, code)
        return code
    }

    /// The code of a reference, which is likely that of the previous call; `nil` if it was never used.
    func code(of reference: String, in column: TextColumn) -> UInt32? {
        if self.recentReference.isSame(reference) { return self.recentReference.code }
        return self.strings.find(reference, in: column)
    }

    /// Prefetches what ``internReference(_:in:)`` reads first for a new string.
    func prefetch(reference: String) {
        var reference = reference
        reference.withUTF8 { self.strings.prefetch(UnsafeRawBufferPointer($0)) }
    }

    /// The code of a product's unit, which is likely that of the previous product.
    mutating func internUnit(
        _ code: UnsafeRawBufferPointer,
        in column: inout TextColumn
    ) -> UInt32 {
        let isRecent = column.withUTF8(Int(self.recentUnit)) { recent in
            recent.elementsEqual(code)
        }
        if !isRecent {
            self.recentUnit = self.intern(String(decoding: code, as: UTF8.self), in: &column)
        }
        return self.recentUnit
    }

    // MARK: - Plain products

    /// Prefetches what ``holder(ofSKUOf:in:)`` reads first.
    func prefetchSKU(hash: UInt64) { self.skus.prefetch(hash: hash) }

    /// The product that has the same SKU.
    func holder(
        ofSKUOf product: UnsafePointer<PlainProduct>,
        in products: ProductTable
    ) -> ProductID? {
        let (key, hash) = (product.pointee.skuKey, product.pointee.skuHash)
        return self.skus.find(key, hash: hash, in: products.skuKeys).map { ProductID($0) }
    }

    /// Whether no product has the same barcode.
    func hasFreeBarcode(
        _ product: UnsafePointer<PlainProduct>,
        in products: ProductTable
    ) -> Bool {
        let (key, hash) = (product.pointee.barcodeKey, product.pointee.barcodeHash)
        if key.isEmpty { return true }
        guard self.barcodes.find(key, hash: hash, in: products.barcodeKeys) == nil else {
            return false
        }
        if self.moreBarcodes.isEmpty { return true }
        return self.moreBarcodes[String(decoding: key, as: UTF8.self)] == nil
    }

    /// ``insert(_:in:)`` of a product whose strings are in the table already.
    mutating func insert(
        _ product: UnsafePointer<PlainProduct>,
        row: UInt32,
        in products: ProductTable
    ) {
        self.skus.insert(row: row, hash: product.pointee.skuHash, in: products.skuKeys)
        guard !product.pointee.barcodeKey.isEmpty else { return }
        self.barcodes.insert(row: row, hash: product.pointee.barcodeHash, in: products.barcodeKeys)
    }

    // MARK: - Products

    mutating func insert(_ id: ProductID, in products: ProductTable) {
        self.skus.insert(row: id.value, in: products.skuKeys)
        if !products.barcodeKeys.isEmpty(id.row) {
            self.barcodes.insert(row: id.value, in: products.barcodeKeys)
        }
        for key in products.moreBarcodeKeys(id) { self.moreBarcodes[key] = id }
    }

    /// Removes the product, while its row still has the keys under which it was inserted.
    mutating func remove(_ id: ProductID, in products: ProductTable) {
        self.skus.remove(row: id.value, in: products.skuKeys)
        if !products.barcodeKeys.isEmpty(id.row) {
            self.barcodes.remove(row: id.value, in: products.barcodeKeys)
        }
        for key in products.moreBarcodeKeys(id) { self.moreBarcodes[key] = nil }
    }

    mutating func replace(_ old: Category?, with new: Category) {
        if let old, !old.isArchived {
            self.categoryNames[NormalizedText.key(old.name)] = nil
        }
        if !new.isArchived { self.categoryNames[NormalizedText.key(new.name)] = new.id }
    }

    mutating func replace(_ old: Location?, with new: Location) {
        if let old, !old.isArchived {
            self.locationCodes[NormalizedText.key(old.code)] = nil
        }
        if !new.isArchived { self.locationCodes[NormalizedText.key(new.code)] = new.id }
    }

    // MARK: - From the tables

    /// Adds interned strings by their codes.
    mutating func insert(codes: Range<Int>, of strings: TextColumn) {
        for code in codes { self.strings.insert(row: UInt32(code), in: strings) }
    }

    /// Adds the products in these rows that are not archived.
    mutating func insert(rows: Range<Int>, of products: ProductTable) {
        for row in rows {
            let id = ProductID(UInt32(row))
            switch products.status(id) {
            case .active, .inactive: self.insert(id, in: products)
            case .archived, nil: break
            }
        }
    }

    /// Adds the categories in these rows that are not archived.
    mutating func insert(rows: Range<Int>, of categories: CategoryTable) {
        for row in rows {
            self.replace(nil, with: categories.category(CategoryID(UInt32(row))))
        }
    }

    /// Adds the locations in these rows that are not archived.
    mutating func insert(rows: Range<Int>, of locations: LocationTable) {
        for row in rows {
            self.replace(nil, with: locations.location(LocationID(UInt16(row))))
        }
    }

    init() {}

    /// Stops the process unless the indexes find everything in the tables that is not archived, and no more.
    ///
    /// - Complexity: O(products + categories + locations + strings)
    func checkInvariants(for tables: InventoryTables) {
        let products = tables.products
        var (skuCount, barcodeCount, moreCount) = (0, 0, 0)
        for row in 1..<max(products.rowCount, 1) {
            let id = ProductID(UInt32(row))
            switch products.status(id) {
            case .archived, nil: continue
            case .active, .inactive: break
            }
            let sku = products.skuKeys[row]
            precondition(self.product(skuKey: sku, in: products) == id, "\(sku) is not found")
            skuCount += 1
            for key in products.moreBarcodeKeys(id) {
                precondition(
                    self.product(barcodeKey: key, in: products) == id,
                    "\(key) is not found"
                )
                moreCount += 1
            }
            let barcode = products.barcodeKeys[row]
            if barcode.isEmpty { continue }
            precondition(
                self.product(barcodeKey: barcode, in: products) == id,
                "\(barcode) is not found"
            )
            barcodeCount += 1
        }
        precondition(self.skus.count == skuCount, "\(self.skus.count) of \(skuCount) SKUs")
        precondition(self.barcodes.count == barcodeCount, "\(self.barcodes.count) barcodes")
        precondition(self.moreBarcodes.count == moreCount, "\(self.moreBarcodes.count) barcodes")
        for code in 1..<max(tables.strings.count, 1) {
            let found = self.strings.find(tables.strings[code], in: tables.strings)
            precondition(found.map { Int($0) } == code, "string \(code) is not found")
        }
        precondition(
            self.strings.count == tables.strings.count - 1,
            "\(self.strings.count) strings"
        )
        for index in [self.skus, self.barcodes, self.strings] { index.checkInvariants() }
        self.moreBarcodes.checkInvariants()
        self.categoryNames.checkInvariants()
        self.locationCodes.checkInvariants()
        self.checkNames(in: tables)
    }

    private func checkNames(in tables: InventoryTables) {
        var count = 0
        for row in 1..<max(tables.categories.rowCount, 1) {
            let category = tables.categories.category(CategoryID(UInt32(row)))
            if category.isArchived { continue }
            let key = NormalizedText.key(category.name)
            precondition(self.category(nameKey: key) == category.id, "\(category) is not found")
            count += 1
        }
        precondition(self.categoryNames.count == count, "\(self.categoryNames.count) categories")
        count = 0
        for row in 1..<max(tables.locations.rowCount, 1) {
            let location = tables.locations.location(LocationID(UInt16(row)))
            if location.isArchived { continue }
            let key = NormalizedText.key(location.code)
            precondition(self.location(codeKey: key) == location.id, "\(location) is not found")
            count += 1
        }
        precondition(self.locationCodes.count == count, "\(self.locationCodes.count) locations")
    }
}

/// The last string that was looked up, if it is ASCII, with its code.
private struct RecentString: Sendable {
    private var text = ""
    private(set) var code: UInt32 = 0

    /// Whether `text` has the same bytes.
    ///
    /// Strings compare equal by canonical equivalence, not by bytes. A string that equals an ASCII one but is
    /// not ASCII has more bytes.
    @inline(__always)
    func isSame(_ text: String) -> Bool {
        text == self.text && text.utf8.count == self.text.utf8.count
    }

    mutating func note(_ text: String, _ code: UInt32) {
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return }
        self.text = text
        self.code = code
    }
}
