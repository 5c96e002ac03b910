public import Bytes
internal import ColumnStore
public import InventoryModel

/// Balances of the past: the current ones, less what the ledger says was recorded, or occurred, since.
///
/// It also determines what existed: a product that was created later did not.
package struct PastBalances {
    private struct Key: Hashable {
        var product: UInt32
        var location: UInt16
    }

    /// The sums of what happened after the requested point, by level.
    private var later: [Key: Level] = [:]
    /// The number of movements after it, by product.
    private var laterCounts: [UInt32: UInt64] = [:]
    /// What existed at the point; `nil` for now.
    private var presence: Presence?

    /// Bounds that state which product rows existed, and were as they are, at the point.
    private struct Presence {
        let products: ProductTable
        /// Products created up to this moment existed.
        var createdAtMax: Instant
        /// Rows with no later revision were as they are now; 0 if no revision is known for the point.
        var revisionMax: LSN
    }

    /// - Complexity: O(movements after the point); for an effective time also O(segments).
    package init(_ view: ReadView, _ asOf: AsOf?) throws(Refusal) {
        guard let asOf else { return }
        try view.forEachMovement(after: asOf) { self.take($0, view.tables.ledger) }
        self.presence = Presence(
            products: view.tables.products,
            createdAtMax: try Self.createdAtMax(view, asOf),
            revisionMax: try Self.revisionMax(view, asOf)
        )
    }

    /// The latest creation time of what existed at the point.
    ///
    /// A product has the time of its creation, not the version. The time of a version is known if the version
    /// moved stock; else it was before the next one that did, and a product that was created in between
    /// counts as existing.
    private static func createdAtMax(_ view: ReadView, _ asOf: AsOf) throws(Refusal) -> Instant {
        switch asOf {
        case .time(let time), .effective(let time): return time
        case .lsn(let lsn):
            let ledger = view.tables.ledger
            let next = try view.firstMovement(after: asOf)
            if lsn == view.lsn { return Instant(microseconds: .max) }
            if next > 0, ledger.lsns[next - 1] == lsn.value {
                return Instant(microseconds: ledger.recordedAt[next - 1])
            }
            let isLast = next == ledger.rowCount
            return Instant(microseconds: isLast ? .max : ledger.recordedAt[next] - 1)
        }
    }

    private static func revisionMax(_ view: ReadView, _ asOf: AsOf) throws(Refusal) -> LSN {
        if case .effective = asOf { return 0 }
        return try view.version(asOf).lsn
    }

    /// Whether a product existed: created by then, or moved by then, since a movement may have occurred
    /// before it was recorded.
    package func contains(_ id: ProductID) -> Bool {
        guard let presence else { return true }
        let products = presence.products
        return products.createdAt[id.row] <= presence.createdAtMax.microseconds
            || LSN(products.revisions[id.row]) <= presence.revisionMax
            || self.laterCounts[id.value, default: 0] < products.movementCounts[id.row]
    }

    /// Whether a product that is deleted existed: it was created by then, and deleted later.
    ///
    /// Of an instant of happening that is unknown, and the product did not exist.
    func contained(deleted id: ProductID) -> Bool {
        guard let presence, presence.revisionMax > 0 else { return false }
        let products = presence.products
        return products.createdAt[id.row] <= presence.createdAtMax.microseconds
            && LSN(products.revisions[id.row]) > presence.revisionMax
    }

    /// The newest revision, if it was the newest at the point too; `nil` if it is later, or that is unknown.
    func revision(_ now: LSN) -> LSN? {
        presence.map { now <= $0.revisionMax } ?? true ? now : nil
    }

    /// The time of the newest change, if it was the newest at the point.
    func changedAt(_ now: Instant) -> Instant? {
        presence.map { now <= $0.createdAtMax } ?? true ? now : nil
    }

    private mutating func take(_ row: Int, _ ledger: MovementLedger) {
        let key = Key(product: ledger.products[row], location: ledger.locations[row])
        var sum =
            self.later[key]
            ?? Level(product: ProductID(key.product), location: LocationID(key.location))
        sum.onHand += Quantity(ledger.onHandDeltas[row])
        sum.unavailable += Quantity(ledger.unavailableDeltas[row])
        sum.reserved += Quantity(ledger.reservedDeltas[row])
        sum.incoming += Quantity(ledger.incomingDeltas[row])
        sum.value += Money(ledger.costs[row])
        self.later[key] = sum
        self.laterCounts[key.product, default: 0] += 1
    }

    /// The level as it was at the point; its floor and revision are the current ones.
    package func level(_ now: Level) -> Level {
        let key = Key(product: now.product.value, location: now.location.value)
        guard let later = self.later[key] else { return now }
        var level = now
        level.onHand -= later.onHand
        level.unavailable -= later.unavailable
        level.reserved -= later.reserved
        level.incoming -= later.incoming
        level.value -= later.value
        return level
    }
}

extension ReadView {
    /// Visits the rows that are not part of a point of the past, in the order of the ledger.
    func forEachMovement(after asOf: AsOf, _ visit: (Int) -> Void) throws(Refusal) {
        let ledger = self.tables.ledger
        guard case .effective(let time) = asOf else {
            for row in try self.firstMovement(after: asOf)..<ledger.rowCount {
                try self.checkpoint(at: row)
                visit(row)
            }
            return
        }
        try time.checkCalendar("asOf")
        var row = 0
        while row < ledger.rowCount {
            try self.checkpoint()
            let segment = row >> SegmentSize.shift
            let end = min(ledger.rowCount, (segment + 1) << SegmentSize.shift)
            let last = max(
                ledger.occurredAt.zoneMap(ofSegment: segment).highest,
                ledger.recordedAt.zoneMap(ofSegment: segment).highest
            )
            if last > time.microseconds {
                for row in row..<end where ledger.happened(row) > time.microseconds { visit(row) }
            }
            row = end
        }
    }

    /// The last version that a point of the past includes completely, and when it was recorded, for the
    /// header of an answer.
    ///
    /// For a time it is the version of the last movement by then, 0 if there was none. An answer for an
    /// effective time reflects all that is recorded.
    ///
    /// - Throws: `out_of_range` for a version later than the view's.
    public func version(_ asOf: AsOf?) throws(Refusal) -> (lsn: LSN, time: Instant) {
        guard let asOf else { return (self.lsn, self.time) }
        if case .effective = asOf { return (self.lsn, self.time) }
        let row = try self.firstMovement(after: asOf) - 1
        let ledger = self.tables.ledger
        let last = row < 0 ? LSN.zero : LSN(ledger.lsns[row])
        let recorded = row < 0 ? Instant.zero : Instant(microseconds: ledger.recordedAt[row])
        switch asOf {
        case .lsn(self.lsn): return (self.lsn, self.time)
        case .lsn(let lsn): return (lsn, recorded)
        case .time, .effective: return (last, recorded)
        }
    }

    /// The first row of the ledger that was recorded after a point; the row count if there is none, or if the
    /// point is an effective time.
    ///
    /// - Throws: `out_of_range` for a version later than the view's, or an instant outside the calendar.
    /// - Complexity: O(log n)
    package func firstMovement(after asOf: AsOf) throws(Refusal) -> Int {
        let ledger = self.tables.ledger
        switch asOf {
        case .lsn(let lsn):
            try self.check(asOf: lsn)
            return ledger.firstRow(after: lsn)
        case .time(let time):
            try time.checkCalendar("asOf")
            return ledger.recordedAt.firstRow(above: time.microseconds)
        case .effective(let time):
            try time.checkCalendar("asOf")
            return ledger.rowCount
        }
    }

    /// Like ``firstMovement(after:)``, for the ledger of unmet demand.
    package func firstRefusal(after asOf: AsOf) throws(Refusal) -> Int {
        switch asOf {
        case .lsn(let lsn):
            try self.check(asOf: lsn)
            return self.tables.refusals.lsns.firstRow(above: lsn.value)
        case .time(let time), .effective(let time):
            // Demand occurs when it is recorded.
            try time.checkCalendar("asOf")
            return self.tables.refusals.recordedAt.firstRow(above: time.microseconds)
        }
    }

    private func check(asOf lsn: LSN) throws(Refusal) {
        guard lsn > self.lsn else { return }
        throw Refusal(
            .outOfRange,
            .range(
                "asOf",
                value: Int64(clamping: lsn.value),
                lowest: 0,
                highest: Int64(self.lsn.value)
            )
        )
    }
}

extension MovementLedger {
    /// When a row occurred for balances of the past: an expected delivery counts from when it was recorded,
    /// though it will occur when it arrives.
    package func happened(_ row: Int) -> Int64 {
        self.kinds[row] == MovementKind.expectIncoming.rawValue
            ? self.recordedAt[row] : self.occurredAt[row]
    }
}

extension LedgerColumn {
    /// The first row whose value is larger, in a column whose values are ascending.
    ///
    /// - Complexity: O(log n)
    func firstRow(above value: Value) -> Int {
        var low = 0
        var high = self.count
        while low < high {
            let middle = (low + high) / 2
            if self[middle] <= value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
