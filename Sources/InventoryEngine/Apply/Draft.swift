internal import Bytes
internal import InventoryModel

/// One step while it is being decided: its changes so far, and the state as they leave it.
///
/// A rule looks at the draft before the state, so that the second line of a sale sees what the
/// first one took, and the second command of an atomic batch sees what the first one created.
/// The state does not change until the whole step has been decided.
struct Draft {
    /// The LSN the step will have.
    let lsn: LSN
    let time: Instant
    private(set) var changes: [Change] = []
    private var touched = DraftLevels()
    /// The demand that a sale could not meet.
    var refusedDemand: [RefusedDemand] = []
    /// Lines of movements so far.
    private(set) var movementCount = 0

    // What an atomic batch did to the catalog so far; empty in any other step.
    var products = DraftProducts()
    var deletedProducts: Set<ProductID> = []
    /// The new holder of a key; `.some(nil)` if its holder gave it up.
    var skus = DraftTable<String, ProductID?>()
    var barcodes = DraftTable<String, ProductID?>()
    var createdProducts: UInt32 = 0
    var categories = DraftTable<CategoryID, Category>()
    var categoryNames = DraftTable<String, CategoryID?>()
    var categoryProducts = DraftTable<CategoryID, Int>()
    var createdCategories: UInt32 = 0
    var locations = DraftTable<LocationID, Location>()
    var locationCodes = DraftTable<String, LocationID?>()
    var createdLocations: UInt16 = 0

    /// The products that the step has inferred; `.some(nil)` for those that a person has described in it.
    var inferred = DraftTable<ProductID, InferredTimes?>()

    /// Runs of imports that this step has begun or finished.
    var importRuns = DraftImportRuns()

    // Reservations and transfers, as this step has left them.
    private(set) var reservations = DraftItems<Reservation>()
    private(set) var transfers = DraftItems<Transfer>()
    /// Products that moved in this step: they have history.
    ///
    /// Only filled for batches; no other command both moves a product and looks this up.
    private(set) var movedProducts: Set<ProductID> = []
    /// Whether other commands of the step may look up what this one did.
    let isBatch: Bool
    /// The returned part of each sale, by its row.
    private(set) var returned = DraftTable<Int, ReturnedSums>()
    /// The last known unit cost of each level that this step has emptied.
    private var lastCosts = DraftTable<LevelKey, Price>()
    /// The change of what is in transit to each level.
    private var arriving = DraftTable<LevelKey, Quantity>()
    var reversed: Set<Int> = []
    /// The change of what is expected under references.
    private var expected = DraftTable<ExpectedKey, Quantity>()
    /// The own reorder points of levels that the step has changed; `.some(nil)` for that of the product.
    private var reorderPoints = DraftTable<LevelKey, Quantity?>()

    private struct ExpectedKey: Hashable {
        var reference: String
        var level: LevelKey
    }
    /// The receipts of which this step records lines; only filled for batches.
    var receipts = DraftTable<DraftReceipt.Key, DraftReceipt>()

    init(lsn: LSN, time: Instant, isBatch: Bool) {
        self.isBatch = isBatch
        self.lsn = lsn
        self.time = time
    }

    mutating func append(_ change: Change) { self.changes.append(change) }

    /// Reserves space for `count` more changes.
    mutating func reserve(_ count: Int) {
        self.changes.reserveCapacity(self.changes.count + count)
    }

    // MARK: - Reservations and transfers

    /// The id of the last movement made.
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

    /// The change of what is in transit to the level, in base units.
    func arriving(_ product: ProductID, _ location: LocationID) -> Quantity {
        self.arriving[LevelKey(product: product, location: location)] ?? 0
    }

    /// The change of what is expected under a reference at the level, in base units.
    func expected(
        under reference: String,
        _ product: ProductID,
        _ location: LocationID
    ) -> Quantity {
        let level = LevelKey(product: product, location: location)
        return self.expected[ExpectedKey(reference: reference, level: level)] ?? 0
    }

    /// Records that a part of the sale in `row` was returned, or that such a return was reversed.
    mutating func addReturned(_ sums: ReturnedSums, to row: Int) {
        self.returned[row] = (self.returned[row] ?? ReturnedSums()) + sums
    }

    // MARK: - Levels

    /// The unit cost of the level when this step emptied it; `nil` if it did not.
    func lastCost(_ product: ProductID, _ location: LocationID) -> Price? {
        self.lastCosts[LevelKey(product: product, location: location)]
    }

    /// The touched levels, with their current balances, in the order of first touch.
    var levels: [Level] { self.touched.levels }

    /// The level as this step has left it; `nil` if the step has not touched it.
    func level(_ product: ProductID, _ location: LocationID) -> Level? {
        self.touched.level(product, location)
    }

    /// Records a movement and the level it leaves behind.
    ///
    /// A movement of the past, or the reversal of one, does not determine the level's unit cost.
    mutating func move(_ movement: Movement, leaving level: Level, isPast: Bool = false) {
        var level = level
        level.revision = self.lsn
        self.movementCount += 1
        if self.isBatch { self.movedProducts.insert(movement.product) }
        self.noteExpected(movement)
        if !isPast, let cost = StockMath.cost(knownAfter: movement, leaving: level) {
            self.lastCosts[LevelKey(product: level.product, location: level.location)] = cost
        }
        self.touched.put(level)
        self.changes.append(.moved(movement, level))
    }

    /// Records a change of what is expected under a reference, before the movement is among the changes.
    private mutating func noteExpected(_ movement: Movement) {
        guard movement.incomingDelta != 0, !movement.reference.isEmpty,
            ExpectedGoods.isOrdered(movement.kind, after: { self.predecessor })
        else { return }
        let level = LevelKey(product: movement.product, location: movement.location)
        let key = ExpectedKey(reference: movement.reference, level: level)
        self.expected[key, default: 0] += movement.incomingDelta
    }

    /// The last movement so far that is not late cost.
    private var predecessor: ExpectedGoods.Predecessor? {
        for change in self.changes.reversed() {
            guard case .moved(let movement, _) = change, movement.kind != .costVariance else {
                continue
            }
            return ExpectedGoods.Predecessor(
                kind: movement.kind,
                incomingDelta: movement.incomingDelta
            )
        }
        return nil
    }

    /// Records a level's own reorder point, after the level.
    mutating func set(_ change: LevelReorderPoint) {
        let key = LevelKey(product: change.product, location: change.location)
        self.reorderPoints[key] = .some(change.point)
        self.changes.append(.reorderPoint(change))
    }

    /// The own reorder point that the step gives a level: `.some(nil)` for that of the product, `nil` if the
    /// step does not change it.
    func reorderPoint(_ product: ProductID, _ location: LocationID) -> Quantity?? {
        self.reorderPoints[LevelKey(product: product, location: location)]
    }

    /// Records a level that no movement changed.
    mutating func set(_ level: Level) {
        var level = level
        level.revision = self.lsn
        self.touched.put(level)
        self.changes.append(.level(level))
    }

    /// Marks a level whose balances do not change for a check of its alerts.
    mutating func touch(_ level: Level) { self.touched.put(level) }

    /// Records that an alert of a touched level was raised or cleared.
    mutating func setAlert(_ kind: AlertKind, isRaised: Bool, at index: Int, threshold: Quantity) {
        let level = self.touched.setAlert(kind, isRaised: isRaised, at: index)
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
}

extension Draft {
    /// Stops the process unless the levels are as the changes leave them, and all counts agree with what they
    /// count.
    ///
    /// - Complexity: O(changes)
    func checkInvariants() {
        self.touched.checkInvariants()
        self.products.checkInvariants()
        self.reservations.checkInvariants()
        self.transfers.checkInvariants()
        self.importRuns.checkInvariants()
        var movementCount = 0
        var last: [LevelKey: Level] = [:]
        for change in self.changes {
            guard let level = change.level else { continue }
            last[LevelKey(product: level.product, location: level.location)] = level
            if case .moved = change { movementCount += 1 }
        }
        precondition(self.movementCount == movementCount, "\(self.movementCount) movements")
        precondition(self.isBatch || self.movedProducts.isEmpty, "products that moved are noted")
        for (key, level) in last {
            guard var touched = self.level(key.product, key.location) else {
                preconditionFailure("\(key) changed and was not touched")
            }
            precondition(level.revision == self.lsn, "\(key) is of LSN \(level.revision)")
            (touched.alerts, touched.revision) = (level.alerts, level.revision)
            precondition(touched == level, "\(key) is \(touched), and changed to \(level)")
        }
    }
}

extension Change {
    /// The level that it leaves; `nil` for a change of another kind.
    fileprivate var level: Level? {
        switch self {
        case .moved(_, let level), .level(let level): level
        default: nil
        }
    }
}
