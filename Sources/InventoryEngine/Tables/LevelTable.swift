internal import Bytes
package import ColumnStore
package import InventoryModel

/// The levels: one row for each product and location that ever had stock together.
///
/// For each location a column maps a product's id to the level's row, so finding a level costs two
/// array accesses. Rows are never removed.
package struct LevelTable: Sendable {
    package private(set) var products = Column<UInt32>()
    package private(set) var locations = Column<UInt16>()
    package private(set) var onHand = Column<Int64>()
    package private(set) var unavailable = Column<Int64>()
    package private(set) var reserved = Column<Int64>()
    package private(set) var incoming = Column<Int64>()
    package private(set) var floors = Column<Int64>()
    package private(set) var values = Column<Int64>()
    package private(set) var alerts = Column<UInt8>()
    package private(set) var revisions = Column<UInt64>()
    /// The unit cost when the level last had stock, as a price: minor units, and the base units that they
    /// are for, 0 if that is not known.
    ///
    /// Set for levels with nothing on hand; they extend to the last of these.
    private var lastCosts = Column<Int64>()
    private var lastCostBases = Column<Int64>()
    /// The level's own reorder point plus 1, 0 if that of the product applies.
    ///
    /// It extends to the last level that has had one.
    private var reorderPoints = Column<Int64>()

    /// By location id: product id → row + 1, 0 if there is no level.
    ///
    /// Derived from the columns.
    private var rows: [Column<UInt32>] = []

    package var rowCount: Int { self.products.count }

    /// The row of a product's level at a location; `nil` if there is none.
    @inline(__always)
    package func row(_ product: ProductID, _ location: LocationID) -> Int? {
        guard location.row < self.rows.count, product.row < self.rows[location.row].count else {
            return nil
        }
        let stored = self.rows[location.row][product.row]
        return stored == 0 ? nil : Int(stored) - 1
    }

    /// Prefetches what ``row(_:_:)`` reads.
    @inline(__always)
    func prefetchRow(_ product: ProductID, _ location: LocationID) {
        if location.row < self.rows.count { self.rows[location.row].prefetch(product.row) }
    }

    /// Prefetches what a sale reads and changes of the level in `row`.
    @inline(__always)
    func prefetchSale(_ row: Int) {
        self.onHand.prefetch(row)
        self.values.prefetch(row)
        self.reserved.prefetch(row)
        self.unavailable.prefetch(row)
        self.revisions.prefetch(row)
        self.alerts.prefetch(row)
    }

    /// Prefetches what folding a sale's entry reads and changes of the level in `row`.
    @inline(__always)
    func prefetchFold(_ row: Int) {
        self.onHand.prefetch(row)
        self.values.prefetch(row)
        self.reserved.prefetch(row)
        self.unavailable.prefetch(row)
        self.incoming.prefetch(row)
        self.floors.prefetch(row)
        self.revisions.prefetch(row)
    }

    /// Whether a sale that leaves `level` in `row` fits the current level: its deltas agree with the balances
    /// it leaves, and all else is unchanged.
    @inline(__always)
    func permits(_ level: Level, in row: Int, onHandDelta: Quantity, cost: Money) -> Bool {
        let onHand = self.onHand[row].addingReportingOverflow(onHandDelta.baseUnits)
        let value = self.values[row].addingReportingOverflow(cost.minorUnits)
        return !onHand.overflow && level.onHand.baseUnits == onHand.partialValue
            && !value.overflow && level.value.minorUnits == value.partialValue
            && level.unavailable.baseUnits == self.unavailable[row]
            && level.reserved.baseUnits == self.reserved[row]
            && level.incoming.baseUnits == self.incoming[row]
            && level.floor.baseUnits == self.floors[row]
    }

    package func level(_ row: Int) -> Level {
        self.level(row, of: ProductID(self.products[row]), at: LocationID(self.locations[row]))
    }

    /// The level in `row`, which must be that of the product and location.
    @inline(__always)
    func level(_ row: Int, of product: ProductID, at location: LocationID) -> Level {
        Level(
            product: product,
            location: location,
            onHand: Quantity(self.onHand[row]),
            unavailable: Quantity(self.unavailable[row]),
            reserved: Quantity(self.reserved[row]),
            incoming: Quantity(self.incoming[row]),
            floor: Quantity(self.floors[row]),
            value: Money(self.values[row]),
            alerts: AlertSet(rawValue: self.alerts[row]),
            revision: LSN(self.revisions[row])
        )
    }

    /// The current level; an empty one if the product never was at the location.
    package func level(_ product: ProductID, _ location: LocationID) -> Level {
        guard let row = self.row(product, location) else {
            return Level(product: product, location: location)
        }
        return self.level(row)
    }

    // MARK: - Costs

    /// The unit cost when the level last had stock; `nil` if that is not known.
    func lastCost(_ product: ProductID, _ location: LocationID) -> Price? {
        self.row(product, location).flatMap { self.lastCost($0) }
    }

    /// The unit cost when the level in `row` last had stock; `nil` if that is not known.
    @inline(__always)
    func lastCost(_ row: Int) -> Price? {
        guard row < self.lastCostBases.count, self.lastCostBases[row] > 0 else { return nil }
        return Price(self.lastCosts[row], per: self.lastCostBases[row])
    }

    /// Records the unit cost of the level in `row`, which has nothing on hand now.
    private mutating func setLastCost(_ row: Int, _ cost: Price) {
        let gap = row + 1 - self.lastCostBases.count
        if gap > 0 {
            self.lastCosts.append(repeating: 0, count: gap)
            self.lastCostBases.append(repeating: 0, count: gap)
        }
        Self.set(&self.lastCosts, row: row, value: cost.minorUnits)
        Self.set(&self.lastCostBases, row: row, value: cost.basis)
    }

    /// Records the unit cost determined by a movement that leaves nothing on hand.
    mutating func noteCost(of movement: Movement, leaving level: Level) {
        guard let cost = StockMath.cost(knownAfter: movement, leaving: level),
            let row = self.row(level.product, level.location)
        else { return }
        self.setLastCost(row, cost)
    }

    // MARK: - Reorder points

    /// The reorder point that applies to a level: its own, else that of its product.
    @inline(__always)
    static func reorderPoint(own: Quantity?, product: @autoclosure () -> Quantity) -> Quantity {
        own ?? product()
    }

    /// The level's own reorder point; `nil` if that of the product applies.
    @inline(__always)
    package func ownReorderPoint(_ row: Int) -> Quantity? {
        guard row < self.reorderPoints.count, self.reorderPoints[row] > 0 else { return nil }
        return Quantity(self.reorderPoints[row] - 1)
    }

    /// The own reorder point of the level of a product at a location; `nil` if it has none.
    @inline(__always)
    package func ownReorderPoint(_ product: ProductID, _ location: LocationID) -> Quantity? {
        if self.reorderPoints.count == 0 { return nil }
        return self.row(product, location).flatMap { self.ownReorderPoint($0) }
    }

    mutating func setReorderPoint(_ change: LevelReorderPoint) {
        guard let row = self.row(change.product, change.location) else {
            preconditionFailure("a reorder point for a missing level: \(change)")
        }
        let gap = row + 1 - self.reorderPoints.count
        if gap > 0 { self.reorderPoints.append(repeating: 0, count: gap) }
        let stored = change.point.map { $0.baseUnits + 1 } ?? 0
        Self.set(&self.reorderPoints, row: row, value: stored)
    }

    // MARK: - Changes

    /// Writes a level's balances, floor, value and revision.
    ///
    /// Alerts have their own change.
    mutating func put(_ level: Level, revision: LSN) {
        guard let row = self.row(level.product, level.location) else {
            self.append(level, revision: revision)
            return
        }
        Self.set(&self.onHand, row: row, value: level.onHand.baseUnits)
        Self.set(&self.unavailable, row: row, value: level.unavailable.baseUnits)
        Self.set(&self.reserved, row: row, value: level.reserved.baseUnits)
        Self.set(&self.incoming, row: row, value: level.incoming.baseUnits)
        Self.set(&self.floors, row: row, value: level.floor.baseUnits)
        Self.set(&self.values, row: row, value: level.value.minorUnits)
        self.revisions[row] = revision.value
    }

    /// Writes what a sale changes of the level in `row`, like ``put(_:revision:)`` and
    /// ``noteCost(of:leaving:)``.
    ///
    /// `level` may differ from the current one only in what the movement changes.
    @inline(__always)
    mutating func sell(_ row: Int, by movement: borrowing Movement, leaving level: Level) {
        if let cost = StockMath.cost(knownAfter: movement, leaving: level) {
            self.setLastCost(row, cost)
        }
        self.onHand[row] = level.onHand.baseUnits
        Self.set(&self.values, row: row, value: level.value.minorUnits)
        self.revisions[row] = level.revision.value
    }

    /// Writes the revision of the level in `row`, of which a step changed no balance.
    @inline(__always)
    mutating func setRevision(_ row: Int, _ revision: LSN) {
        self.revisions[row] = revision.value
    }

    /// Writes a value that changed; a write copies a segment that is shared with a view.
    @inline(__always)
    private static func set(_ column: inout Column<Int64>, row: Int, value: Int64) {
        if column[row] != value { column[row] = value }
    }

    mutating func setAlert(
        _ product: ProductID,
        location: LocationID,
        as kind: AlertKind,
        isRaised: Bool
    ) {
        guard let row = self.row(product, location) else {
            preconditionFailure("an alert for a missing level: \(product) \(location)")
        }
        var set = AlertSet(rawValue: self.alerts[row])
        if isRaised { set.insert(AlertSet(kind)) } else { set.remove(AlertSet(kind)) }
        self.alerts[row] = set.rawValue
    }

    private mutating func append(_ level: Level, revision: LSN) {
        let row = self.rowCount
        self.products.append(level.product.value)
        self.locations.append(level.location.value)
        self.onHand.append(level.onHand.baseUnits)
        self.unavailable.append(level.unavailable.baseUnits)
        self.reserved.append(level.reserved.baseUnits)
        self.incoming.append(level.incoming.baseUnits)
        self.floors.append(level.floor.baseUnits)
        self.values.append(level.value.minorUnits)
        self.alerts.append(0)
        self.revisions.append(revision.value)
        self.link(level.product, level.location, row: row)
    }

    /// Appends the levels of buffered products, all at one location.
    ///
    /// - Complexity: O(products)
    mutating func append(_ gathered: borrowing GatheredProducts) {
        let (rows, count) = (gathered.rows, gathered.count)
        let first = self.rowCount
        self.products.append(count: count) { rows[$0].id }
        self.locations.append(repeating: rows[0].opened.location.value, count: count)
        self.onHand.append(count: count) { rows[$0].opened.quantity.baseUnits }
        self.unavailable.append(repeating: 0, count: count)
        self.reserved.append(repeating: 0, count: count)
        self.incoming.append(repeating: 0, count: count)
        self.floors.append(repeating: 0, count: count)
        self.values.append(count: count) { rows[$0].opened.value.minorUnits }
        self.alerts.append(count: count) { rows[$0].alerts.rawValue }
        self.revisions.append(count: count) { rows[$0].lsn.value }
        let location = rows[0].opened.location.row
        while self.rows.count <= location { self.rows.append(Column<UInt32>()) }
        let gap = Int(rows[0].id) - self.rows[location].count
        precondition(gap >= 0, "product \(rows[0].id) has been at location \(location) before")
        self.rows[location].append(repeating: 0, count: gap)
        self.rows[location].append(count: count) { UInt32(first + $0 + 1) }
    }

    private mutating func link(_ product: ProductID, _ location: LocationID, row: Int) {
        while self.rows.count <= location.row { self.rows.append(Column<UInt32>()) }
        while self.rows[location.row].count <= product.row { self.rows[location.row].append(0) }
        self.rows[location.row][product.row] = UInt32(row + 1)
    }

    /// Rebuilds the derived columns after loading a snapshot.
    ///
    /// - Complexity: O(levels)
    mutating func rebuildRows() {
        self.rows = []
        for row in 0..<self.rowCount {
            self.link(
                ProductID(self.products[row]),
                LocationID(self.locations[row]),
                row: row
            )
        }
    }

    /// Visits every column with its number; see ``InventoryTables``.
    mutating func visit<Visitor: ImageVisitor>(
        _ visitor: inout Visitor
    ) throws(Visitor.Failure) {
        try visitor.visit(400, &self.products)
        try visitor.visit(401, &self.locations)
        try visitor.visit(402, &self.onHand)
        try visitor.visit(403, &self.unavailable)
        try visitor.visit(404, &self.reserved)
        try visitor.visit(405, &self.incoming)
        try visitor.visit(406, &self.floors)
        try visitor.visit(407, &self.values)
        try visitor.visit(408, &self.alerts)
        try visitor.visit(409, &self.revisions)
        try visitor.visit(410, &self.lastCosts)
        try visitor.visit(411, &self.lastCostBases)
        try visitor.visit(Self.reorderPointPart, &self.reorderPoints)
    }

    /// The columns that only some levels have: they extend to the last of these.
    private static let sparseParts: ClosedRange<UInt32> = 410...412
    /// The column of the levels' own reorder points.
    static let reorderPointPart: UInt32 = 412
}

extension LevelTable {
    /// Stops the process unless every level is found by its product and location, and by nothing else.
    ///
    /// - Complexity: O(products × locations)
    func checkInvariants() {
        self.checkColumns("levels", except: Self.sparseParts)
        let costs = self.lastCosts.count
        precondition(costs == self.lastCostBases.count && costs <= self.rowCount, "\(costs) costs")
        let points = self.reorderPoints.count
        precondition(points <= self.rowCount, "\(points) reorder points")
        for row in 0..<points {
            let point = self.reorderPoints[row]
            precondition(point >= 0, "the reorder point of row \(row) is stored as \(point)")
        }
        var linked = 0
        for column in self.rows {
            for row in 0..<column.count where column[row] != 0 { linked += 1 }
        }
        precondition(linked == self.rowCount, "\(linked) of \(self.rowCount) levels are found")
        for row in 0..<self.rowCount {
            let level = self.level(row)
            precondition(self.row(level.product, level.location) == row, "\(level) is not found")
            precondition(
                level.unavailable >= 0 && level.reserved >= 0 && level.incoming >= 0,
                "a balance is below 0: \(level)"
            )
        }
    }
}
