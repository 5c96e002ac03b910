internal import ColumnStore
internal import InventoryEngine
internal import InventoryModel

/// The identity of a transaction that a sale belongs to.
struct Receipt: Hashable, Sendable {
    /// The location and the reference, or the step of a sale without one.
    var number: UInt64
    /// The day of the receipt; 0 for a step.
    var day: UInt32
}

/// The assignment of sales to transactions.
///
/// A transaction is a receipt: the sales under one reference at one location on one day, by that location's
/// clock, as receipt numbers restart each day in many shops. The lines of a sale happen at one moment, so the
/// day is that of its first line; two sales under one number before and after midnight are two receipts. A
/// sale without a reference is one transaction, whatever its locations.
///
/// An undone line does not count, so a receipt with all lines undone is no transaction.
struct Receipts: Sendable {
    private let zones: [ZoneCalendar]
    /// By location: the last resolved day and its instants.
    private var days: [(span: TimeSpan, day: UInt32)]
    /// Undone rows, ascending.
    private let undone: [Int]
    /// The undone rows of one segment.
    private var current: (segment: Int, undone: ArraySlice<Int>) = (-1, [])
    /// The location and day of all rows of that segment, if they are the same.
    private var common: (location: UInt16, day: UInt32)?

    /// Prepares the rows from `first`.
    ///
    /// - Complexity: O(reversals of those rows + locations)
    init(_ view: ReadView, from first: Int, upTo end: Int, happenedBy: Instant?) {
        let ledger = view.tables.ledger
        let locations = view.tables.locations
        // The main location always exists, even in manually created tables.
        let count = max(locations.rowCount, LocationID.main.row + 1)
        self.zones = (0..<count).map { row in
            let name = row < locations.rowCount ? locations.zones[row] : ""
            return name.isEmpty ? .utc : (try? ZoneCalendar(stored: name)) ?? .utc
        }
        self.days = self.zones.map { _ in (TimeSpan(from: 0, to: 0), 0) }
        self.undone = ledger.undoneSales(by: first..<max(first, end), happenedBy: happenedBy)
    }

    /// Returns the transaction of a sale's row; `nil` if it was undone.
    @inline(__always)
    mutating func receipt(_ row: Int, _ ledger: MovementLedger) -> Receipt? {
        let segment = row >> SegmentSize.shift
        if segment != self.current.segment { self.move(to: segment, ledger) }
        if !self.current.undone.isEmpty, self.isUndone(row) { return nil }
        let reference = ledger.references[row]
        guard reference != 0 else { return Receipt(number: 1 << 63 | ledger.lsns[row], day: 0) }
        if let common = self.common {
            return Receipt(
                number: UInt64(common.location) << 32 | UInt64(reference),
                day: common.day
            )
        }
        let location = ledger.locations[row]
        let day = self.day(ledger.occurredAt[row], Int(location))
        return Receipt(number: UInt64(location) << 32 | UInt64(reference), day: day)
    }

    private mutating func move(to segment: Int, _ ledger: MovementLedger) {
        let start = segment << SegmentSize.shift
        let from = self.undone.firstIndex(notBelow: start)
        let to = self.undone.firstIndex(notBelow: start + SegmentSize.capacity)
        self.current = (segment, self.undone[from..<to])
        self.common = nil
        let places = ledger.locations.zoneMap(ofSegment: segment)
        guard places.lowest == places.highest else { return }
        let times = ledger.occurredAt.zoneMap(ofSegment: segment)
        let day = self.day(times.lowest, Int(places.lowest))
        guard self.days[Int(places.lowest)].span.contains(times.highest) else { return }
        self.common = (places.lowest, day)
    }

    private func isUndone(_ row: Int) -> Bool {
        let index = self.current.undone.firstIndex(notBelow: row)
        return index < self.current.undone.endIndex && self.current.undone[index] == row
    }

    private mutating func day(_ instant: Int64, _ location: Int) -> UInt32 {
        if !self.days[location].span.contains(instant) {
            let span = self.zones[location].span(.day, containing: instant)
            let day = self.zones[location].dayNumber(instant)
            self.days[location] = (span, UInt32(truncatingIfNeeded: day))
        }
        return self.days[location].day
    }
}

extension RandomAccessCollection where Element == Int, Index == Int {
    /// Returns the first index of a sorted list whose element is not below a number, or the end.
    fileprivate func firstIndex(notBelow number: Int) -> Int {
        var low = self.startIndex
        var high = self.endIndex
        while low < high {
            let middle = low + (high - low) / 2
            if self[middle] < number { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
