package import InventoryModel

/// Creation of products with any of their fields in one expression.

extension ProductFields {
    package init(
        sku: String,
        name: String,
        barcode: String = "",
        category: CategoryID,
        unit: Unit = .piece,
        price: Price,
        status: ProductStatus = .active,
        reorderPoint: Quantity? = nil,
        reorderTarget: Quantity = 0,
        packSize: Quantity = 1,
        leadTimeDays: UInt16 = 0,
        brand: String = "",
        moreBarcodes: String = ""
    ) {
        self.init()
        (self.sku, self.name, self.barcode) = (sku, name, barcode)
        (self.category, self.unit, self.price) = (category, unit, price)
        self.status = status
        self.reorderPoint = reorderPoint ?? unit.defaultReorderPoint
        (self.reorderTarget, self.packSize) = (reorderTarget, packSize)
        self.leadTimeDays = leadTimeDays
        (self.brand, self.moreBarcodes) = (brand, moreBarcodes)
    }
}

extension ProductDraft {
    package init(
        sku: String,
        name: String,
        barcode: String = "",
        category: CategoryID,
        unit: Unit = .piece,
        price: Price,
        status: ProductStatus = .active,
        reorderPoint: Quantity? = nil,
        reorderTarget: Quantity = 0,
        packSize: Quantity = 1,
        leadTimeDays: UInt16 = 0,
        brand: String = "",
        moreBarcodes: String = "",
        opening: OpeningStock? = nil
    ) {
        let fields = ProductFields(
            sku: sku,
            name: name,
            barcode: barcode,
            category: category,
            unit: unit,
            price: price,
            status: status,
            reorderPoint: reorderPoint,
            reorderTarget: reorderTarget,
            packSize: packSize,
            leadTimeDays: leadTimeDays,
            brand: brand,
            moreBarcodes: moreBarcodes
        )
        self.init(fields, opening: opening)
    }
}

extension FieldUpdate<ProductFields> {
    package init(
        sku: String? = nil,
        name: String? = nil,
        barcode: String? = nil,
        category: CategoryID? = nil,
        unit: Unit? = nil,
        price: Price? = nil,
        status: ProductStatus? = nil,
        reorderPoint: Quantity? = nil,
        reorderTarget: Quantity? = nil,
        packSize: Quantity? = nil,
        leadTimeDays: UInt16? = nil,
        brand: String? = nil,
        moreBarcodes: String? = nil
    ) {
        self.init()
        (self.sku, self.name, self.barcode) = (sku, name, barcode)
        (self.category, self.unit, self.price) = (category, unit, price)
        self.status = status
        (self.reorderPoint, self.reorderTarget) = (reorderPoint, reorderTarget)
        (self.packSize, self.leadTimeDays) = (packSize, leadTimeDays)
        (self.brand, self.moreBarcodes) = (brand, moreBarcodes)
    }
}

extension FieldUpdate<LocationFields> {
    package init(
        code: String? = nil,
        name: String? = nil,
        zone: String? = nil,
        kind: LocationKind? = nil
    ) {
        self.init()
        (self.code, self.name, self.zone, self.kind) = (code, name, zone, kind)
    }
}
