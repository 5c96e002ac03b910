/// The layouts of systems for stockrooms and whole companies: Odoo, ERPNext, InvenTree.
extension PresetLayout {
    /// Odoo: `product.template` or `product.product`, by label or by technical name.
    static let odooProducts = PresetLayout(
        columns: [
            "sku": ["Internal Reference", "default_code"], "name": ["Name", "name"],
            "price": ["Sales Price", "list_price", "lst_price"],
            "category": ["Product Category", "categ_id"], "barcode": ["Barcode", "barcode"],
            "cost": ["Cost", "standard_price"], "unit": ["Unit of Measure", "Unit", "uom_id"],
            "stock": ["Quantity On Hand", "qty_available"],
        ],
        statusColumns: ["Active", "Sales", "Can be Sold"],
        nameParts: ["Variant Values"],
        rule: { row, fields in
            let isOff = row.isNo("Active") || row.isNo("Sales") || row.isNo("Can be Sold")
            fields["status"] = isOff ? "inactive" : "active"
            return .row
        }
    )

    /// Odoo: `stock.quant`, a row a product and location.
    static let odooStock = PresetLayout(
        columns: [
            "sku": [
                "Product/Internal Reference", "Internal Reference", "product_id/default_code",
            ],
            "stock": [
                "Counted Quantity", "Inventoried Quantity", "inventory_quantity",
                "On Hand Quantity", "Quantity On Hand", "Quantity", "quantity",
            ],
            "location": ["Location", "location_id"],
        ],
        lots: ["Lot/Serial Number", "lot_id"]
    )

    /// ERPNext: `Item`.
    static let erpnextItems = PresetLayout(
        columns: [
            "sku": ["Item Code", "ID"], "name": ["Item Name"],
            "price": ["Standard Selling Rate"], "category": ["Item Group"],
            "barcode": ["Barcode (Barcodes)", "Barcode"], "cost": ["Valuation Rate"],
            "unit": ["Default Unit of Measure"], "stock": ["Opening Stock"],
        ],
        statusColumns: ["Disabled"],
        standardPrice: "0",
        rule: { row, fields in
            if row.isYes("Has Variants") { return .passed }
            // Rows of a child table alone, such as a second barcode, continue the item above.
            if fields["sku"].isEmpty, fields["name"].isEmpty { return .passed }
            fields["status"] = row.isYes("Disabled") ? "inactive" : "active"
            return .row
        }
    )

    /// ERPNext: `Stock Reconciliation`, whose items are the rows of a child table.
    static let erpnextReconciliation = PresetLayout(
        columns: [
            "sku": ["Item Code (Items)", "Item Code"],
            "stock": ["Quantity (Items)", "Quantity", "Qty"],
            "location": ["Warehouse (Items)", "Warehouse"],
            "cost": ["Valuation Rate (Items)", "Valuation Rate"],
        ],
        lots: ["Batch No (Items)", "Serial No (Items)", "Batch No", "Serial No"]
    )

    /// InvenTree: parts.
    static let inventreeParts = PresetLayout(
        columns: [
            "sku": ["IPN"], "name": ["Name"], "category": ["Category Name"], "unit": ["Units"],
            "stock": ["Total Stock"], "reorderPoint": ["Minimum Stock"],
        ],
        statusColumns: ["Active"],
        standardPrice: "0",
        rule: { row, fields in
            if row.isYes("Is Template") || row.isYes("Template") { return .passed }
            fields["status"] = row.isNo("Active") ? "inactive" : "active"
            return .row
        }
    )

    /// InvenTree: stock items.
    static let inventreeStock = PresetLayout(
        columns: [
            "sku": ["Part IPN"], "stock": ["Quantity"], "location": ["Location Name"],
            "cost": ["Purchase Price"],
        ],
        lots: ["Batch", "Serial Number", "Serial"],
        rule: { row, fields in
            let status = row["Status"]
            guard ["", "ok", "10"].contains(status.lowercased()) else {
                return .refused("Status: \"\(status)\" stock cannot be sold and is not imported")
            }
            let currency = row["Currency"]
            if !fields["cost"].isEmpty, !currency.isEmpty { fields["cost"] += " \(currency)" }
            return .row
        }
    )
}
