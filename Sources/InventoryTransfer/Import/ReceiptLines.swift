internal import Bytes
internal import ColumnStore
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

    private struct Key: Equatable {
        var high: UInt64
        var low: UInt64
    }

    private struct Row {
        var receipt: Int
        var location: LocationID
        var day: CalendarDay
        var startedAt: Instant
    }

    private var days: LocalDays
    /// By the hash of a receipt, its number + 1.
    private var receipts = ProbedShards()
    /// By receipt: what identifies it, and the number of its next line.
    private var numbered: [(key: Key, next: UInt32)] = []
    /// The row before, and its reference.
    private var last: Row?
    private var lastReference: [UInt8] = []

    /// Creates an empty list; days are those of `zone`.
    init(zone: TimeZone) { self.days = LocalDays(zone: zone) }

    /// Numbers the next row; `nil` if it has no reference, or if neither its time nor the row before determines its
    /// day.
    ///
    /// - Complexity: O(1) on average
    mutating func line(
        of reference: [UInt8],
        at location: LocationID,
        _ occurredAt: Instant?
    ) -> Line? {
        guard !reference.isEmpty else {
            self.last = nil
            return nil
        }
        let day = occurredAt.map { self.days.day(of: $0) }
        if let last, last.location == location, self.lastReference == reference,
            Self.continues(last, on: day, at: occurredAt)
        {
            return self.take(last.receipt, last.day)
        }
        guard let day, let occurredAt else { return nil }
        let receipt = self.receipt(reference, at: location, on: day)
        self.last = Row(
            receipt: receipt,
            location: location,
            day: day,
            startedAt: occurredAt
        )
        self.lastReference.removeAll(keepingCapacity: true)
        self.lastReference.append(contentsOf: reference)
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
        defer { self.numbered[receipt].next += 1 }
        return Line(receipt: receipt, day: day, number: self.numbered[receipt].next)
    }

    private mutating func receipt(
        _ reference: [UInt8],
        at location: LocationID,
        on day: CalendarDay
    ) -> Int {
        let seed = UInt64(location.value) << 32 | UInt64(day.ordinal)
        let key = reference.withUnsafeBytes {
            Key(high: Hash64.hash($0, seed: seed), low: Hash64.hash($0, seed: ~seed))
        }
        if let known = self.receipts.find(key.high, where: { self.isReceipt($0, key) }) {
            return Int(known) - 1
        }
        self.numbered.append((key, 0))
        self.receipts.insert(UInt32(self.numbered.count), hash: key.high)
        return self.numbered.count - 1
    }

    private func isReceipt(_ stored: UInt32, _ key: Key) -> Bool {
        self.numbered[Int(stored) - 1].key == key
    }
}

extension ReceiptLines {
    /// Stops the process unless each receipt is found by what identifies it and has lines, and the row before is
    /// of one.
    ///
    /// - Complexity: O(receipts)
    func checkInvariants() {
        self.receipts.checkInvariants()
        precondition(
            self.receipts.count == self.numbered.count,
            "\(self.receipts.count) of \(self.numbered.count) receipts can be found"
        )
        for (receipt, (key, next)) in self.numbered.enumerated() {
            let found = self.receipts.find(key.high) { self.isReceipt($0, key) }
            precondition(found == UInt32(receipt + 1), "receipt \(receipt) is not found")
            precondition(next > 0, "receipt \(receipt) has no lines")
        }
        guard let last = self.last else { return }
        precondition(self.numbered.indices.contains(last.receipt), "no receipt \(last.receipt)")
    }
}
