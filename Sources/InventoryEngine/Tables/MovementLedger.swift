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

    /// Appends a movement as the next row; `origin` is the row that it refers to.
    package mutating func append(
        _ movement: Movement,
        id: MovementID,
        recordedAt: Instant,
        origin: Int?,
        strings: StringCodes,
        backordered: Quantity = 0
    ) {
        let row = LedgerRow(
            movement,
            lsn: id.lsn,
            line: id.line,
            recordedAt: recordedAt,
            origin: origin,
            strings: strings,
            backordered: backordered
        )
        if row.kind == .reversal { self.reversals.append(UInt64(self.rowCount)) }
        if row.backordered > 0 { self.noteBackorder(of: row.backordered, in: self.rowCount) }
        var appender = LedgerRowAppender(row: row)
        self.visitColumns(&appender)
    }

    /// Appends buffered movements, like ``append(_:id:recordedAt:origin:strings:backordered:)`` for
    /// each.
    ///
    /// - Complexity: O(movements)
    mutating func append(_ gathered: borrowing GatheredMovements) {
        if gathered.isEmpty { return }
        let (rows, count) = (gathered.rows, gathered.count)
        if gathered.hasBackorders {
            for index in 0..<count where rows[index].backordered > 0 {
                self.noteBackorder(of: rows[index].backordered, in: self.rowCount + index)
            }
        }
        // Two constant sets, so that the choice is made per batch and not per column.
        if gathered.hasImported {
            self.append(UnsafePointer(rows), count: count, uniform: GatheredMovements.uniform)
        } else {
            let uniform = GatheredMovements.uniform.with(.imported)
            self.append(UnsafePointer(rows), count: count, uniform: uniform)
        }
    }

    /// Appends buffered movements of receipts, like ``append(_:id:recordedAt:origin:strings:backordered:)`` for
    /// each.
    ///
    /// - Complexity: O(movements)
    mutating func append(_ gathered: borrowing GatheredReceipts) {
        if gathered.isEmpty { return }
        let rows = UnsafePointer(gathered.rows)
        self.append(rows, count: gathered.count, uniform: GatheredReceipts.uniform)
    }

    @inline(__always)
    private mutating func append(
        _ rows: UnsafePointer<LedgerRow>,
        count: Int,
        uniform: LedgerPart.Set
    ) {
        var appender = GatheredRowAppender(rows: rows, count: count, uniform: uniform)
        self.visitColumns(&appender)
    }

    mutating func noteBackorder(of units: Quantity, in row: Int) {
        self.backorderRows.append(UInt64(row))
        self.backorderUnits.append(units.baseUnits)
    }

    mutating func removeBackorders() {
        self.backorderRows = LedgerColumn()
        self.backorderUnits = LedgerColumn()
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

    /// Visits every column with its number; see ``InventoryTables``.
    mutating func visit<Visitor: ImageVisitor>(
        _ visitor: inout Visitor
    ) throws(Visitor.Failure) {
        try withUnsafeMutablePointer(to: &visitor) { (visitor) throws(Visitor.Failure) in
            var images = LedgerImages(visitor: visitor)
            try self.visitColumns(&images)
            try visitor.pointee.visit(521, &self.backorderRows)
            try visitor.pointee.visit(522, &self.backorderUnits)
        }
    }

    /// The columns of movements with units in backorder only.
    static let backorderParts: ClosedRange<UInt32> = 521...522

    /// Visits the columns that every row has a value in, each with what it stores of a row.
    @inline(__always)
    private mutating func visitColumns<Visitor: LedgerColumnVisitor>(
        _ visitor: inout Visitor
    ) throws(Visitor.Failure) {
        try visitor.column(.lsn, &self.lsns) { $0.lsn.value }
        try visitor.column(.line, &self.lines) { $0.line }
        try visitor.column(.recordedAt, &self.recordedAt) { $0.recordedAt.microseconds }
        try visitor.column(.occurredAt, &self.occurredAt) { $0.occurredAt.microseconds }
        try visitor.column(.kind, &self.kinds) { $0.kind.rawValue }
        try visitor.column(.product, &self.products) { $0.product.value }
        try visitor.column(.location, &self.locations) { $0.location.value }
        try visitor.column(.onHandDelta, &self.onHandDeltas) { $0.onHandDelta.baseUnits }
        try visitor.column(.unavailableDelta, &self.unavailableDeltas) {
            $0.unavailableDelta.baseUnits
        }
        try visitor.column(.reservedDelta, &self.reservedDeltas) { $0.reservedDelta.baseUnits }
        try visitor.column(.incomingDelta, &self.incomingDeltas) { $0.incomingDelta.baseUnits }
        try visitor.column(.amount, &self.amounts) { $0.amount.minorUnits }
        try visitor.column(.price, &self.prices) { $0.price.minorUnits }
        try visitor.column(.priceBasis, &self.priceBases) { $0.price.basis }
        try visitor.column(.cost, &self.costs) { $0.cost.minorUnits }
        try visitor.column(.reason, &self.reasons) { $0.reason?.rawValue ?? 0 }
        try visitor.column(.reference, &self.references) { $0.strings.reference }
        try visitor.column(.note, &self.notes) { $0.strings.note }
        try visitor.column(.actor, &self.actors) { $0.strings.actor }
        try visitor.column(.origin, &self.origins) { $0.origin.map { UInt64($0) + 1 } ?? 0 }
        try visitor.column(.imported, &self.imported) { $0.isImported ? 1 : 0 }
    }
}
