/// The layouts of shop systems: Shopify, WooCommerce, Square, Lightspeed Retail (X-Series).
extension PresetLayout {
    /// Shopify: a row a variant or a picture; only the first of a product has its title.
    static let shopifyProducts = PresetLayout(
        columns: [
            "sku": ["Variant SKU", "SKU"], "name": ["Title"],
            "price": ["Variant Price", "Price"], "category": ["Product Category", "Type"],
            "barcode": ["Variant Barcode", "Barcode"], "cost": ["Cost per item"],
            "stock": ["Variant Inventory Qty", "Inventory quantity"],
        ],
        statusColumns: ["Status"],
        rule: { row, fields in
            let handle = row["Handle"].isEmpty ? row["URL handle"] : row["Handle"]
            if !row["Title"].isEmpty {
                fields["status"] = Self.shopifyStatus(row["Status"])
                row.memory.removeAll()
                row.memory[handle] = fields
            }
            let parent = row.memory[handle]
            for field in ["name", "category", "status"] { fields.fill(field, parent[field]) }
            if fields["sku"].isEmpty, fields["price"].isEmpty { return .passed }
            for number in 1...3 {
                let value = row["Option\(number) Value"]
                if value != "Default Title" { fields.extendName(value) }
            }
            return .row
        }
    )

    private static func shopifyStatus(_ status: String) -> String {
        ["", "active"].contains(status.lowercased()) ? "active" : "inactive"
    }

    /// Shopify: a row a variant and location, or a column for each location.
    static let shopifyInventory = PresetLayout(
        columns: [
            "sku": ["SKU"], "stock": ["On hand (new)", "On hand (current)", "On hand"],
            "location": ["Location"],
        ],
        shops: [ShopColumns(field: "stock", prefix: "")],
        rule: { row, fields in
            let stock = fields["stock"].lowercased()
            return stock == "not stocked" || fields["sku"].isEmpty && stock.isEmpty ? .passed : .row
        }
    )

    /// WooCommerce: a row a product; variations refer to their parent by SKU or `id:NUMBER`.
    static let woocommerce = PresetLayout(
        columns: [
            "sku": ["SKU"], "name": ["Name"], "price": ["Regular price"],
            "category": ["Categories"], "barcode": ["GTIN, UPC, EAN, or ISBN"], "stock": ["Stock"],
            "reorderPoint": ["Low stock amount"], "cost": ["Cost of goods"],
        ],
        statusColumns: ["Published"],
        rule: { row, fields in
            let types = row["Type"].lowercased().split(separator: ",").map {
                String($0).trimmingSpace
            }
            fields["status"] = row.isNo("Published") ? "inactive" : "active"
            if types.contains("variable") || types.contains("grouped") {
                for name in [fields["sku"], "id:\(row["ID"])"] { row.memory[name] = fields }
                return .passed
            }
            if types.contains("variation") {
                let parent = row.memory[row["Parent"]]
                for field in ["category", "name"] { fields.fill(field, parent[field]) }
                for number in 1...5 { fields.extendName(row["Attribute \(number) value(s)"]) }
            }
            return .row
        }
    )

    /// Square: a row a variation, with columns for each location.
    static func square(_ quantity: String, else other: String? = nil) -> PresetLayout {
        let prefixes = [quantity] + (other.map { [$0] } ?? [])
        return PresetLayout(
            columns: [
                "sku": ["SKU"], "name": ["Item Name"], "price": ["Price"],
                "category": ["Reporting Category", "Categories", "Category"], "barcode": ["GTIN"],
                "cost": ["Default Unit Cost"],
            ],
            shops: prefixes.map { ShopColumns(field: "stock", prefix: $0) }
                + [ShopColumns(field: "reorderPoint", prefix: "Stock Alert Count ")],
            statusColumns: ["Archived", "Sellable"],
            rule: { row, fields in
                let isOff = row.isYes("Archived") || row.isNo("Sellable")
                fields["status"] = isOff ? "inactive" : "active"
                let variation = row["Variation Name"]
                if variation.lowercased() != "regular" { fields.extendName(variation) }
                return .row
            }
        )
    }

    /// Lightspeed Retail: a row a variant, with columns for each outlet.
    static let lightspeed = PresetLayout(
        columns: [
            "sku": ["sku"], "name": ["name"], "price": ["retail_price"],
            "category": ["product_category", "type"], "cost": ["supply_price"],
        ],
        shops: [
            ShopColumns(field: "stock", prefix: "inventory_"),
            ShopColumns(field: "reorderPoint", prefix: "reorder_point_"),
            ShopColumns(field: "reorderTarget", prefix: "restock_level_"),
        ],
        statusColumns: ["active"],
        nameParts: ["one", "two", "three"].map { "variant_option_\($0)_value" },
        rule: { row, fields in
            fields["status"] = row.isNo("active") ? "inactive" : "active"
            return .row
        }
    )
}
