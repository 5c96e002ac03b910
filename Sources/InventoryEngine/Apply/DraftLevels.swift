internal import InventoryModel

/// The levels that a step has touched, with their current balances, in the order of first touch.
///
/// Most steps touch one, so they are searched one after the other, and by key only once they are many.
struct DraftLevels {
    private(set) var levels: [Level] = []
    /// The index in ``levels`` of each; empty while there are at most ``linearSearchMax``.
    private var slots = DraftTable<LevelKey, Int>()

    static let linearSearchMax = 8

    /// The level as the step has left it; `nil` if the step has not touched it.
    func level(_ product: ProductID, _ location: LocationID) -> Level? {
        self.slot(product, location).map { self.levels[$0] }
    }

    private func slot(_ product: ProductID, _ location: LocationID) -> Int? {
        if self.levels.count <= Self.linearSearchMax {
            return self.levels.firstIndex { $0.product == product && $0.location == location }
        }
        return self.slots[LevelKey(product: product, location: location)]
    }

    /// Records a level as the step leaves it.
    ///
    /// - Complexity: O(1) amortised
    mutating func put(_ level: Level) {
        if let slot = self.slot(level.product, level.location) {
            self.levels[slot] = level
            return
        }
        self.levels.append(level)
        guard self.levels.count > Self.linearSearchMax else { return }
        if self.slots.isEmpty {
            for (index, level) in self.levels.enumerated() {
                self.slots[LevelKey(product: level.product, location: level.location)] = index
            }
        } else {
            let key = LevelKey(product: level.product, location: level.location)
            self.slots[key] = self.levels.count - 1
        }
    }

    /// Raises or clears an alert of the level at an index, and returns the level.
    mutating func setAlert(_ kind: AlertKind, isRaised: Bool, at index: Int) -> Level {
        if isRaised {
            self.levels[index].alerts.insert(AlertSet(kind))
        } else {
            self.levels[index].alerts.remove(AlertSet(kind))
        }
        return self.levels[index]
    }

    /// Stops the process unless each level is there once, and is found.
    ///
    /// - Complexity: O(levels)
    func checkInvariants() {
        precondition(
            self.slots.isEmpty == (self.levels.count <= Self.linearSearchMax),
            "\(self.levels.count) levels, found by key: \(!self.slots.isEmpty)"
        )
        for (index, level) in self.levels.enumerated() {
            let slot = self.slot(level.product, level.location)
            precondition(slot == index, "level \(index) is found at \(slot ?? -1)")
        }
    }
}

/// Products as a step leaves them, by id; the first is stored inline, since most steps touch only one.
struct DraftProducts {
    private var first: Product?
    private var others: [ProductID: Product] = [:]

    /// Stored, because rules look it up for every line, and comparing a whole product costs more.
    private(set) var isEmpty = true

    subscript(id: ProductID) -> Product? {
        get {
            if let first = self.first, first.id == id { return first }
            return self.others[id]
        }
        set {
            let isFirst = self.first.map { $0.id == id } ?? (self.others[id] == nil)
            if isFirst { self.first = newValue } else { self.others[id] = newValue }
            self.isEmpty = self.first == nil && self.others.isEmpty
        }
    }

    /// Stops the process unless each product is there once, under its own id.
    ///
    /// - Complexity: O(products)
    func checkInvariants() {
        precondition(
            self.isEmpty == (self.first == nil && self.others.isEmpty),
            "\(self.others.count) products beside the first, empty: \(self.isEmpty)"
        )
        if let first = self.first {
            precondition(self.others[first.id] == nil, "product \(first.id.row) is there twice")
        }
        for (id, product) in self.others {
            precondition(product.id == id, "product \(product.id.row) under \(id.row)")
        }
    }
}
