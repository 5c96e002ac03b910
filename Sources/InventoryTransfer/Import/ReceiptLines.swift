internal import Bytes
import Foundation
internal import InventoryModel

/// Numbers the lines of a file's receipts, as the server identifies them.
///
///     row   reference   time               receipt                     line
///     2     R7          23:58 on the 3rd   main, R7, the 3rd           0
///     3     R7          00:01 on the 4th   the same: it follows        1
///     4     R8          00:02 on the 4th   main, R8, the 4th           0
///     5     R7          09:30 on the 4th   main, R7, the 4th           0
///     6     R8          00:02 on the 4th   main, R8, the 4th           1
///
/// Rows of a receipt need not be neighbours. Every row counts, also one that is rejected, so that a line keeps
/// its number when the file is corrected.
struct ReceiptLines {
    /// A line of a receipt.
    struct Line: Equatable {
        /// The receipt's number in the file.
        var receipt: Int
        var day: CalendarDay
        /// The number of the line in the receipt, from 0.
        var number: UInt32
    }

    /// How long after its first line a receipt can continue on another day: customers stay after midnight.
    static let secondsMax: Int64 = 6 * 3_600

    private struct Key: Hashable {
        var high: UInt64
        var low: UInt64
    }

    private struct Row {
        var receipt: Int
        var reference: [UInt8]
        var location: LocationID
        var day: CalendarDay
        var startedAt: Instant
    }

    private var days: LocalDays
    private var receipts: [Key: Int] = [:]
    /// By receipt: the number of its next line.
    private var next: [UInt32] = []
    /// The row before.
    private var last: Row?

    /// Creates an empty list; days are those of `zone`.
    init(zone: TimeZone) { self.days = LocalDays(zone: zone) }

    /// Numbers the next row; `nil` if it has no reference, or if neither its time nor the row before tells its
    /// day.
    ///
    /// - Complexity: O(1) on average
    mutating func line(
        of reference: UnsafeRawBufferPointer,
        at location: LocationID,
        _ occurredAt: Instant?
    ) -> Line? {
        guard !reference.isEmpty else {
            self.last = nil
            return nil
        }
        let day = occurredAt.map { self.days.day(of: $0) }
        if let last, last.location == location, last.reference.elementsEqual(reference),
            Self.continues(last, on: day, at: occurredAt)
        {
            return self.take(last.receipt, last.day)
        }
        guard let day, let occurredAt else { return nil }
        let receipt = self.receipt(reference, at: location, on: day)
        self.last = Row(
            receipt: receipt,
            reference: Array(reference),
            location: location,
            day: day,
            startedAt: occurredAt
        )
        return self.take(receipt, day)
    }

    private static func continues(
        _ last: Row,
        on day: CalendarDay?,
        at occurredAt: Instant?
    ) -> Bool {
        guard let day, let occurredAt, day != last.day else { return true }
        let distance = occurredAt.microseconds - last.startedAt.microseconds
        return abs(distance) <= Self.secondsMax * 1_000_000
    }

    private mutating func take(_ receipt: Int, _ day: CalendarDay) -> Line {
        defer { self.next[receipt] += 1 }
        return Line(receipt: receipt, day: day, number: self.next[receipt])
    }

    private mutating func receipt(
        _ reference: UnsafeRawBufferPointer,
        at location: LocationID,
        on day: CalendarDay
    ) -> Int {
        let seed = UInt64(location.value) << 32 | UInt64(day.ordinal)
        let key = Key(
            high: Hash64.hash(reference, seed: seed),
            low: Hash64.hash(reference, seed: ~seed)
        )
        if let known = self.receipts[key] { return known }
        self.receipts[key] = self.next.count
        self.next.append(0)
        return self.next.count - 1
    }
}

extension ReceiptLines {
    /// Stops the process unless each receipt has a number of its own and lines, and the row before is of one.
    ///
    /// - Complexity: O(receipts)
    func checkInvariants() {
        precondition(
            Set(self.receipts.values) == Set(self.next.indices),
            "\(self.receipts.count) receipts have \(self.next.count) numbers"
        )
        for (receipt, next) in self.next.enumerated() {
            precondition(next > 0, "receipt \(receipt) has no lines")
        }
        guard let last = self.last else { return }
        precondition(self.next.indices.contains(last.receipt), "no receipt \(last.receipt)")
    }
}
