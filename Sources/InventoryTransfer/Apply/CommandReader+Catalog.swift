internal import InventoryModel

/// Commands of the catalog.
extension CommandReader {
    static let ofCatalog: [String: CommandRead] = [
        "createCategory": { (fields) throws(CommandProblem) in
            .createCategory(name: try fields.text("name"))
        },
        "renameCategory": { (fields) throws(CommandProblem) in
            .renameCategory(
                try fields.category(),
                name: try fields.text("name"),
                ifRevision: try fields.revision()
            )
        },
        "archiveCategory": { (fields) throws(CommandProblem) in
            .archiveCategory(try fields.category(), ifRevision: try fields.revision())
        },
        "createLocation": { (fields) throws(CommandProblem) in
            let draft = LocationDraft(
                code: try fields.text("code"),
                name: try fields.text("name"),
                zone: try fields.optionalText("zone") ?? "UTC",
                kind: try fields.optionalNamed("kind", LocationKind.self) ?? .store
            )
            return .createLocation(draft)
        },
        "updateLocation": { (fields) throws(CommandProblem) in
            let update = LocationUpdate(
                code: try fields.optionalText("code"),
                name: try fields.optionalText("name"),
                zone: try fields.optionalText("zone"),
                kind: try fields.optionalNamed("kind", LocationKind.self)
            )
            let location = try fields.location()
            return .updateLocation(location, update, ifRevision: try fields.revision())
        },
        "archiveLocation": { (fields) throws(CommandProblem) in
            .archiveLocation(try fields.location(), ifRevision: try fields.revision())
        },
        "createProduct": { (fields) throws(CommandProblem) in .createProduct(try Self.draft(fields))
        },
        "updateProduct": { (fields) throws(CommandProblem) in
            let product = try fields.product()
            let update = try Self.update(product, fields)
            return .updateProduct(product.id, update, ifRevision: try fields.revision())
        },
        "deleteProduct": { (fields) throws(CommandProblem) in
            .deleteProduct(try fields.product().id, ifRevision: try fields.revision())
        },
    ]

    private static func decimals(_ fields: CommandFields) throws(CommandProblem) -> UInt8? {
        let range = 0...Int64(Limits.unitDecimalsMax)
        return try fields.optionalInteger("unitDecimals", in: range).map { UInt8($0) }
    }

    private static func leadTime(_ fields: CommandFields) throws(CommandProblem) -> UInt16? {
        let range = 0...Int64(Limits.leadTimeDaysMax)
        return try fields.optionalInteger("leadTimeDays", in: range).map { UInt16($0) }
    }

    private static func draft(_ fields: CommandFields) throws(CommandProblem) -> ProductDraft {
        let decimals = try self.decimals(fields) ?? 0
        var one: Int64 = 1
        for _ in 0..<decimals { one *= 10 }
        let price = try fields.money("price")
        let basis = try fields.optionalQuantity("priceBasis", decimals) ?? one
        return ProductDraft(
            sku: try fields.text("sku"),
            name: try fields.text("name"),
            barcode: try fields.optionalText("barcode") ?? "",
            category: try fields.category(),
            unit: Unit(code: try fields.optionalText("unit") ?? "pcs", decimals: decimals),
            price: Price(price.minorUnits, per: basis),
            status: try fields.optionalNamed("status", ProductStatus.self) ?? .active,
            reorderPoint: try fields.optionalQuantity("reorderPoint", decimals),
            reorderTarget: try fields.optionalQuantity("reorderTarget", decimals) ?? 0,
            packSize: try fields.optionalQuantity("packSize", decimals) ?? 1,
            leadTimeDays: try self.leadTime(fields) ?? 0,
            opening: try fields.object("opening") { (fields) throws(CommandProblem) in
                OpeningStock(
                    location: try fields.optionalLocation(),
                    quantity: try fields.quantity("quantity", decimals),
                    unitCost: try fields.optionalMoney("unitCost") ?? .zero,
                    occurredAt: try fields.optionalInstant("occurredAt")
                )
            }
        )
    }

    private static func update(
        _ product: CommandNames.Product,
        _ fields: CommandFields
    ) throws(CommandProblem) -> ProductUpdate {
        let code = try fields.optionalText("unit")
        let places = try self.decimals(fields)
        let decimals = places ?? product.decimals
        var update = ProductUpdate(
            sku: try fields.optionalText("sku"),
            name: try fields.optionalText("name"),
            barcode: try fields.optionalText("barcode"),
            category: try fields.optionalCategory(),
            status: try fields.optionalNamed("status", ProductStatus.self),
            reorderPoint: try fields.optionalQuantity("reorderPoint", decimals),
            reorderTarget: try fields.optionalQuantity("reorderTarget", decimals),
            packSize: try fields.optionalQuantity("packSize", decimals),
            leadTimeDays: try self.leadTime(fields)
        )
        if code != nil || places != nil {
            update.unit = Unit(code: code ?? product.unit, decimals: decimals)
        }
        let basis = try fields.optionalQuantity("priceBasis", decimals)
        if let price = try fields.optionalMoney("price") {
            update.price = Price(price.minorUnits, per: basis ?? product.priceBasis)
        } else if basis != nil {
            throw fields.problem("priceBasis", "needs a price beside it")
        }
        return update
    }
}
