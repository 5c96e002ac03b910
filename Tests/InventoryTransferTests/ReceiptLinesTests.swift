import Foundation
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryTransfer

/// How the rows of a file become lines of receipts.
@Suite struct ReceiptLinesTests {
    private var lines = ReceiptLines(zone: .gmt)

    private static let day: Int64 = 86_400

    /// Numbers the next row, `seconds` after the start of 1970, and returns the receipt and the line.
    private mutating func row(
        _ reference: String,
        at location: UInt16 = 1,
        seconds: Int64?
    ) -> [Int]? {
        let occurredAt = seconds.map { Instant(microseconds: $0 * 1_000_000) }
        let line = self.lines.line(of: Array(reference.utf8), at: LocationID(location), occurredAt)
        self.lines.checkInvariants()
        return line.map { [$0.receipt, Int($0.number)] }
    }

    @Test
    mutating func `rows of a receipt need not be neighbours, and may continue after midnight`() {
        let day = Self.day
        #expect(self.row("R7", seconds: day - 120) == [0, 0])
        #expect(self.row("R7", seconds: day + 60) == [0, 1])
        #expect(self.row("R8", seconds: day + 120) == [1, 0])
        #expect(self.row("R7", seconds: day + 34_200) == [2, 0])
        #expect(self.row("R8", seconds: day + 120) == [1, 1])
    }

    @Test mutating func `a receipt continues on another day for six hours, either way`() {
        let (day, most) = (Self.day, ReceiptLines.secondsMax)
        #expect(self.row("A", seconds: day - 1) == [0, 0])
        #expect(self.row("A", seconds: day - 1 + most) == [0, 1])
        // Its first line counts, not the last one.
        #expect(self.row("A", seconds: day + most) == [1, 0])
        #expect(self.row("A", seconds: day - 1) == [0, 2])
        #expect(self.row("B", seconds: day + 10) == [2, 0])
        #expect(self.row("B", seconds: day + 10 - most) == [2, 1])
        #expect(self.row("B", seconds: day + 9 - most) == [3, 0])
    }

    @Test mutating func `a row without a time continues the row before, if that is of its receipt`()
    {
        #expect(self.row("A", seconds: nil) == nil)
        #expect(self.row("A", seconds: 5) == [0, 0])
        #expect(self.row("A", seconds: nil) == [0, 1])
        #expect(self.row("B", seconds: nil) == nil)
        #expect(self.row("A", seconds: nil) == [0, 2])
        #expect(self.row("A", at: 2, seconds: nil) == nil)
    }

    @Test mutating func `a row without a reference is no line, and ends the receipt before it`() {
        #expect(self.row("A", seconds: 5) == [0, 0])
        #expect(self.row("", seconds: 5) == nil)
        #expect(self.row("A", seconds: nil) == nil)
        #expect(self.row("A", seconds: 5) == [0, 1])
    }

    @Test mutating func `a location and a day have receipts of their own`() {
        #expect(self.row("A", seconds: 0) == [0, 0])
        #expect(self.row("A", at: 2, seconds: 0) == [1, 0])
        #expect(self.row("A", seconds: 2 * Self.day) == [2, 0])
        #expect(self.row("A", at: 2, seconds: 0) == [1, 1])
        #expect(self.row("A", seconds: 0) == [0, 1])
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    mutating func `many rows have the lines of a naive model`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var counts: [String: Int] = [:]
        var receipts: [String] = []
        for _ in 0..<300 {
            let (reference, location) = ("R\(random.below(4))", UInt16(1 + random.below(2)))
            // Noon, so that no receipt continues on another day.
            let day = Int64(random.below(3))
            let key = "\(reference) \(location) \(day)"
            if counts[key] == nil { receipts.append(key) }
            let expected = [receipts.firstIndex(of: key) ?? -1, counts[key, default: 0]]
            counts[key, default: 0] += 1
            let seconds = day * Self.day + Self.day / 2
            #expect(self.row(reference, at: location, seconds: seconds) == expected)
        }
    }
}
