public import ColumnStore
public import InventoryModel

/// The product and location that identify a level.
struct LevelKey: Hashable, Sendable {
    var product: ProductID
    var location: LocationID
}

// MARK: - Maps by ids

extension LevelKey: ShardedKey {
    var spreadNumber: UInt64 { self.product.spreadNumber << 16 | self.location.spreadNumber }
}

extension ProductID: ShardedKey {
    /// The number of the id.
    public var spreadNumber: UInt64 { UInt64(self.value) }
}

extension LocationID: ShardedKey {
    /// The number of the id.
    public var spreadNumber: UInt64 { UInt64(self.value) }
}
