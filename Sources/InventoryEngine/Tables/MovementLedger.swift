package import Bytes
package import ColumnStore
package import InventoryModel

/// All movements, in the order of LSN and line.
///
/// Append only.
///
/// Strings are interned: a column has their codes in ``InventoryTables/strings``.
package struct MovementLedger: Sendable {
    package private(set) var lsns = LedgerColumn<UInt64>()
    package private(set) var lines = LedgerColumn<UInt16>()
    package private(set) var recordedAt = LedgerColumn<Int64>()
    package private(set) var occurredAt = LedgerColumn<Int64>()
    package private(set) var kinds = LedgerColumn<UInt8>()
    package private(set) var products = LedgerColumn<UInt32>()
    package private(set) var locations = LedgerColumn<UInt16>()
    package private(set) var onHandDeltas = LedgerColumn<Int64>()
    package private(set) var unavailableDeltas = LedgerColumn<Int64>()
    package private(set) var reservedDeltas = LedgerColumn<Int64>()
    package private(set) var incomingDeltas = LedgerColumn<Int64>()
    package private(set) var amounts = LedgerColumn<Int64>()
    package private(set) var prices = LedgerColumn<Int64>()
    package private(set) var priceBases = LedgerColumn<Int64>()
    package private(set) var costs = LedgerColumn<Int64>()
    /// A ``Reason``, or 0 for none.
    package private(set) var reasons = LedgerColumn<UInt8>()
    package private(set) var references = LedgerColumn<UInt32>()
    package private(set) var notes = LedgerColumn<UInt32>()
    package private(set) var actors = LedgerColumn<UInt32>()
    /// The row of the movement that a return or a reversal refers to, plus 1; 0 for none.
    package private(set) var origins = LedgerColumn<UInt64>()
    /// 1 if the time was given by an importer.
    package private(set) var imported = LedgerColumn<UInt8>()
    /// The movements of units in backorder, and the number of units of each: rows,
    /// ascending, and units.
    ///
    /// For a sale, the units that were not on hand; for a return, those of them that it brings back; for
    /// other incoming units, those that filled backorders.
    ///
    /// Separate from the other columns, since few sales have any.
    private(set) var backorderRows = LedgerColumn<UInt64>()
    private(set) var backorderUnits = LedgerColumn<Int64>()
    /// Cached aggregates of its full segments; not part of the ledger's data.
    package let aggregateCache = SegmentAggregateCache()
    /// The rows of reversals, ascending; derived from the kinds, and not in a snapshot.
    package private(set) var reversals = LedgerColumn<UInt64>()

    package var rowCount: Int { self.lsns.count }

    /// The rows of the step `lsn`: contiguous, empty if it moved nothing.
    ///
    /// - Complexity: O(log n)
    package func rows(of lsn: LSN) -> Range<Int> {
        let start = self.firstRow(after: lsn == .zero ? .zero : lsn.previous)
        var end = start
        while end < self.rowCount, self.lsns[end] == lsn.value { end += 1 }
        return start..<end
    }

    /// The first row of a later step than `lsn`; ``rowCount`` if there is none.
    ///
    /// - Complexity: O(log n)
    package func firstRow(after lsn: LSN) -> Int {
        self.lsns.firstRow(above: lsn.value)
    }

    /// The row of one movement; `nil` if there is none.
    ///
    /// The lines of a step count from 0 in the order of its rows.
    /// - Complexity: O(log n), also in a step of thousands.
    func row(of id: MovementID) -> Int? {
        guard id.lsn > .zero else { return nil }
        let row = self.firstRow(after: id.lsn.previous) + Int(id.line)
        guard row < self.rowCount, self.lsns[row] == id.lsn.value else { return nil }
        precondition(self.lines[row] == id.line, "line \(self.lines[row]) where \(id) should be")
        return row
    }

    func movementID(_ row: Int) -> MovementID {
        MovementID(lsn: LSN(self.lsns[row]), line: self.lines[row])
    }

    package func kind(_ row: Int) -> MovementKind {
        guard let kind = MovementKind(rawValue: self.kinds[row]) else {
            preconditionFailure("row \(row) of the ledger is of kind \(self.kinds[row])")
        }
        return kind
    }

    /// Whether a row is of the past: an opening balance, the sale, return or write-off that consumes one, or
    /// the reversal of either.
    ///
    /// Such rows change no balance of today.
    package func isPast(_ row: Int) -> Bool {
        let row = self.kind(row) == .reversal ? Int(self.origins[row]) - 1 : row
        if self.kind(row) == .openingBalance { return true }
        let origin = self.origins[row]
        return origin > 0 && self.kind(Int(origin) - 1) == .openingBalance
    }

    /// The codes of a movement's strings.
    package struct StringCodes {
        var reference: UInt32
        var note: UInt32
        var actor: UInt32

        package init(reference: UInt32, note: UInt32, actor: UInt32) {
            self.reference = reference
            self.note = note
            self.actor = actor
        }
    }

    package mutating func append(
        _ movement: Movement,
        id: MovementID,
        recordedAt: Instant,
        origin: Int?,
        strings: StringCodes,
        backordered: Quantity = 0
    ) {
        if movement.kind == .reversal { self.reversals.append(UInt64(self.rowCount)) }
        if backordered > 0 { self.noteBackorder(of: backordered, in: self.rowCount) }
        self.lsns.append(id.lsn.value)
        self.lines.append(id.line)
        self.recordedAt.append(recordedAt.microseconds)
        self.occurredAt.append(movement.occurredAt.microseconds)
        self.kinds.append(movement.kind.rawValue)
        self.products.append(movement.product.value)
        self.locations.append(movement.location.value)
        self.onHandDeltas.append(movement.onHandDelta.baseUnits)
        self.unavailableDeltas.append(movement.unavailableDelta.baseUnits)
        self.reservedDeltas.append(movement.reservedDelta.baseUnits)
        self.incomingDeltas.append(movement.incomingDelta.baseUnits)
        self.amounts.append(movement.amount.minorUnits)
        self.prices.append(movement.price.minorUnits)
        self.priceBases.append(movement.price.basis)
        self.costs.append(movement.cost.minorUnits)
        self.reasons.append(movement.reason?.rawValue ?? 0)
        self.references.append(strings.reference)
        self.notes.append(strings.note)
        self.actors.append(strings.actor)
        self.origins.append(origin.map { UInt64($0) + 1 } ?? 0)
        self.imported.append(movement.isImported ? 1 : 0)
    }

    private mutating func noteBackorder(of units: Quantity, in row: Int) {
        self.backorderRows.append(UInt64(row))
        self.backorderUnits.append(units.baseUnits)
    }

    /// The units in backorder of the movement in `row`; see ``backorderRows``.
    ///
    /// - Complexity: O(log n)
    package func backordered(_ row: Int) -> Quantity {
        if self.backorderRows.count == 0 { return 0 }
        let index = row == 0 ? 0 : self.backorderRows.firstRow(above: UInt64(row - 1))
        guard index < self.backorderRows.count, self.backorderRows[index] == UInt64(row) else {
            return 0
        }
        return Quantity(self.backorderUnits[index])
    }

    /// How many of the next `quantity` returned units of the sale in `row` were sold in backorder: these are
    /// returned first, so that their cost is the level's average.
    func backordered(
        of quantity: Quantity,
        soldIn row: Int,
        after returned: ReturnedSums
    ) -> Quantity {
        min(quantity, self.backordered(row) - returned.backordered)
    }

    /// The cost, in minor units, of the next `quantity` returned units of the sale in `row` that were on
    /// hand when sold: their share of what is not returned yet, so that all parts add up to the row's cost,
    /// in whatever order returns are made and reversed.
    func cost(of quantity: Quantity, soldIn row: Int, after returned: ReturnedSums) -> Money {
        let sold = Quantity(-self.onHandDeltas[row]) - self.backordered(row)
        return StockMath.share(
            of: Money(-self.costs[row]) - returned.cost,
            quantity,
            of: sold - (returned.quantity - returned.backordered)
        )
    }

    /// Appends buffered movements, like ``append(_:id:recordedAt:origin:strings:backordered:)`` for
    /// each.
    ///
    /// - Complexity: O(movements)
    mutating func append(_ gathered: borrowing GatheredMovements) {
        let (rows, count) = (gathered.rows, gathered.count)
        if gathered.hasBackorders {
            for index in 0..<count where rows[index].backordered > 0 {
                self.noteBackorder(of: rows[index].backordered, in: self.rowCount + index)
            }
        }
        self.lsns.append(count: count) { rows[$0].lsn.value }
        self.lines.append(repeating: 0, count: count)
        self.recordedAt.append(count: count) { rows[$0].time }
        self.occurredAt.append(count: count) { rows[$0].occurredAt }
        self.kinds.append(repeating: gathered.kind.rawValue, count: count)
        self.products.append(count: count) { rows[$0].product }
        self.locations.append(count: count) { rows[$0].location }
        self.onHandDeltas.append(count: count) { rows[$0].onHandDelta }
        self.unavailableDeltas.append(repeating: 0, count: count)
        self.reservedDeltas.append(repeating: 0, count: count)
        self.incomingDeltas.append(repeating: 0, count: count)
        self.amounts.append(count: count) { rows[$0].amount }
        self.prices.append(count: count) { rows[$0].price }
        self.priceBases.append(count: count) { rows[$0].priceBasis }
        self.costs.append(count: count) { rows[$0].cost }
        self.reasons.append(repeating: 0, count: count)
        self.references.append(count: count) { rows[$0].strings.reference }
        self.notes.append(count: count) { rows[$0].strings.note }
        self.actors.append(count: count) { rows[$0].strings.actor }
        self.origins.append(repeating: 0, count: count)
        if gathered.hasImported {
            self.imported.append(count: count) { rows[$0].isImported ? 1 : 0 }
        } else {
            self.imported.append(repeating: 0, count: count)
        }
    }

    /// Appends buffered movements of receipts, like ``append(_:id:recordedAt:origin:strings:backordered:)`` for
    /// each.
    ///
    /// - Complexity: O(movements)
    mutating func append(_ gathered: borrowing GatheredReceipts) {
        let (rows, count) = (gathered.rows, gathered.count)
        self.lsns.append(count: count) { rows[$0].lsn.value }
        self.lines.append(count: count) { rows[$0].line }
        self.recordedAt.append(count: count) { rows[$0].time }
        self.occurredAt.append(count: count) { rows[$0].occurredAt }
        self.kinds.append(count: count) { rows[$0].kind }
        self.products.append(count: count) { rows[$0].product }
        self.locations.append(count: count) { rows[$0].location }
        self.onHandDeltas.append(count: count) { rows[$0].onHandDelta }
        self.unavailableDeltas.append(repeating: 0, count: count)
        self.reservedDeltas.append(repeating: 0, count: count)
        self.incomingDeltas.append(repeating: 0, count: count)
        self.amounts.append(count: count) { rows[$0].amount }
        self.prices.append(count: count) { rows[$0].price }
        self.priceBases.append(count: count) { rows[$0].priceBasis }
        self.costs.append(count: count) { rows[$0].cost }
        self.reasons.append(count: count) { rows[$0].reason }
        self.references.append(count: count) { rows[$0].strings.reference }
        self.notes.append(count: count) { rows[$0].strings.note }
        self.actors.append(count: count) { rows[$0].strings.actor }
        self.origins.append(count: count) { rows[$0].origin }
        self.imported.append(repeating: 1, count: count)
    }

    /// The movement at `row` as it was recorded.
    func movement(_ row: Int, strings: TextColumn) -> Movement {
        let origin = self.origins[row]
        return Movement(
            kind: self.kind(row),
            product: ProductID(self.products[row]),
            location: LocationID(self.locations[row]),
            onHandDelta: Quantity(self.onHandDeltas[row]),
            unavailableDelta: Quantity(self.unavailableDeltas[row]),
            reservedDelta: Quantity(self.reservedDeltas[row]),
            incomingDelta: Quantity(self.incomingDeltas[row]),
            amount: Money(self.amounts[row]),
            price: Price(self.prices[row], per: self.priceBases[row]),
            cost: Money(self.costs[row]),
            reason: Reason(rawValue: self.reasons[row]),
            reference: strings[Int(self.references[row])],
            note: strings[Int(self.notes[row])],
            origin: origin == 0 ? nil : self.movementID(Int(origin) - 1),
            occurredAt: Instant(microseconds: self.occurredAt[row]),
            isImported: self.imported[row] == 1
        )
    }

    /// Derives what a snapshot does not contain.
    ///
    /// - Complexity: O(movements), of which it reads few
    mutating func completeLoading() {
        let reversal = MovementKind.reversal.rawValue
        var rows: [Int] = []
        self.kinds.scanSegments(of: 0..<self.rowCount, mayContain: reversal...reversal) {
            for row in $0 where self.kinds[row] == reversal { rows.append(row) }
            return true
        }
        for row in rows { self.reversals.append(UInt64(row)) }
    }

    /// Determines which sales were in backorder, from a snapshot that does not contain it:
    /// one made before 0.2.0.
    ///
    /// - Complexity: O(movements)
    mutating func deriveBackorders() {
        self.backorderRows = LedgerColumn()
        self.backorderUnits = LedgerColumn()
        var onHand: [UInt64: Int64] = [:]
        var links = MovementLinks()
        for row in 0..<self.rowCount {
            let place = UInt64(self.products[row]) << 16 | UInt64(self.locations[row])
            let left = onHand[place, default: 0] + self.onHandDeltas[row]
            onHand[place] = left
            let origin = self.origins[row] > 0 ? Int(self.origins[row]) - 1 : nil
            let units = self.backordered(
                by: self.kind(row),
                of: Quantity(self.onHandDeltas[row]),
                leaving: Quantity(left),
                returned: origin.map { ($0, links.returned($0)) }
            )
            if units > 0 { self.noteBackorder(of: units, in: row) }
            if let origin { links.note(row, origin: origin, in: self) }
        }
    }

    /// How many units of a movement of `delta` units are in backorder.
    ///
    /// `returned` is the row that it refers to, and the part of it that was returned before.
    func backordered(
        by kind: MovementKind,
        of delta: Quantity,
        leaving onHand: Quantity,
        returned: (row: Int, sums: ReturnedSums)?
    ) -> Quantity {
        // What is sold in the past was never in backorder.
        if let returned, self.kind(returned.row) == .openingBalance { return 0 }
        switch kind {
        case .sale:
            return StockMath.backordered(of: -delta, leaving: onHand)
        case .return:
            guard let returned else { return 0 }
            return self.backordered(of: delta, soldIn: returned.row, after: returned.sums)
        case .restock, .adjust, .count:
            return max(0, min(delta, delta - onHand))
        default:
            return 0
        }
    }

    /// Visits every column with its number; see ``InventoryTables``.
    mutating func visit<Visitor: ImageVisitor>(
        _ visitor: inout Visitor
    ) throws(Visitor.Failure) {
        try visitor.visit(500, &self.lsns)
        try visitor.visit(501, &self.lines)
        try visitor.visit(502, &self.recordedAt)
        try visitor.visit(503, &self.occurredAt)
        try visitor.visit(504, &self.kinds)
        try visitor.visit(505, &self.products)
        try visitor.visit(506, &self.locations)
        try visitor.visit(507, &self.onHandDeltas)
        try visitor.visit(508, &self.unavailableDeltas)
        try visitor.visit(509, &self.reservedDeltas)
        try visitor.visit(510, &self.incomingDeltas)
        try visitor.visit(511, &self.amounts)
        try visitor.visit(512, &self.prices)
        try visitor.visit(513, &self.priceBases)
        try visitor.visit(514, &self.costs)
        try visitor.visit(515, &self.reasons)
        try visitor.visit(516, &self.references)
        try visitor.visit(517, &self.notes)
        try visitor.visit(518, &self.actors)
        try visitor.visit(519, &self.origins)
        try visitor.visit(520, &self.imported)
        try visitor.visit(521, &self.backorderRows)
        try visitor.visit(522, &self.backorderUnits)
    }

    /// The columns of movements with units in backorder only.
    static let backorderParts: ClosedRange<UInt32> = 521...522
}
