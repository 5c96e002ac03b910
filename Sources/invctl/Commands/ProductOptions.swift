import ArgumentParser
internal import InventoryModel

/// The options of `product add` and `product set` that both have: what a new field of a product is given by.
///
/// Fields whose options differ between the two, such as the SKU that `set` finds a product by, are in the
/// commands.
struct ProductOptions: ParsableArguments {
    @Option(help: "All further barcodes, separated by blanks; empty for none.")
    var moreBarcodes: String?
    @Option(help: "Stock at or below this is low.") var reorderPoint: String?
    @Option(help: "The stock level to order up to.") var reorderTarget: String?
    @Option(help: "Units in one pack of the supplier.") var packSize: String?
    @Option(help: "Days from order to delivery.") var leadTimeDays: UInt16?
    @Option(help: "The brand, up to 100 bytes; empty for none.") var brand: String?

    /// Sets the given fields of an update; `quantity` reads the quantity of an option in the product's unit.
    func fill(
        _ update: inout ProductUpdate,
        quantity: (_ text: String, _ option: String) throws -> Quantity
    ) throws {
        update.moreBarcodes = self.moreBarcodes
        update.reorderPoint = try self.reorderPoint.map { try quantity($0, "--reorder-point") }
        update.reorderTarget = try self.reorderTarget.map { try quantity($0, "--reorder-target") }
        update.packSize = try self.packSize.map { try quantity($0, "--pack-size") }
        update.leadTimeDays = self.leadTimeDays
        update.brand = self.brand
    }
}
