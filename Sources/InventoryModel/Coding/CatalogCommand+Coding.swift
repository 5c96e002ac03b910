package import Bytes

extension LocationUpdate {
    func encode(into writer: inout ByteWriter) {
        var mask: UInt64 = 0
        if self.code != nil { mask |= 1 << 0 }
        if self.name != nil { mask |= 1 << 1 }
        if self.zone != nil { mask |= 1 << 2 }
        if self.kind != nil { mask |= 1 << 3 }
        writer.writeVarint(mask)
        if let code { writer.writeText(code) }
        if let name { writer.writeText(name) }
        if let zone { writer.writeText(zone) }
        if let kind { writer.writeCase(kind) }
    }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init()
        let mask = try reader.readMask(bits: 4)
        if mask & 1 << 0 != 0 { self.code = try reader.readCommandText() }
        if mask & 1 << 1 != 0 { self.name = try reader.readCommandText() }
        if mask & 1 << 2 != 0 { self.zone = try reader.readCommandText() }
        if mask & 1 << 3 != 0 { self.kind = try reader.readCase(LocationKind.self, "kind") }
    }
}

extension ProductDraft {
    func encode(into writer: inout ByteWriter) {
        writer.writeText(self.sku)
        writer.writeText(self.name)
        writer.writeText(self.barcode)
        writer.writeVarint(UInt64(self.category.value))
        writer.write(self.unit)
        writer.write(self.price)
        writer.writeCase(self.status)
        writer.writeVarint(self.reorderPoint)
        writer.writeVarint(self.reorderTarget)
        writer.writeVarint(self.packSize)
        writer.writeVarint(UInt64(self.leadTimeDays))
        writer.write(self.opening != nil)
        guard let opening else { return }
        writer.writeVarint(UInt64(opening.location.value))
        writer.writeVarint(opening.quantity)
        writer.writeVarint(opening.unitCost.minorUnits)
        writer.writeOptional(opening.occurredAt)
    }

    package init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init(
            sku: try reader.readCommandText(),
            name: try reader.readCommandText(),
            barcode: try reader.readCommandText(),
            category: try reader.readCategoryID(),
            unit: try reader.readCommandUnit(),
            price: try reader.readPrice(),
            status: try reader.readCase(ProductStatus.self, "product status"),
            reorderPoint: try reader.readSignedVarint(),
            reorderTarget: try reader.readSignedVarint(),
            packSize: try reader.readSignedVarint(),
            leadTimeDays: try reader.readVarint(as: UInt16.self, "lead time")
        )
        guard try reader.readBool() else { return }
        self.opening = OpeningStock(
            location: try reader.readLocationID(),
            quantity: try reader.readSignedVarint(),
            unitCost: Money(try reader.readSignedVarint()),
            occurredAt: try reader.readOptionalInstant()
        )
    }
}

extension ProductUpdate {
    func encode(into writer: inout ByteWriter) {
        var mask: UInt64 = 0
        if self.sku != nil { mask |= 1 << 0 }
        if self.name != nil { mask |= 1 << 1 }
        if self.barcode != nil { mask |= 1 << 2 }
        if self.category != nil { mask |= 1 << 3 }
        if self.unit != nil { mask |= 1 << 4 }
        if self.price != nil { mask |= 1 << 5 }
        if self.status != nil { mask |= 1 << 6 }
        if self.reorderPoint != nil { mask |= 1 << 7 }
        if self.reorderTarget != nil { mask |= 1 << 8 }
        if self.packSize != nil { mask |= 1 << 9 }
        if self.leadTimeDays != nil { mask |= 1 << 10 }
        writer.writeVarint(mask)
        if let sku { writer.writeText(sku) }
        if let name { writer.writeText(name) }
        if let barcode { writer.writeText(barcode) }
        if let category { writer.writeVarint(UInt64(category.value)) }
        if let unit { writer.write(unit) }
        if let price { writer.write(price) }
        if let status { writer.writeCase(status) }
        if let reorderPoint { writer.writeVarint(reorderPoint) }
        if let reorderTarget { writer.writeVarint(reorderTarget) }
        if let packSize { writer.writeVarint(packSize) }
        if let leadTimeDays { writer.writeVarint(UInt64(leadTimeDays)) }
    }

    init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init()
        let mask = try reader.readMask(bits: 11)
        if mask & 1 << 0 != 0 { self.sku = try reader.readCommandText() }
        if mask & 1 << 1 != 0 { self.name = try reader.readCommandText() }
        if mask & 1 << 2 != 0 { self.barcode = try reader.readCommandText() }
        if mask & 1 << 3 != 0 { self.category = try reader.readCategoryID() }
        if mask & 1 << 4 != 0 { self.unit = try reader.readCommandUnit() }
        if mask & 1 << 5 != 0 { self.price = try reader.readPrice() }
        if mask & 1 << 6 != 0 {
            self.status = try reader.readCase(ProductStatus.self, "product status")
        }
        if mask & 1 << 7 != 0 { self.reorderPoint = try reader.readSignedVarint() }
        if mask & 1 << 8 != 0 { self.reorderTarget = try reader.readSignedVarint() }
        if mask & 1 << 9 != 0 { self.packSize = try reader.readSignedVarint() }
        if mask & 1 << 10 != 0 {
            self.leadTimeDays = try reader.readVarint(as: UInt16.self, "lead time")
        }
    }
}
