internal import InventoryModel

/// The product and location that identify a level.
struct LevelKey: Hashable, Sendable {
    var product: ProductID
    var location: LocationID
}
