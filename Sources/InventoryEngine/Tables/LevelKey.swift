internal import InventoryModel

/// Names a level.
struct LevelKey: Hashable, Sendable {
    var product: ProductID
    var location: LocationID
}
