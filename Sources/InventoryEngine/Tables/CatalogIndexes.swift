internal import ColumnStore
internal import InventoryModel

/// Who has which SKU, barcode, name and code: unique among what is not archived.
///
/// Derived from the tables and rebuilt with them; not part of a read view.
struct CatalogIndexes: Sendable {
    private var skus = KeyIndex()
    private var barcodes = KeyIndex()
    /// Interned texts: from a text to its code.
    private var texts = KeyIndex()
    /// The last actor and reference looked up: requests of one client, and lines of one receipt, come in a row.
    private var recentActor = RecentText()
    private var recentReference = RecentText()
    /// The code of the last unit looked up.
    private var recentUnit: UInt32 = 0
    private var categoryNames: [String: CategoryID] = [:]
    private var locationCodes: [String: LocationID] = [:]

    /// The product, not archived, that has this normalised SKU.
    func product(skuKey: String, in products: ProductTable) -> ProductID? {
        self.skus.find(skuKey, in: products.skuKeys).map { ProductID($0) }
    }

    /// The product, not archived, that has this normalised barcode.
    func product(barcodeKey: String, in products: ProductTable) -> ProductID? {
        self.barcodes.find(barcodeKey, in: products.barcodeKeys).map { ProductID($0) }
    }

    /// The product whose SKU's key a short text is but for the case of its letters; nothing if there
    /// is none, or if it takes more than that to make the text a key.
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

    /// The code of a text, a new one if it was not there: the row it has in `column`.
    mutating func intern(_ text: String, in column: inout TextColumn) -> UInt32 {
        if text.isEmpty { return 0 }
        var text = text
        let next = UInt32(column.count)
        let code = text.withUTF8 {
            self.texts.findOrInsert(UnsafeRawBufferPointer($0), row: next, in: column)
        }
        if let code { return code }
        column.append(text)
        return next
    }

    /// ``intern(_:in:)`` of an actor, who is likely the one of the call before.
    mutating func internActor(_ name: String, in column: inout TextColumn) -> UInt32 {
        if self.recentActor.isSame(name) { return self.recentActor.code }
        let code = self.intern(name, in: &column)
        self.recentActor.note(name, code)
        return code
    }

    /// ``intern(_:in:)`` of a sale's reference, which is likely the one of the call before.
    mutating func internReference(_ text: String, in column: inout TextColumn) -> UInt32 {
        if self.recentReference.isSame(text) { return self.recentReference.code }
        let code = self.intern(text, in: &column)
        self.recentReference.note(text, code)
        return code
    }

    /// Asks for what ``internReference(_:in:)`` looks at first, in a text that is likely not the one before.
    func prefetch(reference: String) {
        var reference = reference
        reference.withUTF8 { self.texts.prefetch(UnsafeRawBufferPointer($0)) }
    }

    /// The code of a product's unit, which is likely that of the product before.
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

    mutating func reserveSKUs(_ count: Int) { self.skus.reserve(count) }

    /// Asks for what ``holder(ofSKUOf:in:)`` looks at first.
    func prefetchSKU(hash: UInt64) { self.skus.prefetch(hash: hash) }

    /// The product that has this one's SKU.
    func holder(
        ofSKUOf product: UnsafePointer<PlainProduct>,
        in products: ProductTable
    ) -> ProductID? {
        let (key, hash) = (product.pointee.skuKey, product.pointee.skuHash)
        return self.skus.find(key, hash: hash, in: products.skuKeys).map { ProductID($0) }
    }

    /// Whether no product has this one's barcode.
    func hasFreeBarcode(
        _ product: UnsafePointer<PlainProduct>,
        in products: ProductTable
    ) -> Bool {
        let (key, hash) = (product.pointee.barcodeKey, product.pointee.barcodeHash)
        return key.isEmpty || self.barcodes.find(key, hash: hash, in: products.barcodeKeys) == nil
    }

    /// ``insert(_:in:)`` of a product whose texts are in the table.
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
    }

    /// Takes the product out, while its row still says what it was found by.
    mutating func remove(_ id: ProductID, in products: ProductTable) {
        self.skus.remove(row: id.value, in: products.skuKeys)
        if !products.barcodeKeys.isEmpty(id.row) {
            self.barcodes.remove(row: id.value, in: products.barcodeKeys)
        }
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

    /// Builds all indexes anew.
    ///
    /// - Complexity: O(products + categories + locations + texts)
    init(for tables: InventoryTables) {
        self.skus = KeyIndex(capacity: tables.products.rowCount)
        self.texts = KeyIndex(capacity: tables.texts.count)
        for code in 1..<max(tables.texts.count, 1) {
            self.texts.insert(row: UInt32(code), in: tables.texts)
        }
        for row in 1..<max(tables.products.rowCount, 1) {
            let id = ProductID(UInt32(row))
            switch tables.products.status(id) {
            case .active, .inactive: self.insert(id, in: tables.products)
            case .archived, nil: break
            }
        }
        for row in 1..<max(tables.categories.rowCount, 1) {
            let id = CategoryID(UInt32(row))
            self.replace(nil, with: tables.categories.category(id))
        }
        for row in 1..<max(tables.locations.rowCount, 1) {
            let id = LocationID(UInt16(row))
            self.replace(nil, with: tables.locations.location(id))
        }
    }

    init() {}

    /// Stops the process unless the indexes find all that is in the tables and not archived, and no more.
    ///
    /// - Complexity: O(products + categories + locations + texts)
    func checkInvariants(for tables: InventoryTables) {
        let products = tables.products
        var (skuCount, barcodeCount) = (0, 0)
        for row in 1..<max(products.rowCount, 1) {
            let id = ProductID(UInt32(row))
            switch products.status(id) {
            case .archived, nil: continue
            case .active, .inactive: break
            }
            let sku = products.skuKeys[row]
            precondition(self.product(skuKey: sku, in: products) == id, "\(sku) is not found")
            skuCount += 1
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
        for code in 1..<max(tables.texts.count, 1) {
            let found = self.texts.find(tables.texts[code], in: tables.texts)
            precondition(found.map { Int($0) } == code, "text \(code) is not found")
        }
        precondition(self.texts.count == tables.texts.count - 1, "\(self.texts.count) texts")
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

/// The text that was looked up last, if it is ASCII, with its code.
private struct RecentText: Sendable {
    private var text = ""
    private(set) var code: UInt32 = 0

    /// Whether `text` has the bytes of this one.
    ///
    /// Strings that read alike are equal whatever their bytes. What equals an ASCII text and is none has more
    /// bytes than it.
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
