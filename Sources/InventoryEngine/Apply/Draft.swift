internal import Bytes
internal import InventoryModel

/// One step while it is being decided: the changes so far, and what the state would be with them.
///
/// A rule looks at the draft before it looks at the state, so that the second line of a sale sees
/// what the first one took, and the second command of an atomic batch what the first one made.
/// Nothing in the state changes until the whole step has been decided.
struct Draft {
    /// The LSN the step will have.
    let lsn: LSN
    let time: Instant
    private(set) var changes: [Change] = []
    /// The levels touched, as they are now, in the order of first touch.
    private(set) var levels: [Level] = []
    /// Where in ``levels`` each is; only kept once there are too many to look through.
    private var levelSlots: [LevelKey: Int] = [:]
    /// What a sale was refused for want of.
    var refusedDemand: [RefusedDemand] = []
    /// Lines of movements so far.
    private(set) var movementCount = 0

    // What an atomic batch did to the catalog so far; empty in any other step.
    var products = DraftProducts()
    var deletedProducts: Set<ProductID> = []
    /// Who has a key now; `.some(nil)` where somebody gave it up.
    var skus: [String: ProductID?] = [:]
    var barcodes: [String: ProductID?] = [:]
    var createdProducts: UInt32 = 0
    var categories: [CategoryID: Category] = [:]
    var categoryNames: [String: CategoryID?] = [:]
    var categoryProducts: [CategoryID: Int] = [:]
    var createdCategories: UInt32 = 0
    var locations: [LocationID: Location] = [:]
    var locationCodes: [String: LocationID?] = [:]
    var createdLocations: UInt16 = 0

    // Reservations and transfers, as this step has left them.
    private(set) var reservations = DraftItems<Reservation>()
    private(set) var transfers = DraftItems<Transfer>()
    /// Products that moved in this step: they have history.
    ///
    /// Kept for batches only; no other command both moves a product and asks.
    private(set) var movedProducts: Set<ProductID> = []
    /// Whether other commands of the step may ask what this one did.
    let isBatch: Bool
    /// What came back of each sale, by its row.
    private(set) var returned: [Int: ReturnedSums] = [:]
    /// What a unit of a level cost, which this step has left with nothing on hand.
    private var lastCosts: [LevelKey: Price] = [:]
    /// By how much more, or less, is on its way to a level than before the step.
    private var arriving: [LevelKey: Quantity] = [:]
    var reversed: Set<Int> = []

    /// Products as a step leaves them, by id: the first in place, since most steps touch one.
    struct DraftProducts {
        private var first: Product?
        private var others: [ProductID: Product] = [:]

        var isEmpty: Bool { self.first == nil && self.others.isEmpty }

        subscript(id: ProductID) -> Product? {
            get {
                if let first = self.first, first.id == id { return first }
                return self.others.isEmpty ? nil : self.others[id]
            }
            set {
                let isFirst = self.first.map { $0.id == id } ?? (self.others[id] == nil)
                if isFirst { self.first = newValue } else { self.others[id] = newValue }
            }
        }
    }

    private static let linearSearchMax = 8

    init(lsn: LSN, time: Instant, isBatch: Bool) {
        self.isBatch = isBatch
        self.lsn = lsn
        self.time = time
    }

    mutating func append(_ change: Change) { self.changes.append(change) }

    // MARK: - Reservations and transfers

    /// Where in the ledger the movement made last stands.
    var lastMovement: MovementID {
        MovementID(lsn: self.lsn, line: UInt16(self.movementCount - 1))
    }

    /// Records a reservation that is new, or was active and has changed.
    mutating func put(_ reservation: Reservation, isNew: Bool = false) {
        var reservation = reservation
        reservation.revision = self.lsn
        self.reservations.put(reservation, isNew: isNew)
        self.changes.append(.reservation(reservation))
    }

    /// Records a transfer that is new, or was in transit as `before` and has changed.
    mutating func put(_ transfer: Transfer, replacing before: Transfer?) {
        var transfer = transfer
        transfer.revision = self.lsn
        self.transfers.put(transfer, isNew: before == nil)
        let key = LevelKey(product: transfer.product, location: transfer.destination)
        self.arriving[key, default: 0] += transfer.remaining - (before?.remaining ?? 0)
        self.changes.append(.transfer(transfer))
    }

    /// By how much more is on its way to the level than before the step.
    func arriving(_ product: ProductID, _ location: LocationID) -> Quantity {
        if self.arriving.isEmpty { return 0 }
        return self.arriving[LevelKey(product: product, location: location)] ?? 0
    }

    /// Records that something of the sale in `row` came back, or that this was undone.
    mutating func addReturned(_ sums: ReturnedSums, to row: Int) {
        self.returned[row] = (self.returned[row] ?? ReturnedSums()) + sums
    }

    // MARK: - Levels

    /// What a unit of the level cost when this step left it with nothing; `nil` if it did not.
    func lastCost(_ product: ProductID, _ location: LocationID) -> Price? {
        if self.lastCosts.isEmpty { return nil }
        return self.lastCosts[LevelKey(product: product, location: location)]
    }

    /// The level as this step has left it; nothing if the step has not touched it.
    func level(_ product: ProductID, _ location: LocationID) -> Level? {
        self.slot(product, location).map { self.levels[$0] }
    }

    private func slot(_ product: ProductID, _ location: LocationID) -> Int? {
        if self.levels.count <= Self.linearSearchMax {
            return self.levels.firstIndex { $0.product == product && $0.location == location }
        }
        return self.levelSlots[LevelKey(product: product, location: location)]
    }

    /// Records a movement and the level it leaves behind.
    mutating func move(_ movement: Movement, leaving level: Level) {
        var level = level
        level.revision = self.lsn
        self.movementCount += 1
        if self.isBatch { self.movedProducts.insert(level.product) }
        if let cost = StockMath.cost(knownAfter: movement, leaving: level) {
            self.lastCosts[LevelKey(product: level.product, location: level.location)] = cost
        }
        self.put(level)
        self.changes.append(.moved(movement, level))
    }

    /// Records a level that no movement changed.
    mutating func set(_ level: Level) {
        var level = level
        level.revision = self.lsn
        self.put(level)
        self.changes.append(.level(level))
    }

    /// Notes that alerts of a level have to be looked at, though its balances stay.
    mutating func touch(_ level: Level) { self.put(level) }

    /// Records that an alert of a touched level was raised or cleared.
    mutating func setAlert(_ kind: AlertKind, isRaised: Bool, at index: Int, threshold: Quantity) {
        if isRaised {
            self.levels[index].alerts.insert(AlertSet(kind))
        } else {
            self.levels[index].alerts.remove(AlertSet(kind))
        }
        let level = self.levels[index]
        self.changes.append(
            .alert(
                kind,
                isRaised: isRaised,
                level.product,
                level.location,
                available: level.available,
                threshold: threshold
            )
        )
    }

    private mutating func put(_ level: Level) {
        if let slot = self.slot(level.product, level.location) {
            self.levels[slot] = level
            return
        }
        self.levels.append(level)
        guard self.levels.count > Self.linearSearchMax else { return }
        if self.levelSlots.isEmpty {
            for (index, level) in self.levels.enumerated() {
                self.levelSlots[LevelKey(product: level.product, location: level.location)] = index
            }
        } else {
            let key = LevelKey(product: level.product, location: level.location)
            self.levelSlots[key] = self.levels.count - 1
        }
    }
}
